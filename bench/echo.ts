/**
 * `npm run bench -- echo`: the rate of the load generator and the machine when the server does
 * nothing. If a master's figure is near these, the generator is the limit.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LoadResult } from './load/load-job.js';
import { LoadClient } from './load-client.js';

const ENTRY = fileURLToPath(new URL('./echo-process.js', import.meta.url));
const FILES = 500_000;
const DIRECTORIES = 10_000;
const WARM_SECONDS = 0.5;

type EchoServer = 'bytes' | 'messages';

export type EchoCase = {
  readonly server: EchoServer;
  readonly connections: number;
  readonly depth: number;
  readonly result: LoadResult;
};

const shapes: readonly (readonly [EchoServer, connections: number, depth: number])[] = [
  ['bytes', 50, 1],
  ['bytes', 50, 32],
  ['bytes', 50, 128],
  ['bytes', 8, 512],
  ['messages', 50, 1],
  ['messages', 50, 32],
  ['messages', 50, 128],
];

/** Two bare servers in a process of their own, until close(). */
export class EchoServers {
  readonly #process: ChildProcess;
  readonly #ports: Record<EchoServer, number>;

  private constructor(process: ChildProcess, ports: Record<EchoServer, number>) {
    this.#process = process;
    this.#ports = ports;
  }

  static async start(): Promise<EchoServers> {
    const process = fork(ENTRY, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const [ports] = (await once(process, 'message')) as [Record<EchoServer, number>];
    return new EchoServers(process, ports);
  }

  /** How many frames come back, at so many connections with so many in flight on each. */
  run(
    load: LoadClient,
    server: EchoServer,
    shape: {
      readonly connections: number;
      readonly depth: number;
      readonly seconds: number;
      readonly warmSeconds?: number;
      readonly seed: number;
      readonly threads?: number;
    },
  ): Promise<LoadResult> {
    return load.run({
      warmSeconds: WARM_SECONDS,
      ...shape,
      target: { host: '127.0.0.1', port: this.#ports[server], pid: this.#process.pid ?? 0 },
      work: {
        verb: 'getStatus',
        kind: 'f',
        paths: { shape: 'spread', directories: DIRECTORIES },
        end: FILES,
      },
    });
  }

  close(): void {
    this.#process.disconnect();
  }
}

export async function runEcho(options: {
  readonly seconds: number;
  readonly seed: number;
  readonly threads: number;
}): Promise<EchoCase[]> {
  const servers = await EchoServers.start();
  const load = new LoadClient();
  try {
    const cases: EchoCase[] = [];
    for (const [server, connections, depth] of shapes) {
      const result = await servers.run(load, server, { ...options, connections, depth });
      cases.push({ server, connections, depth, result });
    }
    return cases;
  } finally {
    load.close();
    servers.close();
  }
}
