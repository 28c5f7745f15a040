/**
 * Which executor blocks are taken: one bit each in the control word EXECUTOR_CLAIMS. It is for
 * threads that a pool starts by itself, so nobody can assign them a block. A claim ends with the
 * process.
 */
import { assert } from '../../base/assert.js';
import { EXECUTOR_COUNT_MAX } from '../../base/limits.js';
import { CONTROL, CONTROL_BASE } from '../memory/layout.js';
import type { SharedMemory } from '../memory/shared-memory.js';

/** The lowest free block of first … first + count - 1, taken for the calling thread. */
export function claimExecutor(shared: SharedMemory, first: number, count: number): number {
  assert(first + count <= EXECUTOR_COUNT_MAX, 'executors fit the claim bitmap');
  const word = (CONTROL_BASE + CONTROL.EXECUTOR_CLAIMS) >> 2;
  for (let executor = first; executor < first + count; executor++) {
    const bit = 1 << executor;
    if ((Atomics.or(shared.i32, word, bit) & bit) === 0) return executor;
  }
  assert(false, `a block of ${first} … ${first + count - 1} is free for each thread of the pool`);
}
