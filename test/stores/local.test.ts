/** What a mount sees of a local directory: links, odd entries, names, huge directories. */
import { execFileSync } from 'node:child_process';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Code, codeName } from '../../src/base/status.js';
import { parseAccountTable } from '../../src/stores/accounts.js';
import { compareNames } from '../../src/stores/name-order.js';
import { collectWindow, NameWindows } from '../../src/stores/name-windows.js';
import { openUfs } from '../../src/stores/registry.js';
import type { Ufs } from '../../src/stores/ufs.js';
import { chunksOf, listAll, readAll, signal } from './stores.js';

let parent = '';
let root = '';
let ufs: Ufs;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'orchard-local-'));
  root = join(parent, 'root');
  await mkdir(root);
  ufs = await openUfs(root);
});
afterEach(async () => {
  await ufs.close();
  await rm(parent, { recursive: true, force: true });
});

const namesIn = async (dirPath: string): Promise<string[]> =>
  (await listAll(ufs, dirPath, 100)).entries.map(({ name }) => name);

describe('links', () => {
  beforeEach(async () => {
    await mkdir(join(root, 'dir'));
    await mkdir(join(parent, 'outside'));
    await writeFile(join(root, 'dir', 'file'), 'inside');
    await writeFile(join(parent, 'outside', 'secret'), 'secret');
  });

  it('to files inside are files, all others are not there', async () => {
    await symlink('dir/file', join(root, 'good'));
    await symlink(join(parent, 'outside', 'secret'), join(root, 'escaping'));
    await symlink('../outside', join(root, 'escaping-dir'));
    await symlink('dir', join(root, 'dir-link'));
    await symlink('nowhere', join(root, 'broken'));
    await symlink('loop', join(root, 'loop'));
    const page = await ufs.list('', { limit: 100, signal: signal() });
    expect(page.entries.map(({ name, type }) => [name, type])).toEqual([
      ['dir', 'directory'],
      ['good', 'file'],
    ]);
    expect(page.skipped.count).toBe(5);
    expect((await readAll(ufs, 'good')).toString()).toBe('inside');
    expect(await ufs.stat('good', signal())).toMatchObject({ length: 6 });
    const hidden = ['escaping', 'escaping-dir', 'escaping-dir/secret', 'dir-link/file', 'loop/x'];
    for (const path of hidden) {
      expect(await ufs.stat(path, signal()), path).toBeUndefined();
      await expect(readAll(ufs, path)).rejects.toMatchObject({ code: Code.NOT_FOUND });
      await expect(ufs.list(path, { limit: 1, signal: signal() })).rejects.toMatchObject({
        code: Code.NOT_FOUND,
      });
    }
  });

  it('never lead a write out of the root', async () => {
    await symlink('../outside', join(root, 'escaping-dir'));
    await symlink(join(parent, 'outside', 'secret'), join(root, 'escaping'));
    const put = (path: string) => ufs.write(path, chunksOf('changed'), { signal: signal() });
    await expect(put('escaping-dir/new')).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT });
    await expect(put('escaping-dir/a/b')).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT });
    await put('escaping');
    expect(await readdir(join(parent, 'outside'))).toEqual(['secret']);
    expect((await readAll(ufs, 'escaping')).toString()).toBe('changed');
    expect(await readFile(join(parent, 'outside', 'secret'), 'utf8')).toBe('secret');
  });

  it('may lead to the root itself', async () => {
    await symlink(root, join(parent, 'link'));
    const linked = await openUfs(join(parent, 'link'));
    expect((await readAll(linked, 'dir/file')).toString()).toBe('inside');
    await linked.close();
  });
});

it('skips and counts sockets and names that are not UTF-8', async () => {
  const socket = createServer();
  await new Promise<void>((resolve) => socket.listen(join(root, 'socket'), resolve));
  await writeFile(Buffer.concat([Buffer.from(join(root, 'bad')), Buffer.from([0xff])]), '');
  await writeFile(join(root, 'good\ufffd'), '');
  const page = await ufs.list('', { limit: 100, signal: signal() });
  expect(page.entries.map(({ name }) => name)).toEqual(['good\ufffd']);
  expect(page.skipped.count).toBe(2);
  await expect(readAll(ufs, 'socket')).rejects.toMatchObject({ code: Code.NOT_FOUND });
  socket.close();
});

it('gives mode, owner and group', async () => {
  await writeFile(join(root, 'f'), '', { mode: 0o640 });
  const owner = execFileSync('id', ['-un']).toString().trim();
  const group = execFileSync('id', ['-gn']).toString().trim();
  expect(await ufs.stat('f', signal())).toMatchObject({ mode: 0o640, owner, group });
});

it('a root that is gone is a store that is down, not a tree that was deleted', async () => {
  await writeFile(join(root, 'f'), '');
  await rename(root, join(parent, 'moved'));
  const down = { code: Code.UNAVAILABLE };
  await expect(ufs.stat('f', signal())).rejects.toMatchObject(down);
  await expect(ufs.list('', { limit: 1, signal: signal() })).rejects.toMatchObject(down);
  await expect(readAll(ufs, 'f')).rejects.toMatchObject(down);
  await expect(ufs.write('g', chunksOf('x'), { signal: signal() })).rejects.toMatchObject(down);
  expect(await ufs.stat('', signal())).toBeUndefined();
});

