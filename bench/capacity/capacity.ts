/**
 * `npm run bench -- capacity`: a namespace of any size by bulk import, and its costs: bytes on the
 * disk and in memory, rates compared with a small namespace in the same run, a restart.
 *
 * Steps can be run one by one over a directory that is kept, since a large import takes minutes
 * and rates want a quiet machine.
 */
import type { Row } from '../results.js';
import { BigTree, type BigTreeOptions } from './big-tree.js';
import { measureHotTurns } from './hot-turns.js';
import {
  measureBackup,
  measureMemory,
  measureMix,
  measureReads,
  measureRestart,
  type TreeSizes,
} from './measure-tree.js';

/** Of one tree, whatever its size. */
const treeSteps = ['import', 'reads', 'mix', 'restart', 'backup'] as const;
export const stepNames = ['base', 'names', 'hot', ...treeSteps] as const;
export type StepName = (typeof stepNames)[number];

export type CapacityOptions = Omit<BigTreeOptions, 'suffix' | 'tier1Bytes'> &
  TreeSizes & {
    readonly steps: readonly StepName[];
    /** Of the small namespace that the large one is compared with. */
    readonly baseFiles: number;
    /** Of the hot reads of both. */
    readonly rounds: number;
    readonly done: (row: Row) => void;
  };

/** Names as engines write them: 47 bytes with the 9 that every name has. */
const LONG_SUFFIX = '-c000-5f3a9e1b7d24.snappy.zstd.parquet';
const NAME_BYTES = 9;

export async function runCapacity(options: CapacityOptions): Promise<void> {
  const { steps } = options;
  const small = { ...options, files: options.baseFiles, directory: undefined };
  if (steps.includes('names')) await measureNames(small);
  if (steps.includes('base')) {
    await withTree(small, (tree) => measureTree(tree, { ...small, steps: treeSteps }));
  }
  if (steps.some((step) => step !== 'names' && step !== 'base')) {
    await withTree(options, async (tree) => {
      await measureTree(tree, options);
      if (steps.includes('hot')) await measureHot(tree, options);
    });
  }
}

async function withTree(
  run: CapacityOptions & { readonly suffix?: string },
  use: (tree: BigTree) => Promise<void>,
): Promise<void> {
  const tree = await BigTree.open({ ...run, tier1Bytes: String(run.tier1Bytes) });
  try {
    await use(tree);
  } finally {
    await tree.close();
  }
}

async function measureTree(tree: BigTree, run: CapacityOptions): Promise<void> {
  const { steps, done, tell } = run;
  if (steps.includes('import') && !tree.isImported) await importAll(tree, run, '');
  else
    tell(`master over ${tree.files} files ready in ${Math.round(tree.master.process.readyMs)} ms`);
  done(await measureMemory(tree, run, 'started'));
  if (steps.includes('reads')) {
    for (const row of await measureReads(tree, run)) done(row);
    done(await measureMemory(tree, run, 'after reads'));
  }
  if (steps.includes('mix')) {
    done(await measureMix(tree, run));
    done(await measureMemory(tree, run, 'after the mix'));
  }
  if (steps.includes('restart')) {
    done(await measureRestart(tree, run));
    done(await measureMemory(tree, run, 'restarted'));
  }
  if (steps.includes('backup')) done(await measureBackup(tree));
}

/** The large one is there; the small one is made for it. */
async function measureHot(large: BigTree, run: CapacityOptions): Promise<void> {
  const { baseFiles: files, rounds, done } = run;
  await withTree({ ...run, files, directory: undefined }, async (small) => {
    await small.import();
    await measureHotTurns({ small, large, sizes: run, rounds, done });
  });
}

/** The disk space of the same files with long names. */
async function measureNames(run: CapacityOptions): Promise<void> {
  const suffix = LONG_SUFFIX;
  await withTree({ ...run, suffix }, (tree) => importAll(tree, run, suffix));
}

async function importAll(tree: BigTree, run: CapacityOptions, suffix: string): Promise<void> {
  const { seconds, directories, peakBytes, ...result } = await tree.import();
  const { files } = tree;
  const inodes = result.files + directories;
  run.done({
    case: 'import',
    files,
    directories,
    nameBytes: NAME_BYTES + suffix.length,
    seconds: Number(seconds.toFixed(2)),
    filesPerSecond: Math.round(files / seconds),
    peakBytes,
    diskBytes: tree.diskBytes,
    bytesPerInode: Number((tree.diskBytes / inodes).toFixed(1)),
    startMs: Math.round(tree.master.process.readyMs),
  });
}
