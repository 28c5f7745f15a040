/**
 * `npm run bench -- shared`: do creates in one directory run in parallel? The same durable creates
 * go into one directory and into many, turn by turn (one, many, many, one, …), so that whatever
 * else the machine does falls upon both; the medians are compared.
 */
import { type Figures, figures } from './figures.js';
import type { PathShape } from './load/path-pattern.js';
import { median } from './median.js';
import { TreeBench } from './tree-bench.js';

export type SharedOptions = {
  readonly connections: number;
  readonly depth: number;
  /** Counted time of each turn. */
  readonly seconds: number;
  readonly warmSeconds: number;
  /** Pairs of turns. */
  readonly pairs: number;
  readonly directories: number;
  readonly rpcThreads: number;
  readonly threads: number;
  readonly seed: number;
  readonly tell: (text: string) => void;
  readonly done: (row: Figures) => void;
};

export type SharedResult = {
  readonly onePerSecond: number;
  readonly manyPerSecond: number;
  /** Of the medians: 1 = one directory is as fast as many. */
  readonly ratio: number;
  readonly errors: number;
};

const TURNS = { one: ['one', 'many'], many: ['many', 'one'] } as const;

export async function runShared(options: SharedOptions): Promise<SharedResult> {
  const { directories, rpcThreads, seed, tell } = options;
  const tree = await TreeBench.start({
    files: 0,
    directories,
    rpcThreads,
    isUnsynced: false,
    seed,
    tell,
  });
  const rates = { one: [] as number[], many: [] as number[] };
  let errors = 0;
  try {
    for (let pair = 0; pair < options.pairs; pair++) {
      for (const turn of TURNS[pair % 2 === 0 ? 'one' : 'many']) {
        const paths: PathShape = turn === 'one' ? { shape: 'flat' } : tree.paths;
        const { connections, depth, seconds, warmSeconds, threads } = options;
        const result = await tree.run({
          work: { verb: 'createFile', paths, kind: 'n', ...tree.fresh },
          connections,
          depth,
          seconds,
          warmSeconds,
          threads,
        });
        const row = figures(`create, ${turn}`, { connections, depth }, result);
        options.done(row);
        rates[turn].push(row.opsPerSecond);
        errors += row.errors;
      }
    }
  } finally {
    await tree.close();
  }
  const [onePerSecond, manyPerSecond] = [median(rates.one), median(rates.many)];
  return { onePerSecond, manyPerSecond, ratio: onePerSecond / manyPerSecond, errors };
}
