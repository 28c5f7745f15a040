/** completeFile and setAttribute: cases 26-28, 119, 126 and 128 of what a master does. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Code } from '../../../../src/base/status.js';
import * as R from '../../../../src/master/memory/record.js';
import { XAttrUpdate } from '../../../../src/master/memory/xattrs.js';
import { TIER1_SIZES } from '../../../support/fixture.js';
import { Namespace, refusal, xattrMap } from './namespace.js';

describe.each(TIER1_SIZES)('completeFile and setAttribute, %i bytes of tier 1', (tier1Bytes) => {
  let names: Namespace;
  beforeEach(() => {
    names = new Namespace({ tier1Bytes });
  });
  afterEach(() => names.close());

  it('26. completeFile of a directory or of nothing is NOT_FOUND', async () => {
    await names.mkdir('/d');
    for (const path of ['/d', '/x', '/', '/x/y']) {
      await expect(names.complete(path)).rejects.toMatchObject(
        refusal(Code.NOT_FOUND, 'must be a file'),
      );
    }
  });

  it('26. completeFile of an inode that was replaced meanwhile is NOT_FOUND', async () => {
    const file = await names.createFile('/f');
    await names.createFile('/f', { overwrite: true });
    await expect(names.complete('/f', { inodeId: file.id })).rejects.toMatchObject(
      refusal(Code.NOT_FOUND),
    );
    expect(names.stat('/f')!.flags & R.FLAG_COMPLETED).toBe(0);
  });

  it('27. completeFile fixes the length, once', async () => {
    const file = await names.createFile('/f', { xattrs: xattrMap({ k: 'v' }) });
    const done = (await names.complete('/f', { length: 4711, mtimeMs: 1_700_000_000_000 }))!;
    expect(done).toMatchObject({ id: file.id, length: 4711, mtimeMs: 1_700_000_000_000 });
    expect(done.flags & R.FLAG_COMPLETED).not.toBe(0);
    expect(names.stat('/f')).toEqual(done);
    await expect(names.complete('/f', { length: 5 })).rejects.toMatchObject(
      refusal(Code.ALREADY_EXISTS, 'completed'),
    );
    expect(names.stat('/f')).toEqual(done);
    expect(names.xattrs('/f')).toEqual({ k: 'v' });
  });

  it('28. a negative length, or none, is refused', async () => {
    await names.createFile('/f');
    for (const length of [-1, Number.NaN]) {
      await expect(names.complete('/f', { length })).rejects.toMatchObject(
        refusal(Code.INVALID_ARGUMENT, 'length'),
      );
    }
    expect(names.stat('/f')!.flags & R.FLAG_COMPLETED).toBe(0);
  });

  it('126. completing a persisted file persists the directories above it', async () => {
    await names.mkdir('/a/b/c', { recursive: true });
    await names.mkdir('/a/other');
    await names.createFile('/a/b/c/f');
    const before = names.stat('/a')!;
    await names.complete('/a/b/c/f', { length: 3, persisted: true });
    for (const path of ['/a', '/a/b', '/a/b/c', '/a/b/c/f']) {
      expect(names.stat(path)!.flags & R.FLAG_PERSISTED, path).not.toBe(0);
    }
    expect(names.stat('/a/other')!.flags & R.FLAG_PERSISTED).toBe(0);
    expect(names.stat('/a')).toMatchObject({ length: before.length, mtimeMs: before.mtimeMs });
    await names.fixture.restart();
    expect(names.stat('/a/b')!.flags & R.FLAG_PERSISTED).not.toBe(0);
  });

  it('128. who created a read-only file may complete it, and nobody may after that', async () => {
    await names.mkdir('/d', { mode: 0o777 });
    await names.createFile('/d/f', { as: names.alice, mode: 0o444 });
    await expect(names.complete('/d/f', { as: names.bob })).rejects.toMatchObject(
      refusal(Code.PERMISSION_DENIED, 'access=WRITE'),
    );
    await names.complete('/d/f', { as: names.alice, length: 1 });
    await expect(names.complete('/d/f', { as: names.alice })).rejects.toMatchObject(
      refusal(Code.PERMISSION_DENIED, 'access=WRITE'),
    );
  });

  it('setAttribute changes what it is given and nothing else', async () => {
    const file = await names.createFile('/f');
    await names.setAttribute('/f', { mode: 0o640, owner: 'carol', group: 'dev', ttlMs: 60_000 });
    const changed = names.stat('/f')!;
    expect(changed).toEqual({
      ...file,
      seq: changed.seq,
      mode: 0o640,
      owner: 'carol',
      group: 'dev',
      ttlMs: 60_000,
    });
    await names.setAttribute('/f', {
      pinned: true,
      replicationMin: 2,
      replicationMax: 3,
      ttlFlags: R.FLAG_TTL_FREE,
    });
    expect(names.stat('/f')).toMatchObject({
      flags: R.FLAG_PINNED | R.FLAG_TTL_FREE,
      replicationMin: 2,
      replicationMax: 3,
      mode: 0o640,
    });
    await names.setAttribute('/f', { pinned: false, ttlMs: -1, ttlFlags: 0 });
    expect(names.stat('/f')).toMatchObject({ flags: 0, ttlMs: -1 });
  });

  it('setAttribute of the root, and of what is missing', async () => {
    await names.setAttribute('/', { mode: 0o777 });
    expect(names.stat('/')!.mode).toBe(0o777);
    for (const path of ['/x', '/x/y']) {
      await expect(names.setAttribute(path, { mode: 0 })).rejects.toMatchObject(
        refusal(Code.NOT_FOUND, path),
      );
    }
  });

  it('setAttribute refuses modes, ttls and replications that are none', async () => {
    await names.createFile('/f');
    for (const change of [
      { mode: 0o10000 },
      { mode: -1 },
      { ttlMs: -2 },
      { owner: '' },
      { group: '' },
      { replicationMin: -1 },
      { replicationMin: 3, replicationMax: 2 },
      { replicationMax: -2 },
    ]) {
      await expect(names.setAttribute('/f', change)).rejects.toMatchObject(
        refusal(Code.INVALID_ARGUMENT),
      );
    }
    await names.setAttribute('/f', { replicationMin: 3, replicationMax: -1 });
  });

  it('119. xattr updates: truncate, union replace, union preserve, delete keys', async () => {
    await names.createFile('/f', { xattrs: xattrMap({ a: '1', b: '2' }) });
    const set = (xattrs: Record<string, string>, xattrUpdate: XAttrUpdate) =>
      names.setAttribute('/f', { xattrs: xattrMap(xattrs), xattrUpdate });
    await set({ b: 'new', c: '3' }, XAttrUpdate.UNION_REPLACE);
    expect(names.xattrs('/f')).toEqual({ a: '1', b: 'new', c: '3' });
    await set({ b: 'old', d: '4' }, XAttrUpdate.UNION_PRESERVE);
    expect(names.xattrs('/f')).toEqual({ a: '1', b: 'new', c: '3', d: '4' });
    await set({ a: '', d: '', none: '' }, XAttrUpdate.DELETE_KEYS);
    expect(names.xattrs('/f')).toEqual({ b: 'new', c: '3' });
    await set({ z: '9' }, XAttrUpdate.TRUNCATE);
    expect(names.xattrs('/f')).toEqual({ z: '9' });
    await names.fixture.restart();
    expect(names.xattrs('/f')).toEqual({ z: '9' });
    await set({ z: '' }, XAttrUpdate.DELETE_KEYS);
    expect(names.xattrs('/f')).toEqual({});
    expect(names.stat('/f')!.flags & R.FLAG_HAS_XATTR).toBe(0);
  });

  it('119. two updates at once, from two executors, are both there', async () => {
    await names.createFile('/f');
    const outcomes = await names.together(
      [0, 1, 0, 1].map((executor, i) =>
        names.calls.setAttribute(
          '/f',
          { xattrs: xattrMap({ [`k${i}`]: `${i}` }), xattrUpdate: XAttrUpdate.UNION_REPLACE },
          { executor },
        ),
      ),
    );
    expect(outcomes.every((outcome) => outcome.ok)).toBe(true);
    expect(names.xattrs('/f')).toEqual({ k0: '0', k1: '1', k2: '2', k3: '3' });
  });

  it('setAttribute of a directory keeps the count that creates change meanwhile', async () => {
    await names.mkdir('/d');
    await names.together(
      Array.from({ length: 40 }, (_, i) =>
        i % 4 === 3
          ? names.calls.setAttribute('/d', { mode: 0o700 + i }, { executor: i % 2 })
          : names.calls.createFile(`/d/${i}`, { executor: i % 2 }),
      ),
    );
    expect(names.stat('/d')!.length).toBe(30);
    expect(names.children('/d')).toHaveLength(30);
  });

  it('names of users that are too long are refused, and hold up nobody', async () => {
    await names.createFile('/f');
    await expect(names.setAttribute('/f', { owner: 'x'.repeat(256) })).rejects.toMatchObject(
      refusal(Code.INVALID_ARGUMENT, 'bytes'),
    );
    await names.setAttribute('/f', { owner: 'x'.repeat(255) });
    expect(names.stat('/f')!.owner).toBe('x'.repeat(255));
  });
});
