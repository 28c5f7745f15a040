/**
 * A master with a tree for the benches of the load generator: /bench with files f0 … in leaf
 * directories, /flat, all owned by an ordinary user.
 */
import type { LoadJob, LoadResult } from './load/load-job.js';
import { FILES_MAX, type PathShape } from './load/path-pattern.js';
import { LoadClient } from './load-client.js';
import { BenchMaster } from './master-process.js';
import { BATCH_FILES, makeDirectories, makeFiles } from './setup.js';

/** How writes reach the disk. */
export const durabilities = ['none', 'group', 'each'] as const;
export type Durability = (typeof durabilities)[number];

export type TreeOptions = {
  readonly files: number;
  readonly directories: number;
  readonly rpcThreads: number;
  readonly tier1Bytes?: string | undefined;
  readonly profileDir?: string | undefined;
  /** Nothing waits for the disk. */
  readonly isUnsynced: boolean;
  /** Further settings of the master. */
  readonly env?: Readonly<Record<string, string>>;
  readonly seed: number;
  readonly tell: (text: string) => void;
};

export class TreeBench {
  readonly master: BenchMaster;
  readonly load = new LoadClient();
  readonly paths: PathShape;
  readonly options: TreeOptions;
  /** Files n<first> … n<end - 1> were created and are there. */
  #poolEnd = 0;

  private constructor(master: BenchMaster, options: TreeOptions) {
    this.master = master;
    this.options = options;
    this.paths = { shape: 'spread', directories: options.directories };
  }

  static async start(options: TreeOptions): Promise<TreeBench> {
    const master = await BenchMaster.start({
      env: {
        ORCHARD_RPC_THREADS: String(options.rpcThreads),
        ...(options.isUnsynced && { ORCHARD_JOURNAL_SYNC: 'none' }),
        ...options.env,
        ...(options.tier1Bytes !== undefined && { ORCHARD_TIER1_BYTES: options.tier1Bytes }),
      },
      profileDir: options.profileDir,
    });
    const bench = new TreeBench(master, options);
    try {
      options.tell(`master ready in ${Math.round(master.process.readyMs)} ms`);
      await makeDirectories(bench.setup, options.directories);
      const end = Math.ceil(options.files / BATCH_FILES) * BATCH_FILES;
      if (end > 0) {
        await makeFiles(bench.setup, { paths: bench.paths, kind: 'f', first: 0, end });
      }
      return bench;
    } catch (error) {
      await bench.close();
      throw error;
    }
  }

  get setup() {
    const { seed, tell } = this.options;
    return { master: this.master, load: this.load, seed, tell };
  }

  /** Names that nobody has used yet. */
  get fresh(): { readonly first: number; readonly end: number } {
    return { first: this.#poolEnd, end: FILES_MAX };
  }

  /** Files that may be renamed and deleted; each is given out once. */
  async pool(count: number): Promise<{ readonly first: number; readonly end: number }> {
    const first = Math.ceil(this.#poolEnd / BATCH_FILES) * BATCH_FILES;
    const end = first + Math.ceil(count / BATCH_FILES) * BATCH_FILES;
    await makeFiles(this.setup, { paths: this.paths, kind: 'n', first, end });
    this.#poolEnd = end;
    return { first, end };
  }

  async run(job: Omit<LoadJob, 'target' | 'seed'>): Promise<LoadResult> {
    const { seed } = this.options;
    const result = await this.load.run({ ...job, target: this.master.target, seed });
    this.#poolEnd = Math.max(this.#poolEnd, result.next);
    return result;
  }

  async close(): Promise<void> {
    this.load.close();
    await this.master.discard();
  }
}
