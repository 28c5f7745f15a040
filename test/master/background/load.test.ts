/** Metadata loads from stores: one path, one directory, a tree; what may not come back. */
import { afterEach, describe, expect, test } from 'vitest';
import { childrenPage } from '../../../src/master/background/children-page.js';
import { TreeLoad } from '../../../src/master/background/tree-load.js';
import { FLAG_CHILDREN_LOADED } from '../../../src/master/memory/record.js';
import { Delete } from '../../../src/master/ops/verbs/delete.js';
import { Rename } from '../../../src/master/ops/verbs/rename.js';
import { Unmount } from '../../../src/master/ops/verbs/unmount.js';
import { TIER1_SIZES } from '../../support/fixture.js';
import { bytesOf, StoreFixture } from './store-fixture.js';

let stores: StoreFixture;
afterEach(() => stores.close());

const decoder = new TextDecoder();

async function names(path: string): Promise<string[]> {
  const { fixture } = stores;
  const { executor } = fixture;
  executor.resolve(executor.walkA, bytesOf(path));
  const id = executor.walkA.id(executor.walkA.depth);
  const from = { scheduler: fixture.schedulers[0]!, caller: fixture.root };
  const page = await stores.settle(childrenPage(from, id, { after: undefined, limit: 10_000 }));
  return page.children.map(({ name }) => decoder.decode(name));
}

const control = () => ({ signal: new AbortController().signal, onProgress: () => undefined });

describe.each(TIER1_SIZES)('with %i bytes of tier 1', (tier1Bytes) => {
  test('loads a tree, counts it, and finds nothing new the second time', async () => {
    stores = await StoreFixture.open({ tier1Bytes });
    const files: string[] = [];
    for (let d = 0; d < 20; d++) for (let f = 0; f < 37; f++) files.push(`d${d}/s/f${f}`);
    for (let f = 0; f < 450; f++) files.push(`wide/${f}`);
    const uri = await stores.fill('tree', files);
    await stores.mount('/m', uri);
    const load = new TreeLoad(stores.context, '/m', control());
    const progress = await stores.settle(load.run());
    expect(progress).toMatchObject({ done: 20 * 39 + 451, failed: 0 });
    expect(await names('/m')).toEqual(
      ['wide', ...Array.from({ length: 20 }, (_, d) => `d${d}`)].sort(),
    );
    expect((await names('/m/wide')).length).toBe(450);
    expect((await names('/m/d7/s')).length).toBe(37);
    const { executor } = stores.fixture;
    executor.resolve(executor.walkA, bytesOf('/m/d7/s'));
    expect(executor.walkA.flags(3) & FLAG_CHILDREN_LOADED).not.toBe(0);
    const seq = executor.walkA.id(3);
    await stores.settle(new TreeLoad(stores.context, '/m', control()).run());
    expect((await names('/m/wide')).length).toBe(450);
    executor.resolve(executor.walkA, bytesOf('/m/d7/s'));
    expect(executor.walkA.id(3)).toBe(seq);
  });
});

test('what was renamed or deleted does not come back under its old name', async () => {
  stores = await StoreFixture.open();
  const { fixture } = stores;
  const uri = await stores.fill('s', ['a/x', 'b', 'c']);
  await stores.mount('/m', uri);
  await stores.settle(new TreeLoad(stores.context, '/m', control()).run());
  const rename = { source: bytesOf('/m/a'), target: bytesOf('/m/z'), overwrite: false };
  await fixture.run((sink) => new Rename(fixture.root, 0, rename, sink));
  const gone = {
    path: bytesOf('/m/b'),
    recursive: false,
    skipTrash: false,
    deleteMountPoints: false,
  };
  await fixture.run((sink) => new Delete(fixture.root, 0, gone, sink));
  await stores.fill('s', ['d']);
  await stores.settle(new TreeLoad(stores.context, '/m', control()).run());
  expect(await names('/m')).toEqual(['c', 'd', 'z']);
  expect(await names('/m/z')).toEqual(['x']);
});

test('unmount takes the metadata away, mount again shows the data', async () => {
  stores = await StoreFixture.open();
  const { fixture } = stores;
  const uri = await stores.fill('s', ['a', 'b']);
  await stores.mount('/m', uri);
  await stores.settle(new TreeLoad(stores.context, '/m', control()).run());
  await fixture.run((sink) => new Unmount(fixture.root, 0, { path: bytesOf('/m') }, sink));
  expect(await names('/')).toEqual([]);
  await stores.mount('/m', uri);
  await stores.settle(new TreeLoad(stores.context, '/m', control()).run());
  expect(await names('/m')).toEqual(['a', 'b']);
});
