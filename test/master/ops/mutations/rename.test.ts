/** rename: cases 48-61 of what a master does, and the sticky bit. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Code } from '../../../../src/base/status.js';
import * as R from '../../../../src/master/memory/record.js';
import { TIER1_SIZES } from '../../../support/fixture.js';
import { Namespace, refusal, xattrMap } from './namespace.js';

describe.each(TIER1_SIZES)('rename with %i bytes of tier 1', (tier1Bytes) => {
  let names: Namespace;
  beforeEach(() => {
    names = new Namespace({ tier1Bytes });
  });
  afterEach(() => names.close());

  it('48. a path to itself changes nothing', async () => {
    await names.mkdir('/a/b', { recursive: true });
    const before = [names.stat('/'), names.stat('/a'), names.stat('/a/b')];
    expect(await names.rename('/a/b', '/a/b')).toBe(0);
    expect(await names.rename('/a/b', '/a/./c/../b/')).toBe(0);
    expect([names.stat('/'), names.stat('/a'), names.stat('/a/b')]).toEqual(before);
  });

  it('49. the root is neither source nor destination', async () => {
    await names.mkdir('/a');
    await expect(names.rename('/', '/b')).rejects.toMatchObject(
      refusal(Code.INVALID_ARGUMENT, 'The root directory cannot be renamed'),
    );
    await expect(names.rename('/a', '/')).rejects.toMatchObject(
      refusal(Code.INVALID_ARGUMENT, 'root directory'),
    );
  });

  it('51. a directory does not go below itself; a name that begins alike is fine', async () => {
    await names.mkdir('/a/b', { recursive: true });
    await names.createFile('/f');
    for (const target of ['/a/b', '/a/b/c', '/a/x', '/a/x/y']) {
      await expect(names.rename('/a', target)).rejects.toMatchObject(
        refusal(Code.INVALID_ARGUMENT, `Cannot rename because "/a" is a prefix of "${target}"`),
      );
    }
    await expect(names.rename('/f', '/f/g')).rejects.toMatchObject(
      refusal(Code.INVALID_ARGUMENT, 'is a file, not a directory'),
    );
    await names.rename('/a', '/ab');
    expect(names.stat('/ab/b')).toBeDefined();
  });

  it('52. an existing destination is refused, file or directory', async () => {
    await names.createFile('/f');
    await names.createFile('/g');
    await names.mkdir('/d');
    await names.mkdir('/e');
    for (const [source, target] of [
      ['/f', '/g'],
      ['/f', '/d'],
      ['/d', '/f'],
      ['/d', '/e'],
    ] as const) {
      const paths = `src: ${source} dst: ${target}`;
      const fragment = `Cannot rename because destination already exists. ${paths}`;
      await expect(names.rename(source, target)).rejects.toMatchObject(
        refusal(Code.ALREADY_EXISTS, fragment),
      );
      if (source === '/f' && target === '/g') continue;
      await expect(names.rename(source, target, { overwrite: true })).rejects.toMatchObject(
        refusal(Code.ALREADY_EXISTS, fragment),
      );
    }
  });

  it('53, 54, 55. missing source; missing parent of the destination; a file as one', async () => {
    await names.createFile('/f');
    await names.createFile('/g');
    await expect(names.rename('/x', '/y')).rejects.toMatchObject(refusal(Code.NOT_FOUND, '/x'));
    await expect(names.rename('/f/x', '/y')).rejects.toMatchObject(refusal(Code.NOT_FOUND));
    await expect(names.rename('/f', '/x/y/z')).rejects.toMatchObject(
      refusal(Code.NOT_FOUND, 'parent "/x/y" does not exist'),
    );
    await expect(names.rename('/f', '/g/h')).rejects.toMatchObject(
      refusal(Code.INVALID_ARGUMENT, 'is a file, not a directory'),
    );
    expect(names.stat('/f')).toBeDefined();
  });

  it('59. keeps id and attributes; both parents are touched; the old path is gone', async () => {
    const from = await names.mkdir('/from');
    const to = await names.mkdir('/to');
    await names.mkdir('/from/d', { xattrs: xattrMap({ k: 'v' }), ttlMs: 3_600_000 });
    await names.setAttribute('/from/d', { pinned: true });
    const file = await names.createFile('/from/d/f');
    const before = names.stat('/from/d')!;
    await names.fixture.until(() => Date.now() > file.mtimeMs);
    const seq = await names.rename('/from/d', '/to/e');
    expect(names.stat('/from/d')).toBeUndefined();
    expect(names.stat('/from/d/f')).toBeUndefined();
    expect(names.stat('/to/e')).toEqual({ ...before, seq, parentId: to.id, name: 'e' });
    expect(names.stat('/to/e/f')).toEqual(file);
    expect(names.xattrs('/to/e')).toEqual({ k: 'v' });
    expect(names.stat('/from')).toMatchObject({ id: from.id, length: 0 });
    expect(names.stat('/to')).toMatchObject({ id: to.id, length: 1 });
    expect(names.stat('/from')!.mtimeMs).toBeGreaterThan(file.mtimeMs);
    expect(names.stat('/to')!.mtimeMs).toBeGreaterThan(file.mtimeMs);
    expect(names.placeOfId(before.id)!.parentId).toBe(to.id);
    expect(names.children('/from')).toEqual([]);
  });

  it('59. within one directory its child count stays', async () => {
    await names.createFile('/a');
    await names.rename('/a', '/b');
    expect(names.stat('/')!.length).toBe(1);
    expect(names.children('/')).toEqual(['b']);
  });

  it('59. between names of small and large slots, and over a restart', async () => {
    const long = `/${'l'.repeat(200)}`;
    const directory = await names.mkdir('/s');
    await names.createFile('/s/f');
    await names.rename('/s', long);
    expect(names.stat(long)!.id).toBe(directory.id);
    await names.fixture.restart();
    await names.rename(long, '/s');
    expect(names.stat(long)).toBeUndefined();
    expect(names.stat('/s/f')).toBeDefined();
    expect(names.stat('/')!.length).toBe(1);
  });

  it('61. with overwrite a file replaces a file, which is gone for good', async () => {
    await names.mkdir('/d');
    const source = await names.createFile('/f');
    const replaced = await names.createFile('/d/g', { xattrs: xattrMap({ k: 'v' }) });
    await names.rename('/f', '/d/g', { overwrite: true });
    expect(names.stat('/d/g')!.id).toBe(source.id);
    expect(names.stat('/d')!.length).toBe(1);
    expect(names.stat('/')!.length).toBe(1);
    expect(names.placeOfId(replaced.id)).toBeUndefined();
    expect(names.placeOfId(source.id)!.parentId).toBe(names.stat('/d')!.id);
  });

  it('61. with overwrite in one directory the child count goes down by one', async () => {
    await names.createFile('/f');
    await names.createFile('/g');
    await names.rename('/f', '/g', { overwrite: true });
    expect(names.stat('/')!.length).toBe(1);
    expect(names.children('/')).toEqual(['g']);
    await names.rename('/g', '/g', { overwrite: true });
    expect(names.children('/')).toEqual(['g']);
  });

  it('a directory goes up past its own parent, and into a sibling of its parent', async () => {
    await names.mkdir('/a/b/c/d', { recursive: true });
    await names.rename('/a/b/c', '/c');
    await names.rename('/a', '/c/d/a');
    expect(names.stat('/c/d/a/b')).toMatchObject({ length: 0 });
    expect(names.stat('/')).toMatchObject({ length: 1 });
    expect(names.stat('/a')).toBeUndefined();
  });

  it('the sticky bit keeps what belongs to others, as source and as destination', async () => {
    await names.mkdir('/tmp', { mode: 0o1777 });
    await names.mkdir('/bob', { mode: 0o777 });
    await names.createFile('/tmp/a', { as: names.alice });
    await names.createFile('/bob/b', { as: names.bob });
    const refused = refusal(Code.PERMISSION_DENIED, 'sticky');
    await expect(names.rename('/tmp/a', '/bob/a', { as: names.bob })).rejects.toMatchObject(
      refused,
    );
    await expect(
      names.rename('/bob/b', '/tmp/a', { as: names.bob, overwrite: true }),
    ).rejects.toMatchObject(refused);
    await expect(names.delete('/tmp/a', { as: names.bob })).rejects.toMatchObject(refused);
    await names.rename('/tmp/a', '/bob/a', { as: names.alice });
    expect(names.stat('/bob/a')!.type).toBe(R.INODE_TYPE_FILE);
  });
});
