/**
 * Brings the namespace into the shape that the cases measure. An ordinary user owns all of it, so
 * that permissions are checked on every step of every path.
 */
import { OrchardClient } from '../src/client/index.js';
import type { LoadResult, Work } from './load/load-job.js';
import { LOAD_USER } from './load/load-user.js';
import type { PathKind, PathShape } from './load/path-pattern.js';
import { assertClean, type Bench } from './measure.js';

/** Files in one BatchCreate. */
export const BATCH_FILES = 500;
const SETUP_CONNECTIONS = 4;
const SETUP_DEPTH = 4;
const DIRECTORY_DEPTH = 32;

type SetupBench = Pick<Bench, 'master' | 'load' | 'seed' | 'tell'>;

/** As the superuser, who is the user of the master's process. */
export function connectAdmin(bench: Pick<Bench, 'master'>): Promise<OrchardClient> {
  const { host, rpcPort: port, httpPort } = bench.master.process;
  return OrchardClient.connect({ host, port, httpPort });
}

/** What the master has written to its journal, and what of it tier 2 does not have. */
export async function journalOf(
  bench: Pick<Bench, 'master'>,
): Promise<{ readonly bytes: number; readonly entries: number; readonly backlogEntries: number }> {
  const admin = await connectAdmin(bench);
  try {
    return ((await admin.report()) as { journal: Awaited<ReturnType<typeof journalOf>> }).journal;
  } finally {
    await admin.close();
  }
}

/** /bench with its leaf directories, and /flat. */
export async function makeDirectories(bench: SetupBench, directories: number): Promise<void> {
  const admin = await connectAdmin(bench);
  try {
    for (const path of ['/bench', '/flat']) await makeRoot(admin, path);
  } finally {
    await admin.close();
  }
  await makeLeaves(bench, { shape: 'leaf', directories });
}

/** A directory below / that belongs to the load generator's user. */
export async function makeRoot(admin: OrchardClient, path: string): Promise<void> {
  await admin.createDirectory(path);
  await admin.setAttribute(path, { owner: LOAD_USER, group: LOAD_USER });
}

export async function makeLeaves(
  bench: SetupBench,
  paths: PathShape & { readonly directories: number },
): Promise<void> {
  const end = paths.directories;
  const work: Work = { verb: 'createDirectory', kind: 'f', paths, end };
  const result = await run(bench, work, DIRECTORY_DEPTH);
  bench.tell(`${end} directories in ${seconds(result)}`);
}

export async function makeFiles(
  bench: SetupBench,
  files: { paths: PathShape; kind: PathKind; first: number; end: number },
): Promise<void> {
  const result = await run(
    bench,
    { verb: 'batchCreate', perFrame: BATCH_FILES, ...files },
    SETUP_DEPTH,
  );
  bench.tell(`${files.end - files.first} files by BatchCreate in ${seconds(result)}`);
}

async function run(bench: SetupBench, work: Work, depth: number): Promise<LoadResult> {
  const result = await bench.load.run({
    target: bench.master.target,
    work,
    connections: SETUP_CONNECTIONS,
    depth,
    warmSeconds: 0,
    seed: bench.seed,
  });
  return assertClean(result, `setting up (${work.verb})`);
}

function seconds({ elapsedMs, serverCpu }: LoadResult): string {
  const elapsed = elapsedMs / 1000;
  return `${elapsed.toFixed(1)} s, server CPU ${(serverCpu * elapsed).toFixed(1)} s`;
}
