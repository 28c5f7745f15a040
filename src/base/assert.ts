/**
 * Programmer errors. A broken assertion means that an invariant of the system no longer holds: the
 * thread dies, the process goes down with it and comes back from its journal. Expected outcomes
 * are StatusError (status.ts), never this.
 */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** For switch statements that must be exhaustive. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${String(value)}`);
}
