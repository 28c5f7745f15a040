/**
 * restart: from the start of the process after a SIGKILL to its first healthy answer. A master of
 * its own creates the files; then a few of them are renamed to and fro until what tier 2 does not
 * have is as large as it should be: many dirty slots would force a flush, many entries about the
 * same slots do not. Afterwards every file must be there.
 */
import type { LoadResult, Work } from '../load/load-job.js';
import { cpuSecondsOf, rssBytesOf } from '../load/process-usage.js';
import type { LoadClient } from '../load-client.js';
import { BenchMaster } from '../master-process.js';
import { assertClean, type Bench, type Goal, type Measure, type Sizes } from '../measure.js';
import { connectAdmin, journalOf, makeDirectories } from '../setup.js';

type Usage = { readonly cpuSeconds: number; readonly rssBytes: number };

const CONNECTIONS = 50;
const DEPTH = 32;
/** Two names and a directory each: fewer dirty slots than force a flush. */
const RENAMED_FILES_MAX = 40_000;
const ROUNDS_MAX = 100;
const MS = 1000;
const MIB = 2 ** 20;

/** Nothing is flushed unless it must be. */
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

/** How many bytes of journal a restart has to replay. */
async function fill(bench: Bench): Promise<number> {
  const { restartFiles, restartJournalBytes, directories } = bench.sizes;
  await makeDirectories(bench, directories);
  const paths = { shape: 'spread', directories } as const;
  await change(bench, { paths, kind: 'n', verb: 'createFile', first: 0, end: restartFiles });
  const before = await journalOf(bench);
  const end = Math.min(restartFiles, RENAMED_FILES_MAX);
  let bytes = 0;
  for (let round = 0; bytes < restartJournalBytes && round < ROUNDS_MAX; round++) {
    const kind = round % 2 === 0 ? 'n' : 'r';
    await change(bench, { paths, kind, verb: 'rename', first: 0, end });
    const now = await journalOf(bench);
    const eachBytes = (now.bytes - before.bytes) / (now.entries - before.entries);
    bytes = now.backlogEntries * eachBytes;
  }
  bench.tell(`${Math.round(bytes / MIB)} MiB of journal to replay`);
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
