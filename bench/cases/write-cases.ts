/**
 * createFile, rename and delete: each file by a call of its own, durable before the answer.
 *
 * Created files go through all directories in turn. Rename and delete then take them in the same
 * order; rename stays within the directory, as a job's commit does. Files that one case has used up
 * are gone for the next, so this tracks which created files still exist.
 */
import { FILES_MAX } from '../load/path-pattern.js';
import { type Bench, type Goal, type Measure, perSecond } from '../measure.js';
import { BATCH_FILES, makeFiles } from '../setup.js';

/** A case should not run out of files early; if it does, its rate is still right. */
const CHANGES_A_SECOND_MAX = 300_000;
const CHANGES_PER_CREATE_MAX = 1.5;
const FILES_MIN = 50_000;

type Shape = { readonly connections: number; readonly depth: number; readonly goal: Goal };

export class WriteCases {
  readonly #bench: Bench;
  /** Files n<first> … n<end - 1> exist. */
  #first = 0;
  #end = 0;
  /** What the master can do, as far as it is known. */
  #changesASecond = CHANGES_A_SECOND_MAX;

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  async createFile(shape: Shape, seconds: number): Promise<Measure> {
    const first = this.#end;
    const result = await this.#run(shape, seconds, { verb: 'createFile', first, end: FILES_MAX });
    this.#end = result.next;
    const likely = Math.ceil(perSecond(result) * CHANGES_PER_CREATE_MAX);
    if (shape.depth > 1) this.#changesASecond = Math.min(CHANGES_A_SECOND_MAX, likely);
    const note = `slowest second ${result.slowestSecond}/s`;
    return { op: 'createFile', ...shape, opsPerSecond: perSecond(result), result, note };
  }

  rename(shape: Shape): Promise<Measure> {
    return this.#consume('rename', shape);
  }

  delete(shape: Shape): Promise<Measure> {
    return this.#consume('delete', shape);
  }

  async #consume(verb: 'rename' | 'delete', shape: Shape): Promise<Measure> {
    const { seconds, warmSeconds } = this.#bench.sizes;
    const wanted = Math.max(FILES_MIN, (seconds + warmSeconds) * this.#changesASecond);
    await this.#provide(Math.ceil(wanted / BATCH_FILES) * BATCH_FILES);
    const range = { first: this.#first, end: this.#end };
    const result = await this.#run(shape, seconds, { verb, ...range });
    this.#first = result.next;
    return { op: verb, ...shape, opsPerSecond: perSecond(result), result };
  }

  async #provide(count: number): Promise<void> {
    const missing = this.#first + count - this.#end;
    if (missing <= 0) return;
    const end = this.#end + Math.ceil(missing / BATCH_FILES) * BATCH_FILES;
    await makeFiles(this.#bench, { paths: this.#paths, kind: 'n', first: this.#end, end });
    this.#end = end;
  }

  #run(
    shape: Shape,
    seconds: number,
    work: { verb: 'createFile' | 'rename' | 'delete'; first: number; end: number },
  ) {
    const { load, master, seed, sizes } = this.#bench;
    return load.run({
      target: master.target,
      work: { ...work, paths: this.#paths, kind: 'n' },
      connections: shape.connections,
      depth: shape.depth,
      seconds,
      warmSeconds: sizes.warmSeconds,
      seed,
    });
  }

  get #paths() {
    return { shape: 'spread', directories: this.#bench.sizes.directories } as const;
  }
}
