/**
 * A storm of renames and recursive changes of attributes, with readers and creators in it: no call
 * waits for ever, no call is passed over, nothing locks up. And clients that are slow, or die in
 * the middle of their calls, hold no lock.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { build, type Histogram } from 'hdr-histogram-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../bench/load/random.js';
import type { OrchardClient } from '../../src/client/index.js';
import { CreateFileT, ListStatusT } from '../../src/wire/generated/index.js';
import { WireClient } from '../net/wire-client.js';
import { encodeRequest } from '../wire/samples.js';
import { codeOf, RaceMaster, seed } from './race-master.js';

const STORM_MS = Number(process.env['ORCHARD_TEST_STORM_MS'] ?? 5000);
/** Generous, for machines that are busy with other tests: the bound must exist. */
const WAIT_MS_MAX = 10_000;
/** Of those that do the same, the one who got least against the one who got most. */
const FAIRNESS_MIN = 0.1;

let races: RaceMaster;

beforeAll(async () => {
  races = await RaceMaster.start({ ORCHARD_BACKGROUND_THREADS: '2' });
});
afterAll(() => races?.close());

type Lane = { readonly kind: string; readonly waits: Histogram };

async function lane(
  kind: string,
  untilMs: number,
  call: (i: number) => Promise<unknown>,
): Promise<Lane> {
  const waits = build({ highestTrackableValue: 600_000_000, numberOfSignificantValueDigits: 3 });
  for (let i = 0; performance.now() < untilMs; i++) {
    const startedMs = performance.now();
    const code = await codeOf(call(i));
    waits.recordValue(Math.round((performance.now() - startedMs) * 1000));
    expect(['OK', 'NOT_FOUND', 'ALREADY_EXISTS', 'INVALID_ARGUMENT'], kind).toContain(code);
  }
  return { kind, waits };
}

/** By kind: figures over all lanes, and how even the lanes were. */
function figures(lanes: readonly Lane[]): Record<string, Record<string, number>> {
  const kinds = [...new Set(lanes.map(({ kind }) => kind))];
  return Object.fromEntries(
    kinds.map((kind) => {
      const own = lanes.filter((one) => one.kind === kind).map(({ waits }) => waits);
      const counts = own.map(({ totalCount }) => totalCount);
      const all = own.reduce(
        (sum, waits) => {
          sum.add(waits);
          return sum;
        },
        build({ highestTrackableValue: 600_000_000, numberOfSignificantValueDigits: 3 }),
      );
      const ms = (percentile: number): number => all.getValueAtPercentile(percentile) / 1000;
      return [
        kind,
        {
          calls: all.totalCount,
          p50Ms: ms(50),
          p99Ms: ms(99),
          p999Ms: ms(99.9),
          maxMs: all.maxValue / 1000,
          fairness: Math.min(...counts) / Math.max(...counts),
        },
      ];
    }),
  );
}

const inTurn =
  (clients: readonly OrchardClient[], kind: string, untilMs: number) =>
  (
    count: number,
    call: (client: OrchardClient, random: Random, lane: number) => Promise<unknown>,
  ) =>
    Array.from({ length: count }, (_, i) => {
      const random = new Random(seed + i);
      return lane(kind, untilMs, () => call(clients[i % clients.length]!, random, i));
    });

