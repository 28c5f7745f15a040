/** The edge over real sockets: handshake, limits, errors, closes, and streams to slow readers. */
import { afterEach, describe, expect, it } from 'vitest';
import { Code } from '../../src/base/status.js';
import type { ConnectionBudget } from '../../src/net/connection-gate.js';
import type { RpcLimits } from '../../src/net/rpc-limits.js';
import {
  CancelT,
  CompleteFileT,
  GetLocksT,
  GetStatusT,
  HelloT,
  PingT,
  RenameT,
  type WelcomeT,
} from '../../src/wire/generated/index.js';
import { encodeRequest } from '../wire/samples.js';
import { connectionsUpTo, type Fixture, startEdge } from './edge-fixture.js';
import { Opcode, WireClient } from './wire-client.js';

let fixture: Fixture;
const clients: WireClient[] = [];

async function start(limits?: Partial<RpcLimits>, connections?: ConnectionBudget): Promise<number> {
  fixture = await startEdge(limits, connections);
  return fixture.server.port;
}

async function greeted(port: number): Promise<WireClient> {
  const client = await WireClient.greeted(port);
  clients.push(client);
  return client;
}

async function opened(port: number): Promise<WireClient> {
  const client = await WireClient.open(port);
  clients.push(client);
  return client;
}

const getStatus = (call: number, path: string): Uint8Array =>
  encodeRequest(call, 'GetStatus', new GetStatusT(path));

afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  fixture.server.close();
});

/** Waits for an event of another turn of the event loop. */
async function eventually(condition: () => boolean): Promise<void> {
  const until = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > until) throw new Error('waited for 10 s');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('handshake', () => {
  it('welcomes and hands the identity to the handler', async () => {
    const client = await greeted(await start());
    const welcome = (await client.reply(1)).body as WelcomeT;
    expect(welcome).toMatchObject({ version: 1, clusterId: 'test-cluster', inFlightMax: 1024 });
    client.send(encodeRequest(2, 'Rename', new RenameT('/a', '/b')));
    expect((await client.reply(2)).code).toBe(Code.OK);
    expect(fixture.handler.lastSession).toMatchObject({
      user: 'ann',
      groups: ['staff'],
      clientId: 42,
      clientName: 'test',
      source: '7f000001',
    });
  });

  it('closes who does not say Hello in time, and nobody who did', async () => {
    const port = await start({ helloMsMax: 200 }, connectionsUpTo(2));
    const silent = await opened(port);
    const spoken = await greeted(port);
    silent.send(getStatus(1, '/now'));
    await silent.untilClosed();
    expect(silent.closeCode).toBe(1002);
    expect((await silent.reply(1)).code).toBe(Code.UNAUTHENTICATED);
    expect(fixture.server.counters).toMatchObject({ connections: 1, dropped: 1 });
    // The slot is free again.
    await greeted(port);
    spoken.send(getStatus(2, '/now'));
    expect((await spoken.reply(2)).code).toBe(Code.OK);
  });

  it('refuses calls before Hello, and goes on', async () => {
    const client = await opened(await start());
    client.send(getStatus(5, '/now'));
    expect((await client.reply(5)).code).toBe(Code.UNAUTHENTICATED);
    client.send(encodeRequest(6, 'Hello', new HelloT(1, 1, 'ann')));
    client.send(getStatus(7, '/now'));
    expect((await client.reply(7)).code).toBe(Code.OK);
    expect(fixture.handler.handled).toBe(1);
  });

  it('closes on another protocol version, saying why', async () => {
    const client = await opened(await start());
    client.send(encodeRequest(1, 'Hello', new HelloT(99, 1, 'ann')));
    await client.untilClosed();
    expect(client.replies[0]).toMatchObject({ call: 1, code: Code.FAILED_PRECONDITION });
    expect(client.closeCode).toBe(1002);
  });

  it.each([
    ['no user', new HelloT(1, 1, ''), Code.UNAUTHENTICATED],
    ['a name that is too long', new HelloT(1, 1, 'x'.repeat(256)), Code.INVALID_ARGUMENT],
    ['an empty group', new HelloT(1, 1, 'ann', ['']), Code.INVALID_ARGUMENT],
    ['65 groups', new HelloT(1, 1, 'ann', new Array(65).fill('g')), Code.INVALID_ARGUMENT],
  ])('refuses %s', async (_, hello, code) => {
    const client = await opened(await start());
    client.send(encodeRequest(1, 'Hello', hello));
    await client.untilClosed();
    expect(client.replies[0]?.code).toBe(code);
  });

  it('refuses a second Hello', async () => {
    const client = await greeted(await start());
    client.send(encodeRequest(2, 'Hello', new HelloT(1, 1, 'root')));
    expect((await client.reply(2)).code).toBe(Code.FAILED_PRECONDITION);
    client.send(getStatus(3, '/now'));
    await client.reply(3);
    expect(fixture.handler.lastSession?.user).toBe('ann');
  });
});

