/**
 * Goal: the data port follows HTTP, and what its clients rely on, whatever they send. Method: raw
 * requests over real sockets, with the namespace and its local store in this thread. Each test has
 * the number of the report that it settles.
 */
import { once } from 'node:events';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MasterFileService } from '../../../src/master/service/file-service.js';
import type { ConnectionBudget } from '../../../src/net/connection-gate.js';
import type { HttpLimits } from '../../../src/net/http-limits.js';
import { HttpServer } from '../../../src/net/http-server.js';
import { Metrics } from '../../../src/process/metrics.js';
import { healthRoutes } from '../../../src/surfaces/admin/health-routes.js';
import { dataRoutes } from '../../../src/surfaces/data/data-routes.js';
import { StoreFixture } from '../../master/background/store-fixture.js';
import { connectionsUpTo } from '../../net/edge-fixture.js';

let stores: StoreFixture;
let server: HttpServer;
let port: number;
let pump: NodeJS.Timeout;
const bugs: unknown[] = [];
const sockets: Socket[] = [];

async function start(limits: Partial<HttpLimits> = {}, connections?: ConnectionBudget) {
  stores = await StoreFixture.open();
  const { fixture } = stores;
  server = new HttpServer({
    host: '127.0.0.1',
    port: 0,
    routes: [
      ...healthRoutes(() => ({ serving: true }), new Metrics(async () => [])),
      ...dataRoutes(new MasterFileService(fixture.schedulers[0]!, stores.context.stores)),
    ],
    limits,
    ...(connections !== undefined && { connections }),
    onBug: (bug) => bugs.push(bug),
  });
  port = await server.listen();
  pump = setInterval(() => fixture.pump(), 1);
  await stores.mount('/m', await stores.fill('s', ['a', 'dir/b']));
}

beforeEach(() => {
  bugs.length = 0;
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  clearInterval(pump);
  server.close();
  await stores.close();
  expect(bugs).toEqual([]);
});

const inStore = (name: string): string => path.join(stores.root, 's', name);

type Answer = { readonly status: number; readonly headers: Headers; readonly body: string };

