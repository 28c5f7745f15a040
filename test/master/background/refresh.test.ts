/** A forced load: what the namespace knows of a store follows it, and nothing else does. */
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { MetadataLoader } from '../../../src/master/background/metadata-loader.js';
import { TreeLoad } from '../../../src/master/background/tree-load.js';
import { type RecordFields, readRecord } from '../../../src/master/memory/record-fields.js';
import { XAttrUpdate } from '../../../src/master/memory/xattrs.js';
import { readXAttrs } from '../../../src/master/ops/verbs/set-attribute.js';
import { openUfs } from '../../../src/stores/registry.js';
import { isFingerprintOf } from '../../../src/stores/ufs.js';
import { TIER1_SIZES } from '../../support/fixture.js';
import { type Draft, Drafts } from '../ops/mutations/namespace.js';
import { bytesOf, StoreFixture } from './store-fixture.js';

let stores: StoreFixture;
afterEach(() => stores.close());

const control = () => ({ signal: new AbortController().signal, onProgress: () => undefined });
const find = (at: string): RecordFields | undefined => {
  const { executor } = stores.fixture;
  executor.resolve(executor.walkA, bytesOf(at));
  const { found, record } = executor.walkA;
  return found ? readRecord(executor.shared.view, record) : undefined;
};
const there = (...paths: string[]): string[] => paths.filter((at) => find(at) !== undefined);
const inStore = (...names: string[]): string => path.join(stores.root, 's', ...names);
const lose = (...names: string[]): Promise<void> => rm(inStore(...names), { recursive: true });
const act = (draft: Draft) => stores.settle(stores.fixture.run(draft.make, draft.executor));

async function load(at = '/m') {
  const work = new TreeLoad(stores.context, at, control());
  await stores.settle(work.run());
  return work.report;
}
/** As ls -f does. */
const again = (at = '/m') =>
  stores.settle(new MetadataLoader(stores.context).loadCounted(at, true, true));

async function open(files: readonly string[], tier1Bytes?: number): Promise<Drafts> {
  stores = await StoreFixture.open(tier1Bytes === undefined ? {} : { tier1Bytes });
  await stores.mount('/m', await stores.fill('s', files));
  await load();
  return new Drafts(stores.fixture.root);
}

describe.each(TIER1_SIZES)('25: with %i bytes of tier 1', (tier1Bytes) => {
  test.each([
    ['load -R', load],
    ['ls -f', again],
  ])('%s takes content, type and absence from the store', async (_, refresh) => {
    const wide = Array.from({ length: 250 }, (_, i) => `wide${1000 + i}`);
    const calls = await open(
      ['same', 'grown', 'lost', 'tofile/a/b', 'todir', 'lostdir/x/y', 'lostdir/z', ...wide],
      tier1Bytes,
    );
    const xattrs = new Map([['k', bytesOf('v')]]);
    const change = { mode: 0o600, xattrs, xattrUpdate: XAttrUpdate.UNION_REPLACE };
    await act(calls.setAttribute('/m/grown', change));
    const [same, grown] = [find('/m/same'), find('/m/grown')];
    await writeFile(inStore('grown'), 'now it is longer');
    for (const name of ['lost', 'tofile', 'todir', 'lostdir', ...wide.slice(10, 240)]) {
      await lose(name);
    }
    await stores.fill('s', ['tofile', 'todir/in', 'new']);
    expect(await refresh()).toMatchObject({ changed: 3, failedByCode: {}, skipped: { count: 0 } });
    expect(there('/m/lost', '/m/lostdir', '/m/lostdir/z', '/m/tofile/a')).toEqual([]);
    expect(there(...wide.map((name) => `/m/${name}`))).toHaveLength(20);
    expect(find('/m/same')).toEqual(same);
    expect(find('/m/tofile')).toMatchObject({ type: 1, length: 6 });
    expect(find('/m/todir')).toMatchObject({ type: 2 });
    expect(there('/m/new')).toEqual(['/m/new']);
    const now = find('/m/grown')!;
    expect(now).toMatchObject({ length: 16, mode: 0o600 });
    expect(now.id).not.toBe(grown!.id);
    stores.fixture.flush();
    expect(readXAttrs(stores.fixture.executor, now.id)).toEqual(xattrs);
    const store = await stores.context.stores.open(stores.fixture.executor.mounts.deepest('/m')!);
    const status = await store.stat('grown', new AbortController().signal);
    expect(isFingerprintOf(status!, now.fingerprint)).toBe(true);
    expect(find('/m')).toMatchObject({ length: 20 + 5 });
    await refresh();
    expect(await load()).toMatchObject({ changed: 0, removed: 0 });
  });
});

