/**
 * Goal: whatever fails in a master, and in whichever thread, the process ends soon with status 70
 * and a fatal line that says why, also with many connections open and calls in flight; what it
 * acknowledged is there at the next start, and so is every other name wholly or not at all.
 * Method: real processes with two shards; faults of the disk by kill-points.mjs, bugs by
 * shard-bug.mjs.
 */
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import type { OrchardClient } from '../../../src/client/index.js';
import { ProofMaster } from '../../proof/proof-master.js';

const EXIT_BUG = 70;
/**
 * The threads' 500 ms, on a machine that is busy with all else that is tested: what waits for a
 * core is not late (test/process/ending.test.ts), and this only tells an end from none (A22).
 */
const END_MS_MAX = 40_000;
const CLIENTS = 8;
const bugs = fileURLToPath(new URL('./shard-bug.mjs', import.meta.url));

let master: ProofMaster;
const clients: OrchardClient[] = [];
afterEach(async () => {
  await Promise.allSettled(clients.splice(0).map((client) => client.close({ withinMs: 1 })));
  await master.remove();
});

async function connectAll(): Promise<void> {
  for (let i = 0; i < CLIENTS; i++) clients.push(await master.connect());
}

/** Creates files one after the other until the master is gone; returns those acknowledged. */
async function createUntilItEnds(client: OrchardClient, name: string): Promise<string[]> {
  const made: string[] = [];
  for (let i = 0; master.isRunning; i++) {
    const path = `/${name}-${i}`;
    // One that is late on a busy machine is nothing yet: the fault is still to come.
    const isMade = await client.createFile(path, { deadlineMs: 500 }).then(
      () => true,
      () => false,
    );
    if (isMade) made.push(path);
  }
  return made;
}

async function expectFailStop(fail: () => void, why: RegExp): Promise<void> {
  const writing = clients.map((client, i) => createUntilItEnds(client, `c${i}`));
  fail();
  const late = new Promise((resolve) => setTimeout(resolve, END_MS_MAX, 'still running').unref());
  expect(await Promise.race([master.ended, late]), master.log.join('\n')).toBe(EXIT_BUG);
  const fatal = master.log.filter((line) => line.includes('"level":"fatal"'));
  expect(fatal.join('\n')).toMatch(why);
  const made = (await Promise.all(writing)).flat();
  await master.start();
  const again = await master.connect();
  clients.push(again);
  for (const path of made) expect((await again.getStatus(path)).path).toBe(path);
  await again.createFile('/after');
  expect((await again.verify()).isClean).toBe(true);
}

test.each(['fail-sync', 'fail-write', 'fail-full', 'fail-short-write'])(
  '%s of the journal ends the process with status 70',
  async (point) => {
    master = await ProofMaster.create({ ORCHARD_RPC_THREADS: '2' });
    await master.start(`${point}:40`);
    await connectAll();
    await expectFailStop(() => undefined, /injected|short write/);
  },
  90_000,
);

test.each(['turn', 'main'])(
  'a bug (%s) ends the process with status 70',
  async (kind) => {
    master = await ProofMaster.create({
      ORCHARD_RPC_THREADS: '2',
      ORCHARD_TEST_BUG: kind,
      NODE_OPTIONS: `--import=${bugs}`,
    });
    await master.start();
    await connectAll();
    const fail = (): void => {
      if (kind === 'main') process.kill(master.pid, 'SIGUSR2');
      else void clients[0]!.getFilePath(1, { deadlineMs: 500 }).catch(() => undefined);
    };
    await expectFailStop(fail, new RegExp(`an injected bug: ${kind}`));
  },
  90_000,
);

test.each([
  ['release', true, /an invariant is broken: a released .* lock is held/],
  ['release', false, /an invariant is broken: a released .* lock is held/],
  ['leak', true, /an invariant is broken: what is held for .* is (some|one) call’s/],
  ['ring', true, /an invariant is broken: (a ring holds|the writer takes)/],
  ['stale', true, /a stale walk of depth 3688618971/],
])(
  'a broken invariant (%s, with ORCHARD_INVARIANTS=%s) ends the process with status 70',
  async (kind, invariants, why) => {
    const client = await startWithBug(kind, { ORCHARD_INVARIANTS: String(invariants) });
    const fail = (): void => void client.completeFile('/f', { length: 3 }).catch(() => 0);
    await expectFailStop(fail, why);
  },
  90_000,
);

