/** The stores of one executor's thread, as the settings have them. */
import type { Executor } from '../executor/executor.js';
import { storeMeters } from '../mount/store-counters.js';
import type { Config } from '../settings/config.js';
import { StoreCache, type StoreCacheOptions } from './store-cache.js';
import { storeRules } from './store-rules.js';

export const openStores = (
  { mounts, shared, index }: Executor,
  config: Config,
  environment: StoreCacheOptions['environment'],
  own: Pick<StoreCacheOptions, 'uploadNotes'> = {},
): StoreCache =>
  new StoreCache(mounts, {
    environment,
    timeoutMs: config.ufsTimeoutMs,
    rules: storeRules(config),
    meterOf: storeMeters(shared, index),
    ...own,
  });
