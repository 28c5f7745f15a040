/**
 * A real master process that is started and killed again and again: the built command line, one
 * data directory, fixed ports, small files so that every mechanism of the disk turns often.
 * Knows when it serves by its own log, so that a restart costs no polling.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { OrchardClient } from '../../src/client/index.js';
import { own } from '../support/owned-child.js';

const START_MS_MAX = 30_000;
const LOG_LINES_MAX = 200;
/**
 * What a master ends with that must not go on: status 70, or a signal where the end of the process
 * met threads that were in the middle of something.
 */
export const FAULT_ENDS: readonly unknown[] = [70, 'SIGBUS', 'SIGSEGV'];

export type Serving = {
  /** From the start of the process to its first listening socket. */
  readonly ms: number;
  readonly replayedEntries: number;
};

export class ProofMaster {
  readonly directory: string;
  readonly rpcPort: number;
  readonly httpPort: number;
  readonly #environment: Readonly<Record<string, string>>;
  #child: ChildProcess | undefined;
  #ended: Promise<NodeJS.Signals | number> = Promise.resolve(0);
  #isRunning = false;
  /** The last lines of all its lives. */
  readonly log: string[] = [];

  private constructor(
    place: { directory: string; rpcPort: number; httpPort: number },
    environment: Readonly<Record<string, string>>,
  ) {
    this.directory = place.directory;
    this.rpcPort = place.rpcPort;
    this.httpPort = place.httpPort;
    this.#environment = environment;
  }

  static async create(environment: Readonly<Record<string, string>> = {}): Promise<ProofMaster> {
    const directory = await mkdtemp(path.join(tmpdir(), 'orchard-proof-'));
    const [rpcPort, httpPort] = [await freePort(), await freePort()];
    return new ProofMaster({ directory, rpcPort, httpPort }, environment);
  }

  get dataDirectory(): string {
    return path.join(this.directory, 'data');
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** How the process ended: its status, or the signal. */
  get ended(): Promise<NodeJS.Signals | number> {
    return this.#ended;
  }

  /** What it was started with; for other commands on the same data. */
  get environment(): Record<string, string> {
    return {
      PATH: process.env['PATH'] ?? '',
      ORCHARD_DATA_DIR: this.dataDirectory,
      ORCHARD_RPC_PORT: String(this.rpcPort),
      ORCHARD_HTTP_PORT: String(this.httpPort),
      ORCHARD_SUPERUSER: 'root',
      ORCHARD_TIER1_BYTES: '4MiB',
      ORCHARD_RPC_THREADS: '1',
      ORCHARD_BACKGROUND_THREADS: '1',
      ORCHARD_JOURNAL_SEGMENT_BYTES: '1MiB',
      ORCHARD_JOURNAL_BYTES_MAX: '16MiB',
      ORCHARD_FLUSH_INTERVAL: '150ms',
      ORCHARD_FLUSH_SLOTS_MAX: '256',
      ORCHARD_DISK_RESERVE_BYTES: '0',
      ...this.#environment,
    };
  }

  /** Each thread's name, state and system call, for a master that does not end. */
  threadStates(): string[] {
    const tasks = `/proc/${this.pid}/task`;
    if (!existsSync(tasks)) return [];
    return readdirSync(tasks).map((id) => {
      const status = readFileSync(path.join(tasks, id, 'status'), 'utf8');
      const call = readFileSync(path.join(tasks, id, 'syscall'), 'utf8').trim();
      return `${/Name:\s*(.*)/.exec(status)?.[1]} ${/State:\s*(.*)/.exec(status)?.[1]} ${call}`;
    });
  }

  /** Resolves when it serves; undefined: it ended before, at `killAt` (`<point>:<nth>`). */
  async start(killAt?: string): Promise<Serving | undefined> {
    const began = performance.now();
    const preload = killAt === undefined ? [] : ['--import', killPoints];
    const child = spawn(process.execPath, [...preload, commandLine, 'master', 'start'], {
      env: { ...this.environment, ...(killAt && { ORCHARD_TEST_KILL_AT: killAt }) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#isRunning = true;
    own(child);
    this.#ended = new Promise((resolve) => {
      child.once('close', (status, signal) => {
        this.#isRunning = false;
        resolve(signal ?? status ?? -1);
      });
    });
    const serving = new Promise<Serving>((resolve) => {
      let replayedEntries = 0;
      for (const stream of [child.stdout!, child.stderr!]) {
        createInterface({ input: stream }).on('line', (line) => {
          this.#keep(line);
          replayedEntries = Number(/"entryCount":(\d+)/.exec(line)?.[1] ?? replayedEntries);
          if (!line.includes('"msg":"serving"')) return;
          resolve({ ms: performance.now() - began, replayedEntries });
        });
      }
    });
    const first = await Promise.race([serving, this.#ended, timeout(START_MS_MAX)]);
    if (typeof first === 'object') return first;
    const isFault = killAt?.startsWith('fail-') && FAULT_ENDS.includes(first);
    if (first === 'SIGKILL' || isFault) return undefined;
    throw new Error(`the master did not start (${first}):\n${this.log.join('\n')}`);
  }

  connect(user = 'root'): Promise<OrchardClient> {
    return OrchardClient.connect({ port: this.rpcPort, httpPort: this.httpPort, user });
  }

  /** Sends the signal and gives what it ended with. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<NodeJS.Signals | number> {
    if (this.#isRunning) this.#child?.kill(signal);
    return this.#ended;
  }

  async remove(): Promise<void> {
    await this.stop('SIGKILL');
    await rm(this.directory, { recursive: true, force: true });
  }

  #keep(line: string): void {
    this.log.push(line);
    if (this.log.length > LOG_LINES_MAX) this.log.shift();
  }
}

const root = projectRoot();
export const commandLine = path.join(root, 'dist/src/cli/main.js');
const killPoints = path.join(root, 'test/proof/kill-points.mjs');

/** The nearest directory above this file, compiled or not, that is the project's. */
function projectRoot(): string {
  let directory = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(directory, 'vitest.config.ts'))) directory = path.dirname(directory);
  return directory;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const timeout = (ms: number): Promise<'timeout'> =>
  new Promise((resolve) => setTimeout(() => resolve('timeout'), ms).unref());
