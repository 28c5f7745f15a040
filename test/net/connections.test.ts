/** How many connections the edge accepts: each counts from its first moment to its end. */
import { get, request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Code } from '../../src/base/status.js';
import type { ConnectionBudget } from '../../src/net/connection-gate.js';
import { GetStatusT } from '../../src/wire/generated/index.js';
import { encodeRequest } from '../wire/samples.js';
import { connectionsUpTo, type Fixture, startEdge } from './edge-fixture.js';
import { WireClient } from './wire-client.js';

let fixture: Fixture;
const clients: WireClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  fixture.server.close();
});

async function start(connections: ConnectionBudget): Promise<number> {
  fixture = await startEdge({}, connections);
  return fixture.server.port;
}

async function greeted(port: number): Promise<WireClient> {
  const client = await WireClient.greeted(port);
  clients.push(client);
  return client;
}

const getStatus = (call: number, path: string): Uint8Array =>
  encodeRequest(call, 'GetStatus', new GetStatusT(path));

async function eventually(done: () => boolean): Promise<void> {
  await expect.poll(done, { timeout: 10_000, interval: 5 }).toBe(true);
}

describe('connections', () => {
  it('are refused beyond what there may be, until one is gone', async () => {
    const connections = connectionsUpTo(2);
    const port = await start(connections);
    const [first] = [await greeted(port), await greeted(port)];
    const headers = { connection: 'upgrade', upgrade: 'websocket' };
    const key = { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-version': '13' };
    const status = await new Promise((resolve, reject) => {
      const asked = request({ port, path: '/rpc', headers: { ...headers, ...key } });
      asked.on('response', (response) => resolve(response.statusCode));
      asked.on('upgrade', () => resolve('upgraded'));
      asked.on('error', reject);
      asked.end();
    });
    expect(status).toBe(503);
    expect(fixture.server.counters.exhausted).toBe(1);
    first!.destroy();
    await eventually(() => connections.open === 1);
    const third = await greeted(port);
    third.send(getStatus(2, '/now'));
    expect((await third.reply(2)).code).toBe(Code.OK);
  });

  it('B17: are counted from the first moment, and closed beyond what there may be', async () => {
    const connections = connectionsUpTo(10);
    const port = await start(connections);
    const idle = Array.from({ length: 60 }, () => connect(port, '127.0.0.1'));
    let closed = 0;
    for (const socket of idle) {
      socket.on('error', () => undefined);
      socket.on('close', () => closed++);
    }
    await eventually(() => closed >= 49);
    expect(connections.open).toBe(11);
    for (const socket of idle) socket.destroy();
    await eventually(() => connections.open === 0);
    // WebSockets and requests are counted once each, and given back.
    const client = await greeted(port);
    expect(connections.open).toBe(1);
    await new Promise((resolve) => {
      get({ port, path: '/healthz', agent: false }, (response) => resolve(response.resume()));
    });
    client.destroy();
    await eventually(() => connections.open === 0);
  });
});
