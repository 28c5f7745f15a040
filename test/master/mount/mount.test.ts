/** Mount operations over real directories; tests are named by the number of their behaviour. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Code } from '../../../src/base/status.js';
import { MetadataLoader } from '../../../src/master/background/metadata-loader.js';
import { shownMount } from '../../../src/master/mount/mount-rules.js';
import { Create } from '../../../src/master/ops/verbs/create.js';
import { Delete } from '../../../src/master/ops/verbs/delete.js';
import { Mount } from '../../../src/master/ops/verbs/mount.js';
import { reverseResolve } from '../../../src/master/ops/verbs/reverse-resolve.js';
import { Undelete } from '../../../src/master/ops/verbs/undelete.js';
import { Unmount } from '../../../src/master/ops/verbs/unmount.js';
import {
  UpdateMount,
  type UpdateMountOptions,
} from '../../../src/master/ops/verbs/update-mount.js';
import { bytesOf, StoreFixture } from '../background/store-fixture.js';

let stores: StoreFixture;
let rootUri: string;

beforeEach(async () => {
  stores = await StoreFixture.open();
  rootUri = await stores.fill('root', ['seen/deep/x', 'dir/']);
  await stores.mount('/mnt', rootUri);
});
afterEach(() => stores.close());

function create(at: string, type: 'file' | 'directory' = 'file') {
  const options = {
    type,
    path: bytesOf(at),
    recursive: false,
    overwrite: false,
    allowExists: false,
    mode: -1,
    blockSize: undefined,
    ttlMs: -1,
    ttlFlags: 0,
    replicationMin: -1,
    replicationMax: -1,
    xattrs: undefined,
    xattrsOnNewPaths: false,
  } as const;
  const { fixture } = stores;
  return stores.settle(fixture.run((sink) => new Create(fixture.root, 0, options, sink)));
}

function unmount(at: string, caller = stores.fixture.root) {
  return stores.fixture.run((sink) => new Unmount(caller, 0, { path: bytesOf(at) }, sink));
}

function update(at: string, change: Partial<UpdateMountOptions>) {
  const options = { options: undefined, readOnly: undefined, shared: undefined, ...change };
  const { fixture } = stores;
  const context = { stores: stores.context.stores };
  return stores.settle(
    fixture.run(
      (sink) =>
        new UpdateMount(fixture.root, 0, { ...options, path: bytesOf(at) }, { ...context, sink }),
    ),
  );
}

const table = () => stores.fixture.executor.mounts.all();
const exists = (at: string): boolean => {
  const { executor } = stores.fixture;
  executor.resolve(executor.walkA, bytesOf(at));
  return executor.walkA.found;
};

describe('mount', () => {
  test('98: onto an existing path', async () => {
    const uri = await stores.fill('other', []);
    await create('/here', 'directory');
    for (const at of ['/here', '/', '/mnt']) {
      await expect(stores.mount(at, uri)).rejects.toMatchObject({
        code: Code.INVALID_ARGUMENT,
        message: expect.stringContaining('already exists'),
      });
    }
    // What only the store knows exists too: it is loaded first.
    await expect(stores.mount('/mnt/dir', uri)).rejects.toMatchObject({
      code: Code.INVALID_ARGUMENT,
    });
    expect(table()).toHaveLength(1);
  });

  test('99: below a missing parent', async () => {
    const uri = await stores.fill('other', []);
    await expect(stores.mount('/no/where', uri)).rejects.toMatchObject({ code: Code.NOT_FOUND });
    await create('/file');
    await expect(stores.mount('/file/x', uri)).rejects.toMatchObject({
      code: Code.INVALID_ARGUMENT,
    });
  });

  test('102: where the parent store has something that is not loaded', async () => {
    const uri = await stores.fill('other', []);
    // Listed once, so nothing is asked any more when the name appears in the store.
    await stores.settle(new MetadataLoader(stores.context).load('/mnt', true));
    await stores.fill('root', ['late/']);
    await expect(stores.mount('/mnt/late', uri)).rejects.toMatchObject({
      code: Code.INVALID_ARGUMENT,
      message: expect.stringContaining('shadow'),
    });
    expect(exists('/mnt/late')).toBe(false);
  });

  test('103: of a store path that is missing, or a file', async () => {
    const file = `${await stores.fill('files', ['f'])}/f`;
    for (const uri of [
      `${file}/..x`,
      `file://${stores.root}/none`,
      file,
      'gopher://x',
      'file://',
    ]) {
      await expect(stores.mount('/other', uri)).rejects.toThrow();
      expect(exists('/other')).toBe(false);
      expect(table()).toHaveLength(1);
    }
  });

  test('A20: a store twice, above or below another, is refused, and said what it is', async () => {
    const outer = `file://${stores.root}`;
    for (const uri of [rootUri, `${rootUri}/seen`, outer, `${rootUri}/`]) {
      const isSame = uri.startsWith(rootUri) && !uri.endsWith('seen');
      await expect(stores.mount('/other', uri)).rejects.toMatchObject({
        code: Code.INVALID_ARGUMENT,
        message: expect.stringMatching(isSame ? /^file:\S+ is mounted at/ : /is a prefix of/),
      });
    }
    // By component: a name that only begins alike is another store.
    await stores.mount('/other', await stores.fill('rootless', []));
  });

  test('104: nested; the deepest mount counts, and by whole names', async () => {
    await stores.mount('/mnt/foo', await stores.fill('foo', ['in']));
    await create('/mnt/foo3');
    const { mounts } = stores.fixture.executor;
    expect(mounts.deepest('/mnt/foo/in')?.path).toBe('/mnt/foo');
    expect(mounts.deepest('/mnt/foo3')?.path).toBe('/mnt');
  });

  test('only superusers may', async () => {
    const uri = await stores.fill('other', []);
    const { fixture, context } = stores;
    const options = { path: bytesOf('/o'), uri, options: {}, readOnly: false, shared: false };
    await expect(
      stores.settle(
        fixture.run(
          (sink) => new Mount(fixture.alice, 0, options, { stores: context.stores, sink }),
        ),
      ),
    ).rejects.toMatchObject({ code: Code.PERMISSION_DENIED });
    await expect(unmount('/mnt', fixture.alice)).rejects.toMatchObject({
      code: Code.PERMISSION_DENIED,
    });
  });

  test('22: of several at one name one wins', async () => {
    const uris = await Promise.all([1, 2, 3, 4].map((i) => stores.fill(`s${i}`, [])));
    const outcomes = await Promise.allSettled(uris.map((uri) => stores.mount('/one', uri)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(table()).toHaveLength(2);
  });
});

describe('unmount', () => {
  test('106: takes the metadata, leaves the data; stands after a restart', async () => {
    await unmount('/mnt');
    expect(exists('/mnt')).toBe(false);
    await stores.fixture.restart();
    expect(table()).toHaveLength(0);
    await stores.mount('/mnt', rootUri);
    await stores.fixture.restart({ flushed: true });
    expect(table()).toMatchObject([{ path: '/mnt', uri: rootUri }]);
    expect(exists('/mnt')).toBe(true);
  });

  test('refuses the root, what is no mount, and a mount that holds another', async () => {
    await stores.mount('/mnt/in', await stores.fill('inner', []));
    await create('/plain', 'directory');
    for (const at of ['/', '/plain', '/none', '/mnt']) {
      await expect(unmount(at)).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT });
    }
    await unmount('/mnt/in');
    await unmount('/mnt');
    expect(table()).toHaveLength(0);
  });

  test('no mount gets the number of one that is gone', async () => {
    const before = table()[0]!.mountId;
    await unmount('/mnt');
    await stores.mount('/mnt', rootUri);
    expect(table()[0]!.mountId).not.toBe(before);
  });

  test('what is deleted with a mount in it does not come back', async () => {
    const { fixture } = stores;
    await create('/with', 'directory');
    await stores.mount('/with/mount', await stores.fill('nested', ['x']));
    const how = { recursive: true, skipTrash: false, deleteMountPoints: true };
    await fixture.run(
      (sink) => new Delete(fixture.root, 0, { ...how, path: bytesOf('/with') }, sink),
    );
    expect(table().map(({ path: at }) => at)).not.toContain('/with/mount');
    const undelete = fixture.run(
      (sink) => new Undelete(fixture.root, 0, { path: bytesOf('/with') }, sink),
    );
    await expect(undelete).rejects.toMatchObject({ code: Code.NOT_FOUND });
    await create('/with', 'directory');
    expect(exists('/with/mount')).toBe(false);
  });
});

describe('updateMount', () => {
  test('107, 108: read-only from now on, also after a restart', async () => {
    await update('/mnt', { readOnly: true });
    await expect(create('/mnt/new')).rejects.toMatchObject({
      code: Code.PERMISSION_DENIED,
      message: expect.stringContaining('readonly mount point'),
    });
    await stores.fixture.restart();
    await expect(create('/mnt/new')).rejects.toMatchObject({ code: Code.PERMISSION_DENIED });
    await update('/mnt', { readOnly: false });
    await create('/mnt/new');
  });

  test('108: of what is no mount point', async () => {
    await expect(update('/none', {})).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT });
  });

  test('refuses options that the store does not know', async () => {
    await expect(update('/mnt', { options: { colour: 'red' } })).rejects.toMatchObject({
      code: Code.INVALID_ARGUMENT,
    });
    await update('/mnt', { options: { timeoutMs: '100' } });
    expect(table()[0]!.options).toEqual({ timeoutMs: '100' });
  });
});

test('109: from a URI of a store to the path', async () => {
  await stores.mount('/mnt/in', await stores.fill('inner', []));
  const { executor } = stores.fixture;
  expect(reverseResolve(executor, `${rootUri}/a/b`)).toBe('/mnt/a/b');
  expect(reverseResolve(executor, rootUri)).toBe('/mnt');
  expect(reverseResolve(executor, `file://${path.join(stores.root, 'inner')}/x`)).toBe('/mnt/in/x');
  expect(() => reverseResolve(executor, 'file:///nowhere')).toThrow(/No mount/);
});

test('secrets of options are not shown', () => {
  const shown = shownMount({
    mountId: 2,
    path: '/s3',
    uri: 's3://bucket',
    inodeId: 7,
    readOnly: false,
    shared: false,
    options: { accessKeyId: 'AK', secretAccessKey: 'verysecret', endpoint: 'http://h:1' },
  });
  expect(JSON.stringify(shown)).not.toContain('verysecret');
  expect(shown.options['endpoint']).toBe('http://h:1');
});

test('97: a store that is gone fails its own mount only', async () => {
  await stores.mount('/other', await stores.fill('other', ['f']));
  await rm(path.join(stores.root, 'root'), { recursive: true });
  const loader = new MetadataLoader(stores.context);
  await expect(stores.settle(loader.load('/mnt/x', false))).rejects.toMatchObject({
    code: Code.UNAVAILABLE,
  });
  await stores.settle(loader.load('/other/f', false));
  expect(exists('/other/f')).toBe(true);
});
