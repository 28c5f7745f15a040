/**
 * Checks of settings that are valid alone and wrong together. Each rule names its variables, so
 * that the message is clear. Pure.
 */
import { assert } from '../../base/assert.js';
import { ENTRY_BYTES_MAX, POOL_THREADS_MAX } from '../../base/limits.js';
import { formatBytes } from '../../base/quantity.js';
import { layoutBytes, SHARED_BYTES_MAX } from '../memory/layout-plan.js';
import { layoutOptions } from './config-layout.js';
import type { ConfigValues } from './config-table.js';

const MIB = 2 ** 20;
/** Entries that a ring must hold, so that a large entry never waits for an empty ring. */
const RING_ENTRIES_MIN = 4;

type Rule = {
  readonly broken: (config: ConfigValues) => boolean;
  readonly message: (config: ConfigValues) => string;
};

const rules: readonly Rule[] = [
  {
    broken: ({ rpcThreads, backgroundThreads, doorThreads }) =>
      rpcThreads + backgroundThreads + doorThreads > POOL_THREADS_MAX,
    message: (config) =>
      `ORCHARD_RPC_THREADS=${config.rpcThreads}, ORCHARD_BACKGROUND_THREADS=` +
      `${config.backgroundThreads} and ORCHARD_DOOR_THREADS=${config.doorThreads}: ` +
      `together at most ${POOL_THREADS_MAX} threads`,
  },
  {
    broken: (config) => config.rpcPort === config.httpPort && config.rpcPort !== 0,
    message: (config) =>
      `ORCHARD_RPC_PORT and ORCHARD_HTTP_PORT are both ${config.rpcPort}: expected two ports`,
  },
  {
    broken: (config) => config.journalBytesMax < 2 * config.journalSegmentBytes,
    message: (config) =>
      `ORCHARD_JOURNAL_BYTES_MAX=${formatBytes(config.journalBytesMax)}: expected at least two ` +
      `segments of ORCHARD_JOURNAL_SEGMENT_BYTES=${formatBytes(config.journalSegmentBytes)}`,
  },
  {
    broken: (config) => layoutBytes(layoutOptions(config)) > SHARED_BYTES_MAX,
    message: (config) =>
      'ORCHARD_TIER1_BYTES, ORCHARD_KEY_FILTER_BYTES, ORCHARD_LOCK_STRIPES, ORCHARD_RING_BYTES, ' +
      'ORCHARD_SIDE_RING_BYTES and ORCHARD_RETRY_CACHE_ENTRIES take ' +
      `${sharedText(config)} together with ${config.rpcThreads} RPC, ` +
      `${config.backgroundThreads} background and ${config.doorThreads} door threads: ` +
      'expected less than 4GiB',
  },
];

/** One sentence for each rule that the values break. */
export const checkTogether = (config: ConfigValues): string[] =>
  rules.filter(({ broken }) => broken(config)).map(({ message }) => message(config));

/** Whole mebibytes: for people. */
const sharedText = (config: ConfigValues): string =>
  formatBytes(MIB * Math.ceil(layoutBytes(layoutOptions(config)) / MIB));

assert(RING_ENTRIES_MIN * ENTRY_BYTES_MAX <= 2 ** 20, 'the smallest ring holds several entries');
