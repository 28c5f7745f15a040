/**
 * Expected outcomes, as codes that are stable on the wire. The numbers and names are gRPC's, as
 * Alluxio uses them; the client, the CLI and the HTTP surface show the same names.
 * Match `code`, never the message and never `instanceof` across threads or the wire.
 */
export const Code = {
  OK: 0,
  CANCELLED: 1,
  INTERNAL: 13,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  UNIMPLEMENTED: 12,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;
export type Code = (typeof Code)[keyof typeof Code];
export type CodeName = keyof typeof Code;

const names = new Map<number, CodeName>(
  Object.entries(Code).map(([name, code]) => [code, name as CodeName]),
);

/** Codes after which the very same call may be sent again. */
const retryable: ReadonlySet<Code> = new Set([Code.RESOURCE_EXHAUSTED, Code.UNAVAILABLE]);

export const codeName = (code: number): CodeName => names.get(code) ?? 'INTERNAL';
export const isRetryable = (code: Code): boolean => retryable.has(code);

export type StatusDetail = {
  /** The path the operation was about, as the caller sent it. */
  readonly path?: string;
  /** What the caller can do next, one sentence. */
  readonly hint?: string;
  /** Earliest moment to try again, in milliseconds from now. */
  readonly retryAfterMs?: number;
};

/** One expected outcome that is not success: a code, a reason, the path and what to do next. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly code: Code;
  readonly path: string | undefined;
  readonly hint: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: Code, reason: string, detail: StatusDetail = {}) {
    // Expected outcomes need no stack, and capturing one costs more than the look-up that failed.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(reason);
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.path = detail.path;
    this.hint = detail.hint;
    this.retryAfterMs = detail.retryAfterMs;
  }

  get codeName(): CodeName {
    return codeName(this.code);
  }
}

/** One of the paths at which work over many failed. */
export type PathFailure = {
  readonly path: string;
  readonly code: Code;
  readonly reason: string;
};
