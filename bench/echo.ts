/**
 * `npm run bench -- echo`: what the load generator and the machine give when the server does
 * nothing.
 * A master's figure near these is the generator's limit, not the master's.
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

export type EchoCase = {
  readonly connections: number;
  readonly depth: number;
  readonly result: LoadResult;
};

const shapes = [
  { connections: 50, depth: 1 },
  { connections: 50, depth: 8 },
  { connections: 50, depth: 32 },
] as const;

export async function runEcho(seconds: number, seed: number): Promise<EchoCase[]> {
  const server: ChildProcess = fork(ENTRY, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const load = new LoadClient();
  try {
    const [port] = (await once(server, 'message')) as [number];
    const target = { host: '127.0.0.1', port, pid: server.pid ?? 0 };
    const cases: EchoCase[] = [];
    for (const shape of shapes) {
      const result = await load.run({
        ...shape,
        target,
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
      cases.push({ ...shape, result });
    }
    return cases;
  } finally {
    load.close();
    server.disconnect();
  }
}
