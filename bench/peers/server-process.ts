/**
 * A peer's server: started over a directory of its own under the system's temporary directory
 * (ORCHARD_BENCH_DIR names another), ready when its port takes connections, and gone with its
 * directory whenever and however the bench ends.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signalTree } from './process-tree.js';

export const LOOPBACK = '127.0.0.1';

const READY_MS_MAX = 60_000;
const STOP_MS_MAX = 15_000;
const POLL_MS = 50;
const LOG_SHOWN_BYTES = 2000;

export type ServerCommand = {
  readonly program: string;
  readonly args: readonly string[];
  readonly port: number;
  readonly env?: NodeJS.ProcessEnv;
};

/** The folder of one server's data; removed with it. */
export class ServerDirectory {
  readonly path: string;

  constructor(name: string) {
    const parent = process.env['ORCHARD_BENCH_DIR'] ?? tmpdir();
    this.path = mkdtempSync(join(parent, `orchard-bench-${name}-`));
    process.once('exit', this.remove);
  }

  readonly remove = (): void => {
    process.off('exit', this.remove);
    rmSync(this.path, { recursive: true, force: true, maxRetries: 3 });
  };
}

export class ServerProcess {
  readonly #directory: ServerDirectory;
  readonly #command: ServerCommand;
  #child: ChildProcess | undefined;

  private constructor(directory: ServerDirectory, command: ServerCommand) {
    this.#directory = directory;
    this.#command = command;
  }

  static async start(directory: ServerDirectory, command: ServerCommand): Promise<ServerProcess> {
    const server = new ServerProcess(directory, command);
    await server.start();
    return server;
  }

  get target(): { host: string; port: number; pid: number } {
    return { host: LOOPBACK, port: this.#command.port, pid: this.#child?.pid ?? 0 };
  }

  async start(): Promise<void> {
    const { program, args, port, env } = this.#command;
    const logFile = join(this.#directory.path, 'server.log');
    const log = openSync(logFile, 'a');
    const child = spawn(program, args, {
      cwd: this.#directory.path,
      env: env ?? process.env,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.#child = child;
    process.once('exit', this.#kill);
    const failed = once(child, 'error').then(([error]) => String(error));
    const deadline = Date.now() + READY_MS_MAX;
    while (!(await accepts(port))) {
      const hasEnded = child.exitCode !== null || child.signalCode !== null;
      if (hasEnded || child.pid === undefined || Date.now() > deadline) {
        const why = child.pid === undefined ? await failed : tail(logFile);
        await this.stop();
        throw new Error(`${program} did not start: ${why}`);
      }
      await sleep(POLL_MS);
    }
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    process.off('exit', this.#kill);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    if (child.pid === undefined) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const isOver = await Promise.race([ended.then(() => true), sleep(STOP_MS_MAX)]);
    if (isOver === true) return;
    signalTree(child.pid, 'SIGKILL');
    await ended;
  }

  async discard(): Promise<void> {
    await this.stop();
    this.#directory.remove();
  }

  /** With the processes that it has started, which may not notice that it is gone. */
  readonly #kill = (): void => {
    const child = this.#child;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    signalTree(child.pid, 'SIGKILL');
    // Until now it may have written into it again.
    this.#directory.remove();
  };
}

export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    server.listen(0, LOOPBACK);
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port is free');
    ports.push(address.port);
  }
  for (const server of servers) server.close();
  return ports;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: LOOPBACK, port });
    const end = (isOpen: boolean) => (): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', end(true));
    socket.once('error', end(false));
  });
}

const tail = (file: string): string => readFileSync(file, 'utf8').slice(-LOG_SHOWN_BYTES).trim();

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
