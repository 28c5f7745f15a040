/**
 * Orchard as the peers are measured: the same steps over the same number of files, by full path of
 * depth 4 and with permissions checked on each component, over its own wire.
 */
import type { Work } from '../load/load-job.js';
import { LoadClient } from '../load-client.js';
import { BenchMaster } from '../master-process.js';
import { BATCH_FILES, makeDirectories, makeFiles } from '../setup.js';
import { FileLedger } from './file-ledger.js';
import type { StartSetting, Step, System } from './system.js';
import type { Figures } from './wire/peer-job.js';

type OrchardSetting = Omit<StartSetting, 'load'> & {
  readonly entries: number;
  readonly rpcThreads: number;
};

/** The flusher has a moment to bring the writes into tier 2, as etcd has its restart. */
const SETTLE_MS = 2000;

export class OrchardSystem implements System {
  readonly #setting: OrchardSetting;
  readonly #master: BenchMaster;
  readonly #load = new LoadClient();
  readonly #ledger = new FileLedger();

  private constructor(setting: OrchardSetting, master: BenchMaster) {
    this.#setting = setting;
    this.#master = master;
  }

  static async start(setting: OrchardSetting): Promise<OrchardSystem> {
    const master = await BenchMaster.start({
      env: {
        ORCHARD_RPC_THREADS: String(setting.rpcThreads),
        ORCHARD_JOURNAL_SYNC: setting.durability === 'none' ? 'none' : 'commit',
      },
    });
    const system = new OrchardSystem(setting, master);
    await makeDirectories(system.#bench, setting.sizes.directories);
    return system;
  }

  pid(): number {
    return this.#master.target.pid;
  }

  async prepare(steps: readonly Step[]): Promise<void> {
    const { sizes, entries } = this.#setting;
    const made = { kind: 'f', first: 0 } as const;
    if (steps.some(({ verb }) => verb === 'stat')) {
      await makeFiles(this.#bench, { ...made, paths: this.#paths, end: sizes.files });
    }
    if (steps.some(({ verb }) => verb === 'list')) {
      await makeFiles(this.#bench, { ...made, paths: { shape: 'flat' }, end: entries });
      // The first listing waits until what was just created is in tier 2.
      await this.#list({ connections: 1, depth: 1 }, 1);
    }
  }

  async measure(step: Step): Promise<Figures> {
    const { verb } = step;
    const { sizes, entries } = this.#setting;
    const paths = this.#paths;
    if (verb === 'list') return this.#list(step, Math.ceil(sizes.listedMin / entries));
    if (verb === 'stat') {
      return this.#run(step, { verb: 'getStatus', kind: 'f', paths, end: sizes.files });
    }
    if (verb !== 'create') await this.#provide(step);
    const range = this.#ledger.range(verb);
    const work: Work = { verb: verb === 'create' ? 'createFile' : verb, paths, ...range };
    const result = await this.#run(step, work);
    this.#ledger.done(verb, range, result.next);
    return result;
  }

  settle(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  }

  async discard(): Promise<void> {
    this.#load.close();
    await this.#master.discard();
  }

  get #bench() {
    const { seed, tell } = this.#setting;
    return { master: this.#master, load: this.#load, seed, tell };
  }

  get #paths() {
    return { shape: 'spread', directories: this.#setting.sizes.directories } as const;
  }

  async #provide({ verb }: Step): Promise<void> {
    const { first, end } = this.#ledger.range(verb);
    const missing = this.#setting.sizes.changesMin - (end - first);
    if (missing <= 0) return;
    const range = this.#ledger.range('create');
    const until = range.first + Math.ceil(missing / BATCH_FILES) * BATCH_FILES;
    await makeFiles(this.#bench, { ...range, paths: this.#paths, end: until });
    this.#ledger.done('create', range, until);
  }

  async #list({ connections, depth }: Pick<Step, 'connections' | 'depth'>, repeat: number) {
    const work: Work = {
      verb: 'listStatus',
      kind: 'f',
      paths: { shape: 'flat' },
      path: '/flat',
      repeat,
    };
    const { seed, entries } = this.#setting;
    const shape = { connections, depth, warmSeconds: 0 };
    const result = await this.#load.run({ target: this.#master.target, work, ...shape, seed });
    const wanted = entries * repeat;
    if (result.operations === wanted) return result;
    const firstError = `${result.operations} entries were listed instead of ${wanted}`;
    return { ...result, errors: result.errors + 1, firstError };
  }

  #run({ connections, depth }: Step, work: Work) {
    const { sizes, seed } = this.#setting;
    return this.#load.run({
      target: this.#master.target,
      work,
      connections,
      depth,
      seconds: sizes.seconds,
      warmSeconds: sizes.warmSeconds,
      seed,
    });
  }
}
