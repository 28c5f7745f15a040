/**
 * The generator for peers against servers of a few lines that store what they get: every protocol
 * creates, finds and deletes the intended files, and no wrong answer goes unnoticed.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { PeerWork } from '../../../bench/peers/wire/dialect.js';
import type { PeerJob, Protocol } from '../../../bench/peers/wire/peer-job.js';
import { PeerLoop } from '../../../bench/peers/wire/peer-loop.js';
import { fakeEtcd } from './fake-etcd.js';
import { fakeMoosefs } from './fake-moosefs.js';
import type { Fake } from './fake-peers.js';
import { fakeRedis } from './fake-redis.js';
import { fakeZookeeper } from './fake-zookeeper.js';

const FILES = 500;
const DIRECTORIES = 10;
const FIRST_INODE = 100;
const READ_SECONDS = 0.1;

const fakes: Record<Protocol, Fake> = {
  redis: fakeRedis,
  zookeeper: fakeZookeeper,
  moosefs: fakeMoosefs,
  etcd: fakeEtcd,
};

/** How each fake knows file 123. */
const names: Record<Protocol, string> = {
  redis: '/bench/a00/b03/n00000123',
  zookeeper: '/bench/a00/b03/n00000123',
  moosefs: `${FIRST_INODE + 3}/n00000123`,
  etcd: '/bench/a00/b03/n00000123',
};

let server: Server | undefined;
const sockets = new Set<Socket>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server?.close();
});

async function listen(fake: Fake, files: Set<string>): Promise<number> {
  server = createServer((socket) => {
    sockets.add(socket);
    // The generator ends by closing its sockets, whatever is on the way.
    socket.on('error', () => socket.destroy());
    fake(socket, files);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function load(protocol: Protocol, port: number, work: Partial<PeerWork>, seconds?: number) {
  const inodes = Array.from({ length: DIRECTORIES }, (_, i) => FIRST_INODE + i);
  const job: PeerJob = {
    protocol,
    target: { host: '127.0.0.1', port, pid: process.pid },
    work: { verb: 'create', kind: 'n', first: 0, end: FILES, directories: 10, inodes, ...work },
    connections: 3,
    depth: 4,
    ...(seconds !== undefined && { seconds }),
    warmSeconds: 0,
    seed: 1,
  };
  return new PeerLoop(job).run();
}

describe.each(Object.keys(fakes) as Protocol[])('the generator speaks to %s', (protocol) => {
  it('creates, finds and deletes every file once', async () => {
    const files = new Set<string>();
    const port = await listen(fakes[protocol], files);
    const created = await load(protocol, port, {});
    expect(created).toMatchObject({ operations: FILES, errors: 0, next: FILES });
    expect(files.size).toBe(FILES);
    expect(files).toContain(names[protocol]);
    expect(created.p50Ms).toBeGreaterThan(0);

    const found = await load(protocol, port, { verb: 'stat' }, READ_SECONDS);
    expect(found.errors).toBe(0);
    expect(found.operations).toBeGreaterThan(0);

    const deleted = await load(protocol, port, { verb: 'delete' });
    expect(deleted).toMatchObject({ operations: FILES, errors: 0 });
    expect(files.size).toBe(0);
  });

  it('counts what was not there as an error', async () => {
    const files = new Set<string>();
    const port = await listen(fakes[protocol], files);
    await load(protocol, port, { end: 10 });
    const deleted = await load(protocol, port, { verb: 'delete', end: 30 });
    expect(deleted).toMatchObject({ operations: 10, errors: 20 });
    expect(deleted.firstError).toBeTruthy();
  });
});
