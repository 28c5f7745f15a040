/** Lock tables over one small shared memory, and sealed lists of stripes. */

import { LockList } from '../../../src/master/lock/lock-list.js';
import { LockTable } from '../../../src/master/lock/lock-table.js';
import { planLayout } from '../../../src/master/memory/layout-plan.js';
import { SharedMemory } from '../../../src/master/memory/shared-memory.js';

export function lockMemory(executorCount: number, stripeCount = 64): SharedMemory {
  return SharedMemory.create(
    planLayout({
      executorCount,
      tier1Bytes: 64 * 1024,
      lockStripeCount: stripeCount,
      ringBytes: 1 << 16,
      sideRingBytes: 1 << 16,
      retryEntryCount: 64,
    }),
  );
}

export function lockTables(shared: SharedMemory, count: number): LockTable[] {
  return Array.from({ length: count }, (_, executor) => new LockTable(shared, executor));
}

export function locks(read: readonly number[], write: readonly number[] = []): LockList {
  const list = new LockList();
  for (const stripe of read) list.add(stripe, false);
  for (const stripe of write) list.add(stripe, true);
  list.seal();
  return list;
}
