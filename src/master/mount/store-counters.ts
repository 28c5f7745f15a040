/**
 * The calls of one thread to the stores, in its own counters: one row for each mount (STORE_ROW of
 * memory/layout-counters). Readers add up the rows of all threads.
 */
import { assert } from '../../base/assert.js';
import type { StoreMeter } from '../../stores/metered-store.js';
import { CONTROL } from '../memory/layout.js';
import { COUNTER, STORE_ROW, STORE_ROW_BYTES, STORE_ROWS } from '../memory/layout-counters.js';
import type { SharedMemory } from '../memory/shared-memory.js';

export type StoreCounts = {
  calls: number;
  errors: number;
  seconds: number;
  readBytes: number;
  writtenBytes: number;
};

const WORDS = {
  calls: STORE_ROW.CALLS / 8,
  errors: STORE_ROW.ERRORS / 8,
  seconds: STORE_ROW.SECONDS / 8,
  readBytes: STORE_ROW.READ_BYTES / 8,
  writtenBytes: STORE_ROW.WRITTEN_BYTES / 8,
} as const satisfies Record<keyof StoreCounts, number>;

const NAMES = Object.keys(WORDS) as (keyof StoreCounts)[];

export const noStoreCounts = (): StoreCounts => ({
  calls: 0,
  errors: 0,
  seconds: 0,
  readBytes: 0,
  writtenBytes: 0,
});

/** Meters that count into the rows of one executor; for StoreCacheOptions.meterOf. */
export function storeMeters(shared: SharedMemory, executor: number) {
  return (mountId: number): StoreMeter => {
    const row = rowOf(shared, executor, mountId);
    const add = (name: keyof StoreCounts, by: number): void => {
      shared.f64[row + WORDS[name]]! += by;
    };
    return {
      called: (ms, failed) => {
        add('calls', 1);
        add('seconds', ms / 1000);
        if (failed) add('errors', 1);
      },
      failedLate: () => add('errors', 1),
      read: (bytes) => add('readBytes', bytes),
      wrote: (bytes) => add('writtenBytes', bytes),
    };
  };
}

/** Index of the mount's row, which is taken for it at the first call. */
function rowOf(shared: SharedMemory, executor: number, mountId: number): number {
  assert(mountId > 0, 'a store is asked for a mount');
  const { f64 } = shared;
  let at = shared.counterAt(executor, COUNTER.STORES);
  const last = at + ((STORE_ROWS - 1) * STORE_ROW_BYTES) / 8;
  while (at < last && f64[at] !== 0 && f64[at] !== mountId) at += STORE_ROW_BYTES / 8;
  f64[at] = at === last ? Number.NaN : mountId;
  return at;
}

/** Sums over all threads, by the number of the mount. */
export function storeCounts(shared: SharedMemory): Map<number, StoreCounts> {
  const found = new Map<number, StoreCounts>();
  for (let executor = 0; executor < shared.fixed(CONTROL.EXECUTOR_COUNT); executor++) {
    const first = shared.counterAt(executor, COUNTER.STORES);
    for (let row = 0; row < STORE_ROWS; row++) {
      const at = first + (row * STORE_ROW_BYTES) / 8;
      const mountId = shared.f64[at]!;
      if (mountId === 0) break;
      const counts = found.get(mountId) ?? noStoreCounts();
      for (const name of NAMES) counts[name] += shared.f64[at + WORDS[name]]!;
      found.set(mountId, counts);
    }
  }
  return found;
}
