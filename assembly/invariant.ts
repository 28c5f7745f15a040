/**
 * Invariants of shared words. A broken one ends the thread and the process, with its text from
 * src/master/memory/kernel-invariants.ts in the log.
 */

/** Throws on the JavaScript side. */
// @ts-ignore: decorator
@external('env', 'broken')
declare function broken(what: u32, at: u32): void;

/** `at`: a stripe, a position or an address, for the log. */
// @ts-ignore: decorator
@inline
export function invariant(holds: bool, what: u32, at: usize): void {
  if (holds) return;
  broken(what, u32(at));
  unreachable();
}
