/** delete and undelete: cases 34-38, and what the trash promises. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Code } from '../../../../src/base/status.js';
import { SIDE_TRASH_TTL, SIDE_XATTR } from '../../../../src/master/memory/entry-format.js';
import * as R from '../../../../src/master/memory/record.js';
import { idKey } from '../../../../src/master/memory/xattrs.js';
import { GetStatusById } from '../../../../src/master/ops/verbs/get-status-by-id.js';
import { sideKey } from '../../../../src/master/storage/tier2.js';
import { TIER1_SIZES } from '../../../support/fixture.js';
import { Namespace, refusal, xattrMap } from './namespace.js';

describe.each(TIER1_SIZES)('delete and undelete with %i bytes of tier 1', (tier1Bytes) => {
  let names: Namespace;
  beforeEach(() => {
    names = new Namespace({ tier1Bytes });
  });
  afterEach(() => names.close());

  const byId = (id: number) =>
    names.fixture.run(
      (sink) => new GetStatusById(names.root, 0, { id, withAttributes: false }, sink),
    );

  it('34. the root cannot be deleted', async () => {
    await expect(names.delete('/', { recursive: true })).rejects.toMatchObject(
      refusal(Code.INVALID_ARGUMENT, 'Cannot delete the root directory'),
    );
  });

  it('36. an empty directory goes without recursive, another one does not', async () => {
    await names.mkdir('/d');
    await names.createFile('/d/f');
    await expect(names.delete('/d')).rejects.toMatchObject(
      refusal(Code.FAILED_PRECONDITION, 'because recursive is set to false'),
    );
    await names.delete('/d/f');
    await names.delete('/d');
    expect(names.stat('/d')).toBeUndefined();
    expect(names.stat('/')).toMatchObject({ length: 0 });
  });

  it('37. what is missing, or below a file, is NOT_FOUND', async () => {
    await names.createFile('/f');
    for (const path of ['/x', '/x/y', '/f/x', '/f/x/y']) {
      await expect(names.delete(path, { recursive: true })).rejects.toMatchObject(
        refusal(Code.NOT_FOUND, path),
      );
    }
  });

  it('38. delete -r takes the whole subtree out of sight, by path and by id', async () => {
    const made = [
      await names.mkdir('/keep'),
      await names.mkdir('/d'),
      await names.mkdir('/d/e/deep', { recursive: true }),
      await names.createFile('/d/e/deep/f'),
    ];
    const [keep, ...gone] = made;
    await names.delete('/d', { recursive: true });
    for (const path of ['/d', '/d/e', '/d/e/deep/f']) expect(names.stat(path)).toBeUndefined();
    for (const { id } of gone) {
      await expect(byId(id)).rejects.toMatchObject(refusal(Code.NOT_FOUND));
    }
    expect((await byId(keep!.id)).info!.name).toBe('keep');
    expect(names.children('/')).toEqual(['keep']);
    expect(names.stat('/')!.length).toBe(1);
  });

  it('38. a file deleted without trash leaves no row behind', async () => {
    await names.mkdir('/d');
    const file = await names.createFile('/d/f', { xattrs: xattrMap({ k: 'v' }), ttlMs: 5000 });
    names.fixture.flush();
    await names.delete('/d/f', { skipTrash: true });
    names.fixture.flush();
    expect(names.placeOfId(file.id)).toBeUndefined();
    expect(names.children('/d')).toEqual([]);
    expect(names.fixture.tier2.side.get(sideKey(SIDE_XATTR, idKey(file.id)))).toBeUndefined();
    await expect(names.undelete('/d/f')).rejects.toMatchObject(refusal(Code.NOT_FOUND));
  });

  it('38. a directory deleted without trash waits for reclaim, out of reach', async () => {
    const directory = await names.mkdir('/d');
    await names.createFile('/d/f');
    await names.delete('/d', { recursive: true, skipTrash: true });
    expect(names.placeOfId(directory.id)!.parentId).toBe(R.RECLAIM_ID);
    await expect(names.undelete('/d')).rejects.toMatchObject(refusal(Code.NOT_FOUND));
    await expect(byId(directory.id)).rejects.toMatchObject(refusal(Code.NOT_FOUND));
  });

  it('the name is free at once, and its new inode is another one', async () => {
    const old = await names.mkdir('/d');
    await names.createFile('/d/f');
    await names.delete('/d', { recursive: true });
    const file = await names.createFile('/d');
    expect(file.id).not.toBe(old.id);
    await names.delete('/d');
    expect((await names.undelete('/d'))!.id).toBe(file.id);
  });

  it('undelete brings back the subtree: ids, fields and child counts', async () => {
    await names.mkdir('/p');
    const directory = await names.mkdir('/p/d', { mode: 0o750, xattrs: xattrMap({ k: 'v' }) });
    const file = await names.createFile('/p/d/f', { ttlMs: 3_600_000 });
    const before = names.stat('/p/d')!;
    await names.delete('/p/d', { recursive: true });
    expect(names.stat('/p')!.length).toBe(0);
    const back = (await names.undelete('/p/d'))!;
    expect(back).toMatchObject({ id: directory.id, mode: 0o750, length: 1, ttlMs: -1 });
    expect(names.stat('/p/d')).toEqual({ ...before, seq: back.seq });
    expect(names.stat('/p/d/f')).toEqual(file);
    expect(names.stat('/p')!.length).toBe(1);
    expect(names.xattrs('/p/d')).toEqual({ k: 'v' });
    expect((await byId(file.id)).info!.name).toBe('f');
  });

  it('undelete gives the ttl back, and leaves no row of it', async () => {
    const file = await names.createFile('/f', { ttlMs: 7_200_000 });
    await names.delete('/f');
    const trashed = names.placeOfId(file.id)!;
    expect(trashed.parentId).toBe(R.ROOT_ID + R.TRASH_BIT);
    expect((await names.undelete('/f'))!.ttlMs).toBe(7_200_000);
    expect(names.stat('/f')!.ttlMs).toBe(7_200_000);
    names.fixture.flush();
    const rows = [...names.fixture.tier2.side.getKeys()].filter((key) => key[0] === SIDE_TRASH_TTL);
    expect(rows).toEqual([]);
  });

  it('what cannot come back leaves no row in the index of expiries', async () => {
    for (let i = 0; i < 20; i++) {
      await names.createFile('/f', { ttlMs: 3_600_000 + i });
      await names.delete('/f', { skipTrash: i % 4 === 3 });
      if (i % 5 === 0) names.fixture.flush();
    }
    names.fixture.flush();
    const rows = [...names.fixture.tier2.expiries.due(Number.MAX_SAFE_INTEGER)];
    // Of the last one in the trash: its ttl and its retention.
    expect(rows.length).toBeLessThanOrEqual(2);
  });

  it('what a second deletion pushes out of the trash leaves no row of its ttl', async () => {
    await names.createFile('/f', { ttlMs: 7_200_000 });
    await names.delete('/f');
    await names.createFile('/f');
    await names.delete('/f');
    names.fixture.flush();
    const rows = [...names.fixture.tier2.side.getKeys()].filter((key) => key[0] === SIDE_TRASH_TTL);
    expect(rows).toEqual([]);
  });

  it('undelete needs a free name, an existing directory, and something deleted', async () => {
    await names.mkdir('/d');
    await names.createFile('/d/f');
    await names.delete('/d/f');
    await names.createFile('/d/f');
    await expect(names.undelete('/d/f')).rejects.toMatchObject(
      refusal(Code.ALREADY_EXISTS, 'already exists'),
    );
    await names.delete('/d', { recursive: true });
    await expect(names.undelete('/d/f')).rejects.toMatchObject(refusal(Code.NOT_FOUND));
    await names.undelete('/d');
    await names.delete('/d/f');
    await names.undelete('/d/f');
    await expect(names.undelete('/d/g')).rejects.toMatchObject(
      refusal(Code.NOT_FOUND, 'can be brought back'),
    );
    await expect(names.undelete('/')).rejects.toMatchObject(refusal(Code.ALREADY_EXISTS));
    await expect(names.undelete('/d/f/x')).rejects.toMatchObject(refusal(Code.NOT_FOUND));
  });

  it('undelete finds what was deleted before a restart', async () => {
    await names.mkdir('/d');
    const file = await names.createFile('/d/f', { ttlMs: 1_000_000 });
    await names.delete('/d', { recursive: true });
    await names.fixture.restart();
    await names.undelete('/d');
    expect(names.stat('/d/f')).toEqual(file);
    await names.delete('/d/f');
    await names.fixture.restart({ flushed: true });
    expect((await names.undelete('/d/f'))!.ttlMs).toBe(1_000_000);
  });

  it('a file deleted past the trash leaves the one in the trash alone', async () => {
    const first = await names.createFile('/f');
    await names.delete('/f');
    await names.createFile('/f');
    await names.delete('/f', { skipTrash: true });
    expect((await names.undelete('/f'))!.id).toBe(first.id);
  });

  it('what was deleted from a directory follows it to its new name', async () => {
    await names.mkdir('/a');
    const file = await names.createFile('/a/f');
    await names.delete('/a/f');
    await names.rename('/a', '/b');
    expect((await names.undelete('/b/f'))!.id).toBe(file.id);
  });

  it('names of every length, with and without children, come back', async () => {
    for (const length of [1, 56, 57, 255]) {
      const path = `/${'n'.repeat(length)}`;
      await names.mkdir(path);
      await names.createFile(`${path}/f`);
      await names.delete(path, { recursive: true });
      await names.fixture.restart();
      await names.undelete(path);
      expect(names.stat(`${path}/f`)).toBeDefined();
    }
  });
});

describe('delete without a retention time', () => {
  it('keeps nothing to bring back', async () => {
    const names = new Namespace({ trashRetentionMs: 0 });
    await names.createFile('/f');
    await names.delete('/f');
    await expect(names.undelete('/f')).rejects.toMatchObject(refusal(Code.NOT_FOUND));
    await names.close();
  });
});