test.each(['leak', 'stale'])(
  'without ORCHARD_INVARIANTS nobody looks (%s)',
  async (kind) => {
    const client = await startWithBug(kind, { ORCHARD_INVARIANTS: 'false' });
    await client.completeFile('/f', { length: 3 });
    for (let i = 0; i < 50; i++) await client.createFile(`/other-${i}`);
    expect(master.isRunning).toBe(true);
  },
  90_000,
);

test('a master that fails before all its shards have begun never serves', async () => {
  master = await ProofMaster.create({ ORCHARD_RPC_THREADS: '2' });
  await master.start();
  await connectAll();
  await master.stop();
  // They wait for a master, so the first shard is found before the second begins.
  const calls = clients.map((client, i) => client.createFile(`/f${i}`, { deadlineMs: 40_000 }));
  const answered = Promise.allSettled(calls);
  expect(await master.start('fail-opening:1')).toBeUndefined();
  expect(await master.ended).toBe(EXIT_BUG);
  const fatal = master.log.findIndex((line) => line.includes('"level":"fatal"'));
  expect(master.log.slice(fatal).join('\n')).not.toContain('"msg":"serving"');
  for (const client of clients.splice(0)) await client.close({ withinMs: 0 });
  for (const { status } of await answered) expect(status).toBe('rejected');
}, 90_000);

async function startWithBug(
  kind: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<OrchardClient> {
  master = await ProofMaster.create({
    ...environment,
    ORCHARD_TEST_BUG: kind,
    NODE_OPTIONS: `--import=${bugs}`,
  });
  await master.start();
  const client = await master.connect();
  clients.push(client);
  await client.createFile('/f');
  return client;
}

test.each(['handler', 'execute', 'answer'])(
  'A1: a bug that one call meets (%s) costs that call only',
  async (kind) => {
    const client = await startWithBug(kind);
    for (let i = 0; i < 3; i++) {
      const call =
        kind === 'handler' ? client.getFilePath(1) : client.completeFile('/f', { length: 5 });
      // What was done before its answer failed is refused the second time, as of any other.
      const code = kind === 'answer' && i > 0 ? 'ALREADY_EXISTS' : 'INTERNAL';
      await expect(call).rejects.toMatchObject({ code });
    }
    expect((await client.getStatus('/f')).length).toBe(kind === 'answer' ? 5 : 0);
    // Its locks and its place in the ring are free.
    await client.setAttribute('/f', { mode: 0o600 });
    await client.delete('/f');
    expect((await client.verify()).isClean).toBe(true);
    expect(master.isRunning).toBe(true);
    const told = master.log.filter((line) => line.includes(`an injected bug: ${kind}`));
    expect(told.length).toBeGreaterThan(0);
    expect(told.join('\n')).not.toContain('"level":"fatal"');
  },
  90_000,
);

test('A1: a call that ended a life of the master does not end the next one', async () => {
  const client = await startWithBug('trap');
  const undelete = client.undelete('/f', { deadlineMs: 40_000 }).catch((error: unknown) => error);
  expect(await master.ended).toBe(EXIT_BUG);
  await master.start();
  // The client has sent it again, by the same number.
  expect(await undelete).toMatchObject({ code: 'INTERNAL' });
  expect(master.isRunning).toBe(true);
  expect((await client.getStatus('/f')).path).toBe('/f');
  await client.createFile('/after');
}, 90_000);

test('A1: the same for a call over HTTP, also in a part of it that has no number', async () => {
  master = await ProofMaster.create({
    ORCHARD_TEST_BUG: 'trap-create',
    NODE_OPTIONS: `--import=${bugs}`,
  });
  await master.start();
  const put = (): Promise<Response> =>
    fetch(`http://127.0.0.1:${master.httpPort}/v1/data/f`, {
      method: 'PUT',
      body: 'bytes',
      headers: {
        'x-orchard-user': 'root',
        'x-orchard-client-id': '7',
        'x-orchard-call-id': '9',
      },
    });
  await expect(put()).rejects.toThrow();
  expect(await master.ended).toBe(EXIT_BUG);
  await master.start();
  const again = await put();
  expect(again.status).toBe(500);
  expect(await again.json()).toMatchObject({ code: 'INTERNAL' });
  expect(master.isRunning).toBe(true);
}, 90_000);
