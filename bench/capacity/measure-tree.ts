/**
 * Measures one tree: reads over all of it, a mix, memory, a restart, a backup.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Figures, figures } from '../figures.js';
import type { LoadResult, WeightedOperation } from '../load/load-job.js';
import { cpuSecondsOf, memoryOf } from '../load/process-usage.js';
import { assertClean } from '../measure.js';
import { operationsOf } from '../mix.js';
import type { Row } from '../results.js';
import { connectAdmin, journalOf } from '../setup.js';
import type { BigTree } from './big-tree.js';
import { FILES_PER_DIRECTORY } from './synthetic-source.js';

export const SHAPE = { connections: 50, depth: 32 } as const;
const POOL_FILES = 20_000;
const MS = 1000;
const SETTLE_MS = 1000;
const GROWTH_BYTES = 8 << 20;

/** No early flush: created files are in the journal and nowhere else. */
const neverFlushing = {
  ORCHARD_FLUSH_INTERVAL: '10m',
  ORCHARD_FLUSH_SLOTS_MAX: '16777216',
  ORCHARD_JOURNAL_BYTES_MAX: '8GiB',
};

export type TreeSizes = {
  readonly seconds: number;
  readonly warmSeconds: number;
  /** Created and not flushed when the master is killed. */
  readonly backlogFiles: number;
  readonly tier1Bytes: number;
};

/**
 * How the files of a read are drawn.
 * hot:  from the first ones, as many as tier 1 holds with ease, after a warm-up
 * all:  from the whole tree, so that nearly each misses tier 1 when the tree is large; tier 2 is in
 *       the page cache, and the master at rest before
 * cold: the same at once after a start with nothing of tier 2 in the page cache
 */
export type Drawn = 'hot' | 'all' | 'cold';

export type Read = {
  readonly name: 'getStatus' | 'listStatus';
  readonly drawn: Drawn;
  /** Behind the last file that is drawn. */
  readonly end: number;
  /** Of several that are compared. */
  readonly round?: number;
};

export async function measureReads(tree: BigTree, sizes: TreeSizes): Promise<Figures[]> {
  const end = tree.files;
  await tree.master.stop();
  tree.dropPageCache();
  await tree.master.start();
  const cold = await measureRead(tree, sizes, { name: 'getStatus', drawn: 'cold', end });
  await tree.atRest();
  return [
    cold,
    await measureRead(tree, sizes, { name: 'getStatus', drawn: 'all', end }),
    await measureRead(tree, sizes, { name: 'listStatus', drawn: 'all', end }),
  ];
}

export async function measureRead(tree: BigTree, sizes: TreeSizes, read: Read): Promise<Figures> {
  const { name, end, ...told } = read;
  const { files } = tree;
  if (name === 'getStatus') {
    const stat = await run(tree, sizes, { verb: 'getStatus', kind: 'f', end });
    return figures(name, SHAPE, stat, { files, ...told });
  }
  const operations: WeightedOperation[] = [{ name: 'ListDir', weight: 1 }];
  const pool = { first: 0, end: 0 };
  const list = await run(tree, sizes, { verb: 'mix', files: end, operations, pool });
  return figures(name, SHAPE, list, { files, ...told, entries: FILES_PER_DIRECTORY });
}

export async function measureMix(tree: BigTree, sizes: TreeSizes): Promise<Figures> {
  const { files } = tree;
  const pool = await tree.pool(Math.min(POOL_FILES, files / 10));
  const created = tree.take(sizes.seconds * 20_000);
  const result = await run(tree, sizes, {
    verb: 'mix',
    files,
    operations: operationsOf('A'),
    pool: { first: pool.first, end: pool.end },
  });
  // New files are numbered behind the pool: the numbers that were kept for them must do.
  if (result.next > created.end) tree.take(result.next - created.end);
  return figures('mix A', SHAPE, result, { files });
}

/**
 * Resident memory by kind; tier 1 is in the anonymous part, so it is waited for that all of it has
 * been touched, which a master does in the background after its start.
 */
export async function measureMemory(tree: BigTree, sizes: TreeSizes, when: string): Promise<Row> {
  const { pid } = tree.master.process;
  let memory = memoryOf(pid);
  for (let grows = true; grows; ) {
    await sleep(SETTLE_MS);
    const now = memoryOf(pid);
    grows = now.anonymousBytes > memory.anonymousBytes + GROWTH_BYTES;
    memory = now;
  }
  const beyondTier1Bytes = memory.anonymousBytes + memory.sharedBytes - sizes.tier1Bytes;
  const { files } = tree;
  const { tier1Bytes } = sizes;
  return { case: 'memory', files, when, ...memory, tier1Bytes, beyondTier1Bytes };
}

/** SIGKILL with a backlog, nothing of tier 2 in the page cache, and up to the first answers. */
export async function measureRestart(tree: BigTree, sizes: TreeSizes): Promise<Row> {
  const { master, files, paths } = tree;
  const { backlogFiles } = sizes;
  await master.stop();
  await master.start(neverFlushing);
  const range = tree.take(backlogFiles);
  const work = { verb: 'createFile', kind: 'n', paths, ...range } as const;
  assertClean(await tree.run({ ...SHAPE, work, warmSeconds: 0 }), 'the backlog');
  const { bytes, entries, backlogEntries } = await journalOf(tree);
  const journalBytes = Math.round((bytes / entries) * backlogEntries);
  await master.kill();
  tree.dropPageCache();
  await master.start();
  const { readyMs, pid } = master.process;
  return {
    case: 'restart',
    files,
    seconds: Number((readyMs / MS).toFixed(2)),
    backlogFiles: range.end - range.first,
    journalBytes,
    serverCpuSeconds: cpuSecondsOf(pid),
  };
}

/** The whole namespace as one file, while the master serves. */
export async function measureBackup(tree: BigTree): Promise<Row> {
  const { files } = tree;
  const file = join(tree.master.dataDir, 'backups', 'measured');
  const admin = await connectAdmin(tree);
  const began = performance.now();
  try {
    const { bytes, inodes } = await admin.backup(file, { force: true, deadlineMs: 0 });
    const seconds = Number(((performance.now() - began) / MS).toFixed(1));
    return { case: 'backup', files, seconds, bytes, inodesPerSecond: Math.round(inodes / seconds) };
  } finally {
    await admin.close();
    rmSync(file, { force: true });
  }
}

type Asked =
  | { readonly verb: 'getStatus'; readonly kind: 'f'; readonly end: number }
  | {
      readonly verb: 'mix';
      readonly files: number;
      readonly operations: WeightedOperation[];
      readonly pool: { readonly first: number; readonly end: number };
    };

async function run(tree: BigTree, sizes: TreeSizes, asked: Asked): Promise<LoadResult> {
  const { paths } = tree;
  const { seconds, warmSeconds } = sizes;
  return tree.run({ ...SHAPE, work: { ...asked, paths }, seconds, warmSeconds });
}
