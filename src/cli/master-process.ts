/**
 * A master in a process of its own, started the way a user starts it. For the demo, the benches and
 * the tests: start it and wait until it serves, stop it as an operator does, or kill it as a crash
 * does.
 *
 * The log says that it serves, and on which ports. So another master that happens to hold a port is
 * never mistaken for it.
 *
 * Invariant: none outlives the process that started it, however that one ends by itself.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type MasterOptions = {
  /** All of its environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Takes its log, appended. */
  readonly logFile: string;
  /** Of Node itself. */
  readonly execArgv?: readonly string[];
  /** What a shell does first, such as `ulimit -n 256`. */
  readonly shell?: string | undefined;
};

/** What the log says when it serves. */
export type Serving = {
  readonly host: string;
  readonly rpcPort: number;
  readonly httpPort: number;
};

const HERE = dirname(fileURLToPath(import.meta.url));
/** The built one, also when this file is not. */
const CLI_ENTRY = HERE.includes('/dist/')
  ? join(HERE, 'main.js')
  : join(HERE, '../../dist/src/cli/main.js');
const LOOPBACK = '127.0.0.1';
const READY_MS_DEFAULT = 60_000;
const READY_POLL_MS = 10;
const LOG_TAIL_LINES = 30;

const running = new Set<ChildProcess>();

process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class MasterProcess {
  readonly pid: number;
  /** Resolves with the status or the signal that it ended with. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** From the start of the process to its first healthy answers. */
  readyMs = 0;
  #serving: Serving | undefined;
  #endedWith: number | NodeJS.Signals | undefined;
  readonly #startedMs = performance.now();
  readonly #child: ChildProcess;
  readonly #logFile: string;
  /** Where the log of this process begins. */
  readonly #logStart: number;

  /** Spawned; it does not serve yet. */
  constructor({ environment, logFile, execArgv = [], shell }: MasterOptions) {
    this.#logFile = logFile;
    mkdirSync(dirname(logFile), { recursive: true });
    this.#logStart = existsSync(logFile) ? statSync(logFile).size : 0;
    const log = openSync(logFile, 'a');
    const args = [...execArgv, CLI_ENTRY, 'master', 'start'];
    const viaShell = ['-c', `${shell}; exec "$0" "$@"`, process.execPath, ...args];
    const [file, given] = shell === undefined ? [process.execPath, args] : ['/bin/sh', viaShell];
    const child = spawn(file, given, {
      stdio: ['ignore', log, log],
      // Its log is read here, so it must be written as JSON.
      env: { ...environment, ORCHARD_LOG_LEVEL: 'info', ORCHARD_LOG_PRETTY: 'false' },
    });
    closeSync(log);
    running.add(child);
    this.#child = child;
    this.pid = child.pid ?? 0;
    this.ended = new Promise((resolve, reject) => {
      child.once('exit', (status, signal) => {
        running.delete(child);
        this.#endedWith = signal ?? status ?? -1;
        resolve(this.#endedWith);
      });
      child.once('error', reject);
    });
  }

  /** Resolves when it serves. */
  static async start(
    options: MasterOptions,
    withinMs: number = READY_MS_DEFAULT,
  ): Promise<MasterProcess> {
    const master = new MasterProcess(options);
    await master.ready(withinMs);
    return master;
  }

  get isRunning(): boolean {
    return this.#endedWith === undefined;
  }

  get host(): string {
    return this.#served.host;
  }

  get rpcPort(): number {
    return this.#served.rpcPort;
  }

  get httpPort(): number {
    return this.#served.httpPort;
  }

  /** The lines of its log, this life's only. */
  get log(): string[] {
    return readFileSync(this.#logFile)
      .subarray(this.#logStart)
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '');
  }

  /** Until it serves and answers on both ports. Rejects with its log if it ends before. */
  async ready(withinMs: number = READY_MS_DEFAULT): Promise<Serving> {
    const untilMs = performance.now() + withinMs;
    let serving = this.#findServing();
    for (; serving === undefined; serving = this.#findServing()) await this.#pause(untilMs);
    for (const port of [serving.rpcPort, serving.httpPort]) {
      const url = `http://${serving.host}:${port}/healthz`;
      while (!(await isHealthy(url))) await this.#pause(untilMs);
    }
    this.#serving = serving;
    this.readyMs = performance.now() - this.#startedMs;
    return serving;
  }

  /** SIGTERM: drains, flushes and ends. Resolves when the process is gone: its data is free. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | NodeJS.Signals> {
    if (this.isRunning) this.#child.kill(signal);
    return this.ended;
  }

  /** SIGKILL: whatever it had in memory is lost. */
  kill(): Promise<number | NodeJS.Signals> {
    return this.stop('SIGKILL');
  }

  get #served(): Serving {
    if (this.#serving === undefined) throw new Error('the master does not serve yet');
    return this.#serving;
  }

  async #pause(untilMs: number): Promise<void> {
    if (!this.isRunning) throw this.#failure(`ended with ${this.#endedWith}`);
    if (performance.now() > untilMs) {
      await this.kill();
      throw this.#failure('did not answer in time');
    }
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
  }

  #findServing(): Serving | undefined {
    const line = this.log.find((text) => text.includes('"msg":"serving"') && text.endsWith('}'));
    return line === undefined ? undefined : (JSON.parse(line) as Serving);
  }

  #failure(what: string): Error {
    const tail = this.log.slice(-LOG_TAIL_LINES);
    return new Error(`the master ${what}; its log ends with\n${tail.join('\n')}`);
  }
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    const response = await fetch(url);
    await response.arrayBuffer();
    return response.ok;
  } catch {
    // Not listening yet, which is what is waited for.
    return false;
  }
}

/** The variables that place a master. */
export function placement(place: {
  readonly dataDir: string;
  readonly rpcPort: number;
  readonly httpPort: number;
}): Record<string, string> {
  return {
    ORCHARD_DATA_DIR: place.dataDir,
    ORCHARD_HOST: LOOPBACK,
    ORCHARD_RPC_PORT: String(place.rpcPort),
    ORCHARD_HTTP_PORT: String(place.httpPort),
  };
}

/** Ports that nobody listens on at this moment. */
export async function freePorts(): Promise<{ rpcPort: number; httpPort: number }> {
  const servers = [createServer(), createServer()];
  for (const server of servers) await once(server.listen(0, LOOPBACK), 'listening');
  const [rpcPort, httpPort] = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) await once(server.close(), 'close');
  return { rpcPort: rpcPort ?? 0, httpPort: httpPort ?? 0 };
}
