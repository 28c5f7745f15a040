/**
 * A peer that our own generator loads, by its protocol: from the steps to ranges of files.
 */
import type { FileRange } from './file-ledger.js';
import { FileLedger } from './file-ledger.js';
import type { ServerProcess } from './server-process.js';
import type { StartSetting, Step, System } from './system.js';
import type { PeerWork } from './wire/dialect.js';
import type { Figures, PeerResult, Protocol } from './wire/peer-job.js';

/** Inodes of the leaf directories and of the flat one, where the protocol wants them. */
export type Inodes = { readonly leaves: readonly number[]; readonly flat: number };

export type WireSystemOptions = {
  readonly protocol: Protocol;
  readonly server: ServerProcess;
  readonly setting: StartSetting;
  readonly entries: number;
  readonly inodes?: Inodes;
  /** A peer's own tool, by its name. */
  readonly tools?: Readonly<Record<string, (step: Step) => Promise<Figures>>>;
  readonly settle?: () => Promise<void>;
};

const SETUP_SHAPE = { connections: 50, depth: 32 } as const;

export class WireSystem implements System {
  readonly #options: WireSystemOptions;
  readonly #ledger = new FileLedger();

  constructor(options: WireSystemOptions) {
    this.#options = options;
  }

  pid(): number {
    return this.#options.server.target.pid;
  }

  async prepare(steps: readonly Step[]): Promise<void> {
    const { sizes } = this.#options.setting;
    const create = { verb: 'create', ...SETUP_SHAPE } as const;
    const made = { kind: 'f', first: 0 } as const;
    if (steps.some(({ verb }) => verb === 'stat')) {
      await this.#clean(create, { ...made, end: sizes.files });
    }
    if (steps.some(({ verb }) => verb === 'list')) {
      await this.#clean(create, { ...made, end: this.#options.entries }, 0);
    }
  }

  async measure(step: Step): Promise<Figures> {
    const { sizes } = this.#options.setting;
    const tool = step.tool === undefined ? undefined : this.#options.tools?.[step.tool];
    if (tool !== undefined) return tool(step);
    if (step.verb === 'stat') {
      return this.#run(step, { kind: 'f', first: 0, end: sizes.files }, { seconds: sizes.seconds });
    }
    if (step.verb === 'list') return this.#list(step);
    if (step.verb !== 'create') await this.#provide(step);
    const range = this.#ledger.range(step.verb);
    const result = await this.#run(step, range, { seconds: sizes.seconds });
    this.#ledger.done(step.verb, range, result.next);
    return result;
  }

  async settle(): Promise<void> {
    await this.#options.settle?.();
  }

  discard(): Promise<void> {
    return this.#options.server.discard();
  }

  #list(step: Step): Promise<PeerResult> {
    const { entries, setting } = this.#options;
    const runs = Math.ceil(setting.sizes.listedMin / entries);
    return this.#run(step, { kind: 'f', first: 0, end: runs }, { directories: 0, warmSeconds: 0 });
  }

  /** Files for a rename or a delete that comes before enough were created. */
  async #provide({ verb }: Step): Promise<void> {
    const { first, end } = this.#ledger.range(verb);
    const missing = this.#options.setting.sizes.changesMin - (end - first);
    if (missing <= 0) return;
    const range = this.#ledger.range('create');
    const some = { ...range, end: range.first + missing };
    await this.#clean({ verb: 'create', ...SETUP_SHAPE }, some);
    this.#ledger.done('create', range, some.end);
  }

  async #clean(step: Step, range: FileRange, directories?: number): Promise<void> {
    const how = { warmSeconds: 0, ...(directories !== undefined && { directories }) };
    const { errors, firstError } = await this.#run(step, range, how);
    if (errors > 0) throw new Error(`setting up: ${errors} errors, the first: ${firstError}`);
  }

  #run(
    { verb, connections, depth }: Step,
    range: FileRange,
    how: { seconds?: number; warmSeconds?: number; directories?: number },
  ): Promise<PeerResult> {
    const { protocol, server, setting, entries, inodes } = this.#options;
    const directories = how.directories ?? setting.sizes.directories;
    const numbers = directories === 0 ? [inodes?.flat ?? 0] : (inodes?.leaves ?? []);
    const work: PeerWork = {
      verb,
      ...range,
      directories,
      entries,
      ...(inodes !== undefined && { inodes: numbers }),
    };
    return setting.load.run({
      protocol,
      target: server.target,
      work,
      connections,
      depth,
      seed: setting.seed,
      warmSeconds: how.warmSeconds ?? setting.sizes.warmSeconds,
      ...(how.seconds !== undefined && { seconds: how.seconds }),
    });
  }
}
