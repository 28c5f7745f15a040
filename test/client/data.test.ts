/** File data over HTTP: the requests, the failures, and that nothing is read ahead. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { DataChannel, encodePath } from '../../src/client/data-channel.js';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function pair(handler: Handler): Promise<DataChannel> {
  const server: Server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const data = new DataChannel({
    origin: `http://127.0.0.1:${port}`,
    user: 'alice',
    groups: ['staff', 'wheel'],
  });
  open.push({ close: () => server.close() }, data);
  return data;
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all).toString();
}

describe('read', () => {
  it('says who reads what, names of any kind included', async () => {
    const asked: IncomingMessage[] = [];
    const data = await pair((request, response) => {
      asked.push(request);
      response.end('hello');
    });
    expect(await collect(data.read('/a b/ü?#%/..x'))).toBe('hello');
    expect(asked[0]?.url).toBe('/v1/data/a%20b/%C3%BC%3F%23%25/..x');
    expect(asked[0]?.headers).toMatchObject({
      'x-orchard-user': 'alice',
      'x-orchard-groups': 'staff,wheel',
    });
    expect(asked[0]?.headers.range).toBeUndefined();
  });

  it('asks for a range, and for nothing when nothing is wanted', async () => {
    const ranges: (string | undefined)[] = [];
    const data = await pair((request, response) => {
      ranges.push(request.headers.range);
      response.statusCode = 206;
      response.end('x');
    });
    await collect(data.read('/a', { offset: 10, length: 5 }));
    await collect(data.read('/a', { offset: 10 }));
    await collect(data.read('/a', { length: 1 }));
    await collect(data.read('/a', { length: 0 }));
    expect(ranges).toEqual(['bytes=10-14', 'bytes=10-', 'bytes=0-0']);
  });

  it('takes a range behind the end for nothing', async () => {
    const data = await pair((_request, response) => {
      response.statusCode = 416;
      response.end('{}');
    });
    expect(await collect(data.read('/a', { offset: 99 }))).toBe('');
  });

  it.each([
    [
      404,
      '{"code":"NOT_FOUND","reason":"Path \\"/a\\" does not exist.","hint":"Look."}',
      'NOT_FOUND',
    ],
    [409, '{"error":{"code":"FAILED_PRECONDITION","reason":"incomplete"}}', 'FAILED_PRECONDITION'],
    [403, 'no', 'PERMISSION_DENIED'],
    [500, '', 'INTERNAL'],
    [503, '{broken', 'UNAVAILABLE'],
  ])('tells the failure of status %i with body %s', async (status, body, code) => {
    const data = await pair((_request, response) => {
      response.statusCode = status;
      response.end(body);
    });
    await expect(collect(data.read('/a'))).rejects.toMatchObject({ code, path: '/a' });
  });

  it('fails when the transfer is cut, rather than giving a part for the whole', async () => {
    const data = await pair((_request, response) => {
      response.setHeader('content-length', 1000);
      response.write('part');
      setTimeout(() => response.destroy(), 10);
    });
    await expect(collect(data.read('/a'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('goes on where it was cut, as long as the file is the same', async () => {
    const text = 'abcdefghijklmnopqrstuvwxyz';
    const ranges: (string | undefined)[] = [];
    let tag = '"1"';
    const data = await pair((request, response) => {
      const { range } = request.headers;
      ranges.push(range);
      const [, first = '0'] = /^bytes=(\d+)-/.exec(range ?? '') ?? [];
      const rest = text.slice(Number(first));
      response.setHeader('etag', tag);
      response.setHeader('content-length', rest.length);
      response.write(rest.slice(0, 10));
      if (rest.length <= 10) response.end();
      else setTimeout(() => response.destroy(), 10);
    });
    expect(await collect(data.read('/a'))).toBe(text);
    expect(ranges).toEqual([undefined, 'bytes=10-', 'bytes=20-']);
    expect(await collect(data.read('/a', { offset: 3, length: 20 }))).toBe(text.slice(3, 23));
    const parts = data.read('/a');
    await parts.next();
    tag = '"2"';
    await expect(parts.next()).rejects.toMatchObject({ code: 'ABORTED', path: '/a' });
  });

  it('waits for a master that is busy, for a while', async () => {
    let asked = 0;
    const data = await pair((_request, response) => {
      asked += 1;
      response.statusCode = asked === 2 ? 200 : 429;
      response.end(asked === 2 ? 'ok' : '{"code":"RESOURCE_EXHAUSTED","retryAfterMs":5}');
    });
    expect(await collect(data.read('/a'))).toBe('ok');
    await expect(collect(data.read('/a'))).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    expect(asked).toBe(6);
  });

  it('does not run ahead of a slow reader, and stops when the reader stops', async () => {
    let sent = 0;
    let isOver = false;
    const data = await pair((_request, response) => {
      response.on('close', () => {
        isOver = true;
      });
      const more = () => {
        while (!isOver && response.write(Buffer.alloc(65_536))) sent += 65_536;
        response.once('drain', more);
      };
      more();
    });
    for await (const chunk of data.read('/endless')) {
      expect(chunk.length).toBeGreaterThan(0);
      await new Promise((resolve) => setTimeout(resolve, 100));
      break;
    }
    expect(sent).toBeLessThan(32 * 2 ** 20);
    while (!isOver) await new Promise((resolve) => setTimeout(resolve, 2));
  });
});

describe('write', () => {
  it('streams a source and says what is known of it', async () => {
    const got: { url: string | undefined; length: string | undefined; body: string }[] = [];
    const data = await pair(async (request, response) => {
      const body = await collect(request);
      got.push({ url: request.url, length: request.headers['content-length'], body });
      response.statusCode = 201;
      response.end();
    });
    async function* chunks() {
      yield Buffer.from('one ');
      yield Buffer.from('two');
    }
    await data.write('/a', chunks(), { overwrite: true, recursive: true, mode: 0o640 });
    await data.write('/b', chunks(), { length: 7 });
    await data.write('/c', 'text');
    await data.write('/d', new Uint8Array(0));
    expect(got).toEqual([
      {
        url: '/v1/data/a?overwrite=true&recursive=true&mode=640',
        length: undefined,
        body: 'one two',
      },
      { url: '/v1/data/b', length: '7', body: 'one two' },
      { url: '/v1/data/c', length: '4', body: 'text' },
      { url: '/v1/data/d', length: '0', body: '' },
    ]);
  });

  it('fails when its source fails', async () => {
    const data = await pair(async (request, response) => {
      await collect(request).catch(() => 'cut');
      response.end();
    });
    async function* chunks() {
      yield Buffer.from('one ');
      throw new Error('the disk is gone');
    }
    await expect(data.write('/a', chunks())).rejects.toThrow();
  });
});

describe('encodePath', () => {
  it('keeps slashes and nothing else that a URL would take for its own', () => {
    expect(encodePath('/a/b c/%2F/é')).toBe('/a/b%20c/%252F/%C3%A9');
  });
});
