/**
 * Programmer errors; expected outcomes are StatusError (status.ts), never this. What one costs
 * depends on where it is thrown. Within a call, which changes nothing by itself before its entry
 * is published, it costs that call. About what all threads share, or in a thread that changes it
 * (the writer, the flusher), the process goes down and comes back from its journal.
 */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** A broken promise about what all threads share: nobody may go on with it. */
export class SharedStateError extends AssertionError {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}

/**
 * Whether what was thrown may have left shared words half changed. A trap of a kernel may: it can
 * stand between the two halves of a seqlock.
 */
export const mayHaveBrokenState = (error: unknown): boolean =>
  error instanceof SharedStateError || (error instanceof Error && error.name === 'RuntimeError');

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** For switch statements that must be exhaustive. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${String(value)}`);
}
