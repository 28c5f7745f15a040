/** Listings: order, pages, cursors, trees and streams, as a client sees them on the wire. */
import { afterEach, describe, expect, test } from 'vitest';
import { Code, StatusError } from '../../../../src/base/status.js';
import * as wire from '../../../../src/wire/generated/index.js';
import { nextTurn, TIER1_SIZES } from '../../../support/fixture.js';
import { names, paths, Verbs } from '../../../support/verbs.js';
import { bodyOf, WireMaster } from '../../../support/wire-master.js';

let master: WireMaster;
let verbs: Verbs;

function open(tier1Bytes: number): void {
  master = new WireMaster({ tier1Bytes });
  verbs = new Verbs(master);
}

afterEach(() => master.close());

async function files(directory: string, count: number): Promise<string[]> {
  const made = Array.from({ length: count }, (_, i) => `f${String(i).padStart(5, '0')}`);
  await verbs.directory(directory, { allowExists: true });
  const body = new wire.BatchCreateT(
    made.map((name) => new wire.CreateFileT(`${directory}/${name}`, true)),
  );
  const { results } = await master.ask<wire.BatchReplyT>('BatchCreate', body);
  expect(results.every(({ code }) => code === 0)).toBe(true);
  return made;
}

describe.each(TIER1_SIZES)('listings with %i bytes of tier 1', (tier1Bytes) => {
  test('68: a file lists as itself', async () => {
    open(tier1Bytes);
    const made = await verbs.file('/a/f');
    const page = await verbs.page('/a/f');
    expect(page.entries).toHaveLength(1);
    expect(page.entries[0]).toMatchObject({ name: 'f', path: '/a/f', inode: made.inode });
    expect(page).toMatchObject({ truncated: false, fileCount: 1 });
  });

  test('69, 79: children sorted by name, each as its getStatus', async () => {
    open(tier1Bytes);
    for (const name of ['b', 'a', 'ä', ' ', 'Z', '\u{1f600}', 'a!', 'a/x']) {
      await verbs.file(name === 'a/x' ? '/d/dir/x' : `/d/${name}`);
    }
    const page = await verbs.page('/d');
    expect(names(page.entries)).toEqual([' ', 'Z', 'a', 'a!', 'b', 'dir', 'ä', '\u{1f600}']);
    expect(page.fileCount).toBe(8);
    for (const entry of page.entries) expect(entry).toEqual(await verbs.status(`/d/${entry.name}`));
    await master.restart();
    expect((await verbs.page('/d')).entries).toEqual(page.entries);
  });

  test('73, 74: pages have as many entries as asked for; their union is the whole', async () => {
    open(tier1Bytes);
    const made = await files('/d', 100);
    for (const pageSize of [1, 7, 50, 99, 100, 101]) {
      const page = await verbs.page('/d', { pageSize });
      expect(page.entries).toHaveLength(Math.min(pageSize, 100));
      expect(page).toMatchObject({ truncated: pageSize < 100, fileCount: 100 });
      expect(names(await verbs.all('/d', { pageSize }))).toEqual(made);
    }
    expect((await verbs.page('/d', { recursive: true })).fileCount).toBe(-1);
    expect(names((await verbs.page('/d', { startAfter: 'f00096' })).entries)).toEqual(
      made.slice(97),
    );
    expect(names((await verbs.page('/d', { startAfter: 'f00096x' })).entries)).toEqual(
      made.slice(97),
    );
    expect(names((await verbs.page('/d', { prefix: 'f0001' })).entries)).toEqual(
      made.slice(10, 20),
    );
    expect(names(await verbs.all('/d', { prefix: 'f0001', pageSize: 3 }))).toEqual(
      made.slice(10, 20),
    );
    const bad = { cursor: Uint8Array.of(2, 97) };
    await expect(verbs.page('/d', bad)).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT });
  });

  test('113: READ and EXECUTE on the directory', async () => {
    open(tier1Bytes);
    const { bob } = master.fixture;
    await verbs.file('/d/f');
    await verbs.change('/d', { mode: 0o744 });
    await expect(verbs.page('/d', {}, { caller: bob })).rejects.toThrow('EXECUTE');
    await verbs.change('/d', { mode: 0o711 });
    await expect(verbs.page('/d', {}, { caller: bob })).rejects.toThrow('READ');
    await verbs.change('/d', { mode: 0o755 });
    expect(names((await verbs.page('/d', {}, { caller: bob })).entries)).toEqual(['f']);
  });

  test('77: by offset inode: renamed within, moved out, deleted', async () => {
    open(tier1Bytes);
    const made = await files('/d', 10);
    const offsetId = (await verbs.status('/d/f00003')).inode!.id;
    const listed = async (): Promise<string[]> =>
      names((await verbs.page('/d', { offsetId })).entries);
    expect(await listed()).toEqual(made.slice(4));
    await verbs.rename('/d/f00003', '/d/f00007x');
    expect(await listed()).toEqual(made.slice(8));
    await verbs.directory('/e');
    await verbs.rename('/d/f00007x', '/e/f');
    await expect(listed()).rejects.toMatchObject({ code: Code.NOT_FOUND });
    await verbs.rename('/e/f', '/d/f00003');
    expect(await listed()).toEqual(made.slice(4));
    await verbs.delete('/d/f00003');
    await verbs.file('/d/f00003');
    await expect(listed()).rejects.toMatchObject({ code: Code.NOT_FOUND });
  });

  test('78: what stays is listed once while others come and go', async () => {
    open(tier1Bytes);
    const made = await files('/d', 60);
    const staying = made.filter((_, i) => i % 3 !== 1);
    const seen: string[] = [];
    let cursor = new Uint8Array(0);
    for (let round = 0; ; round++) {
      const page = await verbs.page('/d', { pageSize: 5, cursor });
      seen.push(...names(page.entries));
      if (!page.truncated) break;
      cursor = Uint8Array.from(page.cursor);
      await verbs.file(`/d/f000${round}0-new`);
      const going = made.find((_, i) => i % 3 === 1 && i >= round * 5);
      if (going !== undefined && (await verbs.exists(`/d/${going}`))) {
        await verbs.delete(`/d/${going}`);
      }
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.filter((name) => staying.includes(name))).toEqual(staying);
  });

  test('deleted and trashed children do not show; an undeleted one does', async () => {
    open(tier1Bytes);
    await files('/d', 5);
    await verbs.delete('/d/f00001');
    await verbs.delete('/d/f00002', { skipTrash: true });
    expect(names((await verbs.page('/d')).entries)).toEqual(['f00000', 'f00003', 'f00004']);
    await master.ask('Undelete', new wire.UndeleteT('/d/f00001'));
    expect((await verbs.page('/d')).fileCount).toBe(4);
    expect(names((await verbs.page('/')).entries)).toEqual(['d']);
  });
});

