/**
 * restart: from the start of the process after a SIGKILL to its first healthy answer, with all
 * files
 * only in the journal: a master of its own that never flushes by itself creates them, then renames
 * until the journal is as large as it should be. Afterwards every file must be there.
 */
import { join } from 'node:path';
import { journalBytesUsed } from '../journal-size.js';
import type { LoadResult, Work } from '../load/load-job.js';
import { cpuSecondsOf, rssBytesOf } from '../load/process-usage.js';
import type { LoadClient } from '../load-client.js';
import { BenchMaster } from '../master-process.js';
import { assertClean, type Bench, type Goal, type Measure, type Sizes } from '../measure.js';
import { connectAdmin, makeDirectories } from '../setup.js';

type Usage = { readonly cpuSeconds: number; readonly rssBytes: number };

const CONNECTIONS = 50;
const DEPTH = 32;
const RENAMES_A_ROUND = 0.1;
const MS = 1000;
const MIB = 2 ** 20;

/** Nothing is flushed before its time: what was created is in the journal and nowhere else. */
const neverFlushing = {
  ORCHARD_FLUSH_INTERVAL: '10m',
  ORCHARD_FLUSH_SLOTS_MAX: '16777216',
  ORCHARD_JOURNAL_BYTES_MAX: '8GiB',
};

export async function measureRestart(
  run: {
    readonly load: LoadClient;
    readonly sizes: Sizes;
    readonly seed: number;
    readonly env: Readonly<Record<string, string>>;
    readonly tell: (text: string) => void;
  },
  goal: Goal,
): Promise<Measure> {
  const master = await BenchMaster.start({ env: { ...run.env, ...neverFlushing } });
  try {
    const bench: Bench = { ...run, master };
    const journalBytes = await fill(bench);
    await master.kill();
    await master.start();
    const { readyMs, pid } = master.process;
    const usage = { cpuSeconds: cpuSecondsOf(pid), rssBytes: rssBytesOf(pid) };
    const found = await countFiles(bench);
    const { restartFiles } = run.sizes;
    const lost = restartFiles - found;
    return {
      op: 'restart',
      connections: 0,
      depth: 0,
      goal,
      opsPerSecond: restartFiles / (readyMs / MS),
      seconds: readyMs / MS,
      result: resultOf(usage, readyMs, lost),
      note: `${restartFiles} files, ${Math.round(journalBytes / MIB)} MiB of journal`,
    };
  } finally {
    await master.discard();
  }
}

/** What the journal has grown to. */
async function fill(bench: Bench): Promise<number> {
  const { restartFiles, restartJournalBytes, directories } = bench.sizes;
  await makeDirectories(bench, directories);
  const paths = { shape: 'spread', directories } as const;
  const made = { paths, kind: 'n' } as const;
  await change(bench, { ...made, verb: 'createFile', first: 0, end: restartFiles });
  const journalDir = join(bench.master.dataDir, 'journal');
  const step = Math.ceil(restartFiles * RENAMES_A_ROUND);
  let bytes = journalBytesUsed(journalDir);
  for (let at = 0; bytes < restartJournalBytes && at + step <= restartFiles; at += step) {
    await change(bench, { ...made, verb: 'rename', first: at, end: at + step });
    bytes = journalBytesUsed(journalDir);
  }
  bench.tell(`${Math.round(bytes / MIB)} MiB of journal written`);
  return bytes;
}

async function change(bench: Bench, work: Work): Promise<void> {
  const result = await bench.load.run({
    target: bench.master.target,
    work,
    connections: CONNECTIONS,
    depth: DEPTH,
    warmSeconds: 0,
    seed: bench.seed,
  });
  assertClean(result, `filling the journal (${work.verb})`);
}

async function countFiles(bench: Bench): Promise<number> {
  const client = await connectAdmin(bench);
  try {
    return (await client.contentSummary('/bench')).files;
  } finally {
    await client.close();
  }
}

/** One restart in the shape of a load result; CPU and memory are the new process's own. */
function resultOf(usage: Usage, readyMs: number, lost: number): LoadResult {
  return {
    operations: 1,
    calls: 1,
    elapsedMs: readyMs,
    p50Ms: readyMs,
    p99Ms: readyMs,
    p999Ms: readyMs,
    maxMs: readyMs,
    everySecond: [],
    slowestSecond: 0,
    clientCpu: 0,
    serverCpu: usage.cpuSeconds / (readyMs / MS),
    rssBytes: usage.rssBytes,
    errors: lost === 0 ? 0 : 1,
    firstError: lost === 0 ? undefined : `${lost} files were not there after the restart`,
    next: 0,
    latencies: '',
    byOperation: {},
  };
}
