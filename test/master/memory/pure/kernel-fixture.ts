/**
 * One small shared memory with one instance of the built kernels over it, and room to put bytes
 * where kernels read and write them. For the tests of this folder.
 */

import { instantiate } from '../../../../src/master/memory/kernel.js';
import { CONTROL, EXECUTOR } from '../../../../src/master/memory/layout.js';
import { planLayout } from '../../../../src/master/memory/layout-plan.js';
import { SharedMemory } from '../../../../src/master/memory/shared-memory.js';

const layout = planLayout({
  executorCount: 1,
  tier1Bytes: 1 << 20,
  lockStripeCount: 64,
  ringBytes: 4096,
  sideRingBytes: 4096,
  retryEntryCount: 64,
});

export const shared = SharedMemory.create(layout);
export const kernel = instantiate(shared.memory, 0);
export const executor = shared.executorBase(0);

/** The flush arena is 24 MiB that no pure kernel touches. */
export const scratch = shared.fixed(CONTROL.FLUSH_ARENA_BASE);
export const walkA = executor + EXECUTOR.WALK_A;
export const caller = executor + EXECUTOR.CALLER;

const fresh = shared.u8.slice();
/** Files share this memory: each that fills tier 1 begins with an empty one. */
export const renew = (): void => shared.u8.set(fresh);

/** Bytes of a stretch, copied out. */
export const read = (at: number, bytes: number): Uint8Array => shared.u8.slice(at, at + bytes);

export function put(at: number, bytes: ArrayLike<number>): number {
  shared.u8.set(bytes, at);
  return bytes.length;
}

/** Runs of a property; the seed is printed by fast-check when one fails. */
export const RUNS = { numRuns: 3000 } as const;
