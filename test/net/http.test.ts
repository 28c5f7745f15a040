/** The same messages by POST /rpc, with identity in headers; /healthz; streams behind lengths. */
import { ByteBuffer } from 'flatbuffers';
import { request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { Code } from '../../src/base/status.js';
import type { RpcLimits } from '../../src/net/rpc-limits.js';
import {
  BatchGetStatusT,
  GetLocksT,
  GetStatusT,
  PingT,
  RenameT,
  Reply,
  type ReplyT,
} from '../../src/wire/generated/index.js';
import { encodeRequest } from '../wire/samples.js';
import { type Fixture, startEdge } from './edge-fixture.js';

let fixture: Fixture;

async function start(limits?: Partial<RpcLimits>): Promise<string> {
  fixture = await startEdge(limits);
  return `http://127.0.0.1:${fixture.server.port}`;
}

afterEach(() => fixture.server.close());

const ann = {
  'x-orchard-user': 'ann',
  'x-orchard-groups': 'staff, wheel',
  'x-orchard-client-id': '42',
};

const decode = (bytes: Uint8Array): ReplyT => Reply.getRootAsReply(new ByteBuffer(bytes)).unpack();

async function post(
  url: string,
  body: Uint8Array,
  headers: Record<string, string> = ann,
): Promise<{ status: number; reply: ReplyT }> {
  const response = await request(`${url}/rpc`, { method: 'POST', body, headers });
  return { status: response.statusCode, reply: decode(await response.body.bytes()) };
}

const getStatus = (path: string): Uint8Array => encodeRequest(7, 'GetStatus', new GetStatusT(path));

describe('POST /rpc', () => {
  it('answers a call of the caller named in the headers', async () => {
    const url = await start();
    const { status, reply } = await post(url, encodeRequest(7, 'Rename', new RenameT('/a', '/b')));
    expect([status, reply.call, reply.code]).toEqual([200, 7, Code.OK]);
    expect(fixture.handler.lastSession).toMatchObject({
      user: 'ann',
      groups: ['staff', 'wheel'],
      clientId: 42,
    });
  });

  it.each([
    ['/now', 200, Code.OK],
    ['/later', 200, Code.OK],
    ['/missing', 404, Code.NOT_FOUND],
    ['/bug', 500, Code.INTERNAL],
  ])('%s is answered with %d', async (path, expected, code) => {
    const { status, reply } = await post(await start(), getStatus(path));
    expect([status, reply.code, reply.call]).toEqual([expected, code, 7]);
  });

  it('refuses a caller without a name, a malformed body and one that is too large', async () => {
    const url = await start({ frameBytesMax: 4096 });
    expect((await post(url, getStatus('/now'), {})).status).toBe(401);
    const badId = await post(url, getStatus('/now'), { ...ann, 'x-orchard-client-id': 'x' });
    expect(badId.status).toBe(400);
    expect((await post(url, new Uint8Array([1, 2, 3]))).status).toBe(400);
    expect((await post(url, new Uint8Array(5000))).status).toBe(400);
    expect((await post(url, encodeRequest(1, 'Ping', new PingT()))).status).toBe(200);
    expect(fixture.handler.handled).toBe(0);
  });

  it('puts a body together that comes in pieces', async () => {
    const url = await start();
    const body = new BatchGetStatusT([`/${'x'.repeat(500_000)}`]);
    const { status } = await post(url, encodeRequest(1, 'BatchGetStatus', body));
    expect(status).toBe(200);
  });

  it('bounds what is in flight', async () => {
    const url = await start({ httpInFlightMax: 1 });
    const first = post(url, getStatus('/hold'));
    while (fixture.handler.held.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect((await post(url, getStatus('/now'))).status).toBe(429);
    fixture.handler.held[0]!.end(fixture.handler.encoder.empty(7));
    expect((await first).status).toBe(200);
    expect(fixture.server.inFlight).toBe(0);
  });

  it('aborts the call of a caller that goes away', async () => {
    const url = await start();
    const controller = new AbortController();
    const call = request(`${url}/rpc`, {
      method: 'POST',
      body: getStatus('/hold'),
      headers: ann,
      signal: controller.signal,
    });
    while (fixture.handler.held.length === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    await expect(call).rejects.toThrow();
    while (!fixture.handler.held[0]!.aborted) await new Promise((resolve) => setImmediate(resolve));
    expect(fixture.server.inFlight).toBe(0);
  });

  it('streams frames behind their lengths, at the pace of the reader', async () => {
    const url = await start();
    fixture.handler.streamPages = 500;
    const response = await request(`${url}/rpc`, {
      method: 'POST',
      body: encodeRequest(7, 'GetLocks', new GetLocksT()),
      headers: ann,
    });
    expect(response.headers['content-type']).toBe('application/vnd.orchard.stream');
    const bytes = Buffer.from(await response.body.bytes());
    const more: boolean[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = bytes.readUInt32LE(at);
      more.push(decode(bytes.subarray(at + 4, at + 4 + length)).more);
      at += 4 + length;
    }
    expect(more).toHaveLength(501);
    expect(more.indexOf(false)).toBe(500);
  });
});

describe('GET /healthz', () => {
  it('says whether calls are taken', async () => {
    const url = await start();
    const healthy = await request(`${url}/healthz`);
    expect([healthy.statusCode, await healthy.body.text()]).toEqual([200, 'ok\n']);
  });
});
