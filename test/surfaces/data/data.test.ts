/** The data port over real sockets, local stores and S3, with the namespace in this thread. */
import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DataChannel } from '../../../src/client/data-channel.js';
import { MetadataLoader } from '../../../src/master/background/metadata-loader.js';
import { Rename } from '../../../src/master/ops/verbs/rename.js';
import { SetAttribute } from '../../../src/master/ops/verbs/set-attribute.js';
import { MasterFileService } from '../../../src/master/service/file-service.js';
import type { HttpLimits } from '../../../src/net/http-limits.js';
import { HttpServer } from '../../../src/net/http-server.js';
import { Metrics } from '../../../src/process/metrics.js';
import { openUfs } from '../../../src/stores/registry.js';
import { healthRoutes } from '../../../src/surfaces/admin/health-routes.js';
import { dataRoutes } from '../../../src/surfaces/data/data-routes.js';
import { bytesOf, StoreFixture } from '../../master/background/store-fixture.js';
import { FaultUfs } from '../../support/fault-ufs.js';
import { type S3Server, startS3Server } from '../../support/s3-server.js';

let stores: StoreFixture;
let server: HttpServer;
let origin: string;
let pump: NodeJS.Timeout;
let faults: FaultUfs | undefined;
const bugs: unknown[] = [];

async function start(openStore?: typeof openUfs, limits: Partial<HttpLimits> = {}): Promise<void> {
  stores = await StoreFixture.open({}, openStore);
  const { fixture } = stores;
  server = new HttpServer({
    host: '127.0.0.1',
    port: 0,
    routes: [
      ...healthRoutes(() => ({ serving: true }), new Metrics(async () => [])),
      ...dataRoutes(new MasterFileService(fixture.schedulers[0]!, stores.context.stores)),
    ],
    limits,
    onBug: (bug) => bugs.push(bug),
  });
  origin = `http://127.0.0.1:${await server.listen()}`;
  pump = setInterval(() => fixture.pump(), 1);
}

beforeEach(async () => {
  bugs.length = 0;
  faults = undefined;
});
afterEach(async () => {
  clearInterval(pump);
  server.close();
  await stores.close();
  expect(bugs).toEqual([]);
});

const channel = (user = 'root', groups: string[] = []) => new DataChannel({ origin, user, groups });

async function read(at: string, options = {}, user = 'root'): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of channel(user).read(at, options)) parts.push(part);
  return Buffer.concat(parts);
}

const exists = (at: string): boolean => {
  const { executor } = stores.fixture;
  executor.resolve(executor.walkA, bytesOf(at));
  return executor.walkA.found;
};

