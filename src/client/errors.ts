/**
 * The one error class of the client, for refusals of the master, failures of the network, and
 * cancellations. Match `code`, a stable name from base/status.ts, never the message.
 */
import { Code, type CodeName, codeName, isRetryable, StatusError } from '../base/status.js';
import type { ErrorDetail } from '../wire/generated/index.js';

/** One of the paths at which work over many failed. */
export type PathFailure = {
  readonly path: string;
  readonly code: CodeName;
  readonly reason: string;
};

/** The outcome of work over many paths; it names the first failures. */
export type WorkOutcome = {
  readonly done: number;
  readonly failed: number;
  readonly failures: readonly PathFailure[];
};

export type OrchardErrorDetail = {
  readonly path?: string | undefined;
  readonly hint?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
  readonly outcome?: WorkOutcome | undefined;
};

export class OrchardError extends Error {
  override readonly name = 'OrchardError';
  readonly code: CodeName;
  /** The path the call was about, where there is one. */
  readonly path: string | undefined;
  /** What can be done next, one sentence. */
  readonly hint: string | undefined;
  /** Milliseconds to wait before the call may be sent again. */
  readonly retryAfterMs: number | undefined;
  /** For work that failed in part: what was done stays done. */
  readonly outcome: WorkOutcome | undefined;

  constructor(code: CodeName, reason: string, detail: OrchardErrorDetail = {}) {
    super(reason, detail.cause === undefined ? {} : { cause: detail.cause });
    this.code = code;
    this.path = detail.path;
    this.hint = detail.hint;
    this.retryAfterMs = detail.retryAfterMs;
    this.outcome = detail.outcome;
  }

  /** Whether the very same call may be sent again. */
  get retryable(): boolean {
    return isRetryable(Code[this.code]);
  }
}

/** From the code and detail of a reply; `path` is what the caller asked about. */
export function errorOfReply(
  code: number,
  detail: ErrorDetail | null,
  path?: string,
  outcome?: WorkOutcome,
): OrchardError {
  const name = codeName(code);
  const reason = detail?.reason() ?? name.toLowerCase().replaceAll('_', ' ');
  const retryAfterMs = detail?.retryAfterMs() ?? 0;
  return new OrchardError(name, reason, {
    path: detail?.path() ?? path,
    hint: detail?.hint() ?? undefined,
    ...(retryAfterMs > 0 && { retryAfterMs }),
    outcome,
  });
}

/** Whatever was thrown, as an OrchardError: a StatusError keeps its code, others are INTERNAL. */
export function asOrchardError(thrown: unknown): OrchardError {
  if (thrown instanceof OrchardError) return thrown;
  if (thrown instanceof StatusError)
    return new OrchardError(thrown.codeName, thrown.message, thrown);
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new OrchardError('INTERNAL', reason, { cause: thrown });
}
