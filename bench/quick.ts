/**
 * `npm run bench -- quick`: the cases of the canonical workload, in order, over one master that is
 * started for them, and a restart over another. Client and server share the machine.
 */
import { measureListStatus } from './cases/list-case.js';
import { measureBatchGetStatus, measureGetStatus } from './cases/read-cases.js';
import { measureRestart } from './cases/restart-case.js';
import { WriteCases } from './cases/write-cases.js';
import { LoadClient } from './load-client.js';
import { BenchMaster } from './master-process.js';
import {
  type Bench,
  type Goal,
  type Measure,
  type OpName,
  opNames,
  type Sizes,
} from './measure.js';
import { makeDirectories, makeFiles } from './setup.js';

export type QuickOptions = {
  readonly sizes: Sizes;
  readonly only: ReadonlySet<OpName>;
  readonly seed: number;
  readonly rpcThreads: number;
  /** Text such as 1GiB; the master's default when absent. */
  readonly tier1Bytes?: string;
  readonly journalSync?: string;
  /** Takes a CPU profile of each thread of the master. */
  readonly profileDir?: string;
  /** What happens meanwhile, for people. */
  readonly tell: (text: string) => void;
  readonly done: (measure: Measure) => void;
};

export const fullSizes: Sizes = {
  files: 500_000,
  directories: 10_000,
  listEntries: 1_000_000,
  listRuns: 5,
  restartFiles: 1_000_000,
  restartJournalBytes: 256 * 2 ** 20,
  seconds: 5,
  sustainSeconds: 20,
  warmSeconds: 1,
};

/** Every case once, in a few seconds, so that the bench itself is tested. */
export const smokeSizes: Sizes = {
  files: 2_000,
  directories: 100,
  listEntries: 2_000,
  listRuns: 2,
  restartFiles: 2_000,
  restartJournalBytes: 2 ** 20,
  seconds: 0.3,
  sustainSeconds: 0.3,
  warmSeconds: 0.05,
};

const atLeast = (least: number, aim: number): Goal => ({ kind: 'perSecond', atLeast: least, aim });
const within = (least: number, aim: number): Goal => ({ kind: 'seconds', atLeast: least, aim });

const wide = { connections: 50, depth: 32 } as const;
const shallow = { connections: 50, depth: 1 } as const;
const batched = { connections: 8, depth: 2 } as const;

export async function runQuick(options: QuickOptions): Promise<Measure[]> {
  const load = new LoadClient();
  const measures: Measure[] = [];
  const take = (measure: Measure): void => {
    measures.push(measure);
    options.done(measure);
  };
  try {
    const inTree = opNames.filter((op) => op !== 'restart' && options.only.has(op));
    if (inTree.length > 0) await measureTree(options, load, take);
    if (options.only.has('restart')) {
      take(await measureRestart({ ...options, load, env: environment(options) }, within(5, 2)));
    }
  } finally {
    load.close();
  }
  return measures;
}

async function measureTree(
  options: QuickOptions,
  load: LoadClient,
  take: (measure: Measure) => void,
): Promise<void> {
  const { sizes, only, seed, tell } = options;
  const master = await BenchMaster.start({
    env: environment(options),
    profileDir: options.profileDir,
  });
  const bench: Bench = { master, load, sizes, seed, tell };
  try {
    tell(`master ready in ${Math.round(master.process.readyMs)} ms`);
    await makeDirectories(bench, sizes.directories);
    if (only.has('getStatus') || only.has('batchGetStatus')) {
      const paths = { shape: 'spread', directories: sizes.directories } as const;
      await makeFiles(bench, { paths, kind: 'f', first: 0, end: sizes.files });
    }
    if (only.has('getStatus')) {
      take(await measureGetStatus(bench, { ...wide, goal: atLeast(300_000, 600_000) }));
      take(await measureGetStatus(bench, { ...shallow, goal: atLeast(70_000, 120_000) }));
    }
    if (only.has('batchGetStatus')) {
      take(await measureBatchGetStatus(bench, { ...batched, goal: atLeast(700_000, 1_500_000) }));
    }
    const writes = new WriteCases(bench);
    if (only.has('createFile')) {
      const sustained = { ...wide, goal: atLeast(100_000, 250_000) };
      take(await writes.createFile(sustained, sizes.sustainSeconds));
      take(await writes.createFile({ ...shallow, goal: atLeast(40_000, 60_000) }, sizes.seconds));
    }
    const changes = { ...wide, goal: atLeast(80_000, 200_000) };
    if (only.has('delete')) take(await writes.delete(changes));
    if (only.has('rename')) take(await writes.rename(changes));
    if (only.has('listStatus')) take(await measureListStatus(bench, within(2, 0.5)));
  } finally {
    await master.discard();
  }
}

function environment(options: QuickOptions): Record<string, string> {
  return {
    ORCHARD_RPC_THREADS: String(options.rpcThreads),
    ...(options.tier1Bytes !== undefined && { ORCHARD_TIER1_BYTES: options.tier1Bytes }),
    ...(options.journalSync !== undefined && { ORCHARD_JOURNAL_SYNC: options.journalSync }),
  };
}
