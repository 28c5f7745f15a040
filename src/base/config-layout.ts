/** What a configuration asks of the shared memory. Floor 0, pure. */
import type { ConfigValues } from './config-table.js';
import type { LayoutOptions } from './layout-plan.js';
import { OWN_EXECUTOR_COUNT } from './limits.js';

export const layoutOptions = (config: ConfigValues): LayoutOptions => ({
  executorCount: config.rpcThreads + config.backgroundThreads + OWN_EXECUTOR_COUNT,
  tier1Bytes: config.tier1Bytes,
  lockStripeCount: config.lockStripes,
  ringBytes: config.ringBytes,
  sideRingBytes: config.sideRingBytes,
  retryEntryCount: config.retryCacheEntries,
  filterBytes: config.keyFilterBytes,
});
