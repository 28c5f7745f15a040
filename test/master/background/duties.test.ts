/** The ttl checker and the reclaimer, step by step in one thread. */
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { Expirer } from '../../../src/master/background/expirer.js';
import { Reclaimer } from '../../../src/master/background/reclaimer.js';
import { TreeLoad } from '../../../src/master/background/tree-load.js';
import { WriteLeases } from '../../../src/master/background/write-leases.js';
import {
  SIDE_ORIGIN,
  SIDE_ORIGIN_BACK,
  SIDE_TRASH_TTL,
} from '../../../src/master/memory/entry-format.js';
import { FLAG_TTL_FREE } from '../../../src/master/memory/record.js';
import { CompleteFile } from '../../../src/master/ops/verbs/complete-file.js';
import { Create } from '../../../src/master/ops/verbs/create.js';
import { Delete } from '../../../src/master/ops/verbs/delete.js';
import { RenewWrite } from '../../../src/master/ops/verbs/renew-write.js';
import { SetAttribute } from '../../../src/master/ops/verbs/set-attribute.js';
import { Undelete } from '../../../src/master/ops/verbs/undelete.js';
import { Unmount } from '../../../src/master/ops/verbs/unmount.js';
import { sideRange } from '../../../src/master/tier/shared-tables.js';
import { bytesOf, StoreFixture } from './store-fixture.js';

let stores: StoreFixture;

beforeEach(async () => {
  stores = await StoreFixture.open({ trashRetentionMs: 60_000 });
});
afterEach(() => stores.close());

function create(at: string, more: { ttlMs?: number; ttlFlags?: number; dir?: boolean } = {}) {
  const { fixture } = stores;
  const options = {
    type: more.dir === true ? 'directory' : 'file',
    path: bytesOf(at),
    recursive: true,
    overwrite: false,
    allowExists: false,
    mode: -1,
    blockSize: undefined,
    ttlMs: more.ttlMs ?? -1,
    ttlFlags: more.ttlFlags ?? 0,
    replicationMin: -1,
    replicationMax: -1,
    xattrs: new Map([['k', bytesOf('v')]]),
    xattrsOnNewPaths: false,
  } as const;
  return fixture.run((sink) => new Create(fixture.root, 0, options, sink));
}

function remove(at: string, skipTrash: boolean) {
  const { fixture } = stores;
  const options = { path: bytesOf(at), recursive: true, skipTrash, deleteMountPoints: false };
  return fixture.run((sink) => new Delete(fixture.root, 0, options, sink));
}

const idOf = (at: string): number => {
  const { executor } = stores.fixture;
  executor.resolve(executor.walkA, bytesOf(at));
  return executor.walkA.id(executor.walkA.depth);
};

const exists = (at: string): boolean => {
  const { executor } = stores.fixture;
  executor.resolve(executor.walkA, bytesOf(at));
  return executor.walkA.found;
};

describe('A15, B14: leases on writes', () => {
  const leases = (inMs: number) =>
    stores.settle(new WriteLeases(stores.context, HOUR_MS).run(Date.now() + inMs));

  function complete(at: string) {
    const { fixture } = stores;
    const options = { path: bytesOf(at), length: 1, mtimeMs: -1, fingerprint: 0, persisted: false };
    return fixture.run((sink) => new CompleteFile(fixture.root, 0, options, sink));
  }

  test('a file that nobody goes on with frees its name, also after a restart', async () => {
    await create('/d/left');
    await create('/d/whole');
    await complete('/d/whole');
    await create('/d/dir', { dir: true });
    await stores.fixture.restart({ flushed: false });
    stores.fixture.flush();
    expect(await leases(HOUR_MS / 2)).toBe(0);
    expect(await leases(HOUR_MS + 1000)).toBe(1);
    expect(['/d/left', '/d/whole', '/d/dir'].map(exists)).toEqual([false, true, true]);
    // In the trash, as what a ttl takes.
    await create('/d/left');
    stores.fixture.flush();
    expect(await leases(HOUR_MS / 2)).toBe(0);
    expect(exists('/d/left')).toBe(true);
  });

  test('a writer that goes on keeps it; one that completes it in this moment, too', async () => {
    await create('/f');
    const inodeId = idOf('/f');
    const { fixture } = stores;
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    vi.setSystemTime(Date.now() + HOUR_MS / 2);
    const options = { path: bytesOf('/f'), inodeId };
    await fixture.run((sink) => new RenewWrite(fixture.root, options, sink));
    fixture.flush();
    expect(await leases(HOUR_MS / 2 + 1000)).toBe(0);
    expect(await leases(HOUR_MS + 1000)).toBe(1);
    expect(exists('/f')).toBe(false);
  });

  test('more than a slice of them', async () => {
    for (let i = 0; i < 40; i++) await create(`/many/${i}`);
    stores.fixture.flush();
    const pass = new WriteLeases(stores.context, HOUR_MS, 16);
    expect(await stores.settle(pass.run(Date.now() + 2 * HOUR_MS))).toBe(40);
  });
});

const HOUR_MS = 3_600_000;
const expire = (inMs = 0) => stores.settle(new Expirer(stores.context).run(Date.now() + inMs));
const reclaim = () => stores.settle(new Reclaimer(stores.context).run());

