/** createFile and createDirectory: cases 1-19 of what a master does. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BLOCK_BYTES_DEFAULT } from '../../../../src/base/limits.js';
import { Code } from '../../../../src/base/status.js';
import * as R from '../../../../src/master/memory/record.js';
import { TIER1_SIZES } from '../../../support/fixture.js';
import { Namespace, refusal, xattrMap } from './namespace.js';

describe.each(TIER1_SIZES)('create with %i bytes of tier 1', (tier1Bytes) => {
  let names: Namespace;
  beforeEach(() => {
    names = new Namespace({ tier1Bytes });
  });
  afterEach(() => names.close());

  it('1. createFile in an existing directory: empty, incomplete, no ttl', async () => {
    const directory = await names.mkdir('/a', { mode: 0o777 });
    const file = await names.createFile('/a/f', { as: names.alice, blockSize: 12345 });
    expect(file).toMatchObject({
      parentId: directory.id,
      type: R.INODE_TYPE_FILE,
      length: 0,
      ttlMs: -1,
      blockSize: 12345,
      owner: 'alice',
      group: 'staff',
      flags: 0,
      name: 'f',
    });
    expect(names.stat('/a/f')).toEqual(file);
    expect((await names.createFile('/a/g')).blockSize).toBe(BLOCK_BYTES_DEFAULT);
    expect(names.stat('/a')!.length).toBe(2);
  });

  it('2. createFile over an existing file without overwrite is refused', async () => {
    const file = await names.createFile('/f');
    const fragment =
      'already exists. If you want to overwrite the file, ' +
      'you need to specify the overwrite option.';
    await expect(names.createFile('/f')).rejects.toMatchObject(
      refusal(Code.ALREADY_EXISTS, fragment),
    );
    expect(names.stat('/f')).toEqual(file);
  });

  it('3. createFile with overwrite gives a new id, nothing of the old is left', async () => {
    const old = await names.createFile('/f', { xattrs: xattrMap({ k: 'v' }) });
    const file = await names.createFile('/f', { overwrite: true });
    expect(file.id).not.toBe(old.id);
    expect(file.flags & R.FLAG_HAS_XATTR).toBe(0);
    expect(names.stat('/')!.length).toBe(1);
    expect(names.children('/')).toEqual(['f']);
    expect(names.placeOfId(old.id)).toBeUndefined();
    expect([...names.fixture.tier2.side.getKeys()].filter((key) => key[0] === 3)).toEqual([]);
  });

  it('3. overwriting in a sticky directory is for owners only', async () => {
    await names.mkdir('/tmp', { mode: 0o1777 });
    await names.createFile('/tmp/f', { as: names.alice, mode: 0o666 });
    await expect(
      names.createFile('/tmp/f', { as: names.bob, overwrite: true }),
    ).rejects.toMatchObject(refusal(Code.PERMISSION_DENIED, 'sticky'));
    await names.createFile('/tmp/f', { as: names.alice, overwrite: true });
  });

  it('4. createFile over a directory is refused, with overwrite too', async () => {
    await names.mkdir('/d');
    await expect(names.createFile('/d', { overwrite: true })).rejects.toMatchObject(
      refusal(Code.ALREADY_EXISTS, 'Directories cannot be overwritten with create'),
    );
    await expect(names.createFile('/', { overwrite: true })).rejects.toMatchObject(
      refusal(Code.ALREADY_EXISTS),
    );
  });

  it('6. createFile and createDirectory below a file are refused', async () => {
    await names.createFile('/test');
    const refused = refusal(Code.INVALID_ARGUMENT, 'is a file, not a directory');
    await expect(names.createFile('/test/x')).rejects.toMatchObject(refused);
    await expect(names.createFile('/test/x/y', { recursive: true })).rejects.toMatchObject(refused);
    await expect(names.mkdir('/test/x', { recursive: true })).rejects.toMatchObject(refused);
  });

  it('7. without recursive, a missing parent is named', async () => {
    const refused = refusal(Code.NOT_FOUND, 'creation failed. Component 1(nested) does not exist');
    await expect(names.createFile('/nested/test')).rejects.toMatchObject(refused);
    await expect(names.mkdir('/nested/test')).rejects.toMatchObject(refused);
    expect(names.stat('/')!.length).toBe(0);
  });

  it('8. recursive creates the ancestors with the default mode', async () => {
    const file = await names.createFile('/nested/deep/test', { recursive: true, mode: 0o600 });
    expect(file.mode).toBe(0o600);
    expect(names.stat('/nested')).toMatchObject({ mode: 0o755, length: 1, owner: 'root' });
    expect(names.stat('/nested/deep')).toMatchObject({ mode: 0o755, length: 1, id: file.parentId });
    await names.createFile('/nested/deep/more/f', { recursive: true });
    expect(names.stat('/nested/deep')!.length).toBe(2);
    expect(names.stat('/')!.length).toBe(1);
  });

  it('9. a block size of 0 or less is refused', async () => {
    for (const blockSize of [0, -1]) {
      await expect(names.createFile('/f', { blockSize })).rejects.toMatchObject(
        refusal(Code.INVALID_ARGUMENT, `Invalid block size ${blockSize}`),
      );
    }
    expect(names.stat('/f')).toBeUndefined();
  });

  it('a ttl below -1, or more replicas at least than at most, is refused', async () => {
    for (const wrong of [{ ttlMs: -2 }, { replicationMin: 3, replicationMax: 1 }]) {
      const made = names.createFile('/f', wrong);
      await expect(made).rejects.toMatchObject(refusal(Code.INVALID_ARGUMENT));
    }
    expect(names.stat('/f')).toBeUndefined();
  });

  it('11. names with whitespace are kept verbatim', async () => {
    const paths = ['/ ', '/pa th', '/a\tb', '/ lead', '/trail ', '/новый'];
    for (const path of paths) await names.createFile(path);
    expect(names.children('/').sort()).toEqual(paths.map((path) => path.slice(1)).sort());
  });

  it('12. defaults under umask 022: directories 0755, files 0644', async () => {
    expect((await names.mkdir('/d')).mode).toBe(0o755);
    expect((await names.createFile('/f')).mode).toBe(0o644);
    expect((await names.createFile('/g', { mode: 0o777 })).mode).toBe(0o777);
    expect((await names.createFile('/h', { mode: 0 })).mode).toBe(0);
  });

  it('12. children of a setgid directory take its group, directories the bit too', async () => {
    await names.mkdir('/d', { mode: 0o2777, as: names.root });
    const file = await names.createFile('/d/f', { as: names.alice });
    const directory = await names.mkdir('/d/e', { as: names.alice });
    expect(file).toMatchObject({ group: 'root', mode: 0o644 });
    expect(directory).toMatchObject({ group: 'root', mode: 0o2755 });
  });

  it('13. createDirectory over a directory: refused, or with allowExists no change', async () => {
    const directory = await names.mkdir('/d');
    await expect(names.mkdir('/d')).rejects.toMatchObject(
      refusal(Code.ALREADY_EXISTS, 'already exists'),
    );
    const again = await names.mkdir('/d', { allowExists: true, mode: 0o700, recursive: true });
    expect(again).toEqual(directory);
    expect(names.stat('/d')).toEqual(directory);
    expect((await names.mkdir('/', { allowExists: true })).id).toBe(R.ROOT_ID);
    await expect(names.mkdir('/')).rejects.toMatchObject(refusal(Code.ALREADY_EXISTS));
  });

  it('14. createDirectory over a file is refused, with allowExists too', async () => {
    await names.createFile('/f');
    await expect(names.mkdir('/f', { allowExists: true })).rejects.toMatchObject(
      refusal(Code.ALREADY_EXISTS, 'already exists'),
    );
  });

  it('16. times are those of the request; the parent is touched', async () => {
    const before = Date.now();
    const file = await names.createFile('/f');
    const after = Date.now();
    expect(file.mtimeMs).toBe(file.ctimeMs);
    expect(file.mtimeMs).toBeGreaterThanOrEqual(before);
    expect(file.mtimeMs).toBeLessThanOrEqual(after);
    expect(names.stat('/')!.mtimeMs).toBe(file.mtimeMs);
  });

  it('17. what is created below a pinned directory is pinned', async () => {
    await names.mkdir('/p');
    await names.setAttribute('/p', { pinned: true });
    const file = await names.createFile('/p/x/f', { recursive: true });
    expect(file.flags & R.FLAG_PINNED).not.toBe(0);
    expect(names.stat('/p/x')!.flags & R.FLAG_PINNED).not.toBe(0);
    expect((await names.createFile('/q')).flags & R.FLAG_PINNED).toBe(0);
  });

  it('19. xattrs go to all new paths or to the leaf, never to what existed', async () => {
    await names.mkdir('/old');
    const xattrs = xattrMap({ 'user.k': 'v' });
    await names.createFile('/old/new/f', { recursive: true, xattrs, xattrsOnNewPaths: true });
    await names.createFile('/old/leaf/f', { recursive: true, xattrs });
    expect(names.xattrs('/old')).toEqual({});
    expect(names.xattrs('/old/new')).toEqual({ 'user.k': 'v' });
    expect(names.xattrs('/old/new/f')).toEqual({ 'user.k': 'v' });
    expect(names.xattrs('/old/leaf')).toEqual({});
    expect(names.xattrs('/old/leaf/f')).toEqual({ 'user.k': 'v' });
    await expect(
      names.createFile('/big', { xattrs: xattrMap({ k: 'x'.repeat(70_000) }) }),
    ).rejects.toMatchObject(refusal(Code.INVALID_ARGUMENT, 'extended attributes'));
  });

  it('19. xattrs on many new paths either fit one entry or are refused', async () => {
    const xattrs = xattrMap({ k: 'x'.repeat(2_000) });
    const deep = `/${Array.from({ length: 60 }, (_, i) => `n${i}`).join('/')}`;
    await names.mkdir(deep, { recursive: true, xattrs, xattrsOnNewPaths: true });
    expect(Object.keys(names.xattrs('/n0/n1/n2'))).toEqual(['k']);
    const large = xattrMap({ k: 'x'.repeat(60_000) });
    await expect(
      names.mkdir(`/again${deep}`, { recursive: true, xattrs: large, xattrsOnNewPaths: true }),
    ).rejects.toMatchObject(refusal(Code.RESOURCE_EXHAUSTED));
    expect(names.stat('/again')).toBeUndefined();
  });

  it('19. an inode can have all the xattrs of the limit, on the deepest path', async () => {
    const deep = `/${Array.from({ length: 15 }, () => 'n'.repeat(255)).join('/')}`;
    const file = await names.createFile(`${deep}/f`, {
      recursive: true,
      xattrs: xattrMap({ k: 'x'.repeat(65_536 - 7) }),
    });
    expect(names.xattrs(`${deep}/f`)['k']).toHaveLength(65_536 - 7);
    expect(names.stat(`${deep}/f`)!.id).toBe(file.id);
  });
});
