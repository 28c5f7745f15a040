/**
 * What one thread has asked of the stores, in its own counters: a row a mount (STORE_ROW of
 * memory/layout-counters). Readers add up the rows of all threads.
 */
import { CONTROL } from '../memory/layout.js';
import { COUNTER, STORE_ROW, STORE_ROW_BYTES, STORE_ROWS } from '../memory/layout-counters.js';
import type { SharedMemory } from '../memory/shared-memory.js';

export type StoreCounts = { calls: number; errors: number; seconds: number };

/** Counts one call; for StoreCacheOptions.onCall. */
export function countStoreCall(
  shared: SharedMemory,
  executor: number,
  {
    mountId,
    ms,
    failed,
  }: { readonly mountId: number; readonly ms: number; readonly failed: boolean },
): void {
  const { f64 } = shared;
  let at = shared.counterAt(executor, COUNTER.STORES);
  const last = at + ((STORE_ROWS - 1) * STORE_ROW_BYTES) / 8;
  while (at < last && f64[at] !== 0 && f64[at] !== mountId) at += STORE_ROW_BYTES / 8;
  f64[at] = at === last ? Number.NaN : mountId;
  f64[at + STORE_ROW.CALLS / 8]!++;
  f64[at + STORE_ROW.SECONDS / 8]! += ms / 1000;
  if (failed) f64[at + STORE_ROW.ERRORS / 8]!++;
}

/** Of all threads, by the number of the mount. */
export function storeCounts(shared: SharedMemory): Map<number, StoreCounts> {
  const found = new Map<number, StoreCounts>();
  for (let executor = 0; executor < shared.fixed(CONTROL.EXECUTOR_COUNT); executor++) {
    const first = shared.counterAt(executor, COUNTER.STORES);
    for (let row = 0; row < STORE_ROWS; row++) {
      const at = first + (row * STORE_ROW_BYTES) / 8;
      const mountId = shared.f64[at]!;
      if (mountId === 0) break;
      const counts = found.get(mountId) ?? { calls: 0, errors: 0, seconds: 0 };
      counts.calls += shared.f64[at + STORE_ROW.CALLS / 8]!;
      counts.errors += shared.f64[at + STORE_ROW.ERRORS / 8]!;
      counts.seconds += shared.f64[at + STORE_ROW.SECONDS / 8]!;
      found.set(mountId, counts);
    }
  }
  return found;
}
