/**
 * Prometheus metrics: rows that are read out of one snapshot of the shared counters when somebody
 * asks. Shards only bump their own words in shared memory; nothing here runs per call.
 *
 *   GET /metrics ─▶ snapshot() once ─▶ every row reads it ─▶ prom-client writes the text
 *
 * Invariant: all figures of one answer come from one snapshot.
 * prom-client is loaded by whoever asks first: a master starts without it.
 * A section that the snapshot leaves out is not exported, so a thread that does not count yet
 * shows no false zeros.
 */
import type { Metric, Registry } from 'prom-client';

type Labels = Readonly<Record<string, string>>;

export type CallCounts = {
  readonly op: string;
  /** Name of the status code, OK included. */
  readonly code: string;
  readonly count: number;
};

/** How often a call took how long. */
export type Latencies = {
  readonly op: string;
  /** Count of each bucket alone, one a bound of `boundsSeconds` and one for what is beyond. */
  readonly counts: readonly number[];
  readonly sumSeconds: number;
};

export type MetricsSnapshot = {
  readonly calls?: readonly CallCounts[];
  readonly latencies?: {
    readonly boundsSeconds: readonly number[];
    readonly ops: readonly Latencies[];
  };
  readonly rpc?: { readonly connections: number; readonly inFlight: number };
  readonly tier1?: {
    readonly hits: number;
    readonly misses: number;
    readonly evictions: number;
    readonly slots: number;
    readonly dirty: number;
  };
  readonly locks?: { readonly conflicts: number; readonly parked: number };
  readonly journal?: {
    readonly entries: number;
    readonly bytes: number;
    readonly commits: number;
    readonly commitSeconds: number;
    /** Journal that a restart would replay. */
    readonly backlogBytes: number;
    readonly seq: number;
    readonly flushedSeq: number;
  };
  readonly retries?: {
    readonly answers: number;
    /** Age of the oldest answer that is remembered. */
    readonly windowSeconds: number;
    readonly early: number;
    /** Age of the youngest answer that gave way for want of room. */
    readonly earlySeconds: number;
  };
  readonly namespace?: { readonly files: number; readonly directories: number };
  readonly disk?: { readonly freeBytes: number; readonly readOnly: boolean };
  /** Entries of stores that loads left out, by reason. */
  readonly skipped?: Readonly<Record<string, number>>;
  readonly stores?: readonly {
    readonly mount: string;
    readonly calls: number;
    readonly errors: number;
  }[];
};

type Sample = { readonly value: number; readonly labels?: Labels; readonly metricName?: string };

type Row = {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly read: (snapshot: MetricsSnapshot) => readonly Sample[];
};

/** One number of a section; nothing when the section is absent. */
const one = (value: number | undefined): readonly Sample[] =>
  value === undefined ? [] : [{ value }];

const counter = (name: string, help: string, read: Row['read']): Row => ({
  name: `orchard_${name}`,
  help,
  type: 'counter',
  read,
});

const gauge = (name: string, help: string, read: Row['read']): Row => ({
  ...counter(name, help, read),
  type: 'gauge',
});

const callSeconds = 'orchard_call_seconds';

