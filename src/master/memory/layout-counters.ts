/**
 * What each thread counts: a block of f64 words for every executor. Pure.
 *
 *   COUNTER_BASE + executor * COUNTER_BYTES
 *  ┌──────────┬──────────────┬─────────────────────────────────┐
 *  │ COUNTER  │ a STORE_ROW  │ CALLS: what an edge counts      │
 *  │ words    │ for a mount  │ (wire/call-counters.ts)         │
 *  └──────────┴──────────────┴─────────────────────────────────┘
 *
 * Invariant: a word is written by the block's own thread only, by plain adds: counting costs a few
 * nanoseconds and no shared cache line. Whoever reads adds the blocks up, without a lock; each
 * figure is right, but two of them need not be of the same moment.
 * Why f64: kernels, TypeScript and readers of other threads add to it and read it as it stands,
 * and it is exact up to 2^53.
 */
import { CALL_WORDS } from '../../wire/call-counters.js';

export const COUNTER = {
  /** Names that tier 1 knew, or the filter: whoever walks a path looks up each of its names. */
  TIER1_HITS: 0,
  /** Names that had to be read from tier 2. */
  TIER1_MISSES: 8,
  /** Clean slots given up for another name. */
  TIER1_EVICTIONS: 16,
  /** Try-locks that failed. */
  LOCK_CONFLICTS: 24,
  /** Calls that wait for anything but their commit, now. */
  PARKED: 32,
  /** Jobs by state (background/jobs): those that run now, and those that ended so. */
  JOBS: 40,
  /** STORE_ROWS rows. */
  STORES: 512,
  CALLS: 512 + 256 * 48,
} as const;

/** What one thread has asked of the store of one mount; a row is taken by the first call. */
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
/** Mounts beyond so many share the last row, whose number is then NaN. */
export const STORE_ROWS = 256;

export const COUNTER_BYTES = Math.ceil((COUNTER.CALLS + CALL_WORDS * 8) / 4096) * 4096;
