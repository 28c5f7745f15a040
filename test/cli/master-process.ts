/** A master of a test's own: a data directory, free ports, small sizes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, MasterProcess as Process } from '../../src/cli/master-process.js';
import { OrchardClient } from '../../src/client/index.js';

type Place = { readonly directory: string; readonly rpcPort: number; readonly httpPort: number };

export class MasterProcess {
  readonly directory: string;
  readonly rpcPort: number;
  readonly httpPort: number;
  readonly #env: Readonly<Record<string, string>>;
  /** What a shell does before it starts. */
  shell: string | undefined;
  #process: Process | undefined;

  private constructor({ directory, rpcPort, httpPort }: Place, env: Record<string, string>) {
    this.directory = directory;
    this.rpcPort = rpcPort;
    this.httpPort = httpPort;
    this.#env = env;
  }

  static async create(env: Readonly<Record<string, string>> = {}): Promise<MasterProcess> {
    const directory = await mkdtemp(join(tmpdir(), 'orchard-e2e-'));
    return new MasterProcess({ directory, ...(await freePorts()) }, env);
  }

  /** Of the process that runs now. */
  get pid(): number {
    return this.#process!.pid;
  }

  /** The log of the last life. */
  get log(): string {
    return this.#process?.log.join('\n') ?? '';
  }

  /** What a client's process would have in its environment. */
  get environment(): Record<string, string> {
    return {
      ORCHARD_RPC_PORT: String(this.rpcPort),
      ORCHARD_HTTP_PORT: String(this.httpPort),
      ORCHARD_USER: 'root',
    };
  }

  /** Resolves when it answers. */
  async start(): Promise<void> {
    this.#process = new Process({
      logFile: join(this.directory, 'master.log'),
      shell: this.shell,
      environment: {
        PATH: process.env['PATH'],
        ORCHARD_DATA_DIR: join(this.directory, 'data'),
        ORCHARD_RPC_PORT: String(this.rpcPort),
        ORCHARD_HTTP_PORT: String(this.httpPort),
        ORCHARD_SUPERUSER: 'root',
        ORCHARD_INVARIANTS: 'true',
        ORCHARD_TIER1_BYTES: '16MiB',
        ORCHARD_RPC_THREADS: '1',
        ORCHARD_BACKGROUND_THREADS: '1',
        ORCHARD_JOURNAL_SEGMENT_BYTES: '4MiB',
        ORCHARD_JOURNAL_BYTES_MAX: '64MiB',
        ORCHARD_DISK_RESERVE_BYTES: '0',
        ...this.#env,
      },
    });
    await this.#process.ready();
  }

  /** Sends the signal and gives the exit status; null: it ended by a signal. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const ended = await this.#process?.stop(signal);
    return typeof ended === 'number' ? ended : null;
  }

  async remove(): Promise<void> {
    await this.stop('SIGKILL');
    await rm(this.directory, { recursive: true, force: true });
  }

  connect(user = 'root'): Promise<OrchardClient> {
    const { rpcPort: port, httpPort } = this;
    return OrchardClient.connect({ port, httpPort, user });
  }
}
