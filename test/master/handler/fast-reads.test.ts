/**
 * GetStatus that a kernel answers as a whole, against the operation of src/master/ops as its twin:
 * the same requests by both ways, over real stores, moved inodes, missing names and several users.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Caller } from '../../../src/master/executor/caller.js';
import { ShardHandler } from '../../../src/master/handler/shard-handler.js';
import { XAttrUpdate } from '../../../src/master/memory/xattrs.js';
import { Rename } from '../../../src/master/ops/verbs/rename.js';
import { SetAttribute } from '../../../src/master/ops/verbs/set-attribute.js';
import * as wire from '../../../src/wire/generated/index.js';
import { RequestCursor } from '../../../src/wire/request-cursor.js';
import { CollectingPort, noServices } from '../../support/wire-master.js';
import { encodeRequest } from '../../wire/samples.js';
import { bytesOf, StoreFixture } from '../background/store-fixture.js';

let stores: StoreFixture;
let handler: ShardHandler;
const cursor = new RequestCursor();

beforeEach(async () => {
  stores = await StoreFixture.open();
  await stores.mount('/mnt', await stores.fill('one', ['a/b/c', 'a/é ü', 'dir/', 'moved']));
  await stores.mount('/mnt/dir/deep', `${await stores.fill('two', ['x/y'])}/`);
  handler = new ShardHandler({
    scheduler: stores.fixture.schedulers[0]!,
    services: noServices,
    onBug: (error) => {
      throw error;
    },
  });
});
afterEach(() => stores.close());

const PATHS = [
  ...['/', '/mnt', '/mnt/', '//mnt/./a', '/mnt/a/b', '/mnt/a/b/c', '/mnt/a/é ü'],
  ...['/mnt/dir', '/mnt/dir/deep', '/mnt/dir/deep/x', '/mnt/dir/deep/x/y'],
  ...[
    '/mnt/moved',
    '/mnt/here',
    '/mnt/missing',
    '/mnt/a/b/c/d',
    '/mnt/a/nothing/below',
    '/nowhere',
  ],
];

/** Both answers to one request; the first only if a kernel gave it. */
async function ask(path: string, caller: Caller, attributes: boolean) {
  const frame = encodeRequest(7, 'GetStatus', new wire.GetStatusT(path, 0, attributes));
  const session = { ...caller, clientName: 't', open: true, attachment: undefined };
  const fast = new CollectingPort(session, 7);
  const served = handler.open(frame) === 7 && handler.serve(session, fast);
  const long = new CollectingPort(session, 7);
  cursor.move(frame);
  try {
    handler.handle(session, cursor, long);
  } catch (error) {
    long.fail(error as never);
  }
  const done = stores.fixture.until(() => long.ended);
  await stores.settle(done);
  return { fast: served ? fast.replies : undefined, long: long.replies };
}

async function compareAll(): Promise<{ plain: string[]; full: string[] }> {
  const byKernel = { plain: [] as string[], full: [] as string[] };
  for (const caller of [stores.fixture.root, stores.fixture.bob]) {
    for (const path of PATHS) {
      for (const [kind, attributes] of [
        ['plain', false],
        ['full', true],
      ] as const) {
        const { fast, long } = await ask(path, caller, attributes);
        if (fast === undefined) continue;
        expect(fast, `${path} ${kind} ${caller.user}`).toEqual(long);
        byKernel[kind].push(path);
      }
    }
  }
  return byKernel;
}

describe('the kernel answers as the operation does', () => {
  test('what stands where its store has it, and what does not exist', async () => {
    // Once by the slow path, which has it loaded.
    await compareAll();
    const { plain, full } = await compareAll();
    expect(plain).toEqual(expect.arrayContaining(['/mnt/a/b/c', '/mnt/dir/deep/x/y', '/nowhere']));
    expect(full).toEqual(expect.arrayContaining(['/mnt/a/é ü', '/mnt/dir/deep/x/y', '/mnt']));
  });

  test('what was moved, and what has xattrs, takes the slow path', async () => {
    await compareAll();
    const { fixture } = stores;
    const options = { source: bytesOf('/mnt/moved'), target: bytesOf('/mnt/here') };
    const rename = { ...options, overwrite: false };
    await fixture.run((sink) => new Rename(fixture.root, 0, rename, sink));
    const change = { xattrs: new Map([['k', bytesOf('v')]]), xattrUpdate: XAttrUpdate.TRUNCATE };
    const tagged = { path: bytesOf('/mnt/a/b/c'), change };
    await fixture.run((sink) => new SetAttribute(fixture.root, 0, tagged, sink));
    await compareAll();
    const { full } = await compareAll();
    expect(full).not.toContain('/mnt/here');
    expect(full).not.toContain('/mnt/a/b/c');
  });

  test('mounts that came and went', async () => {
    await compareAll();
    await stores.mount('/mnt/dir/late', await stores.fill('three', ['z']));
    await compareAll();
    const { full } = await compareAll();
    expect(full).toContain('/mnt/dir/deep/x/y');
  });
});
