/**
 * `npm run bench -- phases`: runs suites of phases, each suite over a master of its own.
 */
import type { OrchardClient } from '../src/client/index.js';
import { type Figures, figures } from './figures.js';
import { Latencies } from './load/latencies.js';
import type { LoadResult } from './load/load-job.js';
import { cpuSecondsOf, rssBytesOf } from './load/process-usage.js';
import { deepShapes, type Phase, type SuiteName, type SuiteTree, suiteOf } from './phase-suites.js';
import { connectAdmin, makeFiles, makeLeaves, makeRoot } from './setup.js';
import { TreeBench, type TreeOptions } from './tree-bench.js';

export type PhasesOptions = TreeOptions & {
  readonly suites: readonly SuiteName[];
  readonly connections: number;
  readonly depth: number;
  readonly threads: number;
  readonly done: (row: Figures) => void;
};

const ONE_CALL = { connections: 1, depth: 1 } as const;
const SECOND_MS = 1000;
const MICROSECONDS = 1e6;

export async function runPhases(options: PhasesOptions): Promise<Figures[]> {
  const rows: Figures[] = [];
  for (const name of options.suites) {
    const suite = suiteOf(name, options);
    const tree = await TreeBench.start({ ...options, files: suite.isFilled ? options.files : 0 });
    const admin = await connectAdmin(tree);
    try {
      if (name === 'deep') await makeDeepTrees(tree, admin, options.files);
      for (const row of await runSuite({ name, suite, tree, admin }, options)) rows.push(row);
    } finally {
      await admin.close({ withinMs: 0 });
      await tree.close();
    }
  }
  return rows;
}

async function runSuite(
  of: {
    readonly name: SuiteName;
    readonly suite: SuiteTree;
    readonly tree: TreeBench;
    readonly admin: OrchardClient;
  },
  options: PhasesOptions,
): Promise<Figures[]> {
  const rows: Figures[] = [];
  for (const phase of of.suite.phases) {
    const shape = shapeOf(phase, options);
    const result =
      'call' in phase
        ? await timed(of.tree, () => phase.call(of.admin))
        : await of.tree.run({
            work: phase.work,
            ...shape,
            threads: options.threads,
            warmSeconds: 0,
          });
    const row = figures(phase.name, shape, result, factsOf(of.name, phase, result, options));
    rows.push(row);
    options.done(row);
  }
  return rows;
}

function shapeOf(phase: Phase, { connections, depth }: PhasesOptions) {
  if ('call' in phase) return ONE_CALL;
  return phase.shape ?? { connections, depth };
}

function factsOf(suite: SuiteName, { facts }: Phase, result: LoadResult, options: PhasesOptions) {
  const cpuSeconds = result.serverCpu * (result.elapsedMs / SECOND_MS);
  const microseconds = (cpuSeconds / Math.max(1, result.operations)) * MICROSECONDS;
  const depth = facts?.['pathDepth'];
  return {
    suite,
    files: options.files,
    durability: options.isUnsynced ? 'none' : 'group',
    ...facts,
    ...(depth !== undefined && { usPerComponent: Number((microseconds / depth).toFixed(3)) }),
  };
}

async function makeDeepTrees(tree: TreeBench, admin: OrchardClient, end: number): Promise<void> {
  for (const paths of deepShapes()) {
    await makeRoot(admin, `/${paths.root.split('/')[1]!}`);
    await makeLeaves(tree.setup, { ...paths, shape: 'leaf' });
    await makeFiles(tree.setup, { paths, kind: 'f', first: 0, end });
  }
}

/** One call in the shape of a load result. */
async function timed(tree: TreeBench, call: () => Promise<number>): Promise<LoadResult> {
  const { pid } = tree.master.target;
  const cpuBefore = cpuSecondsOf(pid);
  const begunMs = performance.now();
  const operations = await call();
  const elapsedMs = performance.now() - begunMs;
  const latencies = new Latencies();
  latencies.record(elapsedMs);
  return {
    ...latencies.summary(),
    operations,
    calls: 1,
    elapsedMs,
    everySecond: [],
    slowestSecond: 0,
    clientCpu: 0,
    serverCpu: (cpuSecondsOf(pid) - cpuBefore) / (elapsedMs / SECOND_MS),
    rssBytes: rssBytesOf(pid),
    errors: 0,
    firstError: undefined,
    next: 0,
    latencies: latencies.encode(),
    byOperation: {},
  };
}
