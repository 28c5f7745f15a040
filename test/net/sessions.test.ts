/**
 * Several sessions on one socket: each call belongs to the one it names, each has bounds of its
 * own, and closing one ends its calls and nobody else's.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { Code } from '../../src/base/status.js';
import type { RpcLimits } from '../../src/net/rpc-limits.js';
import {
  CancelT,
  CloseSessionT,
  GetStatusT,
  HelloT,
  OpenSessionT,
  type WelcomeT,
} from '../../src/wire/generated/index.js';
import { encodeRequest } from '../wire/samples.js';
import { type Fixture, startEdge } from './edge-fixture.js';
import { WireClient } from './wire-client.js';

let fixture: Fixture;
let client: WireClient;

async function start(limits?: Partial<RpcLimits>): Promise<void> {
  fixture = await startEdge(limits);
  client = await WireClient.greeted(fixture.server.port);
}

afterEach(() => {
  client.destroy();
  fixture.server.close();
});

const open = (call: number, session: number, user: string, clientId = session): Uint8Array =>
  encodeRequest(call, 'OpenSession', new OpenSessionT(session, clientId, user, ['g'], 'agent'));

const ask = (call: number, session: number, path = '/now'): Uint8Array =>
  encodeRequest(call, 'GetStatus', new GetStatusT(path), 0, session);

const close = (call: number, session: number): Uint8Array =>
  encodeRequest(call, 'CloseSession', new CloseSessionT(session));

const codeOf = async (call: number): Promise<number> => (await client.reply(call)).code;

describe('sessions of one connection', () => {
  it('speak for whom they were opened, also before the answer to OpenSession', async () => {
    await start();
    const speakers: unknown[] = [];
    const { handle } = fixture.handler;
    fixture.handler.handle = (session, request, reply) => {
      speakers.push([session.user, session.clientId, session.clientName]);
      handle.call(fixture.handler, session, request, reply);
    };
    client.send(open(2, 7, 'bob', 70));
    client.send(ask(3, 7));
    client.send(open(4, 2 ** 31 - 1, 'eve', 71));
    client.send(ask(5, 2 ** 31 - 1));
    client.send(ask(6, 0));
    expect(await codeOf(6)).toBe(Code.OK);
    expect(client.replies.map(({ call, code }) => [call, code])).toEqual(
      [1, 2, 3, 4, 5, 6].map((call) => [call, Code.OK]),
    );
    expect(speakers).toEqual([
      ['bob', 70, 'agent'],
      ['eve', 71, 'agent'],
      ['ann', 42, 'test'],
    ]);
    expect(fixture.server.counters.sessions).toBe(2);
  });

  it('must be open', async () => {
    await start();
    client.send(ask(2, 9));
    client.send(close(3, 9));
    client.send(open(4, 9, 'bob'));
    client.send(close(5, 9));
    client.send(ask(6, 9));
    expect(await codeOf(6)).toBe(Code.UNAUTHENTICATED);
    expect(await codeOf(2)).toBe(Code.UNAUTHENTICATED);
    expect(await codeOf(3)).toBe(Code.UNAUTHENTICATED);
    expect(await codeOf(5)).toBe(Code.OK);
    expect(fixture.handler.handled).toBe(0);
    expect(fixture.server.counters.sessions).toBe(0);
  });

  it.each([
    ['0 is the number of the connection itself', open(2, 0, 'bob'), Code.INVALID_ARGUMENT],
    ['a number is below 2^31', open(2, 2 ** 31, 'bob'), Code.INVALID_ARGUMENT],
    ['somebody must be named', open(2, 3, ''), Code.UNAUTHENTICATED],
    ['a number is in use', open(2, 1, 'bob'), Code.INVALID_ARGUMENT],
  ])('are refused when %s, and the connection goes on', async (_, request, code) => {
    await start();
    client.send(open(10, 1, 'first'));
    client.send(request);
    client.send(ask(3, 1));
    expect(await codeOf(3)).toBe(Code.OK);
    expect(await codeOf(2)).toBe(code);
    expect(fixture.handler.lastSession?.user).toBe('first');
  });

  it('need a greeted connection', async () => {
    await start();
    const other = await WireClient.open(fixture.server.port);
    other.send(open(2, 1, 'bob'));
    expect((await other.reply(2)).code).toBe(Code.UNAUTHENTICATED);
    other.send(encodeRequest(3, 'Hello', new HelloT(1, 1, 'ann')));
    other.send(ask(4, 1));
    expect((await other.reply(4)).code).toBe(Code.UNAUTHENTICATED);
    other.destroy();
  });

  it('are bounded, and the master says by how many', async () => {
    await start({ sessionsMax: 2 });
    expect((await client.reply(1)).body as WelcomeT).toMatchObject({
      sessionsMax: 2,
      sessionInFlightMax: 256,
    });
    for (const session of [1, 2, 3]) client.send(open(10 + session, session, 'bob'));
    expect(await codeOf(13)).toBe(Code.FAILED_PRECONDITION);
    client.send(close(20, 1));
    client.send(open(21, 3, 'bob'));
    expect(await codeOf(21)).toBe(Code.OK);
    expect(fixture.server.counters.sessions).toBe(2);
  });

  it('have calls in flight of their own number, so that none takes the room of all', async () => {
    await start({ sessionInFlightMax: 2 });
    client.send(open(2, 1, 'bob'));
    client.send(open(3, 2, 'eve'));
    for (const call of [10, 11, 12]) client.send(ask(call, 1, '/hold'));
    client.send(ask(13, 2, '/hold'));
    client.send(ask(14, 0, '/hold'));
    expect(await codeOf(12)).toBe(Code.RESOURCE_EXHAUSTED);
    client.send(ask(15, 2));
    expect(await codeOf(15)).toBe(Code.OK);
    expect(fixture.server.inFlight).toBe(4);
    const [first] = fixture.handler.held;
    first!.end(fixture.handler.encoder.empty(first!.call));
    client.send(ask(16, 1, '/hold'));
    client.send(ask(17, 1));
    expect(await codeOf(17)).toBe(Code.RESOURCE_EXHAUSTED);
    expect(fixture.handler.held).toHaveLength(5);
  });

  it('give a cancelled call its place back', async () => {
    await start({ sessionInFlightMax: 1 });
    client.send(open(2, 1, 'bob'));
    client.send(ask(3, 1, '/hold'));
    client.send(encodeRequest(4, 'Cancel', new CancelT(3)));
    client.send(ask(5, 1));
    expect(await codeOf(5)).toBe(Code.OK);
    expect(await codeOf(3)).toBe(Code.CANCELLED);
    // The handler ends a cancelled call as well: its place must not be given back twice.
    fixture.handler.held[0]!.end();
    client.send(ask(6, 1, '/hold'));
    client.send(ask(7, 1));
    expect(await codeOf(7)).toBe(Code.RESOURCE_EXHAUSTED);
  });

  it('end alone: their calls are cancelled, those of others go on', async () => {
    await start();
    client.send(open(2, 1, 'bob'));
    client.send(open(3, 2, 'eve'));
    client.send(ask(4, 1, '/hold'));
    client.send(ask(5, 2, '/hold'));
    client.send(close(6, 1));
    expect(await codeOf(6)).toBe(Code.OK);
    expect(await codeOf(4)).toBe(Code.CANCELLED);
    expect(fixture.handler.held.map(({ aborted }) => aborted)).toEqual([true, false]);
    expect(fixture.handler.sessionsClosed.map(({ user }) => user)).toEqual(['bob']);
    fixture.handler.held[1]!.end(fixture.handler.encoder.empty(5));
    expect(await codeOf(5)).toBe(Code.OK);
  });

  it('end with the connection', async () => {
    await start();
    for (let session = 1; session <= 100; session++) client.send(open(session + 1, session, 'u'));
    client.send(ask(200, 50, '/hold'));
    client.send(ask(201, 0));
    await client.reply(201);
    client.destroy();
    while (fixture.server.counters.connections > 0) await new Promise((r) => setImmediate(r));
    expect(fixture.handler.sessionsClosed).toHaveLength(101);
    expect(fixture.handler.sessionsClosed.some(({ open: isOpen }) => isOpen)).toBe(false);
    expect(fixture.handler.held[0]!.aborted).toBe(true);
    expect(fixture.server.counters.sessions).toBe(0);
  });

  it('are nothing that HTTP has', async () => {
    await start();
    for (const body of [ask(2, 1), open(3, 1, 'bob'), close(4, 1)]) {
      const response = await fetch(`http://127.0.0.1:${fixture.server.port}/rpc`, {
        method: 'POST',
        headers: { 'x-orchard-user': 'ann' },
        body: Buffer.from(body),
      });
      expect(response.status).toBe(400);
    }
    expect(fixture.handler.handled).toBe(0);
  });
});
