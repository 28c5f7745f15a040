/** A real master as a process of its own: the built command line, a data directory, free ports. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OrchardClient } from '../../src/client/index.js';
import { own } from '../support/owned-child.js';

/** From the root of the project, wherever this file was compiled to. */
const entry = fileURLToPath(
  import.meta.url.includes('/dist/')
    ? new URL('../../src/cli/main.js', import.meta.url)
    : new URL('../../dist/src/cli/main.js', import.meta.url),
);
const START_MS_MAX = 20_000;

export class MasterProcess {
  readonly directory: string;
  readonly rpcPort: number;
  readonly httpPort: number;
  readonly #env: Readonly<Record<string, string>>;
  #child: ChildProcess | undefined;
  #ended: Promise<number | null> = Promise.resolve(null);
  log = '';

  private constructor(
    place: { directory: string; rpcPort: number; httpPort: number },
    env: Readonly<Record<string, string>>,
  ) {
    this.directory = place.directory;
    this.rpcPort = place.rpcPort;
    this.httpPort = place.httpPort;
    this.#env = env;
  }

  static async create(env: Readonly<Record<string, string>> = {}): Promise<MasterProcess> {
    const directory = await mkdtemp(join(tmpdir(), 'orchard-e2e-'));
    const [rpcPort, httpPort] = [await freePort(), await freePort()];
    return new MasterProcess({ directory, rpcPort, httpPort }, env);
  }

  /** Of the process that runs now. */
  get pid(): number {
    return this.#child!.pid!;
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
    const child = spawn(process.execPath, [entry, 'master', 'start'], {
      env: {
        PATH: process.env['PATH'],
        ORCHARD_DATA_DIR: join(this.directory, 'data'),
        ORCHARD_RPC_PORT: String(this.rpcPort),
        ORCHARD_HTTP_PORT: String(this.httpPort),
        ORCHARD_SUPERUSER: 'root',
        ORCHARD_TIER1_BYTES: '16MiB',
        ORCHARD_RPC_THREADS: '1',
        ORCHARD_BACKGROUND_THREADS: '1',
        ORCHARD_JOURNAL_SEGMENT_BYTES: '4MiB',
        ORCHARD_JOURNAL_BYTES_MAX: '64MiB',
        ORCHARD_DISK_RESERVE_BYTES: '0',
        ...this.#env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    own(child);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        this.log += chunk;
      });
    }
    let isOver = false;
    this.#ended = new Promise((resolve) => {
      child.on('close', (status) => {
        isOver = true;
        resolve(status);
      });
    });
    const until = performance.now() + START_MS_MAX;
    while (!(await this.#answers())) {
      if (isOver || performance.now() > until) throw new Error(`no master:\n${this.log}`);
    }
  }

  /** Sends the signal and gives the exit status. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.#child?.kill(signal);
    return this.#ended;
  }

  async remove(): Promise<void> {
    await this.stop('SIGKILL');
    await rm(this.directory, { recursive: true, force: true });
  }

  connect(user = 'root'): Promise<OrchardClient> {
    const { rpcPort: port, httpPort } = this;
    return OrchardClient.connect({ port, httpPort, user });
  }

  async #answers(): Promise<boolean> {
    const options = { port: this.rpcPort, user: 'root', connectMs: 250 };
    try {
      const client = await OrchardClient.connect(options);
      await client.getStatus('/', { deadlineMs: 2000 });
      await client.close();
      return true;
    } catch {
      return false;
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
