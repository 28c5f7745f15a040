/**
 * The kernels over a small memory of an import's own: no master runs beside it.
 */

import type { KernelExports } from '../memory/exports.js';
import { instantiate } from '../memory/kernel.js';
import { planLayout } from '../memory/layout-plan.js';
import { SharedMemory } from '../memory/shared-memory.js';

export type ImportKernel = { readonly shared: SharedMemory; readonly kernel: KernelExports };

/** The smallest size of each region that the import does not need. */
export function createImportKernel(): ImportKernel {
  const shared = SharedMemory.create(
    planLayout({
      executorCount: 1,
      tier1Bytes: 65_536,
      lockStripeCount: 64,
      ringBytes: 4096,
      sideRingBytes: 4096,
      retryEntryCount: 64,
    }),
  );
  return { shared, kernel: instantiate(shared.memory, 0) };
}
