/** The layout of the shared memory for a configuration. Pure. */

import { OWN_EXECUTOR_COUNT } from '../../base/limits.js';
import type { LayoutOptions } from '../memory/layout-plan.js';
import type { ConfigValues } from './config-table.js';

export const layoutOptions = (config: ConfigValues): LayoutOptions => ({
  executorCount:
    config.rpcThreads + config.backgroundThreads + config.doorThreads + OWN_EXECUTOR_COUNT,
  tier1Bytes: config.tier1Bytes,
  lockStripeCount: config.lockStripes,
  ringBytes: config.ringBytes,
  sideRingBytes: config.sideRingBytes,
  retryEntryCount: config.retryCacheEntries,
  filterBytes: config.keyFilterBytes,
  checked: config.invariants,
});
