/**
 * What is measured of one tree: reads, hot and over all of it, a mix, memory, a restart.
 *
 * hot:  the first files of the tree, as many as tier 1 holds with ease, after a warm-up that has
 *       brought them in
 * all:  drawn from the whole tree, so that nearly each misses tier 1
 * cold: the same at once after a start with nothing of tier 2 in the page cache
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Figures, figures } from '../figures.js';
import type { LoadResult } from '../load/load-job.js';
import { cpuSecondsOf, memoryOf } from '../load/process-usage.js';
import { assertClean } from '../measure.js';
import { operationsOf } from '../mix.js';
import type { Row } from '../results.js';
import { connectAdmin, journalOf } from '../setup.js';
import type { BigTree } from './big-tree.js';

/** With their directories a third of the slots of the default tier 1. */
export const HOT_FILES = 1_000_000;
const CONNECTIONS = 50;
const DEPTH = 32;
const SHAPE = { connections: CONNECTIONS, depth: DEPTH } as const;
const POOL_FILES = 20_000;
const MS = 1000;
const SETTLE_MS = 1000;
const GROWTH_BYTES = 8 << 20;

/** Nothing is flushed before its time: what was created is in the journal and nowhere else. */
const neverFlushing = {
  ORCHARD_FLUSH_INTERVAL: '10m',
  ORCHARD_FLUSH_SLOTS_MAX: '16777216',
  ORCHARD_JOURNAL_BYTES_MAX: '8GiB',
};

export type TreeSizes = {
  readonly files: number;
  readonly seconds: number;
  readonly warmSeconds: number;
  /** Created and not flushed when the master is killed. */
  readonly backlogFiles: number;
  readonly tier1Bytes: number;
};

export async function measureReads(tree: BigTree, sizes: TreeSizes): Promise<Figures[]> {
  const { files } = sizes;
  const hot = Math.min(files, HOT_FILES);
  const rows: Figures[] = [];
  if (hot < files) {
    await tree.master.stop();
    tree.dropPageCache();
    await tree.master.start();
    const cold = await run(tree, sizes, { verb: 'getStatus', kind: 'f', end: files });
    rows.push(figures('getStatus', SHAPE, cold, { files, drawn: 'cold' }));
  }
  const over = hot < files ? (['hot', 'all'] as const) : (['hot'] as const);
  for (const drawn of over) {
    const end = drawn === 'hot' ? hot : files;
    if (drawn === 'hot') await warm(tree, hot);
    const stat = await run(tree, sizes, { verb: 'getStatus', kind: 'f', end });
    rows.push(figures('getStatus', SHAPE, stat, { files, drawn }));
    const list = await run(tree, sizes, mixOf('ListDir', end));
    rows.push(figures('listStatus', SHAPE, list, { files, drawn, entries: 100 }));
  }
  return rows;
}

export async function measureMix(tree: BigTree, sizes: TreeSizes): Promise<Figures> {
  const { files } = sizes;
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
  const { files, tier1Bytes } = sizes;
  return { case: 'memory', files, when, ...memory, tier1Bytes, beyondTier1Bytes };
}

/** SIGKILL with a backlog, nothing of tier 2 in the page cache, and up to the first answers. */
export async function measureRestart(tree: BigTree, sizes: TreeSizes): Promise<Row> {
  const { master } = tree;
  const { files, backlogFiles } = sizes;
  await master.stop();
  await master.start(neverFlushing);
  const range = tree.take(backlogFiles);
  const { paths } = tree;
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
export async function measureBackup(tree: BigTree, { files }: TreeSizes): Promise<Row> {
  const file = join(tree.master.dataDir, '..', 'backup');
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

/** Every hot file once, so that tier 1 has them and their directories. */
async function warm(tree: BigTree, end: number): Promise<void> {
  const { paths } = tree;
  const work = {
    verb: 'each',
    operation: 'GetFileStatus',
    paths,
    kind: 'f',
    first: 0,
    end,
  } as const;
  assertClean(await tree.run({ ...SHAPE, work, warmSeconds: 0 }), 'warming');
}

type Asked =
  | { readonly verb: 'getStatus'; readonly kind: 'f'; readonly end: number }
  | {
      readonly verb: 'mix';
      readonly files: number;
      readonly operations: ReturnType<typeof operationsOf>;
      readonly pool: { readonly first: number; readonly end: number };
    };

const mixOf = (name: 'ListDir', files: number): Asked => ({
  verb: 'mix',
  files,
  operations: [{ name, weight: 1 }],
  pool: { first: 0, end: 0 },
});

async function run(tree: BigTree, sizes: TreeSizes, asked: Asked): Promise<LoadResult> {
  const { paths } = tree;
  const { seconds, warmSeconds } = sizes;
  return tree.run({ ...SHAPE, work: { ...asked, paths }, seconds, warmSeconds });
}
