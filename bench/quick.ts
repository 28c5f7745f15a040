/**
 * `npm run bench -- quick`: the cases of the canonical workload, in order, over one master that is
 * started for them, and a restart over another. Client and server share the machine.
 */
import { measureListStatus } from './cases/list-case.js';
import { measureBatchGetStatus, measureGetStatus } from './cases/read-cases.js';
import { measureRestart } from './cases/restart-case.js';
import { WriteCases } from './cases/write-cases.js';
import { EchoServers } from './echo.js';
import { LoadClient } from './load-client.js';
import { BenchMaster } from './master-process.js';
import {
  type Bench,
  type Goal,
  type Measure,
  type OpName,
  opNames,
  perSecond,
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

const ofEcho = (bar: number): Goal => ({ kind: 'ofEcho', bar });
const within = (bar: number): Goal => ({ kind: 'seconds', bar });

type Shape = { readonly connections: number; readonly depth: number; readonly goal: Goal };

/** Of the bare echo server, before each case. */
const ECHO_SECONDS = 1.5;

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
      take(await measureRestart({ ...options, load, env: environment(options) }, within(5)));
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
  const echo = await EchoServers.start();
  const seconds = Math.min(ECHO_SECONDS, sizes.seconds);
  /** A case, right after the bare echo server at the same connections and depth. */
  const besideEcho = async <S extends Shape>(
    shape: S,
    measure: (shape: S) => Promise<Measure>,
  ): Promise<void> => {
    const bare = await echo.run(load, 'messages', { ...shape, seconds, seed });
    take({ ...(await measure(shape)), echoPerSecond: perSecond(bare) });
  };
  try {
    tell(`master ready in ${Math.round(master.process.readyMs)} ms`);
    await makeDirectories(bench, sizes.directories);
    if (only.has('getStatus') || only.has('batchGetStatus')) {
      const paths = { shape: 'spread', directories: sizes.directories } as const;
      await makeFiles(bench, { paths, kind: 'f', first: 0, end: sizes.files });
    }
    if (only.has('getStatus')) {
      for (const shape of [
        { ...wide, goal: ofEcho(0.3) },
        { ...shallow, goal: ofEcho(0.5) },
      ]) {
        await besideEcho(shape, (given) => measureGetStatus(bench, given));
      }
    }
    if (only.has('batchGetStatus')) {
      const shape = { ...batched, goal: ofEcho(4) };
      await besideEcho(shape, (given) => measureBatchGetStatus(bench, given));
    }
    const writes = new WriteCases(bench);
    if (only.has('createFile')) {
      const sustained = { ...wide, goal: ofEcho(0.07) };
      await besideEcho(sustained, (given) => writes.createFile(given, sizes.sustainSeconds));
      const single = { ...shallow, goal: ofEcho(0.25) };
      await besideEcho(single, (given) => writes.createFile(given, sizes.seconds));
    }
    const changes = { ...wide, goal: ofEcho(0.05) };
    if (only.has('delete')) await besideEcho(changes, (given) => writes.delete(given));
    if (only.has('rename')) await besideEcho(changes, (given) => writes.rename(given));
    if (only.has('listStatus')) take(await measureListStatus(bench, within(2)));
  } finally {
    echo.close();
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
