/**
 * The counters of each thread: a block of f64 words for every executor. Pure.
 *
 *   COUNTER_BASE + executor * COUNTER_BYTES
 *  ┌──────────┬──────────────┬─────────────────────────────────┐
 *  │ COUNTER  │ a STORE_ROW  │ CALLS: what an edge counts      │
 *  │ words    │ for a mount  │ (wire/call-counters.ts)         │
 *  └──────────┴──────────────┴─────────────────────────────────┘
 *
 * Invariant: only the block's own thread writes a word, by plain adds, so counting costs a few
 * nanoseconds and no shared cache line. Readers add the blocks up, without a lock. Each figure is
 * right, but two figures need not be of the same moment.
 * Why f64: kernels, TypeScript and other threads can add to it and read it directly, and it is
 * exact up to 2^53.
 */
import { CALL_WORDS } from '../../wire/call-counters.js';

export const COUNTER = {
  /** Names found by tier 1 or the key filter; a walk looks up each name of its path. */
  TIER1_HITS: 0,
  /** Names that had to be read from tier 2. */
  TIER1_MISSES: 8,
  /** Clean slots that were evicted for another name. */
  TIER1_EVICTIONS: 16,
  /** Try-locks that failed. */
  LOCK_CONFLICTS: 24,
  /** Calls that wait now for anything but their commit. */
  PARKED: 32,
  /** Jobs by state (background/jobs): those running now, and those that ended in each state. */
  JOBS: 40,
  /** How often each of RARE_PATHS was taken (memory/rare-paths.ts). */
  RARE_PATHS: 80,
  /** STORE_ROWS rows. */
  STORES: 512,
  CALLS: 512 + 256 * 48,
} as const;

/** The calls of one thread to the store of one mount; the first call takes a row. */
export const STORE_ROW = {
  /** Number of the mount; 0 = the row is free. */
  MOUNT: 0,
  CALLS: 8,
  ERRORS: 16,
  SECONDS: 24,
  READ_BYTES: 32,
  WRITTEN_BYTES: 40,
} as const;
export const STORE_ROW_BYTES = 48;
/** Further mounts share the last row, whose number is then NaN. */
export const STORE_ROWS = 256;

export const COUNTER_BYTES = Math.ceil((COUNTER.CALLS + CALL_WORDS * 8) / 4096) * 4096;
