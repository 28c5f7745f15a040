/**
 * Creates, deletes and lists, millions of them in a row: what the master holds must stay flat. The
 * names repeat, so the namespace does not grow, and nothing else may grow.
 *
 *   const { samples, operations, problems } = await churn(master, { operations: 10_000_000 });
 *
 * Plain functions, for the tests, the soak and the long run (churn-process.ts).
 */
import type { OrchardClient } from '../../src/client/index.js';
import { grown, type Measure, Probe, type Sample, type Watched } from './probe.js';

export type Churn = {
  /** Creates, deletes and lists together. */
  readonly operations: number;
  readonly clients?: number;
  /** Of one directory, which is filled, listed and emptied in each round. */
  readonly files?: number;
  /** Points of the report; growth is measured over the later half of them. */
  readonly samples?: number;
  /** By Date.now(): no round begins after it. */
  readonly deadline?: number;
  readonly onSample?: (sample: Sample) => void;
};

export type ChurnReport = {
  readonly operations: number;
  readonly elapsedMs: number;
  readonly samples: readonly Sample[];
  readonly problems: readonly string[];
};

const MIB = 2 ** 20;
/**
 * Over the later half of a run, however long it is: what garbage collection swings by. Until the
 * retry window is full (ORCHARD_RETRY_CACHE_ENTRIES answers) tier 2 grows by 100 bytes a change.
 */
export const CHURN_ALLOWED: Readonly<Partial<Record<Measure, number>>> = {
  residentBytes: 48 * MIB,
  heapBytes: 16 * MIB,
  externalBytes: 8 * MIB,
  arrayBuffersBytes: 8 * MIB,
  descriptors: 2,
  journalBytes: 16 * MIB,
  tier2Bytes: 4 * MIB,
};

export async function churn(master: Watched, options: Churn): Promise<ChurnReport> {
  const { clients: count = 3, files = 200, samples = 20 } = options;
  const observer = await master.connect();
  const clients = await Promise.all(Array.from({ length: count }, () => master.connect()));
  const probe = new Probe(master, observer);
  const progress = { operations: 0, nextSampleAt: 0 };
  const every = options.operations / samples;
  const begin = Date.now();
  const lane = async (client: OrchardClient, number: number): Promise<void> => {
    const directory = `/churn-${number}`;
    await client.createDirectory(directory, { allowExists: true });
    for (let round = 0; progress.operations < options.operations; round++) {
      if (Date.now() > (options.deadline ?? Number.POSITIVE_INFINITY)) return;
      const done = await fillAndEmpty(client, directory, files, round);
      progress.operations += done;
      if (progress.operations < progress.nextSampleAt) continue;
      progress.nextSampleAt += every;
      const sample = await probe.take(progress.operations);
      options.onSample?.(sample);
    }
  };
  try {
    await Promise.all(clients.map(lane));
    await probe.take(progress.operations);
  } finally {
    await Promise.all([observer, ...clients].map((client) => client.close({ withinMs: 0 })));
  }
  const { operations } = progress;
  const problems = grown(probe.samples, CHURN_ALLOWED);
  return { operations, elapsedMs: Date.now() - begin, samples: probe.samples, problems };
}

/** Every second time through the trash, where the namesake of the next round replaces it. */
async function fillAndEmpty(
  client: OrchardClient,
  directory: string,
  files: number,
  round: number,
): Promise<number> {
  const paths = Array.from({ length: files }, (_, i) => `${directory}/file-${i}`);
  await Promise.all(paths.map((path) => client.createFile(path)));
  const { entries } = await client.listPage(directory, { pageSize: files });
  if (entries.length !== files) throw new Error(`${entries.length} of ${files} files are listed`);
  const skipTrash = round % 2 === 0;
  await Promise.all(paths.map((path) => client.delete(path, { skipTrash })));
  return files * 2 + 1;
}
