/**
 * What the master says about itself (`orchard admin report` and `journal`): figures out of the
 * control words, read at one moment without stopping anybody.
 */

import type { MetricsSnapshot } from '../../process/metrics.js';
import type { KernelExports } from '../memory/exports.js';
import { CONTROL, CONTROL_BASE, RETRY, RETRY_BYTES } from '../memory/layout.js';
import type { SharedMemory } from '../memory/shared-memory.js';
import { State } from '../memory/state.js';
import type { Config } from '../settings/config.js';
import type { Tier2 } from '../storage/tier2.js';
import type { ExecutorPlan } from './thread-data.js';

const stateNames = Object.fromEntries(Object.entries(State).map(([name, code]) => [code, name]));

export type ReportSources = {
  readonly shared: SharedMemory;
  readonly kernel: KernelExports;
  readonly tier2: Tier2;
  readonly config: Config;
  readonly plan: ExecutorPlan;
  readonly clusterId: string;
  readonly version: string;
  readonly startedMs: number;
};

export function masterReport(sources: ReportSources): Record<string, unknown> {
  const { shared, config, plan } = sources;
  const slots = shared.fixed(CONTROL.DIRTY_LIST_CAPACITY);
  const memory = process.memoryUsage();
  return {
    version: sources.version,
    clusterId: sources.clusterId,
    clusterName: config.clusterName,
    state: stateNames[shared.load(CONTROL.STATE)],
    readOnly: shared.load(CONTROL.READ_ONLY) !== 0,
    startedMs: sources.startedMs,
    uptimeMs: Date.now() - sources.startedMs,
    threads: { rpc: plan.shards, background: config.backgroundThreads },
    rpcPort: config.rpcPort,
    httpPort: config.httpPort,
    memory: {
      residentBytes: memory.rss,
      sharedBytes: shared.u8.length,
      heapBytes: memory.heapUsed,
      externalBytes: memory.external,
      arrayBuffersBytes: memory.arrayBuffers,
    },
    namespace: sources.tier2.stats(),
    tier1: { bytes: config.tier1Bytes, slots, dirtySlots: dirtySlots(shared) },
    keyFilter: {
      bytes: config.keyFilterBytes,
      keys: word(sources, CONTROL.FILTER_KEYS),
      complete: (shared.load(CONTROL.FILTER_STATE) & 1) !== 0,
    },
    journal: journalReport(sources),
    locks: { parkedExecutors: shared.load(CONTROL.LOCK_PARKED) },
    retries: retryReport(sources),
    names: { interned: shared.load(CONTROL.STRING_COUNT) },
  };
}

export function journalReport(sources: ReportSources): Record<string, unknown> {
  const batches = word(sources, CONTROL.STAT_BATCHES);
  const entries = word(sources, CONTROL.STAT_ENTRIES);
  const flushes = word(sources, CONTROL.STAT_FLUSHES);
  const appliedSeq = word(sources, CONTROL.APPLIED_SEQ);
  const flushedSeq = word(sources, CONTROL.FLUSHED_SEQ);
  return {
    sync: sources.config.journalSync,
    appliedSeq,
    durableSeq: word(sources, CONTROL.DURABLE_SEQ),
    flushedSeq,
    backlogEntries: appliedSeq - flushedSeq,
    entries,
    batches,
    entriesPerBatch: batches === 0 ? 0 : entries / batches,
    bytes: word(sources, CONTROL.STAT_WAL_BYTES),
    syncMs: word(sources, CONTROL.STAT_SYNC_NS) / 1e6,
    segments: word(sources, CONTROL.STAT_SEGMENTS),
    diskBytes: word(sources, CONTROL.STAT_JOURNAL_BYTES),
    flushes,
    flushedSlots: word(sources, CONTROL.STAT_FLUSHED_SLOTS),
    flushMs: word(sources, CONTROL.STAT_FLUSH_NS) / 1e6,
    roomWaits: word(sources, CONTROL.STAT_ROOM_WAITS),
  };
}

/** What /metrics shows: the same words, in Prometheus' units. */
export function metricsSnapshot(sources: ReportSources): MetricsSnapshot {
  return {
    retries: retryReport(sources),
    journal: {
      entries: word(sources, CONTROL.STAT_ENTRIES),
      bytes: word(sources, CONTROL.STAT_WAL_BYTES),
      commits: word(sources, CONTROL.STAT_BATCHES),
      commitSeconds: word(sources, CONTROL.STAT_SYNC_NS) / 1e9,
      backlogBytes: backlogBytes(sources),
      seq: word(sources, CONTROL.APPLIED_SEQ),
      flushedSeq: word(sources, CONTROL.FLUSHED_SEQ),
    },
  };
}

/** The answers kept for repeated calls. Those that gave way before their time are to be none. */
function retryReport(sources: ReportSources): NonNullable<MetricsSnapshot['retries']> {
  const { shared } = sources;
  const count = shared.fixed(CONTROL.RETRY_COUNT);
  const head = word(sources, CONTROL.RETRY_HEAD);
  const answers = Math.min(head, count);
  const oldest = shared.fixed(CONTROL.RETRY_BASE) + ((head - answers) % count) * RETRY_BYTES;
  const oldestMs = answers === 0 ? Date.now() : sources.kernel.load64(oldest + RETRY.TIME);
  return {
    answers,
    windowSeconds: Math.max(0, Date.now() - oldestMs) / 1000,
    early: word(sources, CONTROL.RETRY_EARLY),
    earlySeconds: word(sources, CONTROL.RETRY_EARLY_MS) / 1000,
  };
}

/** What a restart would replay, by the mean size of an entry. */
function backlogBytes(sources: ReportSources): number {
  const behind = word(sources, CONTROL.APPLIED_SEQ) - word(sources, CONTROL.FLUSHED_SEQ);
  const entries = word(sources, CONTROL.STAT_ENTRIES);
  return entries === 0 ? 0 : Math.round((behind * word(sources, CONTROL.STAT_WAL_BYTES)) / entries);
}

function dirtySlots(shared: SharedMemory): number {
  return shared.load(CONTROL.DIRTY_COUNT) + shared.load(CONTROL.DIRTY_COUNT + 4);
}

function word({ kernel }: ReportSources, offset: number): number {
  return kernel.load64(CONTROL_BASE + offset);
}