async function ask(
  method: string,
  at: string,
  more: { headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/data${at}`, {
    method,
    headers: { 'x-orchard-user': 'root', ...more.headers },
    ...(more.body !== undefined && { body: more.body }),
  });
  return { status: response.status, headers: response.headers, body: await response.text() };
}

const status = async (...given: Parameters<typeof ask>): Promise<number> =>
  (await ask(...given)).status;

const put = (at: string, body: string, headers: Record<string, string> = {}) =>
  status('PUT', at, { body, headers });

async function raw(text: string | Buffer): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}

async function firstBytes(socket: Socket): Promise<string> {
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return chunk.toString('latin1');
}

describe('what requests mean', () => {
  beforeEach(() => start());

  test('29: a part of a file is refused, and nothing is changed', async () => {
    expect(await put('/m/f', 'the whole file')).toBe(201);
    expect(await put('/m/f?overwrite=true', 'part', { 'content-range': 'bytes 10-13/14' })).toBe(
      400,
    );
    expect((await ask('GET', '/m/f')).body).toBe('the whole file');
  });

  test('A1: a PUT with an extreme mode says the rule, and nothing is made', async () => {
    const refused = await ask('PUT', '/m/f?mode=77777', { body: 'x' });
    expect(refused.status).toBe(400);
    expect(refused.body).toContain('of CreateFile is 32767, which is not from -1 to 4095');
    expect(await status('HEAD', '/m/f')).toBe(404);
  });

  test('30: If-Range of an older file gives the whole of the new one', async () => {
    await put('/m/f', 'the first content');
    const { headers } = await ask('GET', '/m/f');
    const range = { range: 'bytes=4-8', 'if-range': headers.get('etag')! };
    expect(await ask('GET', '/m/f', { headers: range })).toMatchObject({
      status: 206,
      body: 'first',
    });
    await put('/m/f?overwrite=true', 'the other content');
    expect(await ask('GET', '/m/f', { headers: range })).toMatchObject({
      status: 200,
      body: 'the other content',
    });
  });

  test('32: conditions are judged: 304, 412, or the file', async () => {
    await put('/m/f', 'content');
    const { headers } = await ask('GET', '/m/f');
    const etag = headers.get('etag')!;
    const date = headers.get('last-modified')!;
    const get = (name: string, value: string) =>
      status('GET', '/m/f', { headers: { [name]: value } });
    expect(await get('if-none-match', etag)).toBe(304);
    expect(await get('if-none-match', `"x", W/${etag}`)).toBe(304);
    expect(await get('if-none-match', '"x"')).toBe(200);
    expect(await get('if-match', '"x"')).toBe(412);
    expect(await get('if-match', `"x", ${etag}`)).toBe(200);
    expect(await get('if-modified-since', date)).toBe(304);
    expect(await get('if-modified-since', 'Thu, 01 Jan 1970 00:00:00 GMT')).toBe(200);
    expect(await get('if-unmodified-since', 'Thu, 01 Jan 1970 00:00:00 GMT')).toBe(412);
    expect(await put('/m/f?overwrite=true', 'new', { 'if-none-match': '*' })).toBe(412);
    expect(await put('/m/f?overwrite=true', 'new', { 'if-match': '"x"' })).toBe(412);
    expect(await put('/m/f?overwrite=true', 'new', { 'if-match': etag })).toBe(201);
    expect(await put('/m/g', 'new', { 'if-none-match': '*' })).toBe(201);
  });

  test('33: no file ends in a slash', async () => {
    expect(await put('/m/d/new/?recursive=true', 'x')).toBe(400);
    expect(await status('GET', '/m/d')).toBe(404);
  });

  test('34: a method that is not served is told of, and DELETE is', async () => {
    const { status: code, headers } = await ask('POST', '/m/a', { body: 'x' });
    expect([code, headers.get('allow')]).toEqual([405, 'GET, HEAD, PUT, DELETE']);
    expect(await status('DELETE', '/m/none')).toBe(404);
    expect(await status('DELETE', '/m/a')).toBe(204);
    expect(await status('GET', '/m/a')).toBe(404);
    expect(await status('DELETE', '/m/dir')).toBe(412);
    expect(await status('DELETE', '/m/dir?recursive=true')).toBe(204);
  });

  test('A name that is raw in the request line is the same as an encoded one', async () => {
    await put('/m/m%C3%BCller%20x', 'ü');
    const socket = await raw(
      'GET /v1/data/m/müller%20x HTTP/1.1\r\nHost: localhost\r\nX-Orchard-User: root\r\n\r\n',
    );
    expect(await firstBytes(socket)).toContain('200 OK');
    const bad = Buffer.concat([
      Buffer.from('GET /v1/data/m/'),
      Buffer.of(0xff, 0xfe),
      Buffer.from(' HTTP/1.1\r\nHost: localhost\r\nX-Orchard-User: root\r\n\r\n'),
    ]);
    expect(await firstBytes(await raw(bad))).toContain('400 Bad Request');
  });

  test('Two lengths are refused', async () => {
    const head = 'PUT /v1/data/m/two HTTP/1.1\r\nHost: localhost\r\nX-Orchard-User: root\r\n';
    const socket = await raw(`${head}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`);
    expect(await firstBytes(socket)).toContain('400 Bad Request');
    expect(await status('GET', '/m/two')).toBe(404);
  });

  test('Names of callers: percent-decoded, an empty group refused, ids are numbers', async () => {
    const as = (headers: Record<string, string>) => status('GET', '/m/a', { headers });
    await put('/m/mine?mode=600', 'x');
    expect(await as({ 'x-orchard-user': 'r%6Fot' })).toBe(200);
    expect(await as({ 'x-orchard-groups': 'a,,b' })).toBe(400);
    expect(await as({ 'x-orchard-groups': 'a, b' })).toBe(200);
    expect(await as({ 'x-orchard-user': '' })).toBe(401);
    expect(await as({ 'x-orchard-client-id': 'x' })).toBe(400);
    expect(await put('/m/x', 'x', { 'x-orchard-call-id': '1.5' })).toBe(400);
  });
});

describe('the store changes by itself', () => {
  beforeEach(() => start());

  test('24, A3: what has changed in the store is never given cut', async () => {
    expect((await ask('GET', '/m/a')).body).toBe('a');
    await writeFile(inStore('a'), 'another content');
    const { status: code, body } = await ask('GET', '/m/a');
    expect([code, JSON.parse(body)]).toMatchObject([412, { code: 'FAILED_PRECONDITION' }]);
    await rm(inStore('dir/b'));
    expect(await status('GET', '/m/dir/b')).toBe(404);
  });

  test('23: what came into the store since the listing is not replaced', async () => {
    const { MetadataLoader } = await import('../../../src/master/background/metadata-loader.js');
    await stores.settle(new MetadataLoader(stores.context).load('/m', true));
    await writeFile(inStore('new'), 'foreign');
    expect(await put('/m/new', 'mine')).toBe(409);
    expect(String(await readFile(inStore('new')))).toBe('foreign');
    expect(await status('GET', '/m/new')).toBe(404);
    expect(await put('/m/new?overwrite=true', 'mine')).toBe(201);
    expect(String(await readFile(inStore('new')))).toBe('mine');
  });
});

describe('uploads', () => {
  beforeEach(() => start());

  test('A PUT that is sent again is answered as the first was', async () => {
    const ids = { 'x-orchard-client-id': '77', 'x-orchard-call-id': '5' };
    const first = await ask('PUT', '/m/once', { body: 'one', headers: ids });
    const again = await ask('PUT', '/m/once', { body: 'one', headers: ids });
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(JSON.parse(again.body)).toEqual(JSON.parse(first.body));
    await ask('DELETE', '/m/once');
    expect((await ask('PUT', '/m/once', { body: 'one', headers: ids })).status).toBe(201);
    expect(await status('GET', '/m/once')).toBe(404);
    expect(await put('/m/once', 'two', { ...ids, 'x-orchard-call-id': '6' })).toBe(201);
  });

  test('An upload over a file that fails leaves the old one, and no temporary', async () => {
    await put('/m/f', 'old');
    const head =
      'PUT /v1/data/m/f?overwrite=true HTTP/1.1\r\nHost: localhost\r\nX-Orchard-User: root\r\n';
    const socket = await raw(`${head}Content-Length: 1000\r\n\r\nnew`);
    const temporaries = async () =>
      (await readdir(inStore(''))).filter((name) => name.endsWith('tmp'));
    await expect.poll(temporaries).toHaveLength(1);
    expect((await ask('GET', '/m/f')).body).toBe('old');
    socket.destroy();
    await expect.poll(temporaries).toHaveLength(0);
    expect((await ask('GET', '/m/f')).body).toBe('old');
  });
});

test('Who reads a file that is replaced all the time is given one whole content', async () => {
  await start();
  const contents = ['a'.repeat(300_000), 'b'.repeat(10), 'c'.repeat(200_000)];
  await put('/m/f', contents[0]!);
  let isOver = false;
  const writing = (async () => {
    for (let i = 1; i < 12; i++) await put('/m/f?overwrite=true', contents[i % 3]!);
    isOver = true;
  })();
  const seen = new Set<number>();
  while (!isOver) {
    const { status: code, body } = await ask('GET', '/m/f');
    // On a machine that is busy the moment between the store and the namespace may be long.
    if (code !== 412) expect([code, contents.includes(body)]).toEqual([200, true]);
    seen.add(code);
  }
  await writing;
  expect(seen.has(200)).toBe(true);
});

describe('bounds', () => {
  test('B16: a client that never reads costs one answer, and health goes on', async () => {
    await start();
    await writeFile(inStore('large'), Buffer.alloc(32 << 20));
    const one = (at: string) =>
      `GET ${at} HTTP/1.1\r\nHost: localhost\r\nX-Orchard-User: root\r\n\r\n`;
    const before = process.memoryUsage();
    for (const at of ['/v1/data/m/large', '/healthz', '/metrics', '/none']) {
      const socket = await raw('');
      socket.pause();
      socket.write(one(at).repeat(20_000));
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
    const health = await fetch(`http://127.0.0.1:${port}/healthz`);
    expect(health.status).toBe(200);
    const now = process.memoryUsage();
    expect(now.rss - before.rss).toBeLessThan(200 << 20);
  });

  test('B16: beyond the bound of requests data waits, and health does not', async () => {
    await start({ inFlightMax: 1 });
    const head = 'PUT /v1/data/m/slow HTTP/1.1\r\nHost: localhost\r\nX-Orchard-User: root\r\n';
    await raw(`${head}Content-Length: 10\r\n\r\n`);
    await expect.poll(() => server.inFlight).toBe(1);
    const { status: code, headers } = await ask('GET', '/m/a');
    expect([code, headers.get('retry-after')]).toEqual([429, '1']);
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  });

  test('B13, B21: transfers that stand still end, and free what they held', async () => {
    await start({ transferMsMax: 300, transferBytesMin: 1000 });
    await writeFile(inStore('large'), Buffer.alloc(32 << 20));
    const user = 'Host: localhost\r\nX-Orchard-User: root\r\n';
    const upload = await raw(`PUT /v1/data/m/up HTTP/1.1\r\n${user}Content-Length: 9000\r\n\r\n`);
    const drip = setInterval(() => upload.write('x'), 20);
    const download = await raw(`GET /v1/data/m/large HTTP/1.1\r\n${user}\r\n`);
    download.pause();
    try {
      await expect.poll(() => server.inFlight).toBe(2);
      expect(await firstBytes(upload)).toContain('504 Gateway Timeout');
      await expect.poll(() => server.inFlight, { timeout: 5000 }).toBe(0);
    } finally {
      clearInterval(drip);
    }
    expect(await status('GET', '/m/up')).toBe(404);
  });

  test('B17: connections beyond the bound are closed, the others stay', async () => {
    // One more is accepted, to be told so.
    await start({}, connectionsUpTo(1));
    const first = await raw('');
    await raw('');
    const third = await raw('');
    third.resume();
    await once(third, 'close');
    first.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(await firstBytes(first)).toContain('200 OK');
  });
});

test('an upload of pieces over seconds is answered, however slow its pieces come', async () => {
  await start();
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for (const piece of ['one ', 'two ', 'three']) {
      yield new TextEncoder().encode(piece);
      await new Promise((resolve) => setTimeout(resolve, 1200));
    }
  };
  const response = await fetch(`http://127.0.0.1:${port}/v1/data/m/pieces`, {
    method: 'PUT',
    headers: { 'x-orchard-user': 'root' },
    body: pieces(),
    duplex: 'half',
  } as RequestInit);
  expect(response.status).toBe(201);
  expect(await readFile(inStore('pieces'), 'utf8')).toBe('one two three');
});