describe.each(TIER1_SIZES)('recursive listings with %i bytes of tier 1', (tier1Bytes) => {
  const tree = [
    '/t/a',
    '/t/a/b',
    '/t/a/b/f',
    '/t/a/c',
    '/t/a/c/f',
    '/t/a-',
    '/t/a/',
    '/t/b',
    '/t/z',
  ];
  const sorted = ['/t/a', '/t/a/b', '/t/a/b/f', '/t/a/c', '/t/a/c/f', '/t/a-', '/t/b', '/t/z'];

  async function makeTree(): Promise<void> {
    open(tier1Bytes);
    for (const path of tree) {
      if (path.endsWith('/')) continue;
      if (path.endsWith('f') || path.endsWith('-') || path === '/t/z') await verbs.file(path);
      else await verbs.directory(path, { allowExists: true });
    }
  }

  test('depth first, with whole paths, in pages of any size', async () => {
    await makeTree();
    for (const pageSize of [1, 2, 3, 7, 8, 100]) {
      const entries = await verbs.all('/t', { recursive: true, pageSize });
      expect(paths(entries)).toEqual(sorted);
      const first = await verbs.page('/t', { recursive: true, pageSize });
      expect(first.entries).toHaveLength(Math.min(pageSize, sorted.length));
    }
    expect(paths(await verbs.all('/', { recursive: true }))).toEqual(['/t', ...sorted]);
    for (const entry of await verbs.all('/t', { recursive: true })) {
      const { inode, name } = await verbs.status(String(entry.path));
      expect({ inode: entry.inode, name: entry.name }).toEqual({ inode, name });
    }
  });

  test('from a path on, and by prefix', async () => {
    await makeTree();
    const from = async (startAfter: string): Promise<string[]> =>
      paths(await verbs.all('/t', { recursive: true, startAfter, pageSize: 2 }));
    for (const [i, path] of sorted.entries()) {
      expect(await from(path.slice(3))).toEqual(sorted.slice(i + 1));
    }
    expect(await from('a/bb')).toEqual(sorted.slice(3));
    expect(await from('a/b/f/no/such/path')).toEqual(sorted.slice(3));
    for (const startAfter of ['../t', 'a/./b', 'a//b', '/a', 'a/']) {
      await expect(from(startAfter)).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT });
    }
    const below = async (prefix: string): Promise<string[]> =>
      paths(await verbs.all('/t', { recursive: true, prefix, pageSize: 2 }));
    expect(await below('a/c')).toEqual(['/t/a/c', '/t/a/c/f']);
    expect(await below('a')).toEqual(sorted.filter((path) => path.startsWith('/t/a')));
    expect(await below('a/b/')).toEqual(['/t/a/b/f']);
    const offsetId = (await verbs.status('/t/a/b')).inode!.id;
    const page = await verbs.page('/t', { recursive: true, offsetId });
    expect(paths(page.entries)).toEqual(sorted.slice(2));
  });

  test('72: below what the caller may not list is nothing', async () => {
    await makeTree();
    const { bob } = master.fixture;
    await verbs.change('/t/a', { mode: 0o400 });
    const seen = paths(await verbs.all('/t', { recursive: true, pageSize: 2 }, { caller: bob }));
    expect(seen).toEqual(['/t/a', '/t/a-', '/t/b', '/t/z']);
    const denied = { code: Code.PERMISSION_DENIED };
    await expect(verbs.page('/t/a', {}, { caller: bob })).rejects.toMatchObject(denied);
    const resumed = { recursive: true, startAfter: 'a/b' };
    const after = await verbs.all('/t', resumed, { caller: bob });
    expect(paths(after)).toEqual(['/t/a-', '/t/b', '/t/z']);
  });

  test('what a rename has pushed deeper than a path can say is left out', async () => {
    open(tier1Bytes);
    await verbs.directory(`/low${'/d'.repeat(254)}`, { recursive: true });
    const { inode } = await verbs.file(`/low${'/d'.repeat(254)}/f`);
    await verbs.directory('/up/x', { recursive: true });
    await verbs.rename('/low', '/up/x/low');
    for (const pageSize of [0, 1, 7]) {
      const listed = paths(await verbs.all('/up', { recursive: true, pageSize }));
      expect(listed).toHaveLength(255);
      expect(listed.at(-1)).toBe(`/up/x/low${'/d'.repeat(253)}`);
      expect(paths(await verbs.all(listed.at(-1)!, { recursive: true, pageSize }))).toEqual([]);
    }
    // It has no path, until one above it moves.
    await expect(verbs.pathOf(inode!.id)).rejects.toMatchObject({
      code: Code.FAILED_PRECONDITION,
      message: expect.stringContaining('deeper than paths may be'),
    });
    // Its name is still shown where it stands, and it comes back with a shorter way to it.
    expect(names((await verbs.page(`/up/x/low${'/d'.repeat(253)}`)).entries)).toEqual(['d']);
    await verbs.rename('/up/x/low', '/low');
    await verbs.status(`/low${'/d'.repeat(254)}/f`);
  });

  test('a summary counts what a recursive listing shows', async () => {
    await makeTree();
    await master.ask('CompleteFile', new wire.CompleteFileT('/t/a/b/f', 1000));
    const ask = (path: string, caller = master.fixture.root): Promise<wire.SummaryT> =>
      master.ask('ContentSummary', new wire.ContentSummaryT(path), { caller });
    expect(await ask('/t')).toMatchObject({ files: 4, directories: 5, bytes: 1000 });
    expect(await ask('/t/a/b/f')).toMatchObject({ files: 1, directories: 0, bytes: 1000 });
    await verbs.change('/t/a', { mode: 0o400 });
    expect(await ask('/t', master.fixture.bob)).toMatchObject({ files: 2, directories: 3 });
  });
});

