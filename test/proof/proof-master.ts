/**
 * A real master process that is started and killed again and again, with one data directory, fixed
 * ports, and small files so that every mechanism of the disk is used often.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts, MasterProcess } from '../../src/cli/master-process.js';
import { OrchardClient } from '../../src/client/index.js';

const START_MS_MAX = 30_000;
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
  /** Those that are not removed yet, running or not. */
  static readonly all = new Set<ProofMaster>();
  readonly directory: string;
  readonly rpcPort: number;
  readonly httpPort: number;
  readonly #environment: Readonly<Record<string, string>>;
  #process: MasterProcess | undefined;

  private constructor(
    place: { directory: string; rpcPort: number; httpPort: number },
    environment: Readonly<Record<string, string>>,
  ) {
    this.directory = place.directory;
    this.rpcPort = place.rpcPort;
    this.httpPort = place.httpPort;
    this.#environment = environment;
    ProofMaster.all.add(this);
  }

  static async create(environment: Readonly<Record<string, string>> = {}): Promise<ProofMaster> {
    const directory = await mkdtemp(path.join(tmpdir(), 'orchard-proof-'));
    return new ProofMaster({ directory, ...(await freePorts()) }, environment);
  }

  get dataDirectory(): string {
    return path.join(this.directory, 'data');
  }

  get isRunning(): boolean {
    return this.#process?.isRunning ?? false;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** How the process ended: its status, or the signal. */
  get ended(): Promise<NodeJS.Signals | number> {
    return this.#process?.ended ?? Promise.resolve(0);
  }

  /** The log of its last life. */
  get log(): string[] {
    return this.#process?.log ?? [];
  }

  /** What it was started with; for other commands on the same data. */
  get environment(): Record<string, string> {
    return {
      PATH: process.env['PATH'] ?? '',
      ORCHARD_DATA_DIR: this.dataDirectory,
      ORCHARD_RPC_PORT: String(this.rpcPort),
      ORCHARD_HTTP_PORT: String(this.httpPort),
      ORCHARD_SUPERUSER: 'root',
      ORCHARD_INVARIANTS: 'true',
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
    const master = new MasterProcess({
      logFile: path.join(this.directory, 'master.log'),
      environment: { ...this.environment, ...(killAt && { ORCHARD_TEST_KILL_AT: killAt }) },
      execArgv: killAt === undefined ? [] : ['--import', killPoints],
    });
    this.#process = master;
    const ready = master.ready(START_MS_MAX).catch((error: unknown) => error as Error);
    const first = await Promise.race([ready, master.ended]);
    if (typeof first === 'object' && !(first instanceof Error)) {
      return { ms: master.readyMs, replayedEntries: replayed(master.log) };
    }
    const ended = await master.ended;
    const isFault = killAt?.startsWith('fail-') && FAULT_ENDS.includes(ended);
    if (ended === 'SIGKILL' || isFault) return undefined;
    throw new Error(`the master did not start (${ended}):\n${master.log.join('\n')}`);
  }

  connect(user = 'root'): Promise<OrchardClient> {
    return OrchardClient.connect({ port: this.rpcPort, httpPort: this.httpPort, user });
  }

  /** Sends the signal and gives what it ended with. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<NodeJS.Signals | number> {
    return (await this.#process?.stop(signal)) ?? 0;
  }

  async remove(): Promise<void> {
    ProofMaster.all.delete(this);
    await this.stop('SIGKILL');
    await rm(this.directory, { recursive: true, force: true });
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

/** Entries of the journal that its start has replayed. */
function replayed(log: readonly string[]): number {
  const counts = log.flatMap((line) => /"entryCount":(\d+)/.exec(line)?.[1] ?? []);
  return Number(counts.at(-1) ?? 0);
}
