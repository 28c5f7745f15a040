/**
 * The figures of a running master, read from shared memory at one moment without stopping any
 * thread. /metrics and `orchard admin report` show them. Any thread with the shared memory can read
 * them.
 */
import type { CallCounters } from '../../wire/call-counters.js';
import { callSums, counterSum } from '../memory/counters.js';
import type { KernelExports } from '../memory/exports.js';
import { type InodeCounts, readInodeCounts } from '../memory/inode-counts.js';
import { CONTROL, CONTROL_BASE, RETRY, RETRY_BYTES } from '../memory/layout.js';
import { COUNTER } from '../memory/layout-counters.js';
import type { SharedMemory } from '../memory/shared-memory.js';
import { MountTable } from '../mount/mount-table.js';
import { noStoreCounts, type StoreCounts, storeCounts } from '../mount/store-counters.js';

export type Figures = {
  readonly calls: CallCounters;
  readonly tier1: {
    readonly hits: number;
    readonly misses: number;
    readonly evictions: number;
    readonly slots: number;
    readonly dirty: number;
  };
  readonly locks: { readonly conflicts: number; readonly parked: number };
  readonly journal: {
    readonly entries: number;
    readonly bytes: number;
    readonly commits: number;
    readonly commitSeconds: number;
    /** Journal that a restart would replay. */
    readonly backlogBytes: number;
    readonly seq: number;
    readonly flushedSeq: number;
    readonly flushes: number;
    readonly flushSeconds: number;
    readonly segments: number;
    readonly diskBytes: number;
  };
  readonly retries: {
    readonly answers: number;
    /** Age of the oldest remembered answer. */
    readonly windowSeconds: number;
    readonly early: number;
    /** Age of the youngest answer that was evicted for lack of room. */
    readonly earlySeconds: number;
  };
  readonly inodes: InodeCounts;
  readonly disk: { readonly freeBytes: number; readonly readOnly: boolean };
  readonly jobs: { readonly [state in (typeof JOB_STATES)[number]]: number };
  readonly stores: readonly (StoreCounts & { readonly mount: string; readonly uri: string })[];
};

/** In the order of background/jobs' JobState. */
export const JOB_STATES = ['running', 'done', 'failed', 'cancelled'] as const;

export function readFigures(shared: SharedMemory, kernel: KernelExports): Figures {
  const word = (offset: number): number => kernel.load64(CONTROL_BASE + offset);
  return {
    calls: callSums(shared),
    tier1: {
      hits: counterSum(shared, COUNTER.TIER1_HITS),
      misses: counterSum(shared, COUNTER.TIER1_MISSES),
      evictions: counterSum(shared, COUNTER.TIER1_EVICTIONS),
      slots: shared.fixed(CONTROL.DIRTY_LIST_CAPACITY),
      dirty: shared.load(CONTROL.DIRTY_COUNT) + shared.load(CONTROL.DIRTY_COUNT + 4),
    },
    locks: {
      conflicts: counterSum(shared, COUNTER.LOCK_CONFLICTS),
      parked: counterSum(shared, COUNTER.PARKED),
    },
    journal: {
      entries: word(CONTROL.STAT_ENTRIES),
      bytes: word(CONTROL.STAT_WAL_BYTES),
      commits: word(CONTROL.STAT_BATCHES),
      commitSeconds: word(CONTROL.STAT_SYNC_NS) / 1e9,
      backlogBytes: backlogBytes(word),
      seq: word(CONTROL.APPLIED_SEQ),
      flushedSeq: word(CONTROL.FLUSHED_SEQ),
      flushes: word(CONTROL.STAT_FLUSHES),
      flushSeconds: word(CONTROL.STAT_FLUSH_NS) / 1e9,
      segments: word(CONTROL.STAT_SEGMENTS),
      diskBytes: word(CONTROL.STAT_JOURNAL_BYTES),
    },
    retries: readRetries(shared, kernel),
    inodes: readInodeCounts(kernel, CONTROL.INODES),
    disk: {
      freeBytes: word(CONTROL.DISK_FREE_BYTES),
      readOnly: shared.load(CONTROL.READ_ONLY) !== 0,
    },
    jobs: readJobs(shared),
    stores: readStores(shared),
  };
}

/** The answers kept for repeated calls. Answers evicted early should be none. */
function readRetries(shared: SharedMemory, kernel: KernelExports): Figures['retries'] {
  const word = (offset: number): number => kernel.load64(CONTROL_BASE + offset);
  const count = shared.fixed(CONTROL.RETRY_COUNT);
  const head = word(CONTROL.RETRY_HEAD);
  const answers = Math.min(head, count);
  const oldest = shared.fixed(CONTROL.RETRY_BASE) + ((head - answers) % count) * RETRY_BYTES;
  const oldestMs = answers === 0 ? Date.now() : kernel.load64(oldest + RETRY.TIME);
  return {
    answers,
    windowSeconds: Math.max(0, Date.now() - oldestMs) / 1000,
    early: word(CONTROL.RETRY_EARLY),
    earlySeconds: word(CONTROL.RETRY_EARLY_MS) / 1000,
  };
}

/** The journal that a restart would replay, from the mean size of an entry. */
function backlogBytes(word: (offset: number) => number): number {
  const behind = word(CONTROL.APPLIED_SEQ) - word(CONTROL.FLUSHED_SEQ);
  const entries = word(CONTROL.STAT_ENTRIES);
  return entries === 0 ? 0 : Math.round((behind * word(CONTROL.STAT_WAL_BYTES)) / entries);
}

function readJobs(shared: SharedMemory): Figures['jobs'] {
  const count = (state: number): number => counterSum(shared, COUNTER.JOBS + state * 8);
  const [running = 0, done = 0, failed = 0, cancelled = 0] = JOB_STATES.map((_, i) => count(i));
  return { running, done, failed, cancelled };
}

/** For every mount, even one without any call yet. */
function readStores(shared: SharedMemory): Figures['stores'] {
  const counts = storeCounts(shared);
  return new MountTable(shared).all().map(({ mountId, path, uri }) => {
    return { mount: path, uri, ...(counts.get(mountId) ?? noStoreCounts()) };
  });
}
