/**
 * What a running master holds, sampled over time: for the proofs that nothing grows, and for the
 * plots of the soak's report.
 *
 *   const probe = new Probe(master, client);
 *   await probe.take(operations);              // as often as there shall be points
 *   growth(probe.samples, 'residentBytes')     // bytes over the second half, by a fitted line
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { OrchardClient } from '../../src/client/index.js';

/** A master's process, as an outside observer needs it. */
export type Watched = {
  readonly pid: number;
  readonly directory: string;
  readonly rpcPort: number;
  connect(): Promise<OrchardClient>;
};

export type Sample = {
  readonly atMs: number;
  /** What was done until then. */
  readonly operations: number;
  readonly residentBytes: number;
  /** Of main. */
  readonly heapBytes: number;
  readonly externalBytes: number;
  readonly arrayBuffersBytes: number;
  readonly descriptors: number;
  readonly journalBytes: number;
  readonly tier2Bytes: number;
};

export type Measure = Exclude<keyof Sample, 'atMs' | 'operations'>;

export class Probe {
  readonly samples: Sample[] = [];
  readonly #master: Watched;
  readonly #client: OrchardClient;

  constructor(master: Watched, client: OrchardClient) {
    this.#master = master;
    this.#client = client;
  }

  async take(operations: number): Promise<Sample> {
    const { memory } = (await this.#client.report()) as { memory: Record<string, number> };
    const data = path.join(this.#master.directory, 'data');
    const sample = {
      atMs: Date.now(),
      operations,
      residentBytes: residentBytes(this.#master.pid),
      heapBytes: memory['heapBytes']!,
      externalBytes: memory['externalBytes']!,
      arrayBuffersBytes: memory['arrayBuffersBytes']!,
      descriptors: readdirSync(`/proc/${this.#master.pid}/fd`).length,
      journalBytes: treeBytes(path.join(data, 'journal')),
      tier2Bytes: treeBytes(path.join(data, 'meta')),
    };
    this.samples.push(sample);
    return sample;
  }
}

function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
}

/** Bytes on disk; a file that goes away meanwhile counts nothing. */
function treeBytes(directory: string): number {
  return readdirSync(directory)
    .map((name) => statSync(path.join(directory, name), { throwIfNoEntry: false }))
    .reduce((sum, stat) => sum + (stat?.isFile() ? stat.blocks * 512 : 0), 0);
}

/** Fewer make no line. */
export const SAMPLES_MIN = 6;

/** By how much the line through the later half of the samples climbs from its begin to its end. */
export function growth(samples: readonly Sample[], measure: Measure): number {
  const later = samples.slice(Math.floor(samples.length / 2));
  const begin = later[0]!.atMs;
  const points = later.map((sample) => ({ x: sample.atMs - begin, y: sample[measure] }));
  const mean = (of: (point: { x: number; y: number }) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)];
  const spread = mean((point) => (point.x - x) ** 2);
  const slope = spread === 0 ? 0 : mean((point) => (point.x - x) * (point.y - y)) / spread;
  return slope * points.at(-1)!.x;
}

/** What grew by more than it may, one line each. Too few samples say nothing. */
export function grown(
  samples: readonly Sample[],
  allowed: Readonly<Partial<Record<Measure, number>>>,
): string[] {
  if (samples.length < SAMPLES_MIN) return [];
  return (Object.entries(allowed) as [Measure, number][]).flatMap(([measure, most]) => {
    const by = Math.round(growth(samples, measure));
    return by > most ? [`${measure} grew by ${by}, allowed are ${most}`] : [];
  });
}