describe('calls', () => {
  it('are answered at once, later, and out of order', async () => {
    const client = await greeted(await start());
    client.send(getStatus(10, '/hold'));
    client.send(getStatus(11, '/now'));
    client.send(encodeRequest(12, 'Ping', new PingT()));
    await client.reply(12);
    fixture.handler.held[0]!.end(fixture.handler.encoder.empty(10));
    await client.reply(10);
    expect(client.replies.map((reply) => reply.call)).toEqual([1, 11, 12, 10]);
    client.send(getStatus(13, '/later'));
    await client.reply(13);
    expect(fixture.server.inFlight).toBe(0);
  });

  it('fail with the status that the handler throws', async () => {
    const client = await greeted(await start());
    client.send(getStatus(2, '/missing'));
    const reply = await client.reply(2);
    expect(reply.code).toBe(Code.NOT_FOUND);
    expect(reply.error).toMatchObject({ reason: 'no such path', path: '/missing' });
    expect(fixture.bugs).toEqual([]);
  });

  it('answer INTERNAL for a bug, which is reported, and the thread goes on', async () => {
    const client = await greeted(await start());
    client.send(getStatus(2, '/bug'));
    client.send(getStatus(3, '/now'));
    expect((await client.reply(2)).code).toBe(Code.INTERNAL);
    expect((await client.reply(3)).code).toBe(Code.OK);
    expect(fixture.bugs).toHaveLength(1);
  });

  it('may not share a number while in flight', async () => {
    const client = await greeted(await start());
    client.send(getStatus(2, '/hold'));
    client.send(getStatus(2, '/now'));
    expect((await client.reply(2)).code).toBe(Code.INVALID_ARGUMENT);
    fixture.handler.held[0]!.end(fixture.handler.encoder.empty(2));
    await client.until(() => client.replies.length === 3);
    expect(client.replies[2]?.code).toBe(Code.OK);
    client.send(getStatus(2, '/now'));
    await client.until(() => client.replies.length === 4);
  });

  it('are bounded in flight', async () => {
    const client = await greeted(await start({ inFlightMax: 4, retryAfterMs: 70 }));
    for (let call = 2; call < 8; call++) client.send(getStatus(call, '/hold'));
    const reply = await client.reply(7);
    expect(reply.code).toBe(Code.RESOURCE_EXHAUSTED);
    expect(reply.error?.retryAfterMs).toBe(70);
    expect(fixture.handler.held).toHaveLength(4);
    expect(fixture.server.counters.exhausted).toBe(2);
    for (const held of fixture.handler.held) held.end(fixture.handler.encoder.empty(held.call));
    await client.reply(5);
    client.send(getStatus(9, '/now'));
    expect((await client.reply(9)).code).toBe(Code.OK);
  });

  it('can be cancelled, and what is sent later goes nowhere', async () => {
    const client = await greeted(await start());
    client.send(getStatus(2, '/hold'));
    client.send(encodeRequest(3, 'Cancel', new CancelT(2)));
    expect((await client.reply(2)).code).toBe(Code.CANCELLED);
    const [held] = fixture.handler.held;
    expect(held?.aborted).toBe(true);
    expect(held?.send(fixture.handler.encoder.empty(2))).toBe(false);
    held?.end(fixture.handler.encoder.empty(2));
    client.send(getStatus(4, '/now'));
    await client.reply(4);
    expect(client.replies.map((reply) => reply.call)).toEqual([1, 2, 4]);
  });

  it('many at once in one turn reach their sockets in order', async () => {
    const port = await start();
    const [one, two] = [await greeted(port), await greeted(port)];
    for (let call = 2; call < 102; call++) {
      one.send(getStatus(call, '/hold'));
      two.send(getStatus(call, '/hold'));
    }
    await eventually(() => fixture.handler.held.length === 200);
    for (const held of fixture.handler.held) held.end(fixture.handler.encoder.empty(held.call));
    await one.until(() => one.replies.length === 101);
    await two.until(() => two.replies.length === 101);
    const calls = Array.from({ length: 101 }, (_, i) => i + 1);
    expect(one.replies.map((reply) => reply.call)).toEqual(calls);
    expect(new Set(two.replies.map((reply) => reply.call))).toEqual(new Set(calls));
  });
});

