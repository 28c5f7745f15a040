/**
 * `npm run bench -- stress`: one operation over a tree, as Alluxio's StressMasterBench does it. An
 * operation that writes is measured three ways: without syncs, with group commit, and one call at a
 * time, each with a sync of its own. At a rate, or searching the highest rate with a 99th
 * percentile below a bound, the loop is open.
 */
import { type Figures, figures } from './figures.js';
import type { LoadJob, LoadResult, Work } from './load/load-job.js';
import { effectOf, type OperationName } from './load/operations.js';
import type { Arrivals } from './load/pacer.js';
import { searchRate } from './search-rate.js';
import { type Durability, TreeBench, type TreeOptions } from './tree-bench.js';

export type StressOptions = Omit<TreeOptions, 'isUnsynced'> & {
  readonly operations: readonly OperationName[];
  readonly connections: number;
  readonly depth: number;
  readonly threads: number;
  readonly seconds: number;
  readonly warmSeconds: number;
  readonly rate?: number | undefined;
  readonly arrivals: Arrivals;
  /** Search the highest rate with this 99th percentile. */
  readonly p99Ms?: number | undefined;
  readonly zipf?: number | undefined;
  readonly durabilities: readonly Durability[];
  readonly done: (row: Figures) => void;
};

const SEARCH_PRECISION = 0.05;
const SEARCH_STEPS_MAX = 9;
const UNSENT_PART_MAX = 0.001;
const RENAME_POOL = 50_000;
/** What a second of deletes is expected to use up; a run that runs out has as true a rate. */
const DELETES_A_SECOND_MAX = 150_000;
/** A small tree is for a small run. */
const DELETES_PER_FILE_MAX = 5;
const SYNCED_DELETES_A_SECOND_MAX = 10_000;

/** All that is measured with the same kind of commit shares a master and its tree. */
export async function runStress(options: StressOptions): Promise<Figures[]> {
  const rows: Figures[] = [];
  for (const isUnsynced of [false, true]) {
    const mine = options.operations.flatMap((operation) =>
      waysOf(operation, options)
        .filter((way) => (way === 'none') === isUnsynced)
        .map((way) => ({ operation, way })),
    );
    if (mine.length === 0) continue;
    const tree = await TreeBench.start({ ...options, isUnsynced });
    try {
      for (const { operation, way } of mine) {
        const row = await new Stress(tree, options, operation, way).measure();
        rows.push(row);
        options.done(row);
      }
    } finally {
      await tree.close();
    }
  }
  return rows.toSorted(
    (a, b) => orderOf(a.case, options.operations) - orderOf(b.case, options.operations),
  );
}

const waysOf = (operation: OperationName, options: StressOptions): readonly Durability[] =>
  effectOf(operation) === 'reads' ? ['group'] : options.durabilities;

const orderOf = (name: string, operations: readonly OperationName[]): number =>
  operations.indexOf(name as OperationName);

class Stress {
  readonly #tree: TreeBench;
  readonly #options: StressOptions;
  readonly #operation: OperationName;
  readonly #way: Durability;

  constructor(tree: TreeBench, options: StressOptions, operation: OperationName, way: Durability) {
    this.#tree = tree;
    this.#options = options;
    this.#operation = operation;
    this.#way = way;
  }

  async measure(): Promise<Figures> {
    const { p99Ms, rate } = this.#options;
    if (p99Ms !== undefined && this.#way !== 'each') return this.#search(p99Ms);
    return this.#row(await this.#run(this.#way === 'each' ? undefined : rate));
  }

  async #search(p99Ms: number): Promise<Figures> {
    const closed = await this.#run(undefined);
    const { tell } = this.#options;
    const best = await searchRate({
      guess: (closed.operations / closed.elapsedMs) * 1000,
      precision: SEARCH_PRECISION,
      stepsMax: SEARCH_STEPS_MAX,
      attempt: async (rate) => {
        const outcome = await this.#run(rate);
        const intended = rate * (outcome.elapsedMs / 1000);
        const isSent = (outcome.open?.unsent ?? 0) <= intended * UNSENT_PART_MAX;
        const fine = outcome.p99Ms <= p99Ms && isSent && outcome.errors === 0;
        tell(`${rate}/s: p99 ${outcome.p99Ms.toFixed(2)} ms${fine ? '' : ', too much'}`);
        return { fine, outcome };
      },
    });
    if (best === undefined) {
      throw new Error(`no rate was found at which p99 stays within ${p99Ms} ms`);
    }
    return this.#row(best, { p99BoundMs: p99Ms });
  }

  async #run(rate: number | undefined): Promise<LoadResult> {
    const { seconds, warmSeconds, threads, arrivals } = this.#options;
    const job: Omit<LoadJob, 'target' | 'seed'> = {
      ...this.#shape,
      work: await this.#work(),
      seconds,
      warmSeconds,
      threads: this.#way === 'each' ? 1 : threads,
      ...(rate !== undefined && { rate, arrivals }),
    };
    return this.#tree.run(job);
  }

  async #work(): Promise<Work> {
    const { files, zipf } = this.#options;
    return {
      verb: 'mix',
      paths: this.#tree.paths,
      files,
      operations: [{ name: this.#operation, weight: 1 }],
      pool: await this.#pool(),
      ...(zipf !== undefined && { zipf }),
    };
  }

  async #pool(): Promise<{ readonly first: number; readonly end: number }> {
    const { seconds, warmSeconds } = this.#options;
    const operation = this.#operation;
    const effect = effectOf(operation);
    if (effect === 'deletes') {
      const perSecond = this.#way === 'each' ? SYNCED_DELETES_A_SECOND_MAX : DELETES_A_SECOND_MAX;
      const most = this.#options.files * DELETES_PER_FILE_MAX;
      return this.#tree.pool(Math.min(most, (seconds + warmSeconds) * perSecond));
    }
    if (effect === 'renames' || operation === 'OpenRecent')
      return this.#tree.pool(Math.min(RENAME_POOL, this.#options.files));
    const { first } = this.#tree.fresh;
    return { first, end: first };
  }

  get #shape() {
    const { connections, depth } = this.#options;
    return this.#way === 'each' ? { connections: 1, depth: 1 } : { connections, depth };
  }

  #row(result: LoadResult, more: object = {}): Figures {
    const { files, zipf } = this.#options;
    const operation = this.#operation;
    const durability = effectOf(operation) === 'reads' ? {} : { durability: this.#way };
    const facts = { ...durability, files, ...(zipf !== undefined && { zipf }), ...more };
    return figures(operation, this.#shape, result, facts);
  }
}
