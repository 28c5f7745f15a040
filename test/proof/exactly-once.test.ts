/**
 * A repeated call gets its first answer and has its effect once. Tested for every request that
 * changes the namespace, over WebSocket and HTTP, after SIGKILL, after a flush has trimmed the
 * journal, and after others took its names; and with a load whose answers are lost at random.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { Builder, ByteBuffer } from 'flatbuffers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Random } from '../../bench/load/random.js';
import { type CallSpec, encodeRequest } from '../../src/client/call-spec.js';
import { Channel } from '../../src/client/channel.js';
import { OrchardClient } from '../../src/client/index.js';
import { webSocketTransport } from '../../src/client/transport.js';
import { Reply } from '../../src/wire/generated/index.js';
import { CrashRun } from './crash-run.js';
import { disturb, everyMutation, type Mutation } from './every-mutation.js';
import { listAll } from './ledger-writer.js';
import { LossyProxy } from './lossy-proxy.js';
import { ProofMaster } from './proof-master.js';

const CLIENT_ID = 4242;
const LOST_STEPS = 300;
let master: ProofMaster;

beforeEach(async () => {
  master = await ProofMaster.create();
});
afterEach(() => master.remove());

const connect = (port = master.rpcPort): Promise<OrchardClient> =>
  OrchardClient.connect({ port, user: 'root' });

type Sender = (mutation: Mutation, callId: number) => Promise<unknown>;

/** What identifies an answer: the inode. Attributes are those of now. */
const idsOf = (answer: unknown): unknown =>
  JSON.stringify(answer, (key, value) =>
    ['status', 'error', 'id', 'code'].includes(key) || key === '' || /^\d+$/.test(key)
      ? value
      : undefined,
  );

async function overWebSocket<T>(work: (send: Sender) => Promise<T>): Promise<T> {
  const channel = new Channel({
    url: `ws://127.0.0.1:${master.rpcPort}/rpc`,
    transport: webSocketTransport,
    greeting: { clientId: CLIENT_ID, user: 'root', groups: [], clientName: 'proof' },
    openTimeoutMs: 5000,
    silenceMs: 10_000,
    deadlineMs: 30_000,
    longDeadlineMs: 30_000,
    inFlightMax: 16,
    queueMax: 64,
    reconnectMs: 5000,
  });
  try {
    return await work(({ spec }, callId) => channel.call(spec, { callId }));
  } finally {
    await channel.close(0);
  }
}

async function overHttp<T>(work: (send: Sender) => Promise<T>): Promise<T> {
  const builder = new Builder(1024);
  return await work(async ({ spec }, callId) => {
    const body = encodeRequest(builder, spec, { call: callId, deadlineMs: 0 }).slice();
    const headers = { 'x-orchard-user': 'root', 'x-orchard-client-id': String(CLIENT_ID) };
    const url = `http://127.0.0.1:${master.rpcPort}/rpc`;
    const response = await fetch(url, { method: 'POST', body, headers });
    const reply = Reply.getRootAsReply(
      new ByteBuffer(new Uint8Array(await response.arrayBuffer())),
    );
    expect(reply.code(), `${spec.path}: ${reply.error()?.reason()}`).toBe(0);
    return (spec as CallSpec<unknown>).decode(reply);
  });
}

describe.each([
  ['WebSocket', overWebSocket],
  ['HTTP', overHttp],
] as const)('every mutation over %s', (_way, over) => {
  test('gets its first answer again, whatever came between', async () => {
    const store = path.join(master.directory, 'store');
    await mkdir(store);
    await master.start();
    let client = await connect();
    await client.createDirectory('/once');
    const mutations = everyMutation('/once', `file://${store}`);
    const sendAll = (send: Sender) => sendInOrder(mutations, send);
    const first = await over(sendAll);
    await disturb(client, '/once');
    let before = await listAll(client, '/once');
    expect(await over(sendAll)).toEqual(first);
    expect(await listAll(client, '/once')).toEqual(before);
    // A look-up by id waits for the flush: the journal behind it may be trimmed.
    await client.getFilePath((await client.createFile('/once/flushed')).id);
    before = await listAll(client, '/once');
    for (let life = 0; life < 2; life++) {
      await client.close({ withinMs: 0 });
      await master.stop('SIGKILL');
      await master.start();
      client = await connect();
      expect(await over(sendAll)).toEqual(first);
      expect(await listAll(client, '/once')).toEqual(before);
      await client.getFilePath((await client.createFile(`/once/life-${life}`)).id);
      before = await listAll(client, '/once');
    }
    await client.close();
  }, 120_000);
});

async function sendInOrder(mutations: readonly Mutation[], send: Sender): Promise<string[]> {
  const answers: string[] = [];
  for (const [i, mutation] of mutations.entries()) {
    answers.push(`${mutation.name}: ${idsOf((await send(mutation, 1000 + i)) ?? null)}`);
  }
  return answers;
}

test('the client sends again by itself, and its name was taken by another meanwhile', async () => {
  await master.start();
  const proxy = await LossyProxy.start({
    targetPort: master.rpcPort,
    random: new Random(1),
    loseOneIn: 0,
  });
  const other = await connect();
  const client = await connect(proxy.port);
  try {
    await other.createDirectory('/t');
    for (const isKilled of [false, true]) {
      proxy.loseNext();
      const creating = client.createFile('/t/x');
      while (proxy.lostCount < (isKilled ? 2 : 1)) await new Promise((r) => setTimeout(r, 2));
      const made = await other.getStatus('/t/x');
      await other.rename('/t/x', `/t/moved-${isKilled}`);
      const taken = await other.createFile('/t/x');
      if (isKilled) {
        await master.stop('SIGKILL');
        await master.start();
      }
      proxy.release();
      expect((await creating).id).toBe(made.id);
      expect((await other.getStatus('/t/x')).id).toBe(taken.id);
      await other.delete('/t/x');
    }
    expect((await other.getStatus('/t')).length).toBe(2);
  } finally {
    await client.close({ withinMs: 0 });
    await other.close({ withinMs: 0 });
    await proxy.stop();
  }
}, 120_000);

test('a load that loses answers at random does everything once, also over SIGKILLs', async () => {
  const seed = Number(process.env['ORCHARD_TEST_SEED'] ?? Date.now() % 1_000_000);
  const run = await CrashRun.create({
    seed,
    writers: 6,
    kinds: ['automatic'],
    lifeMsMax: 2500,
    passShare: 1,
    loseOneIn: 12,
  });
  for (let life = 0; life < 2 || (run.report.steps < LOST_STEPS && life < 20); life++) {
    await run.life();
  }
  const { violations, ...counts } = await run.finish();
  console.log(`lost answers of seed ${seed}: ${JSON.stringify(counts)}`);
  expect(violations.slice(0, 5)).toEqual([]);
  expect(counts.lostAnswers).toBeGreaterThan(10);
  expect(counts.steps).toBeGreaterThanOrEqual(LOST_STEPS);
}, 180_000);
