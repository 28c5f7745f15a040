/**
 * Checks of our own promises. Expected outcomes are StatusError (status.ts), never this. The cost
 * of a failed check depends on its place. Within a call it costs only that call, because a call
 * changes nothing before its entry is published. If it concerns memory that all threads share, or a
 * thread that changes it (the writer, the flusher), the process ends and restarts from its journal.
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

/** Of one call, or of what is private to a thread. Costs nothing: it may stand anywhere. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/**
 * Of what all threads share: whoever sees it broken ends the process. `at` says where (a stripe, a
 * position, an address), `found` what stood there; numbers, so that a check that holds costs a
 * comparison and makes no text. What a client, a store or a disk sends is never asserted.
 */
export function invariant(
  condition: boolean,
  what: string,
  at?: number,
  found?: number,
): asserts condition {
  if (!condition) throw new SharedStateError(brokenText(what, at, found));
}

export function brokenText(what: string, at?: number, found?: number): string {
  const where = at === undefined ? '' : ` (at ${at}${found === undefined ? '' : `: ${found}`})`;
  return `an invariant is broken: ${what}${where}`;
}

/** For switch statements that must be exhaustive. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${String(value)}`);
}