test('25: a path of its own follows the store too, and only where that is asked for', async () => {
  await open(['d/f', 'd/g']);
  await lose('d', 'f');
  const loader = new MetadataLoader(stores.context);
  await stores.settle(loader.loadCounted('/m/d', true, false));
  expect(there('/m/d/f')).toEqual(['/m/d/f']);
  expect(await stores.settle(loader.loadCounted('/m/d/f', false, true))).toMatchObject({
    removed: 1,
  });
  expect(there('/m/d/f', '/m/d/g')).toEqual(['/m/d/g']);
  await lose('d');
  expect(await again('/m/d')).toMatchObject({ removed: 2 });
  expect(there('/m/d', '/m')).toEqual(['/m']);
});

test('25: what only the namespace has is never taken away, nor what is above it', async () => {
  const calls = await open(['a/moved', 'a/gone', 'b/f', 'c/deleted', 'c/f', 'n/f', 'e/f']);
  await act(calls.createFile('/m/b/begun'));
  await act(calls.createFile('/m/n/done'));
  await act(calls.complete('/m/n/done', { length: 5 }));
  await act(calls.mkdir('/m/e/made'));
  await act(calls.delete('/m/c/deleted'));
  await act(calls.rename('/m/a/moved', '/m/b/moved'));
  await stores.mount('/m/c/mounted', await stores.fill('other', ['x']));
  for (const name of ['a', 'b', 'c', 'n', 'e']) await lose(name);
  await writeFile(inStore('b'), 'in the way');
  for (const refresh of [load, again]) {
    await refresh().catch((error) => expect(error.message).toContain('The store has a file at'));
    expect(
      there('/m/b/begun', '/m/n/done', '/m/b/moved', '/m/c/mounted', '/m/e/made', '/m/a'),
    ).toEqual(['/m/b/begun', '/m/n/done', '/m/b/moved', '/m/c/mounted', '/m/e/made']);
    expect(there('/m/b/f', '/m/n/f', '/m/c/f', '/m/e/f')).toEqual([]);
  }
  await act(calls.undelete('/m/c/deleted'));
  expect(there('/m/c/deleted')).toEqual(['/m/c/deleted']);
});

test('25: a directory with something in its trash waits for its end', async () => {
  const calls = await open(['d/f', 'd/g']);
  await act(calls.delete('/m/d/f'));
  await lose('d');
  await load();
  expect(there('/m/d', '/m/d/g')).toEqual(['/m/d']);
  await act(calls.undelete('/m/d/f'));
  expect(there('/m/d/f')).toEqual(['/m/d/f']);
});

test('25: what is written while the store is asked is not taken for old', async () => {
  let meanwhile: (() => Promise<unknown>) | undefined;
  stores = await StoreFixture.open({}, async (...given) => {
    const store = await openUfs(...given);
    const stat = store.stat.bind(store);
    store.stat = async (at, signal) => {
      const status = await stat(at, signal);
      const act = meanwhile;
      meanwhile = undefined;
      await act?.();
      return status;
    };
    return store;
  });
  await stores.mount('/m', await stores.fill('s', ['f', 'd/g']));
  await load();
  const calls = new Drafts(stores.fixture.root);
  await lose('f');
  await lose('d', 'g');
  // A writer through the master: it is in the store only after the store was asked.
  meanwhile = async () => {
    await writeFile(inStore('f'), 'anew');
    await act(calls.createFile('/m/f', { overwrite: true }));
    await act(calls.complete('/m/f', { length: 4, persisted: true }));
  };
  await load();
  expect(find('/m/f')).toMatchObject({ length: 4 });
  expect(there('/m/d/g')).toEqual([]);
  await lose('d');
  meanwhile = () => act(calls.createFile('/m/d/new'));
  await load();
  expect(there('/m/d/new')).toEqual(['/m/d/new']);
});

test('25: a store that cannot be asked loses nothing', async () => {
  await open(['d/f', 'g']);
  await rm(inStore(), { recursive: true });
  await expect(again()).rejects.toMatchObject({ codeName: 'UNAVAILABLE' });
  expect((await load()).failedByCode).toMatchObject({ UNAVAILABLE: expect.any(Number) });
  expect(there('/m/d/f', '/m/g')).toEqual(['/m/d/f', '/m/g']);
});
