/**
 * The reports of the master (`orchard admin report` and `journal`): figures from the control words,
 * read at one moment without stopping any thread.
 */

import { quantileMs } from '../../wire/call-counters.js';
import type { KernelExports } from '../memory/exports.js';
import { CONTROL, CONTROL_BASE } from '../memory/layout.js';
import { rarePathCounts } from '../memory/rare-paths.js';
import type { SharedMemory } from '../memory/shared-memory.js';
import { State } from '../memory/state.js';
import type { Config } from '../settings/config.js';
import type { Tier2 } from '../storage/tier2.js';
import { type Figures, readFigures } from './figures.js';
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
  /** Recent calls a second, by operation. */
  readonly rates: () => ReadonlyMap<string, number>;
};

type CallRow = {
  readonly operation: string;
  readonly calls: number;
  readonly failed: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
};

export function masterReport(sources: ReportSources): Record<string, unknown> {
  const { shared, config, plan } = sources;
  const figures = readFigures(shared, sources.kernel);
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
    namespace: { ...figures.inodes, storedBytes: sources.tier2.stats().bytes },
    connections: edgeReport(figures),
    calls: callRows(figures, sources.rates()),
    tier1: tier1Report(figures, config),
    keyFilter: {
      bytes: config.keyFilterBytes,
      keys: word(sources, CONTROL.FILTER_KEYS),
      complete: (shared.load(CONTROL.FILTER_STATE) & 1) !== 0,
    },
    journal: journalReport(sources),
    locks: figures.locks,
    retries: figures.retries,
    names: { interned: shared.load(CONTROL.STRING_COUNT) },
    rarePaths: rarePathCounts(shared),
    jobs: figures.jobs,
    mounts: figures.stores.map(mountRow),
  };
}

/** The counters of the edges of all shards. */
function edgeReport({ calls }: Figures): Record<string, number> {
  return {
    open: calls.connections,
    opened: calls.connectionsTotal,
    sessions: calls.sessions,
    inFlight: calls.inFlight,
    receivedBytes: calls.bytesIn,
    sentBytes: calls.bytesOut,
    refused: calls.refused,
    exhausted: calls.exhausted,
    malformed: calls.malformed,
    dropped: calls.dropped,
  };
}

/** One row for each operation that was ever called. */
function callRows({ calls }: Figures, rates: ReadonlyMap<string, number>): CallRow[] {
  const rows = new Map<string, { ended: number; failed: number }>();
  for (const { operation, code, count } of calls.callCounts()) {
    const row = rows.get(operation) ?? { ended: 0, failed: 0 };
    row.ended += count;
    if (code !== 'OK') row.failed += count;
    rows.set(operation, row);
  }
  const latencies = new Map(calls.latencies().map((row) => [row.operation, row.counts]));
  return [...rows].map(([operation, { ended, failed }]) => {
    const counts = latencies.get(operation) ?? [];
    const [p50Ms, p99Ms] = [quantileMs(counts, 0.5), quantileMs(counts, 0.99)];
    return { operation, calls: ended, failed, perSecond: rates.get(operation) ?? 0, p50Ms, p99Ms };
  });
}

function tier1Report({ tier1 }: Figures, config: Config): Record<string, number> {
  const { hits, misses, evictions, slots, dirty } = tier1;
  const lookups = hits + misses;
  const hitRatio = lookups === 0 ? 0 : hits / lookups;
  const sizes = { bytes: config.tier1Bytes, slots, dirtySlots: dirty };
  return { ...sizes, hits, misses, hitRatio, evictions };
}

function mountRow(store: Figures['stores'][number]): Record<string, unknown> {
  const { seconds, ...row } = store;
  return { ...row, meanMs: store.calls === 0 ? 0 : (seconds * 1000) / store.calls };
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

function word({ kernel }: ReportSources, offset: number): number {
  return kernel.load64(CONTROL_BASE + offset);
}