const rows: readonly Row[] = [
  counter('calls_total', 'Calls answered, by operation and status code', ({ calls = [] }) =>
    calls.map(({ op, code, count }) => ({ value: count, labels: { op, code } })),
  ),
  {
    name: callSeconds,
    help: 'Time from a call to its reply, by operation',
    type: 'histogram',
    read: readLatencies,
  },
  counter('store_entries_skipped_total', 'Entries that loads left out', ({ skipped = {} }) =>
    Object.entries(skipped).map(([reason, value]) => ({ value, labels: { reason } })),
  ),
  gauge('connections', 'Open connections', ({ rpc }) => one(rpc?.connections)),
  gauge('calls_in_flight', 'Calls without a reply yet', ({ rpc }) => one(rpc?.inFlight)),
  counter('tier1_hits_total', 'Lookups answered by tier 1', ({ tier1 }) => one(tier1?.hits)),
  counter('tier1_misses_total', 'Lookups that went to tier 2', ({ tier1 }) => one(tier1?.misses)),
  counter('tier1_evictions_total', 'Clean slots given up', ({ tier1 }) => one(tier1?.evictions)),
  gauge('tier1_slots', 'Slots of tier 1', ({ tier1 }) => one(tier1?.slots)),
  gauge('tier1_dirty_slots', 'Slots not yet flushed', ({ tier1 }) => one(tier1?.dirty)),
  counter('lock_conflicts_total', 'Try-locks that failed', ({ locks }) => one(locks?.conflicts)),
  gauge('calls_parked', 'Calls waiting for locks', ({ locks }) => one(locks?.parked)),
  counter('journal_entries_total', 'Entries made durable', ({ journal }) => one(journal?.entries)),
  counter('journal_bytes_total', 'Bytes of journal written', ({ journal }) => one(journal?.bytes)),
  counter('journal_commits_total', 'Group commits', ({ journal }) => one(journal?.commits)),
  counter('journal_commit_seconds_total', 'Time spent in group commits', ({ journal }) =>
    one(journal?.commitSeconds),
  ),
  gauge('journal_backlog_bytes', 'Journal that a restart would replay', ({ journal }) =>
    one(journal?.backlogBytes),
  ),
  gauge('journal_seq', 'Last durable sequence number', ({ journal }) => one(journal?.seq)),
  gauge('flushed_seq', 'Sequence number that tier 2 has reached', ({ journal }) =>
    one(journal?.flushedSeq),
  ),
  gauge('retry_answers', 'Answers kept for repeated calls', ({ retries }) => one(retries?.answers)),
  gauge('retry_window_seconds', 'Age of the oldest answer kept', ({ retries }) =>
    one(retries?.windowSeconds),
  ),
  counter('retry_early_total', 'Answers given up before ORCHARD_RETRY_WINDOW', ({ retries }) =>
    one(retries?.early),
  ),
  gauge('retry_early_seconds', 'Age of the youngest answer given up so', ({ retries }) =>
    one(retries?.earlySeconds),
  ),
  gauge('files', 'Files in the namespace', ({ namespace }) => one(namespace?.files)),
  gauge('directories', 'Directories in the namespace', ({ namespace }) =>
    one(namespace?.directories),
  ),
  gauge('disk_free_bytes', 'Free bytes under the data directory', ({ disk }) =>
    one(disk?.freeBytes),
  ),
  gauge('read_only', '1 while the disk is too full for changes', ({ disk }) =>
    one(disk === undefined ? undefined : Number(disk.readOnly)),
  ),
  counter('store_calls_total', 'Calls to a store, by mount point', ({ stores = [] }) =>
    stores.map(({ mount, calls }) => ({ value: calls, labels: { mount } })),
  ),
  counter('store_errors_total', 'Failed calls to a store, by mount point', ({ stores = [] }) =>
    stores.map(({ mount, errors }) => ({ value: errors, labels: { mount } })),
  ),
];

export class Metrics {
  /** Of the text format that prom-client writes. */
  readonly contentType = 'text/plain; version=0.0.4; charset=utf-8';
  readonly #takeSnapshot: () => MetricsSnapshot | Promise<MetricsSnapshot>;
  readonly #labels: Labels;
  #registry: Promise<Registry> | undefined;

  constructor(takeSnapshot: () => MetricsSnapshot | Promise<MetricsSnapshot>, labels: Labels = {}) {
    this.#takeSnapshot = takeSnapshot;
    this.#labels = labels;
  }

  /** The answer to GET /metrics. */
  async text(): Promise<string> {
    this.#registry ??= openRegistry(this.#labels);
    const registry = await this.#registry;
    const snapshot = await this.#takeSnapshot();
    for (const row of rows) {
      registry.removeSingleMetric(row.name);
      const values = row.read(snapshot);
      if (values.length > 0) registry.registerMetric(metricOf(row, values));
    }
    return registry.metrics();
  }
}

async function openRegistry(labels: Labels): Promise<Registry> {
  const { collectDefaultMetrics, Registry } = await import('prom-client');
  const register = new Registry();
  register.setDefaultLabels(labels);
  collectDefaultMetrics({ register });
  return register;
}

/**
 * prom-client's own counters can only be incremented, and ours live in shared memory. A registry
 * asks a metric for nothing but `get()`, so an object that has it stands in; hence the cast.
 */
function metricOf({ name, help, type }: Row, values: readonly Sample[]): Metric {
  const get = () => Promise.resolve({ name, help, type, values, aggregator: 'sum' });
  return { name, help, type, get } as unknown as Metric;
}

/** Prometheus wants buckets that add up: each counts all that was at most its bound. */
function readLatencies({ latencies }: MetricsSnapshot): readonly Sample[] {
  if (latencies === undefined) return [];
  const { boundsSeconds, ops } = latencies;
  return ops.flatMap(({ op, counts, sumSeconds }) => {
    let total = 0;
    const buckets = [...boundsSeconds, Number.POSITIVE_INFINITY].map((bound, index) => {
      total += counts[index] ?? 0;
      const le = Number.isFinite(bound) ? String(bound) : '+Inf';
      return { value: total, labels: { op, le }, metricName: `${callSeconds}_bucket` };
    });
    return [
      ...buckets,
      { value: sumSeconds, labels: { op }, metricName: `${callSeconds}_sum` },
      { value: total, labels: { op }, metricName: `${callSeconds}_count` },
    ];
  });
}
