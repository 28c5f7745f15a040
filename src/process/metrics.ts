/**
 * Prometheus metrics of any process: a table of rows that are read out of one snapshot when
 * somebody asks. Nothing here runs per call.
 *
 *   GET /metrics ─▶ one snapshot ─▶ every row reads it ─▶ prom-client writes the text
 *
 * Invariant: all figures of one answer come from one snapshot.
 * prom-client is loaded by whoever asks first: a master starts without it.
 */
import type { Metric, Registry } from 'prom-client';

type Labels = Readonly<Record<string, string>>;

export type Sample = {
  readonly value: number;
  readonly labels?: Labels;
  readonly metricName?: string;
};

/** What it reads is a number, or one with labels for each of what there is. */
export type Row<Snapshot> = {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly read: (snapshot: Snapshot) => number | readonly Sample[];
};

/** A histogram: `counts` has one count for each bucket, and a last one for larger values. */
export type Distribution = {
  readonly labels: Labels;
  readonly counts: readonly number[];
  readonly sum: number;
};

/** What a row has read. */
export type Reading = Omit<Row<never>, 'read'> & { readonly values: readonly Sample[] };

export function readRows<Snapshot>(rows: readonly Row<Snapshot>[], snapshot: Snapshot): Reading[] {
  return rows.map(({ name, help, type, read }) => {
    const value = read(snapshot);
    return { name, help, type, values: typeof value === 'number' ? [{ value }] : value };
  });
}

export class Metrics {
  /** Of the text format that prom-client writes. */
  readonly contentType = 'text/plain; version=0.0.4; charset=utf-8';
  readonly #read: () => Promise<readonly Reading[]>;
  readonly #labels: Labels;
  #registry: Promise<Registry> | undefined;

  /** `read` gives all rows as of one snapshot. */
  constructor(read: () => Promise<readonly Reading[]>, labels: Labels = {}) {
    this.#read = read;
    this.#labels = labels;
  }

  /** The answer to GET /metrics. */
  async text(): Promise<string> {
    this.#registry ??= openRegistry(this.#labels);
    const registry = await this.#registry;
    for (const reading of await this.#read()) {
      registry.removeSingleMetric(reading.name);
      registry.registerMetric(metricOf(reading));
    }
    return registry.metrics();
  }
}

/** Prometheus wants cumulative buckets: each counts all values up to its bound. */
export function histogram(
  name: string,
  bounds: readonly number[],
  distributions: readonly Distribution[],
): Sample[] {
  return distributions.flatMap(({ labels, counts, sum }) => {
    let total = 0;
    const buckets = [...bounds, Number.POSITIVE_INFINITY].map((bound, index) => {
      total += counts[index] ?? 0;
      const le = Number.isFinite(bound) ? String(bound) : '+Inf';
      return { value: total, labels: { ...labels, le }, metricName: `${name}_bucket` };
    });
    return [
      ...buckets,
      { value: sum, labels, metricName: `${name}_sum` },
      { value: total, labels, metricName: `${name}_count` },
    ];
  });
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
function metricOf(reading: Reading): Metric {
  const get = () => Promise.resolve({ ...reading, aggregator: 'sum' });
  return { ...reading, get } as unknown as Metric;
}
