/**
 * `npm run bench -- mix`: operations in the proportions in which large systems saw them, over a
 * tree of any size. Reads of files are OpenFile, since there are no blocks to locate yet.
 *
 *   A   Spotify's HDFS cluster, as HopsFS's hammer-bench has it (files 16 a directory)
 *   B   the same, as λFS has it
 *   C   Facebook's NameNode of 2010 (HDFS-1093)
 *   D   Yahoo (Abad et al.): 92.7 % opens, 7.3 % creates, and most opens soon after the create
 *   F5 F10 F20   A with creates raised to so many percent
 */
import { type Figures, figures, operationFigures } from './figures.js';
import type { WeightedOperation } from './load/load-job.js';
import type { OperationName } from './load/operations.js';
import type { Arrivals } from './load/pacer.js';
import type { Row } from './results.js';
import { TreeBench, type TreeOptions } from './tree-bench.js';

/** Of hammer-bench: `files.per.dir`. */
export const FILES_PER_DIRECTORY = 16;

const POOL = 20_000;

type Weights = Partial<Record<OperationName, number>>;

const hopsFs: Weights = {
  OpenFile: 68.73,
  GetFileStatus: 13.04,
  GetDirStatus: 3.96,
  ListDir: 8.52,
  ListFile: 0.49,
  CreateFile: 2.7,
  RenameFile: 1.3,
  DeleteFile: 0.75,
  SetDirGroup: 0.32,
  SetReplication: 0.14,
  CreateDir: 0.02,
  SetMode: 0.02,
  SetDirMode: 0.01,
};

export const mixes = {
  A: hopsFs,
  B: {
    OpenFile: 71.84,
    GetFileStatus: 13.54,
    GetDirStatus: 3.77,
    ListDir: 8.17,
    ListFile: 0.68,
    CreateFile: 1.09,
    RenameFile: 0.55,
    DeleteFile: 0.34,
    CreateDir: 0.02,
  },
  C: { OpenFile: 42, ListDir: 47, CreateFile: 3, RenameFile: 2, DeleteFile: 1, CreateDir: 3 },
  D: { OpenRecent: 92.7, CreateFile: 7.3 },
  F5: withCreates(5),
  F10: withCreates(10),
  F20: withCreates(20),
} as const satisfies Record<string, Weights>;

export type MixName = keyof typeof mixes;
export const mixNames = Object.keys(mixes) as MixName[];

/** Where most opens come soon after the create, recency is a popularity. */
const zipfOf: Partial<Record<MixName, number>> = { D: 1 };

export type MixOptions = Omit<TreeOptions, 'directories'> & {
  readonly mix: MixName;
  readonly connections: number;
  readonly depth: number;
  readonly threads: number;
  readonly seconds: number;
  readonly warmSeconds: number;
  readonly rate?: number | undefined;
  readonly arrivals: Arrivals;
  readonly zipf?: number | undefined;
};

export type MixMeasure = { readonly whole: Figures; readonly operations: readonly Row[] };

export async function runMix(options: MixOptions): Promise<MixMeasure> {
  const directories = Math.ceil(options.files / FILES_PER_DIRECTORY);
  const tree = await TreeBench.start({ ...options, directories });
  try {
    return await measureMix(tree, options);
  } finally {
    await tree.close();
  }
}

async function measureMix(tree: TreeBench, options: MixOptions): Promise<MixMeasure> {
  const { mix, files, connections, depth, threads, seconds, warmSeconds } = options;
  const zipf = options.zipf ?? zipfOf[mix];
  const result = await tree.run({
    work: {
      verb: 'mix',
      paths: tree.paths,
      files,
      operations: operationsOf(mix),
      pool: await tree.pool(Math.min(POOL, files)),
      ...(zipf !== undefined && { zipf }),
    },
    connections,
    depth,
    threads,
    seconds,
    warmSeconds,
    ...(options.rate !== undefined && { rate: options.rate, arrivals: options.arrivals }),
  });
  const facts = { mix, files, durability: options.isUnsynced ? 'none' : 'group' };
  return {
    whole: figures('mix', { connections, depth }, result, facts),
    operations: operationFigures(result, facts),
  };
}

export const operationsOf = (mix: MixName): WeightedOperation[] =>
  Object.entries(mixes[mix] as Weights).map(([name, weight]) => ({
    name: name as OperationName,
    weight,
  }));

/** A with creates raised, and everything else less in proportion. */
function withCreates(percent: number): Weights {
  const rest = (100 - percent) / (100 - (hopsFs.CreateFile ?? 0));
  const scaled = Object.entries(hopsFs).map(([name, weight]) => [name, weight * rest] as const);
  return { ...(Object.fromEntries(scaled) as Weights), CreateFile: percent };
}
