/**
 * A master over an imported tree of any size, in a directory that may be kept from run to run. The
 * tree is /bench, a mount of an empty local store, and belongs to the ordinary user of the benches.
 */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ImportResult } from '../../src/master/bulk-import/importer.js';
import { importTree } from '../../src/master/main/import-main.js';
import type { LoadJob, LoadResult } from '../load/load-job.js';
import { LOAD_USER } from '../load/load-user.js';
import { cpuSecondsOf, memoryOf } from '../load/process-usage.js';
import { LoadClient } from '../load-client.js';
import { BenchMaster } from '../master-process.js';
import { BATCH_FILES, connectAdmin, makeFiles } from '../setup.js';
import { SyntheticSource, shapeOf } from './synthetic-source.js';

const PROGRESS_MS = 10_000;
/** An idle master uses less of a core than this, over this time. */
const REST_CPU_MAX = 0.05;
const REST_SECONDS = 2;

export type BigTreeOptions = {
  readonly files: number;
  readonly suffix?: string;
  /** Kept; without it the tree goes when it is closed. */
  readonly directory?: string | undefined;
  readonly rpcThreads: number;
  readonly tier1Bytes: string;
  readonly seed: number;
  readonly tell: (text: string) => void;
};

export type Imported = ImportResult & {
  /** Of the importing process, its own heap and buffers; mapped pages left out. */
  readonly peakBytes: number;
};

type Notes = { readonly files: number; readonly poolEnd: number };

export class BigTree {
  readonly master: BenchMaster;
  readonly load = new LoadClient();
  readonly #options: BigTreeOptions;

  private constructor(master: BenchMaster, options: BigTreeOptions) {
    this.master = master;
    this.#options = options;
  }

  /** The master runs, and the mount exists. */
  static async open(options: BigTreeOptions): Promise<BigTree> {
    const { directory, rpcThreads, tier1Bytes } = options;
    if (directory !== undefined) mkdirSync(directory, { recursive: true });
    const master = await BenchMaster.start({
      env: {
        ORCHARD_RPC_THREADS: String(rpcThreads),
        ORCHARD_TIER1_BYTES: tier1Bytes,
      },
      directory,
    });
    const tree = new BigTree(master, options);
    try {
      await tree.#prepare();
    } catch (error) {
      await tree.close();
      throw error;
    }
    return tree;
  }

  get files(): number {
    return this.#options.files;
  }

  get paths() {
    return shapeOf(this.#options.files);
  }

  /** Bytes of tier 2 on the disk. */
  get diskBytes(): number {
    return statSync(this.#tier2File).size;
  }

  /** Whether an earlier run has imported the files. */
  get isImported(): boolean {
    return existsSync(this.#notesFile);
  }

  /** Stops the master, imports, starts it. */
  async import(): Promise<Imported> {
    const { files, suffix = '', tell } = this.#options;
    await this.master.stop();
    let peakBytes = 0;
    let toldMs = performance.now();
    const result = await importTree(
      { ORCHARD_DATA_DIR: this.master.dataDir },
      {
        path: '/bench',
        manifests: [],
        format: 'csv',
        isUrlEncoded: false,
        isStrict: true,
        signal: new AbortController().signal,
        onProgress: ({ entries }) => {
          if (performance.now() - toldMs < PROGRESS_MS) return;
          toldMs = performance.now();
          peakBytes = Math.max(peakBytes, memoryOf(process.pid).anonymousBytes);
          tell(`${entries} of ${files} files imported`);
        },
      },
      async ({ names }) => {
        const owner = names.intern(LOAD_USER);
        return new SyntheticSource({ files, owner, group: owner, suffix });
      },
    );
    peakBytes = Math.max(peakBytes, memoryOf(process.pid).anonymousBytes);
    this.#note({ files, poolEnd: 0 });
    await this.master.start();
    return { ...result, peakBytes };
  }

  run(job: Omit<LoadJob, 'target' | 'seed'>): Promise<LoadResult> {
    return this.load.run({ ...job, target: this.master.target, seed: this.#options.seed });
  }

  /** Files n<first> … n<end - 1>, made now, which calls may rename and delete. */
  async pool(count: number): Promise<{ readonly first: number; readonly end: number }> {
    const { seed, tell } = this.#options;
    const range = this.take(count);
    const { master, load, paths } = this;
    await makeFiles({ master, load, seed, tell }, { paths, kind: 'n', ...range });
    return range;
  }

  /** Numbers of files that were never used, in this run or before. */
  take(count: number): { readonly first: number; readonly end: number } {
    const notes = JSON.parse(readFileSync(this.#notesFile, 'utf8')) as Notes;
    const first = Math.ceil(notes.poolEnd / BATCH_FILES) * BATCH_FILES;
    const end = first + Math.ceil(count / BATCH_FILES) * BATCH_FILES;
    this.#note({ ...notes, poolEnd: end });
    return { first, end };
  }

  /** Makes the kernel drop tier 2's pages, as after a start of the machine. */
  dropPageCache(): void {
    execFileSync('dd', [`if=${this.#tier2File}`, 'iflag=nocache', 'count=0', 'status=none']);
  }

  /**
   * Waits for what a master does after its start: tier 2 is in the page cache, the filter of its
   * keys complete.
   */
  async atRest(): Promise<void> {
    await promisify(execFile)('dd', [`if=${this.#tier2File}`, 'of=/dev/null', 'bs=1M']);
    const { pid } = this.master.process;
    for (let before = cpuSecondsOf(pid); ; ) {
      await sleep(REST_SECONDS * 1000);
      const now = cpuSecondsOf(pid);
      if (now - before < REST_SECONDS * REST_CPU_MAX) return;
      before = now;
    }
  }

  async close(): Promise<void> {
    this.load.close();
    await this.master.discard();
  }

  get #tier2File(): string {
    return join(this.master.dataDir, 'meta', 'data.mdb');
  }

  get #notesFile(): string {
    return join(this.master.dataDir, '..', 'capacity.json');
  }

  #note(notes: Notes): void {
    writeFileSync(this.#notesFile, JSON.stringify(notes));
  }

  async #prepare(): Promise<void> {
    if (this.isImported) return;
    const store = join(this.master.dataDir, '..', 'store');
    mkdirSync(store, { recursive: true });
    const admin = await connectAdmin(this);
    try {
      await admin.mount('/bench', `file://${store}`);
    } finally {
      await admin.close();
    }
  }
}
