/**
 * The examples in the head of src/master/path/lock-pattern.ts, on real walks. A lock is named as
 * there: an inode by its name, an edge as parent→name; "(…)" is a stripe that no name of the path
 * has.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LockList } from '../../../src/master/lock/lock-list.js';
import { Side } from '../../../src/master/lock/lock-table.js';
import { lockRead, lockWriteEdge, lockWriteInode } from '../../../src/master/path/lock-pattern.js';
import type { PathWalk } from '../../../src/master/path/path-walk.js';
import { bytesOf, Namespace } from '../ops/mutations/namespace.js';

let names: Namespace;
beforeAll(async () => {
  names = new Namespace();
  await names.mkdir('/a/b', { recursive: true });
  await names.createFile('/a/b/c');
});
afterAll(() => names.close());

type Pattern = typeof lockRead;

function walkTo(path: string): PathWalk {
  const { executor } = names.fixture;
  executor.resolve(executor.walkA, bytesOf(path));
  return executor.walkA;
}

/** Lock names by stripe, of every node that the walk has resolved and of the edge after it. */
function namesOfStripes(walk: PathWalk): Map<number, string> {
  const { locks } = names.fixture.executor;
  const named = new Map<number, string>();
  const nameOf = (node: number): string => (node === 0 ? '/' : walk.nameText(node));
  const add = (stripe: number, name: string): void => {
    expect(named.has(stripe), `the test's names do not clash: ${name}`).toBe(false);
    named.set(stripe, name);
  };
  for (let node = 0; node <= Math.min(walk.next, walk.depth); node++) {
    const isDirectory = node < walk.next && walk.isDirectory(node);
    const side = isDirectory ? Side.DIRECTORY : Side.LEAF;
    if (node < walk.next) add(locks.inodeStripe(walk.id(node), side), nameOf(node));
    if (node === 0) continue;
    const edge = `${nameOf(node - 1)}→${nameOf(node)}`;
    add(locks.edgeStripe(walk.edgeHash(node), Side.LEAF), isDirectory ? `${edge}'` : edge);
    if (isDirectory) add(locks.edgeStripe(walk.edgeHash(node), Side.DIRECTORY), edge);
  }
  return named;
}

function locksOf(pattern: Pattern, path: string): { read: string[]; write: string[] } {
  const walk = walkTo(path);
  const named = namesOfStripes(walk);
  const list = new LockList();
  pattern(walk, names.fixture.executor.locks, list);
  list.seal();
  const taken: { read: string[]; write: string[] } = { read: [], write: [] };
  for (let i = 0; i < list.count; i++) {
    const name = named.get(list.stripe(i)) ?? `(${list.stripe(i)})`;
    taken[list.isWrite(i) ? 'write' : 'read'].push(name);
  }
  return { read: taken.read.sort(), write: taken.write.sort() };
}

const locks = (read: string, write = '') => ({
  read: read.split(' ').filter(Boolean).sort(),
  write: write.split(' ').filter(Boolean).sort(),
});

describe('READ', () => {
  it.each([
    ['/a/b/c', 'all of it exists', locks('/ /→a a a→b b b→c c')],
    ['/a/x', 'the last name is missing', locks('/ /→a a a→x')],
    ['/a/x/y/z', 'whole directories are missing', locks('/ /→a a a→x')],
    ['/', 'the root', locks('/')],
    ['/a/b/c/d', 'below a file', locks('/ /→a a a→b b b→c c c→d')],
  ])('%s: %s', (path, _case, expected) => {
    expect(locksOf(lockRead, path)).toEqual(expected);
  });
});

describe('WRITE_INODE', () => {
  it.each([
    ['/a/b/c', 'all of it exists', locks('/ /→a a a→b b b→c', 'c')],
    ['/a/x', 'the last name is missing: as READ', locks('/ /→a a a→x')],
    ['/a/x/y/z', 'whole directories are missing: as READ', locks('/ /→a a a→x')],
    ['/', 'the root', locks('', '/')],
    ['/a', 'a directory', locks('/ /→a', 'a')],
  ])('%s: %s', (path, _case, expected) => {
    expect(locksOf(lockWriteInode, path)).toEqual(expected);
  });
});

describe('WRITE_EDGE', () => {
  it.each([
    ['/a/b/c', 'all of it exists', locks('/ /→a a a→b b', 'b→c')],
    ['/a/x', 'the last name is missing', locks('/ /→a a', 'a→x')],
    ['/a/x/y/z', 'whole directories are missing: the first missing edge', locks('/ /→a a', 'a→x')],
    ['/a', 'a directory in the root: both sides', locks('/', "/→a /→a'")],
    ['/a/b/c/d', 'below a file', locks('/ /→a a a→b b b→c c', 'c→d')],
  ])('%s: %s', (path, _case, expected) => {
    expect(locksOf(lockWriteEdge, path)).toEqual(expected);
  });

  it('of the root takes what no other pattern takes, on both sides', () => {
    const list = new LockList();
    const walk = walkTo('/');
    lockWriteEdge(walk, names.fixture.executor.locks, list);
    list.seal();
    expect(list.count).toBe(2);
    expect([list.isWrite(0), list.isWrite(1)]).toEqual([true, true]);
  });
});

describe('what follows from the patterns', () => {
  const clash = (a: ReturnType<typeof locksOf>, b: ReturnType<typeof locksOf>): boolean =>
    a.write.some((name) => b.write.includes(name) || b.read.includes(name)) ||
    b.write.some((name) => a.read.includes(name));

  it('creates of different names in one directory run in parallel', () => {
    const one = locksOf(lockWriteEdge, '/a/b/x');
    const other = locksOf(lockWriteEdge, '/a/b/y');
    expect(clash(one, other)).toBe(false);
    expect(clash(one, locksOf(lockWriteEdge, '/a/b/x'))).toBe(true);
  });

  it('recursive creates through the same missing directory wait for each other', () => {
    const deep = locksOf(lockWriteEdge, '/a/new/x/y');
    expect(clash(deep, locksOf(lockWriteEdge, '/a/new/z'))).toBe(true);
    expect(clash(deep, locksOf(lockWriteEdge, '/a/other/z'))).toBe(false);
  });

  it('a rename, a delete or a new mode of a directory waits for operations below it', () => {
    const below = locksOf(lockWriteEdge, '/a/b/x');
    expect(clash(locksOf(lockWriteEdge, '/a'), below)).toBe(true);
    expect(clash(locksOf(lockWriteEdge, '/a/b'), below)).toBe(true);
    expect(clash(locksOf(lockWriteInode, '/a/b'), below)).toBe(true);
    expect(clash(locksOf(lockWriteInode, '/'), below)).toBe(true);
    expect(clash(locksOf(lockWriteInode, '/a/b/c'), below)).toBe(false);
  });
});
