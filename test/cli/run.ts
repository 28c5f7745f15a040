/** Runs a command line over a fake client and gives what it printed and ended with. */
import { Readable, Writable } from 'node:stream';
import type { CliIo } from '../../src/cli/io.js';
import { runCli } from '../../src/cli/program.js';
import type { ConnectOptions } from '../../src/client/index.js';
import type { FakeClient } from './fake-client.js';

export type Ran = {
  readonly status: number;
  readonly out: string;
  readonly err: string;
  readonly connected: ConnectOptions | undefined;
};

class Gathering extends Writable {
  readonly columns = 100;
  readonly #chunks: Uint8Array[] = [];

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.#chunks.push(Buffer.from(chunk));
    done();
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString();
  }
}

export async function run(
  client: FakeClient,
  line: readonly string[] | string,
  overrides: Partial<CliIo> & { input?: string } = {},
): Promise<Ran> {
  const { input = '', ...io } = overrides;
  const out = new Gathering();
  const err = new Gathering();
  let connected: ConnectOptions | undefined;
  const status = await runCli(typeof line === 'string' ? line.split(' ') : line, {
    env: {},
    stdin: Readable.from([Buffer.from(input)]),
    stdout: out,
    stderr: err,
    user: 'alice',
    groups: ['staff'],
    workingDirectory: '/nowhere',
    signal: new AbortController().signal,
    version: '1.2.3',
    connect: async (options) => {
      connected = options;
      return client.asClient();
    },
    startMaster: async () => undefined,
    importTree: () => Promise.reject(new Error('no data directory')),
    dropImport: async () => undefined,
    offline: () => Promise.reject(new Error('no data directory here')),
    ...io,
  });
  return { status, out: out.text, err: err.text, connected };
}