it('a file that changes between two pages, comes or goes, disturbs no other', async () => {
  for (let index = 10; index < 40; index++) await writeFile(join(root, `f${index}`), '');
  const first = await ufs.list('', { limit: 10, signal: signal() });
  await rm(join(root, 'f25'));
  await writeFile(join(root, 'f05'), '');
  const rest: string[] = [];
  let startAfter = first.nextStartAfter;
  while (startAfter !== undefined) {
    const page = await ufs.list('', { startAfter, limit: 10, signal: signal() });
    rest.push(...page.entries.map(({ name }) => name));
    startAfter = page.nextStartAfter;
  }
  const wanted = Array.from({ length: 20 }, (_, index) => `f${20 + index}`);
  expect(rest).toEqual(wanted.filter((name) => name !== 'f25'));
  expect(await namesIn('')).toContain('f05');
});

it('a write under way is not to be seen, and no temporary file is left', async () => {
  let during: string[] = [];
  const data = async function* () {
    yield Buffer.from('half');
    during = await namesIn('');
    expect((await readdir(root)).length).toBe(1);
  };
  await ufs.write('f', data(), { signal: signal() });
  expect(during).toEqual([]);
  expect(await readdir(root)).toEqual(['f']);
});

describe('windows of names', () => {
  it('are the smallest names after the cursor, whatever their size', async () => {
    const property = fc.asyncProperty(
      fc.uniqueArray(fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 20 }),
      async (names, countMax) => {
        const all: string[] = [];
        for (let cursor = '', isDone = false; !isDone; cursor = all.at(-1) ?? '') {
          const window = await collectWindow(names, cursor, countMax);
          expect(window.names.length).toBeLessThanOrEqual(countMax);
          all.push(...window.names);
          isDone = window.complete;
        }
        expect(all).toEqual([...names].sort(compareNames));
      },
    );
    await fc.assert(property, { numRuns: 500 });
  });

  it('are found by their cursor once, and give way when there are too many names', () => {
    const windows = new NameWindows();
    const names = Array.from({ length: 200_000 }, (_, index) => String(index));
    for (let index = 0; index < 10; index++)
      windows.keep('d', `c${index}`, { names, complete: true });
    expect(windows.nameCount).toBeLessThanOrEqual(1_048_576);
    expect(windows.take('d', 'c0')).toBeUndefined();
    expect(windows.take('d', 'c9')?.names.length).toBe(200_000);
    expect(windows.take('d', 'c9')).toBeUndefined();
    windows.clear();
    expect(windows.nameCount).toBe(0);
  });
});

it('names are compared as their UTF-8 bytes are', () => {
  const text = fc.string({ unit: 'binary', maxLength: 4 });
  fc.assert(
    fc.property(text, text, (left, right) => {
      const wanted = Buffer.compare(Buffer.from(left), Buffer.from(right));
      expect(Math.sign(compareNames(left, right))).toBe(wanted);
    }),
    { numRuns: 5000, examples: [['\uffee', '🙂']] },
  );
});

it('accounts: the first name of an id wins, what is no account is left out', () => {
  const table = parseAccountTable(
    'root:x:0:0::/:/bin/sh\ntoor:x:0:0\n#\nbad:x:zero\nme:x:1000:1\n',
  );
  expect([...table]).toEqual([
    [0, 'root'],
    [1000, 'me'],
  ]);
});

describe('what a killed write has left', () => {
  const temporary = `.orchard-${'0123456789abcdef'}.tmp`;
  const age = async (file: string, hours: number): Promise<void> => {
    const time = new Date(Date.now() - hours * 3_600_000);
    await writeFile(join(root, file), 'part');
    await utimes(join(root, file), time, time);
  };

  it('A15, B14: goes when it is seen and old, and not before', async () => {
    await age(temporary, 2);
    await age(`.orchard-${'f'.repeat(16)}.tmp`, 0.5);
    await age('old file', 1000);
    await age('.orchard-notes.tmp', 1000);
    expect(await namesIn('')).toEqual(['.orchard-notes.tmp', 'old file']);
    expect((await readdir(root)).sort()).toEqual([
      '.orchard-ffffffffffffffff.tmp',
      '.orchard-notes.tmp',
      'old file',
    ]);
  });

  it('A15: stays in a mount that is read-only', async () => {
    await age(temporary, 2);
    const readOnly = await openUfs(root, {}, {}, { readOnly: true });
    await listAll(readOnly, '', 10);
    expect(await readdir(root)).toEqual([temporary]);
    await readOnly.close();
  });
});

describe('B12: a place that is swapped for a link', () => {
  it('never leads a read, a list or a write out of the root', async () => {
    const outside = join(parent, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'f'), 'secret');
    const dir = join(root, 'd');
    await mkdir(dir);
    await writeFile(join(dir, 'f'), 'inside');
    let isOver = false;
    const swap = (async () => {
      // A write may make the directory anew in between: then the next round puts things right.
      const none = () => undefined;
      while (!isOver) {
        await rename(dir, `${dir}-away`).catch(none);
        await symlink(outside, dir).catch(none);
        await rm(dir, { recursive: true, force: true }).catch(none);
        await rename(`${dir}-away`, dir).catch(none);
      }
    })();
    const outcomes = new Set<string>();
    for (let i = 0; i < 300; i++) {
      const text = await readAll(ufs, 'd/f').then(String, (error) => codeName(error.code));
      outcomes.add(text);
      await ufs.write('d/w', chunksOf('mine'), { signal: signal() }).catch(() => undefined);
    }
    isOver = true;
    await swap;
    expect(outcomes).not.toContain('secret');
    expect(await readdir(outside)).toEqual(['f']);
    expect(await readFile(join(outside, 'f'), 'utf8')).toBe('secret');
  });
});
