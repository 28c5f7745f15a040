/**
 * A master for a bench: on ports of its own, over a data directory of its own that goes with it.
 * The tree lies on the disk under the system's temporary directory unless ORCHARD_BENCH_DIR names
 * another. With a profile directory, each thread of the master leaves a CPU profile there when it
 * is discarded.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, MasterProcess, placement } from '../src/cli/master-process.js';

const READY_MS_MAX = 120_000;

export type BenchMasterOptions = {
  /** ORCHARD_* variables. */
  readonly env: Readonly<Record<string, string>>;
  readonly profileDir?: string | undefined;
  /** Kept when the master is discarded; without it there is a new one, which is not. */
  readonly directory?: string | undefined;
};

export class BenchMaster {
  readonly #directory: string;
  readonly #isKept: boolean;
  readonly #env: Readonly<Record<string, string>>;
  readonly #profileDir: string | undefined;
  #process: MasterProcess | undefined;

  private constructor({ env, profileDir, directory }: BenchMasterOptions) {
    const parent = process.env['ORCHARD_BENCH_DIR'] ?? tmpdir();
    this.#isKept = directory !== undefined;
    this.#directory = directory ?? mkdtempSync(join(parent, 'orchard-bench-'));
    this.#env = env;
    this.#profileDir = profileDir;
    process.once('exit', this.#abandon);
  }

  static async start(options: BenchMasterOptions): Promise<BenchMaster> {
    const master = new BenchMaster(options);
    try {
      await master.start();
    } catch (error) {
      master.#remove();
      throw error;
    }
    return master;
  }

  get process(): MasterProcess {
    if (this.#process === undefined) throw new Error('the master is not running');
    return this.#process;
  }

  get dataDir(): string {
    return join(this.#directory, 'data');
  }

  get target(): { host: string; port: number; pid: number } {
    const { host, rpcPort: port, pid } = this.process;
    return { host, port, pid };
  }

  /** Over the same data, after kill() or stop(); `env`: beyond what it always has. */
  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    const place = { dataDir: this.dataDir, ...(await freePorts()) };
    this.#process = await MasterProcess.start(
      {
        logFile: join(this.#directory, 'master.log'),
        environment: { ...process.env, ...placement(place), ...this.#env, ...env },
        ...(this.#profileDir !== undefined && {
          execArgv: ['--cpu-prof', `--cpu-prof-dir=${this.#profileDir}`],
        }),
      },
      READY_MS_MAX,
    );
  }

  async kill(): Promise<void> {
    await this.process.kill();
    this.#process = undefined;
  }

  /** With everything in tier 2. */
  async stop(): Promise<void> {
    await this.process.stop();
    this.#process = undefined;
  }

  /** The process and all it has stored. */
  async discard(): Promise<void> {
    await (this.#profileDir === undefined ? this.#process?.kill() : this.#process?.stop());
    this.#process = undefined;
    this.#remove();
  }

  /** When the bench is interrupted: nothing that it started stays behind. */
  readonly #abandon = (): void => {
    if (this.#process !== undefined) process.kill(this.#process.pid, 'SIGKILL');
    this.#remove();
  };

  #remove(): void {
    process.off('exit', this.#abandon);
    if (!this.#isKept) rmSync(this.#directory, { recursive: true, force: true });
  }
}