describe('what no client should send', () => {
  it('a malformed frame is answered, with its call number when it can be read', async () => {
    const client = await greeted(await start());
    const damaged = encodeRequest(33, 'Rename', new RenameT('/a', '/b'));
    client.send(damaged.subarray(0, damaged.length - 8));
    client.send(new Uint8Array([1, 2, 3]));
    client.send(new Uint8Array(0));
    await client.until(() => client.replies.length === 4);
    expect(client.replies.slice(1).map((reply) => reply.code)).toEqual([3, 3, 3]);
    expect(client.replies[1]?.call).toBe(33);
    expect(client.replies[2]?.call).toBe(0);
    expect(fixture.server.counters.malformed).toBe(3);
  });

  it('a text frame closes with 1003', async () => {
    const client = await greeted(await start());
    client.send(Buffer.from('hello'), Opcode.TEXT);
    await client.untilClosed();
    expect(client.closeCode).toBe(1003);
  });

  it('a frame that is too large closes with 1009', async () => {
    const client = await greeted(await start({ frameBytesMax: 4096 }));
    client.send(new Uint8Array(4097));
    await client.untilClosed();
    expect(client.closeCode).toBe(1009);
  });

  it('a frame beyond all measure closes the connection only', async () => {
    const port = await start({ frameBytesMax: 4096 });
    const [bad, good] = [await greeted(port), await greeted(port)];
    bad.send(new Uint8Array(1 << 20));
    await bad.untilClosed();
    good.send(getStatus(2, '/now'));
    expect((await good.reply(2)).code).toBe(Code.OK);
  });
});