describe('a local store', () => {
  beforeEach(async () => {
    await start(async (...given) => {
      faults = new FaultUfs(await openUfs(...given));
      return faults;
    });
    await stores.mount('/m', await stores.fill('s', ['a', 'dir/b c%d', 'é/日本']));
  });

  test('what the store has can be read by its path, whatever its name', async () => {
    expect(String(await read('/m/a'))).toBe('a');
    expect(String(await read('/m/dir/b c%d'))).toBe('dir/b c%d');
    expect(String(await read('/m/é/日本'))).toBe('é/日本');
  });

  test('what is put can be read, in whole and in parts, and is in the store', async () => {
    const body = randomBytes(3_000_000);
    await channel().write('/m/new/deep/file', body, { recursive: true });
    expect((await read('/m/new/deep/file')).equals(body)).toBe(true);
    expect(await read('/m/new/deep/file', { offset: 1_000_000, length: 17 })).toEqual(
      body.subarray(1_000_000, 1_000_017),
    );
    expect(await read('/m/new/deep/file', { offset: 3_000_000 })).toEqual(Buffer.alloc(0));
    const stored = await readFile(path.join(stores.root, 's/new/deep/file'));
    expect(stored.equals(body)).toBe(true);
  });

  test('overwrite replaces; without it the file stays', async () => {
    await channel().write('/m/f', 'one');
    await expect(channel().write('/m/f', 'two')).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      path: '/m/f',
    });
    expect(String(await read('/m/f'))).toBe('one');
    await channel().write('/m/f', 'three', { overwrite: true });
    expect(String(await read('/m/f'))).toBe('three');
  });

  test('a file that was renamed keeps its data, and its old name is free', async () => {
    const { fixture } = stores;
    await channel().write('/m/old', 'first');
    const moved = { source: bytesOf('/m/old'), target: bytesOf('/m/new'), overwrite: false };
    await fixture.run((sink) => new Rename(fixture.root, 0, moved, sink));
    await channel().write('/m/old', 'second');
    expect(String(await read('/m/new'))).toBe('first');
    expect(String(await read('/m/old'))).toBe('second');
    // A directory that was renamed, too: what is put into it goes where the store has it.
    const dir = { source: bytesOf('/m/dir'), target: bytesOf('/m/moved'), overwrite: false };
    await stores.settle(new MetadataLoader(stores.context).load('/m', true));
    await fixture.run((sink) => new Rename(fixture.root, 0, dir, sink));
    await channel().write('/m/moved/x', 'in it');
    expect(String(await read('/m/moved/x'))).toBe('in it');
    expect(String(await read('/m/moved/b c%d'))).toBe('dir/b c%d');
  });

  test('an upload that fails leaves no file', async () => {
    // Opens the store that the port uses from here on.
    await read('/m/a');
    faults!.add({ verb: 'write', do: { fail: 14 } });
    await expect(channel().write('/m/f', 'data')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(exists('/m/f')).toBe(false);
  });

  test('a client that goes away in the middle leaves no file', async () => {
    const request = http.request(`${origin}/v1/data/m/cut`, {
      method: 'PUT',
      headers: { 'x-orchard-user': 'root', 'content-length': 1_000_000 },
    });
    request.on('error', () => undefined);
    request.write(Buffer.alloc(1000));
    await expect.poll(() => exists('/m/cut')).toBe(true);
    request.destroy();
    await expect.poll(() => exists('/m/cut')).toBe(false);
  });

  test('a client that stops reading stops the store, and when it goes the call ends', async () => {
    await writeFile(path.join(stores.root, 's/large'), Buffer.alloc(64 << 20));
    const request = http.get(`${origin}/v1/data/m/large`, {
      headers: { 'x-orchard-user': 'root' },
    });
    const response = await new Promise<http.IncomingMessage>((resolve) => {
      request.on('response', resolve);
    });
    response.pause();
    const before = process.memoryUsage().arrayBuffers;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 << 20);
    response.destroy();
  });

  test('permissions: EXECUTE above, READ on the file, WRITE on the directory', async () => {
    const { fixture } = stores;
    await channel().write('/m/secret', 'x', { mode: 0o600 });
    await expect(read('/m/secret', {}, 'alice')).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
    await expect(channel('alice').write('/m/mine', 'x')).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
    const open = { path: bytesOf('/m'), change: { mode: 0o777 } };
    await fixture.run((sink) => new SetAttribute(fixture.root, 0, open, sink));
    await channel('alice').write('/m/mine', 'x');
    expect(String(await read('/m/mine', {}, 'bob'))).toBe('x');
  });

  test('failures have a code, a reason, the path and a status', async () => {
    const get = async (url: string, headers: Record<string, string> = {}, method = 'GET') => {
      const response = await fetch(`${origin}${url}`, { method, headers });
      return { status: response.status, body: await response.text() };
    };
    const root = { 'x-orchard-user': 'root' };
    expect((await get('/v1/data/m/none', root)).status).toBe(404);
    const failure = JSON.parse((await get('/v1/data/m/none', root)).body);
    expect(failure).toMatchObject({ code: 'NOT_FOUND', path: '/m/none' });
    expect((await get('/v1/data/m', root)).status).toBe(400);
    expect((await get('/v1/data/m/a')).status).toBe(401);
    expect((await get('/v1/data/%ff', root)).status).toBe(400);
    expect((await get('/nothing')).status).toBe(404);
    expect((await get('/healthz')).body).toContain('true');
    expect((await get('/metrics')).status).toBe(200);
    expect((await get('/v1/data/m/a', { ...root, range: 'bytes=5-' })).status).toBe(416);
    const head = await fetch(`${origin}/v1/data/m/a`, { method: 'HEAD', headers: root });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '1']);
  });
});

describe('S3', () => {
  let s3: S3Server;
  beforeEach(async () => {
    s3 = await startS3Server({ buckets: ['bucket'] });
    await start();
    await stores.mount('/s3', 's3://bucket', { options: s3.options });
  });
  afterEach(() => s3.close());

  test('a large object goes there and comes back', async () => {
    const body = randomBytes(12_000_000);
    const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
    await channel().write('/s3/a/large', body, { recursive: true });
    expect(hash(await read('/s3/a/large'))).toBe(hash(body));
    expect(await read('/s3/a/large', { offset: 6_000_000, length: 5 })).toEqual(
      body.subarray(6_000_000, 6_000_005),
    );
  });
});
