/**
 * A StatusError as plain data: the one form in which it crosses between threads (classes do not
 * survive a structured clone) and stands in answers of HTTP. On the wire the table ErrorDetail and
 * a reply's code have the same fields (wire/encode.ts). Pure.
 */
import { Code, type StatusDetail, StatusError } from './status.js';

export type PlainStatus = {
  readonly code: Code;
  readonly reason: string;
  readonly path?: string;
  readonly hint?: string;
  readonly retryAfterMs?: number;
};

export function toPlain({ code, message, path, hint, retryAfterMs }: StatusError): PlainStatus {
  return { code, reason: message, ...detailOf({ path, hint, retryAfterMs }) };
}

export const fromPlain = (plain: PlainStatus): StatusError =>
  new StatusError(plain.code, plain.reason, detailOf(plain));

/** What is no StatusError is a bug: told as INTERNAL, and by the log as what it is. */
export const asStatus = (error: unknown): StatusError =>
  error instanceof StatusError ? error : internalError();

export function internalError(path?: string): StatusError {
  return new StatusError(Code.INTERNAL, 'The master failed on this call; nothing of it was done.', {
    ...detailOf({ path }),
    hint: 'See the log of the master, and report it as a bug.',
  });
}

/** Without what is absent. */
function detailOf(from: {
  readonly path?: string | undefined;
  readonly hint?: string | undefined;
  readonly retryAfterMs?: number | undefined;
}): StatusDetail {
  const { path, hint, retryAfterMs } = from;
  return {
    ...(path !== undefined && { path }),
    ...(hint !== undefined && { hint }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}
