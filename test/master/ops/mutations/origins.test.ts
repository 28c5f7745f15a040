/** Where the store keeps what was moved: rename and delete never touch the store. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SIDE_ORIGIN, SIDE_ORIGIN_BACK } from '../../../../src/master/memory/entry-format.js';
import * as R from '../../../../src/master/memory/record.js';
import { idKey } from '../../../../src/master/memory/xattrs.js';
import { originKey } from '../../../../src/master/mount/store-path.js';
import { originOf, readOrigin } from '../../../../src/master/ops/mechanism/origins.js';
import { sideKey } from '../../../../src/master/storage/tier2.js';
import { TIER1_SIZES } from '../../../support/fixture.js';
import { bytesOf, Namespace } from './namespace.js';

describe.each(TIER1_SIZES)('origins with %i bytes of tier 1', (tier1Bytes) => {
  let names: Namespace;
  beforeEach(async () => {
    names = new Namespace({ tier1Bytes });
    await names.mkdir('/d');
    await names.createFile('/d/f');
    await names.complete('/d/f', { length: 1, persisted: true });
  });
  afterEach(() => names.close());

  /** The path in the store of what stands at `path`. */
  function stored(path: string): string {
    const { executor } = names.fixture;
    names.fixture.flush();
    executor.resolve(executor.walkA, bytesOf(path));
    expect(executor.walkA.found, path).toBe(true);
    return originOf(executor, executor.walkA).path;
  }

  /** Which inode the store's key belongs to, if it is another than stands there. */
  function ownerOf(storePath: string): number | undefined {
    names.fixture.flush();
    const key = sideKey(SIDE_ORIGIN_BACK, originKey(1, storePath));
    const row = names.fixture.tier2.side.get(key);
    return row === undefined ? undefined : Buffer.from(row).readUInt32LE(0);
  }

  it('an inode that never moved is stored under its own path', () => {
    expect(stored('/d/f')).toBe('d/f');
    expect(ownerOf('d/f')).toBeUndefined();
  });

  it('a renamed file remembers where its data stayed, over every further rename', async () => {
    const { id } = names.stat('/d/f')!;
    await names.rename('/d/f', '/g');
    expect(stored('/g')).toBe('d/f');
    await names.rename('/g', '/d/h');
    expect(stored('/d/h')).toBe('d/f');
    expect(ownerOf('d/f')).toBe(id);
    await names.fixture.restart();
    expect(stored('/d/h')).toBe('d/f');
    expect(names.stat('/d/h')!.flags & R.FLAG_HAS_ORIGIN).not.toBe(0);
  });

  it('what is below a renamed directory is found by the directory', async () => {
    await names.mkdir('/x');
    await names.rename('/d', '/x/e');
    expect(stored('/x/e/f')).toBe('d/f');
    expect(names.stat('/x/e/f')!.flags & R.FLAG_HAS_ORIGIN).toBe(0);
    await names.rename('/x/e/f', '/x/f');
    expect(stored('/x/f')).toBe('d/f');
    await names.rename('/x/e', '/y');
    expect(stored('/y')).toBe('d');
  });

  it('what was deleted keeps its origin in the trash, and back from it', async () => {
    const { id } = names.stat('/d/f')!;
    await names.delete('/d/f');
    expect(ownerOf('d/f'), 'a load does not bring it back').toBe(id);
    await names.createFile('/d/f');
    await names.rename('/d/f', '/other');
    await names.undelete('/d/f');
    expect(stored('/d/f')).toBe('d/f');
    names.fixture.flush();
    expect(readOrigin(names.fixture.executor, id).path).toBe('d/f');
  });

  it('what only exists here has no origin, wherever it goes', async () => {
    await names.createFile('/n');
    const { id } = names.stat('/n')!;
    await names.rename('/n', '/d/n');
    names.fixture.flush();
    const key = sideKey(SIDE_ORIGIN, idKey(id));
    expect(names.fixture.tier2.side.get(key)).toBeUndefined();
    expect(names.stat('/d/n')!.flags & R.FLAG_HAS_ORIGIN).toBe(0);
  });

  it('a replaced file with an origin waits for reclaim, which knows its rows', async () => {
    for (const replace of [
      () => names.createFile('/g', { overwrite: true }),
      () => names.rename('/new', '/g', { overwrite: true }),
    ]) {
      await names.createFile('/p', { overwrite: true });
      await names.complete('/p', { length: 1, persisted: true });
      await names.rename('/p', '/g', { overwrite: true });
      await names.createFile('/new', { overwrite: true });
      const { id } = names.stat('/g')!;
      await replace();
      expect(names.stat('/g')!.id).not.toBe(id);
      expect(names.placeOfId(id)!.parentId).toBe(R.RECLAIM_ID);
      names.fixture.flush();
      expect(readOrigin(names.fixture.executor, id).path).toBe('p');
    }
  });

  it('the longest path of the strangest names can be an origin', async () => {
    const deep = `/${Array.from({ length: 15 }, () => '\u0001'.repeat(255)).join('/')}`;
    await names.mkdir(deep, { recursive: true });
    await names.createFile(`${deep}/f`);
    await names.complete(`${deep}/f`, { length: 1, persisted: true });
    await names.rename(`${deep}/f`, '/f');
    expect(stored('/f')).toBe(`${deep.slice(1)}/f`);
    await names.delete('/f');
    await names.undelete('/f');
    expect(stored('/f')).toBe(`${deep.slice(1)}/f`);
  });
});