describe('streams', () => {
  const stream = (path: string, more: Partial<wire.ListStatusT> = {}): wire.ListStatusT =>
    Object.assign(new wire.ListStatusT(path), { stream: true, ...more });

  async function manyFiles(): Promise<string[]> {
    open(TIER1_SIZES[1]);
    const made: string[] = [];
    for (let i = 0; i < 9; i++)
      made.push(...(await files(`/d/${i}`, 1000)).map((f) => `/d/${i}/${f}`));
    return made;
  }

  test('all pages follow as replies of one call', async () => {
    const made = await manyFiles();
    for (const pageSize of [0, 100, 1000]) {
      const port = master.send('ListStatus', stream('/d', { recursive: true, pageSize }));
      await master.fixture.until(() => port.ended);
      const entries = port.replies.flatMap((reply) => bodyOf<wire.ListPageT>(reply).entries);
      expect(paths(entries.filter(({ inode }) => inode!.type === 1))).toEqual(made);
      const more = port.replies.map((reply) => reply.more);
      expect(more).toEqual(more.map((_, i) => i < more.length - 1));
      expect(port.replies.every(({ call }) => call === port.call)).toBe(true);
    }
  });

  test('A10: a directory whose store fails is passed over, and told after the others', async () => {
    const error = new StatusError(Code.UNAVAILABLE, 'The store s3://dead cannot be reached.');
    const load = (path: string) => (path === '/d/1' ? Promise.reject(error) : Promise.resolve());
    master = new WireMaster({ tier1Bytes: TIER1_SIZES[1], loader: { load } });
    verbs = new Verbs(master);
    for (const name of ['0/a', '1/b', '2/c']) await verbs.file(`/d/${name}`);
    const more = { recursive: true, load: wire.LoadType.ALWAYS };
    const port = master.send('ListStatus', stream('/d', more));
    await master.fixture.until(() => port.ended);
    const last = port.replies.at(-1)!;
    const pages = port.replies.slice(0, -1).map((reply) => bodyOf<wire.ListPageT>(reply));
    const listed = paths(pages.flatMap(({ entries }) => entries));
    expect(listed).toEqual(['/d/0', '/d/0/a', '/d/1', '/d/1/b', '/d/2', '/d/2/c']);
    expect(last.code).toBe(Code.ABORTED);
    expect(last.error?.reason).toContain('"/d/1" could not be loaded: The store s3://dead');
    // The listed directory itself is what was asked for: then there is nothing to list.
    const whole = master.send('ListStatus', stream('/d/1', more));
    await master.fixture.until(() => whole.ended);
    expect(whole.replies.map(({ code }) => code)).toEqual([Code.UNAVAILABLE]);
  });

  test('a slow reader gets one page at a time; one that goes away stops the stream', async () => {
    await manyFiles();
    const slow = master.send('ListStatus', stream('/d/3', { pageSize: 100 }), { slow: true });
    await master.fixture.until(() => slow.replies.length === 1);
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    expect(slow.replies).toHaveLength(1);
    for (let page = 2; page <= 10; page++) {
      slow.onDrain?.();
      await master.fixture.until(() => slow.replies.length === page);
    }
    await master.fixture.until(() => slow.ended);
    const gone = master.send('ListStatus', stream('/d/3', { pageSize: 100 }), { slow: true });
    await master.fixture.until(() => gone.replies.length === 1);
    gone.abort();
    await master.fixture.until(() => gone.ended);
    expect(gone.replies).toHaveLength(1);
    expect(master.fixture.schedulers[0]!.parkedCount).toBe(0);
  });

  test('others are served between pages, and the stream follows its directory', async () => {
    await manyFiles();
    const port = master.send('ListStatus', stream('/d/3', { pageSize: 10 }));
    await master.fixture.until(() => port.replies.length >= 3);
    expect(port.ended).toBe(false);
    await verbs.rename('/d/3', '/d/moved');
    await master.fixture.until(() => port.ended);
    const entries = port.replies.flatMap((reply) => bodyOf<wire.ListPageT>(reply).entries);
    expect(entries).toHaveLength(1000);
  });
});
