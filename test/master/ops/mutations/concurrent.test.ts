/** Calls in flight at once on two executors; and what a restart finds of them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Code } from '../../../../src/base/status.js';
import { TIER1_SIZES } from '../../../support/fixture.js';
import { type Draft, Namespace, type Outcome } from './namespace.js';

const N = 24;
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe.each(TIER1_SIZES)('concurrent calls with %i bytes of tier 1', (tier1Bytes) => {
  let names: Namespace;
  beforeEach(() => {
    names = new Namespace({ tier1Bytes });
  });
  afterEach(() => names.close());

  const many = (draft: (i: number, executor: number) => Draft, count = N): Promise<Outcome[]> =>
    names.together(range(count).map((i) => draft(i, i % 2)));
  const succeeded = (outcomes: readonly Outcome[]): number =>
    outcomes.filter((outcome) => outcome.ok).length;
  const codes = (outcomes: readonly Outcome[]): Code[] =>
    outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.code]));

  it('22. creates of one path: exactly one succeeds', async () => {
    const outcomes = await many((_, executor) => names.calls.createFile('/f', { executor }));
    expect(codes(outcomes)).toEqual(Array(N - 1).fill(Code.ALREADY_EXISTS));
    expect(names.stat('/')!.length).toBe(1);
  });

  it('22. a file and a directory of one name: exactly one succeeds', async () => {
    const outcomes = await many((i, executor) =>
      i % 3 === 0
        ? names.calls.mkdir('/x', { executor })
        : names.calls.createFile('/x', { executor }),
    );
    expect(succeeded(outcomes)).toBe(1);
  });

  it('23. recursive creates below one missing chain: each ancestor exists once', async () => {
    const outcomes = await many((i, executor) =>
      names.calls.createFile(`/a/b/c/${i}`, { executor, recursive: true }),
    );
    expect(succeeded(outcomes)).toBe(N);
    expect(['/', '/a', '/a/b', '/a/b/c'].map((path) => names.stat(path)!.length)).toEqual([
      1,
      1,
      1,
      N,
    ]);
    expect(names.children('/a/b/c')).toHaveLength(N);
    expect(names.children('/')).toEqual(['a']);
  });

  it('23. mkdir -p of one chain by all: all succeed, with one id', async () => {
    const outcomes = await many((_, executor) =>
      names.calls.mkdir('/a/b/c', { executor, recursive: true, allowExists: true }),
    );
    const ids = outcomes.map((outcome) => outcome.ok && outcome.info!.id);
    expect(new Set(ids)).toEqual(new Set([names.stat('/a/b/c')!.id]));
  });

  it('46. deletes of one path: one success, the others NOT_FOUND', async () => {
    await names.mkdir('/d');
    const outcomes = await many((_, executor) => names.calls.delete('/d', { executor }));
    expect(codes(outcomes)).toEqual(Array(N - 1).fill(Code.NOT_FOUND));
    expect(names.stat('/')!.length).toBe(0);
  });

  it('46. deletes of siblings all succeed', async () => {
    for (const i of range(N)) await names.createFile(`/${i}`);
    expect(succeeded(await many((i, executor) => names.calls.delete(`/${i}`, { executor })))).toBe(
      N,
    );
    expect(names.stat('/')!.length).toBe(0);
    expect(names.children('/')).toEqual([]);
  });

  it('46. deletes of a path and of what is below it: nothing is left in between', async () => {
    await names.mkdir('/a/b/c', { recursive: true });
    const outcomes = await many((i, executor) =>
      names.calls.delete(['/a/b/c', '/a/b', '/a'][i % 3]!, { executor, recursive: true }),
    );
    for (const code of codes(outcomes)) expect(code).toBe(Code.NOT_FOUND);
    expect(names.stat('/a')).toBeUndefined();
    expect(names.stat('/')!.length).toBe(0);
    await names.undelete('/a');
    const left = names.stat('/a/b');
    expect(names.stat('/a')!.length).toBe(left === undefined ? 0 : 1);
  });

  it('46. creates below a directory that is being deleted: there or nowhere', async () => {
    const directory = await names.mkdir('/d');
    const outcomes = await many((i, executor) =>
      i === N / 2
        ? names.calls.delete('/d', { executor, recursive: true })
        : names.calls.createFile(`/d/${i}`, { executor }),
    );
    expect(outcomes[N / 2]!.ok).toBe(true);
    for (const code of codes(outcomes)) expect(code).toBe(Code.NOT_FOUND);
    await names.undelete('/d');
    const made = succeeded(outcomes) - 1;
    expect(names.stat('/d')).toMatchObject({ id: directory.id, length: made });
    expect(names.children('/d')).toHaveLength(made);
  });

  it('64. renames of one source: one success', async () => {
    const directory = await names.mkdir('/s');
    const outcomes = await many((i, executor) => names.calls.rename('/s', `/t${i}`, { executor }));
    expect(codes(outcomes)).toEqual(Array(N - 1).fill(Code.NOT_FOUND));
    const [only, ...rest] = names.children('/');
    expect(rest).toEqual([]);
    expect(names.stat(`/${only}`)!.id).toBe(directory.id);
  });

  it('64. renames of many sources to one destination: one success', async () => {
    for (const i of range(N)) await names.createFile(`/${i}`);
    const outcomes = await many((i, executor) => names.calls.rename(`/${i}`, '/t', { executor }));
    expect(codes(outcomes)).toEqual(Array(N - 1).fill(Code.ALREADY_EXISTS));
    expect(names.stat('/')!.length).toBe(N);
    expect(names.children('/')).toHaveLength(N);
  });

  it('64. renames between directories of their own: no errors', async () => {
    for (const i of range(N)) {
      await names.mkdir(`/from${i}/d`, { recursive: true });
      await names.mkdir(`/to${i}`);
    }
    const outcomes = await many((i, executor) =>
      names.calls.rename(`/from${i}/d`, `/to${i}/e`, { executor }),
    );
    expect(succeeded(outcomes)).toBe(N);
  });

  it('64. opposite renames: no deadlock, at most one succeeds, no cycle', async () => {
    for (const round of range(10)) {
      const [a, b] = [`/a${round}`, `/b${round}`];
      await names.mkdir(a);
      await names.mkdir(b);
      const outcomes = await names.together([
        names.calls.rename(a, `${b}/x`, { executor: round % 2 }),
        names.calls.rename(b, `${a}/y`, { executor: (round + 1) % 2 }),
      ]);
      expect(succeeded(outcomes)).toBe(1);
      const there = [names.stat(a), names.stat(b)].filter((info) => info !== undefined);
      expect(there).toHaveLength(1);
      expect(there[0]!.length).toBe(1);
    }
  });

  it('64. renames in a circle of three: the tree stays a tree', async () => {
    for (const name of ['a', 'b', 'c']) await names.mkdir(`/${name}`);
    const outcomes = await names.together([
      names.calls.rename('/a', '/b/a', { executor: 0 }),
      names.calls.rename('/b', '/c/b', { executor: 1 }),
      names.calls.rename('/c', '/a/c', { executor: 0 }),
    ]);
    expect(succeeded(outcomes)).toBeGreaterThanOrEqual(1);
    expect(succeeded(outcomes)).toBeLessThan(3);
    let found = 0;
    for (const path of reachable(names, '/')) found += path === '/' ? 0 : 1;
    expect(found).toBe(3);
  });

  it('22. after a restart every answer given holds, and ids are never reused', async () => {
    const answered = await many((i, executor) => names.calls.createFile(`/f${i}`, { executor }));
    const ids = answered.map((outcome) => (outcome.ok ? outcome.info!.id : 0));
    await names.delete('/f0', { skipTrash: true });
    await names.fixture.restart();
    for (const i of range(N).slice(1)) expect(names.stat(`/f${i}`)!.id).toBe(ids[i]);
    const next = (await names.createFile('/next')).id;
    expect(ids.every((id) => id < next)).toBe(true);
    await names.delete('/next', { skipTrash: true });
    await names.fixture.restart({ flushed: true });
    expect((await names.createFile('/more')).id).toBeGreaterThan(next);
  });

  it('141. restart, and restart twice: the identical tree, all fields', async () => {
    await names.mkdir('/a/b', { recursive: true });
    await names.createFile('/a/b/f', { ttlMs: 3_600_000, blockSize: 4096, mode: 0o640 });
    await names.complete('/a/b/f', { length: 2 ** 45 + 3, mtimeMs: 1_600_000_000_001 });
    await names.setAttribute('/a', { owner: 'alice', group: 'staff', pinned: true });
    await names.rename('/a/b', '/c');
    await names.delete('/a');
    await names.createFile(`/${'long'.repeat(60)}`);
    const tree = (): unknown[] =>
      [...reachable(names, '/')].map((path) => [path, names.stat(path)]);
    const before = tree();
    expect(before).toHaveLength(4);
    for (const how of [{}, {}, { flushed: true }, {}]) {
      await names.fixture.restart(how);
      expect(tree()).toEqual(before);
    }
  });
});

function* reachable(names: Namespace, path: string): Iterable<string> {
  yield path;
  const info = names.stat(path)!;
  if (info.type !== 2) return;
  const children = names.children(path);
  expect(info.length, `child count of ${path}`).toBe(children.length);
  for (const name of children)
    yield* reachable(names, path === '/' ? `/${name}` : `${path}/${name}`);
}
