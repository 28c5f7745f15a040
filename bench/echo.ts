/**
 * `npm run bench -- echo`: what the load generator and the machine give when the server does
 * nothing. A master's figure near these is the generator's limit, not the master's.
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

export async function runEcho(options: {
  readonly seconds: number;
  readonly seed: number;
  readonly threads: number;
}): Promise<EchoCase[]> {
  const { seconds, seed, threads } = options;
  const server: ChildProcess = fork(ENTRY, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const load = new LoadClient();
  try {
    const [ports] = (await once(server, 'message')) as [Record<EchoServer, number>];
    const cases: EchoCase[] = [];
    for (const [name, connections, depth] of shapes) {
      const result = await load.run({
        target: { host: '127.0.0.1', port: ports[name], pid: server.pid ?? 0 },
        connections,
        depth,
        threads,
        seconds,
        warmSeconds: WARM_SECONDS,
        seed,
        work: {
          verb: 'getStatus',
          kind: 'f',
          paths: { shape: 'spread', directories: DIRECTORIES },
          end: FILES,
        },
      });
      cases.push({ server: name, connections, depth, result });
    }
    return cases;
  } finally {
    load.close();
    server.disconnect();
  }
}
