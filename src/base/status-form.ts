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

/**
 * An error that is not a StatusError is a bug: the caller gets INTERNAL, the log gets the error.
 */
export const asStatus = (error: unknown): StatusError =>
  error instanceof StatusError ? error : internalError();

const BUG_HINT = 'See the log of the master, and report it as a bug.';

/** For a call that met a bug before it changed anything. */
export const internalError = (): StatusError =>
  new StatusError(Code.INTERNAL, 'The master failed on this call.', { hint: BUG_HINT });

/** For a call that was done, but whose answer could not be made. */
export const unanswerable = (): StatusError =>
  new StatusError(Code.INTERNAL, 'The call was done, and the master failed on its answer.', {
    hint: `Look before doing it again. ${BUG_HINT}`,
  });

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