describe('streams', () => {
  const limits = { bufferedBytesHigh: 1 << 18, bufferedBytesLow: 1 << 16 };

  it('arrive whole and in order, however much they are', async () => {
    const client = await greeted(await start(limits));
    fixture.handler.streamPages = 2000;
    client.send(encodeRequest(2, 'GetLocks', new GetLocksT()));
    await client.until(() => client.frames === 2002);
    const more = client.replies.slice(1).map((reply) => reply.more);
    expect(more.indexOf(false)).toBe(2000);
    expect(fixture.server.inFlight).toBe(0);
  });

  it('wait for a slow reader and hold a bounded part', async () => {
    const client = await greeted(await start(limits));
    client.onFrame = () => undefined;
    client.socket.pause();
    fixture.handler.streamPages = 5000;
    client.send(encodeRequest(2, 'GetLocks', new GetLocksT()));
    await eventually(() => fixture.handler.paused > 0);
    const { produced } = fixture.handler;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(fixture.handler.produced).toBe(produced);
    expect(produced).toBeLessThan(2500); // the rest of 80 MB: what the kernel's buffers took
    client.send(getStatus(3, '/now'));
    await eventually(() => fixture.server.counters.exhausted === 1);
    client.socket.resume();
    await client.until(() => client.frames === 1 + 5001 + 1);
    expect(fixture.handler.produced).toBe(5000);
  });

  it('end when the reader goes away', async () => {
    const client = await greeted(await start(limits));
    client.socket.pause();
    fixture.handler.streamPages = 1e6;
    client.send(encodeRequest(2, 'GetLocks', new GetLocksT()));
    await eventually(() => fixture.handler.paused > 0);
    client.destroy();
    await eventually(() => fixture.handler.streamsAborted === 1);
    expect(fixture.handler.sessionsClosed).toHaveLength(1);
    expect(fixture.server.inFlight).toBe(0);
    expect(fixture.server.counters.connections).toBe(0);
  });

  it('a reader that never reads is given up at the hard limit', async () => {
    const client = await greeted(
      await start({ bufferedBytesLow: 1, bufferedBytesHigh: 1 << 19, bufferedBytesMax: 1 << 20 }),
    );
    client.socket.pause();
    client.send(getStatus(2, '/hold'));
    await eventually(() => fixture.handler.held.length === 1);
    const [held] = fixture.handler.held;
    fixture.handler.streamPageBytes = 1 << 19;
    for (let i = 0; i < 100 && !held!.aborted; i++) {
      held!.send(fixture.handler.page(2, true)); // a handler that does not heed the answer
      await new Promise((resolve) => setImmediate(resolve));
    }
    await eventually(() => held!.aborted);
    expect(fixture.server.counters.connections).toBe(0);
  });
});

describe('stopping', () => {
  it('drains: new calls are unavailable, old ones end', async () => {
    const client = await greeted(await start());
    client.send(getStatus(2, '/hold'));
    await eventually(() => fixture.handler.held.length === 1);
    const drained = fixture.server.drain(5000);
    client.send(getStatus(3, '/now'));
    expect((await client.reply(3)).code).toBe(Code.UNAVAILABLE);
    fixture.handler.held[0]!.end(fixture.handler.encoder.empty(2));
    await drained;
    expect((await client.reply(2)).code).toBe(Code.OK);
    fixture.server.close();
    await client.untilClosed();
    expect(client.closeCode).toBe(1001);
  });
});

describe('B1: what no number holds', () => {
  it('as the number of a call is refused, and the answer bears it', async () => {
    const client = await greeted(await start());
    for (const call of [2n ** 53n, 2n ** 53n + 1n, 2n ** 64n - 1n]) {
      const frame = getStatus(1, '/now');
      const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
      // The only field of this value.
      const at = frame.findIndex((_, i) => i % 4 === 0 && view.getUint32(i, true) === 1);
      view.setBigUint64(at, call, true);
      const answer = new Promise<Buffer>((resolve) => {
        client.onFrame = resolve;
      });
      client.send(frame);
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(call);
      expect((await answer).includes(bytes)).toBe(true);
      client.onFrame = undefined;
    }
    expect(fixture.handler.handled).toBe(0);
  });

  it('in a field is refused, and the connection goes on', async () => {
    const client = await greeted(await start());
    client.send(encodeRequest(2, 'CompleteFile', new CompleteFileT('/f', 2 ** 53)));
    const { code, error } = await client.reply(2);
    expect(code).toBe(Code.INVALID_ARGUMENT);
    expect(error?.reason).toContain('"length" of CompleteFile');
    client.send(getStatus(3, '/now'));
    expect((await client.reply(3)).code).toBe(Code.OK);
  });
});
