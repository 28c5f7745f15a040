/**
 * Settings that are right one by one and wrong together. One rule an entry; each names the
 * variables that it is about, so the message needs no decoding. Floor 0, pure.
 */
import { assert } from './assert.js';
import type { ConfigValues } from './config-table.js';
import { ENTRY_BYTES_MAX, EXECUTOR_COUNT_MAX } from './limits.js';
import { formatBytes } from './quantity.js';

/** What a 32-bit WebAssembly memory can address. */
const WASM_MEMORY_BYTES_MAX = 2 ** 32;
/** Left for what has a fixed size: statics, dirty table, counters. layout.ts has the exact sum. */
const MEMORY_RESERVE_BYTES = 128 * 2 ** 20;
/** Entries that a ring must hold, so that one big entry never waits for an empty ring. */
const RING_ENTRIES_MIN = 4;

type Rule = {
  readonly broken: (config: ConfigValues) => boolean;
  readonly message: (config: ConfigValues) => string;
};

const rules: readonly Rule[] = [
  {
    broken: (config) => config.rpcThreads + config.backgroundThreads > EXECUTOR_COUNT_MAX,
    message: (config) =>
      `ORCHARD_RPC_THREADS=${config.rpcThreads} and ORCHARD_BACKGROUND_THREADS=` +
      `${config.backgroundThreads}: together at most ${EXECUTOR_COUNT_MAX} threads`,
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
    broken: (config) => sharedBytes(config) > WASM_MEMORY_BYTES_MAX,
    message: (config) =>
      'ORCHARD_TIER1_BYTES, ORCHARD_KEY_FILTER_BYTES, ORCHARD_LOCK_STRIPES, ORCHARD_RING_BYTES ' +
      `and ORCHARD_SIDE_RING_BYTES ` +
      `take ${formatBytes(sharedBytes(config))} together for ${executorCount(config)} executors: ` +
      `expected at most ${formatBytes(WASM_MEMORY_BYTES_MAX)}`,
  },
];

/** One sentence for each rule that the values break. */
export const checkTogether = (config: ConfigValues): string[] =>
  rules.filter(({ broken }) => broken(config)).map(({ message }) => message(config));

const executorCount = (config: ConfigValues): number =>
  config.rpcThreads + config.backgroundThreads;

/** Shared memory that the settings ask for: a stripe has a word for writers and one a column. */
function sharedBytes(config: ConfigValues): number {
  const executors = executorCount(config);
  const locks = config.lockStripes * 4 * (executors + 2);
  const rings = config.ringBytes * executors + config.sideRingBytes;
  return config.tier1Bytes + config.keyFilterBytes + locks + rings + MEMORY_RESERVE_BYTES;
}

assert(RING_ENTRIES_MIN * ENTRY_BYTES_MAX <= 2 ** 20, 'the smallest ring holds several entries');
