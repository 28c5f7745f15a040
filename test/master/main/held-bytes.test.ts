/**
 * Goal: whatever callers send and leave, a master holds no more of it than it may, refuses the rest
 * with RESOURCE_EXHAUSTED, and has all of it back when they are gone (B18).
 * Method: small versions of the four attacks on one real process with small bounds, each far beyond
 * them. A store that hangs keeps calls waiting.
 */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Code } from '../../../src/base/status.js';
import {
  BatchGetStatusT,
  OpenSessionT,
  PingT,
  SetAttributeT,
  XAttrT,
  XAttrUpdate,
} from '../../../src/wire/generated/index.js';
import { MasterProcess } from '../../cli/master-process.js';
import { WireClient } from '../../net/wire-client.js';
import { encodeRequest } from '../../wire/samples.js';
import { Scrape } from './scrape.js';

const MIB = 2 ** 20;
const HELD_MAX = 16 * MIB;
/** Grants that threads keep, replies, and what the engine has not given back yet. */
const GROWTH_MAX = 160 * MIB;

let master: MasterProcess;
let store: Server;
let isHanging = false;
let restBytes = 0;
const clients: WireClient[] = [];
const sockets: Socket[] = [];

beforeAll(async () => {
  store = createServer((_request, response) => {
    if (!isHanging) response.end('<ListBucketResult></ListBucketResult>');
  });
  await new Promise<void>((resolve) => store.listen(0, '127.0.0.1', resolve));
  master = await MasterProcess.create({
    ORCHARD_HELD_BYTES_MAX: '16MiB',
    ORCHARD_HELD_BYTES_PER_CONNECTION_MAX: '6MiB',
  });
  await master.start();
  const client = await master.connect();
  const endpoint = `http://127.0.0.1:${(store.address() as AddressInfo).port}`;
  const options = { endpoint, anonymous: 'true', timeoutMs: '600000' };
  await client.mount('/s', 's3://bucket', { options });
  await client.close();
  isHanging = true;
  restBytes = residentBytes();
}, 90_000);

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await master?.remove();
  store?.closeAllConnections();
  store?.close();
});

function residentBytes(): number {
  const status = readFileSync(`/proc/${master.pid}/status`, 'latin1');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024;
}

async function heldBytes(): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${master.httpPort}/metrics`);
  return new Scrape(await answer.text()).value('orchard_held_bytes');
}

/** Sends the requests over each of so many connections, and counts the refusals for memory. */
async function attack(connections: number, requests: readonly Uint8Array[]): Promise<number> {
  for (let i = 0; i < connections; i++) clients.push(await WireClient.greeted(master.rpcPort));
  for (const client of clients) {
    for (const request of requests) client.send(request);
    // Answered by the edge itself, after all of them.
    client.send(encodeRequest(99_999, 'Ping', new PingT()));
  }
  await Promise.all(clients.map((client) => client.reply(99_999)));
  const replies = clients.flatMap((client) => client.replies);
  return replies.filter(({ code }) => code === Code.RESOURCE_EXHAUSTED).length;
}

async function expectBounded(): Promise<void> {
  expect(await heldBytes()).toBeLessThanOrEqual(HELD_MAX);
  expect(residentBytes() - restBytes).toBeLessThan(GROWTH_MAX);
  // Small calls still get in, from anywhere.
  const client = await master.connect();
  await client.getStatus('/');
  await client.close();
  expect((await fetch(`http://127.0.0.1:${master.httpPort}/healthz`)).status).toBe(200);
}

async function expectGivenBack(): Promise<void> {
  for (const client of clients.splice(0)) client.destroy();
  for (const socket of sockets.splice(0)) socket.destroy();
  await expect.poll(heldBytes, { timeout: 30_000 }).toBeLessThan(MIB / 4);
}

const numbered = (count: number, make: (call: number) => Uint8Array): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => make(i + 2));

test('B18: sessions with long names are bounded by what they take', async () => {
  const groups = Array.from({ length: 64 }, (_, i) => String(i).padEnd(255, 'g'));
  const opening = numbered(400, (call) =>
    encodeRequest(call, 'OpenSession', new OpenSessionT(call, 7, 'ann', groups, 'n'.repeat(255))),
  );
  const refused = await attack(4, opening);
  expect(refused).toBeGreaterThan(800);
  await expectBounded();
  await expectGivenBack();
}, 90_000);

test('B18: batches that wait for a store are bounded', async () => {
  const paths = Array.from({ length: 1000 }, (_, i) => `/s/d${i}/${'x'.repeat(200)}`);
  const batches = numbered(60, (call) =>
    encodeRequest(call, 'BatchGetStatus', new BatchGetStatusT(paths)),
  );
  const refused = await attack(4, batches);
  expect(refused).toBeGreaterThan(150);
  await expectBounded();
  await expectGivenBack();
}, 90_000);

test('B18: parked changes with large attributes are bounded', async () => {
  const change = new SetAttributeT('/s/a/b');
  change.xattrs = [new XAttrT('user.large', new Uint8Array(60_000))];
  change.xattrUpdate = XAttrUpdate.UNION_REPLACE;
  const changes = numbered(200, (call) => encodeRequest(call, 'SetAttribute', change));
  const refused = await attack(4, changes);
  expect(refused).toBeGreaterThan(400);
  await expectBounded();
  await expectGivenBack();
}, 90_000);

test('B18: bodies that never end are bounded, and given back', async () => {
  const head =
    'POST /rpc HTTP/1.1\r\nHost: localhost\r\nx-orchard-user: ann\r\n' +
    'content-length: 1048000\r\n\r\n';
  let refused = 0;
  for (let i = 0; i < 60; i++) {
    const socket = connect(master.rpcPort, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.on('data', (answer) => {
      if (answer.toString('latin1').startsWith('HTTP/1.1 429')) refused++;
    });
    socket.write(head);
    socket.write(Buffer.alloc(1_000_000));
    sockets.push(socket);
  }
  await expect.poll(() => refused, { timeout: 30_000 }).toBeGreaterThan(40);
  await expectBounded();
  await expectGivenBack();
}, 90_000);