/** Rows of tier 2 when all is flushed. */
function rows() {
  const { fixture } = stores;
  fixture.flush();
  fixture.tier2.releaseSnapshot();
  const { inodes, ids, expiries, side } = fixture.tier2;
  const count = (rows: Iterable<unknown>): number => [...rows].length;
  return {
    inodes: count(inodes.getKeys({})),
    ids: count(ids.all()),
    expiries: count(expiries.due(Number.MAX_SAFE_INTEGER)),
    side: count(side.getKeys()),
  };
}

describe('ttl', () => {
  test('122: deletes what is due, a directory with all below it, after a restart too', async () => {
    await create('/due', { ttlMs: 0 });
    await create('/dir', { ttlMs: 0, dir: true });
    await create('/dir/a/b');
    await create('/later', { ttlMs: HOUR_MS });
    await create('/never');
    await stores.fixture.restart();
    expect(await expire()).toBe(2);
    expect(['/due', '/dir', '/dir/a/b', '/later', '/never'].map(exists)).toEqual([
      false,
      false,
      false,
      true,
      true,
    ]);
    expect(await expire()).toBe(0);
  });

  test('123: FREE takes the ttl away and leaves the rest', async () => {
    await create('/f', { ttlMs: 0, ttlFlags: FLAG_TTL_FREE });
    expect(await expire()).toBe(1);
    const { executor } = stores.fixture;
    executor.resolve(executor.walkA, bytesOf('/f'));
    expect(executor.walkA.found).toBe(true);
    expect(executor.walkA.ttlMs(1)).toBe(-1);
    expect(executor.walkA.flags(1) & FLAG_TTL_FREE).toBe(0);
    await expire();
    expect(rows().expiries).toBe(0);
  });

  test('124: raised or removed before: it stays, and its old row goes', async () => {
    await create('/raised', { ttlMs: 0 });
    await create('/removed', { ttlMs: 0 });
    const set = (at: string, ttlMs: number) =>
      stores.fixture.run(
        (sink) =>
          new SetAttribute(stores.fixture.root, 0, { path: bytesOf(at), change: { ttlMs } }, sink),
      );
    stores.fixture.flush();
    await set('/raised', HOUR_MS);
    await set('/removed', -1);
    expect(await expire()).toBe(0);
    expect(exists('/raised') && exists('/removed')).toBe(true);
    expect(rows().expiries).toBe(1);
    // The next one is due when its hour is over.
    expect(await expire(2 * HOUR_MS)).toBe(1);
    expect(exists('/raised')).toBe(false);
  });

  test('what waits in the trash goes to reclaim when its time is over, not before', async () => {
    await create('/t/x');
    await remove('/t', false);
    await expire(1000);
    await reclaim();
    await stores.fixture.run(
      (sink) => new Undelete(stores.fixture.root, 0, { path: bytesOf('/t') }, sink),
    );
    expect(exists('/t/x')).toBe(true);
    await remove('/t', false);
    const before = rows();
    expect(await expire(HOUR_MS)).toBe(1);
    expect(await reclaim()).toBe(2);
    const after = rows();
    expect(before.inodes - after.inodes).toBe(2);
    expect(before.ids - after.ids).toBe(2);
    await expire(2 * HOUR_MS);
    expect(rows().expiries).toBe(0);
  });
});

describe('reclaim', () => {
  test('38: of a deleted tree nothing stays, whatever hangs where', async () => {
    const before = rows();
    for (let d = 0; d < 5; d++) {
      for (let f = 0; f < 130; f++) await create(`/tree/d${d}/s/f${f}`);
    }
    // In the trash of directories that are deleted themselves later.
    await remove('/tree/d1/s/f7', false);
    await remove('/tree/d2/s', false);
    await create('/tree/ttl', { ttlMs: HOUR_MS });
    await remove('/tree/ttl', false);
    expect(rows().inodes).toBeGreaterThan(600);
    await remove('/tree', true);
    expect(await reclaim()).toBeGreaterThan(600);
    await expire(2 * HOUR_MS);
    await expire(2 * HOUR_MS);
    const after = rows();
    expect({ ...after, side: 0 }).toEqual({ ...before, side: 0 });
    const { tier2 } = stores.fixture;
    expect([...sideRange(tier2, SIDE_TRASH_TTL)]).toEqual([]);
    expect(await reclaim()).toBe(0);
  });

  test('an unmounted tree is taken away, and origins with it', async () => {
    const before = rows();
    const uri = await stores.fill('s', ['a/1', 'a/2', 'b/3', 'c']);
    await stores.mount('/m', uri);
    const control = { signal: new AbortController().signal, onProgress: () => undefined };
    await stores.settle(new TreeLoad(stores.context, '/m', control).run());
    await remove('/m/a', false);
    await remove('/m/c', false);
    await stores.fixture.run(
      (sink) => new Unmount(stores.fixture.root, 0, { path: bytesOf('/m') }, sink),
    );
    await reclaim();
    expect(rows().inodes).toBe(before.inodes);
    const { tier2 } = stores.fixture;
    expect([...sideRange(tier2, SIDE_ORIGIN)]).toEqual([]);
    expect([...sideRange(tier2, SIDE_ORIGIN_BACK)]).toEqual([]);
  });

  test('goes on after a restart in the middle', async () => {
    const before = rows();
    for (let f = 0; f < 350; f++) await create(`/big/f${f}`);
    await remove('/big', true);
    const run = new Reclaimer(stores.context).run();
    run.catch(() => undefined);
    for (let turn = 0; turn < 3; turn++) {
      stores.fixture.pump();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await stores.fixture.restart();
    await reclaim();
    expect(rows().inodes).toBe(before.inodes);
  });
});