describe(`no starvation (seed ${seed})`, () => {
  it('a storm of renames and recursive changes leaves nobody behind', async () => {
    await races.rounds(1, async (at) => {
      const { clients, one } = races;
      const directories = ['a', 'b', 'c', 'd'];
      for (const name of directories) {
        await one.createDirectory(`${at}/${name}/deep/deeper`, { recursive: true });
        const files = Array.from({ length: 20 }, (_, i) => ({
          path: `${at}/${name}/deep/deeper/f${i}`,
        }));
        await one.batchCreate(files);
      }
      const steady = await one.createFile(`${at}/steady`);
      const untilMs = performance.now() + STORM_MS;
      const start = (kind: string) => inTurn(clients, kind, untilMs);
      const oneOf = (random: Random): string => directories[random.below(4)]!;
      const lanes = await Promise.all([
        ...start('rename')(8, (client, random) => {
          const [from, to] = [oneOf(random), oneOf(random)];
          return client.rename(`${at}/${from}`, `${at}/${to}`);
        }),
        ...start('rename below')(4, (client, random, i) => {
          const names = [`${at}/${oneOf(random)}/deep`, `${at}/${oneOf(random)}/deep${i}`];
          return client.rename(names[random.below(2)]!, names[random.below(2)]!);
        }),
        ...start('recursive change')(3, (client, random) =>
          client.setAttribute(`${at}/${oneOf(random)}`, {
            mode: 0o700 + random.below(64),
            recursive: true,
          }),
        ),
        ...start('root change')(1, (client, random) =>
          client.setAttribute(at, { mode: 0o700 + random.below(64) }),
        ),
        ...start('read')(8, (client) => client.getStatus(`${at}/steady`)),
        ...start('read deep')(8, (client, random) =>
          client.getStatus(`${at}/${oneOf(random)}/deep/deeper/f1`),
        ),
        ...start('create')(8, (client, random, i) =>
          client.createFile(`${at}/${oneOf(random)}/n${i}-${random.below(1000)}`),
        ),
      ]);
      const told = figures(lanes);
      console.log(JSON.stringify({ seed, ...told }, undefined, 1));
      for (const [kind, { maxMs, calls, fairness }] of Object.entries(told)) {
        expect(maxMs, kind).toBeLessThan(WAIT_MS_MAX);
        expect(calls, kind).toBeGreaterThan(0);
        expect(fairness, kind).toBeGreaterThan(FAIRNESS_MIN);
      }
      // Nothing is still locked or waiting, and the tree is complete.
      expect(await one.locks()).toMatchObject({ holders: [], waiters: [] });
      expect((await races.tree(at)).get(`${at}/steady`)).toBe(steady.id);
    });
  });

  it('readers do not wait for a lock that is held', async () => {
    await races.rounds(1, async (at) => {
      // Every create locks the path down to it; whoever reads has no lock to wait for.
      const path = `${at}/f`;
      await races.one.createFile(path);
      const waiting = Array.from({ length: 200 }, (_, i) =>
        races.clients[1 + (i % 4)]!.setAttribute(path, { mode: 0o600 + (i % 64) }),
      );
      const row = { operation: 'getStatus' };
      let looks = 0;
      for (; looks < 50; looks++) {
        await races.one.getStatus(path);
        const { waiters, holders } = (await races.one.locks()) as Record<string, unknown[]>;
        expect(waiters).not.toContainEqual(expect.objectContaining(row));
        expect(holders).not.toContainEqual(expect.objectContaining(row));
      }
      await Promise.all(waiting);
    });
  });
});

describe('clients that are no good', () => {
  it('killed in the middle of their calls, they leave no lock behind', async () => {
    const entry = fileURLToPath(new URL('../../dist/test/proof/load-process.js', import.meta.url));
    for (const path of ['/proof-files', '/proof-trees']) {
      await races.one.createDirectory(path, { allowExists: true });
    }
    for (let kill = 0; kill < 3; kill++) {
      const child = fork(entry, [], { serialization: 'advanced', stdio: 'inherit' });
      const order = { clients: 8, depth: 8, files: 4, trees: 2, firstClient: 0 };
      child.send({ ...order, port: races.master.rpcPort, seed: seed + kill });
      let operations = 0;
      const busy = new Promise<void>((resolve) => {
        child.on('message', (told: { operations: unknown[] }) => {
          operations += told.operations.length;
          if (operations > 200) resolve();
        });
      });
      await busy;
      child.kill('SIGKILL');
      await once(child, 'exit');
      for (let i = 0; i < 4; i++) {
        const create = races.clients[i]!.createFile(`/proof-files/f${i}`, { overwrite: true });
        expect(['OK', 'ALREADY_EXISTS']).toContain(await codeOf(create));
      }
      await nothingHeld();
    }
  });

  it('one that never reads its replies stops nobody', async () => {
    await races.rounds(1, async (at) => {
      const files = Array.from({ length: 1000 }, (_, i) => ({
        path: `${at}/${'n'.repeat(200)}${i}`,
      }));
      await races.one.batchCreate(files);
      const deaf = await Promise.all([0, 1, 2, 3].map((number) => deafClient(at, number)));
      for (let i = 0; i < 20; i++) {
        const path = `${at}/f${i}`;
        await races.clients[i % races.clients.length]!.createFile(path);
        await races.one.rename(path, `${at}/g${i}`);
      }
      await nothingHeld();
      for (const { socket } of deaf) socket.destroy();
    });
  });
});

/** What is in flight from others ends soon. */
async function nothingHeld(): Promise<void> {
  const untilMs = performance.now() + WAIT_MS_MAX;
  for (;;) {
    const { holders, waiters } = (await races.one.locks()) as Record<string, unknown[]>;
    if (holders!.length + waiters!.length === 0) return;
    expect(performance.now(), JSON.stringify({ holders, waiters })).toBeLessThan(untilMs);
  }
}

/** Asks for listings and makes changes below `at`, and never reads a byte of what it is told. */
async function deafClient(at: string, number: number): Promise<WireClient> {
  const client = await WireClient.greeted(races.master.rpcPort, 'root');
  client.socket.pause();
  for (let call = 10; call < 410; call++) {
    if (call % 2 === 0) {
      client.send(encodeRequest(call, 'ListStatus', new ListStatusT(at)));
    } else {
      client.send(
        encodeRequest(call, 'CreateFile', new CreateFileT(`${at}/deaf${number}-${call}`)),
      );
    }
  }
  return client;
}
