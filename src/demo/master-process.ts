/**
 * A real master in a process of its own, started the way a user starts it. For the demo and for the
 * benches: start and wait until it answers, stop it as an operator does or kill it as a crash does.
 *
 * That it serves, and on which ports, stands in its log: another master that happens to hold a port
 * is never taken for it.
 *
 * Invariant: stop() and kill() return when the process is gone, so its data directory is free.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

export type MasterOptions = {
  readonly dataDir: string;
  readonly host?: string;
  readonly rpcPort: number;
  readonly httpPort: number;
  /** Takes the master's log, appended. */
  readonly logFile: string;
  /** ORCHARD_* variables beyond these. */
  readonly env?: Readonly<Record<string, string>>;
  /** Of Node itself. */
  readonly execArgv?: readonly string[];
  readonly readyWithinMs?: number;
};

type Serving = { readonly rpcPort: number; readonly httpPort: number };

const CLI_ENTRY = fileURLToPath(new URL('../cli/main.js', import.meta.url));
const HOST_DEFAULT = '127.0.0.1';
const READY_MS_DEFAULT = 60_000;
const READY_POLL_MS = 10;
const LOG_TAIL_LINES = 30;

export class MasterProcess {
  readonly host: string;
  readonly pid: number;
  /** The ports that were bound. */
  rpcPort = 0;
  httpPort = 0;
  /** From the start of the process to its first healthy answers. */
  readyMs = 0;
  readonly #child: ChildProcess;
  readonly #logFile: string;
  /** Before it, the log is another process's. */
  readonly #logStart: number;
  readonly #gone: Promise<string>;
  #goneWith: string | undefined;

  private constructor(options: MasterOptions) {
    this.host = options.host ?? HOST_DEFAULT;
    this.#logFile = options.logFile;
    mkdirSync(dirname(options.logFile), { recursive: true });
    this.#logStart = existsSync(options.logFile) ? statSync(options.logFile).size : 0;
    const log = openSync(options.logFile, 'a');
    this.#child = spawn(
      process.execPath,
      [...(options.execArgv ?? []), CLI_ENTRY, 'master', 'start'],
      {
        stdio: ['ignore', log, log],
        env: { ...process.env, ...environment(options, this.host) },
      },
    );
    closeSync(log);
    this.pid = this.#child.pid ?? 0;
    this.#gone = new Promise((resolve) => {
      const onGone = (with_: string): void => {
        this.#goneWith = with_;
        resolve(with_);
      };
      this.#child.once('exit', (code, signal) => onGone(signal ?? `status ${code}`));
      this.#child.once('error', (error) => onGone(error.message));
    });
  }

  static async start(options: MasterOptions): Promise<MasterProcess> {
    const startedMs = performance.now();
    const master = new MasterProcess(options);
    await master.#ready(startedMs + (options.readyWithinMs ?? READY_MS_DEFAULT));
    master.readyMs = performance.now() - startedMs;
    return master;
  }

  /** Ends by itself: what a caller may wait for to notice that the master died. */
  get gone(): Promise<string> {
    return this.#gone;
  }

  /** SIGTERM: drains, flushes and ends. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#gone;
  }

  /** SIGKILL: whatever it had in memory is lost. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#gone;
  }

  async #ready(untilMs: number): Promise<void> {
    let serving = this.#serving();
    for (; serving === undefined; serving = this.#serving()) await this.#pause(untilMs);
    this.rpcPort = serving.rpcPort;
    this.httpPort = serving.httpPort;
    for (const port of [this.rpcPort, this.httpPort]) {
      while (!(await isHealthy(`http://${this.host}:${port}/healthz`))) await this.#pause(untilMs);
    }
  }

  async #pause(untilMs: number): Promise<void> {
    if (this.#goneWith !== undefined) throw this.#failure(`ended with ${this.#goneWith}`);
    if (performance.now() > untilMs) {
      await this.kill();
      throw this.#failure('did not answer in time');
    }
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
  }

  /** What it logs once it serves. */
  #serving(): Serving | undefined {
    const line = this.#log()
      .split('\n')
      .find((text) => text.includes('"msg":"serving"') && text.endsWith('}'));
    return line === undefined ? undefined : (JSON.parse(line) as Serving);
  }

  #log(): string {
    return readFileSync(this.#logFile).subarray(this.#logStart).toString('utf8');
  }

  #failure(what: string): Error {
    const tail = this.#log().trimEnd().split('\n').slice(-LOG_TAIL_LINES);
    return new Error(`the master ${what}; its log ends with\n${tail.join('\n')}`);
  }
}

function environment(options: MasterOptions, host: string): Record<string, string> {
  return {
    ORCHARD_DATA_DIR: options.dataDir,
    ORCHARD_HOST: host,
    ORCHARD_RPC_PORT: String(options.rpcPort),
    ORCHARD_HTTP_PORT: String(options.httpPort),
    ...options.env,
    ORCHARD_LOG_LEVEL: 'info',
    ORCHARD_LOG_PRETTY: 'false',
  };
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

/** Ports that nobody listens on at this moment. */
export async function freePorts(): Promise<{ rpcPort: number; httpPort: number }> {
  const servers = [createServer(), createServer()];
  for (const server of servers) await once(server.listen(0, HOST_DEFAULT), 'listening');
  const [rpcPort, httpPort] = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) await once(server.close(), 'close');
  return { rpcPort: rpcPort ?? 0, httpPort: httpPort ?? 0 };
}
