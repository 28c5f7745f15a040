/**
 * Goal: a listing shows what was done before it, without waiting for a flush, as long as that is
 * not too much; if it is, or the flusher commits again and again meanwhile, it waits and is right.
 */
import { afterEach, describe, expect, test } from 'vitest';
import type { KernelExports } from '../../../../src/master/memory/exports.js';
import { CONTROL, CONTROL_BASE } from '../../../../src/master/memory/layout.js';
import * as wire from '../../../../src/wire/generated/index.js';
import { TIER1_SIZES } from '../../../support/fixture.js';
import { names, paths, Verbs } from '../../../support/verbs.js';
import { WireMaster } from '../../../support/wire-master.js';

/** assembly/changes.ts: changes that are collected at most. */
const CHANGES_MAX = 1024;

let master: WireMaster;
let verbs: Verbs;

function open(tier1Bytes: number, kernelOf = (kernel: KernelExports) => kernel): void {
  master = new WireMaster({ tier1Bytes, kernelOf });
  verbs = new Verbs(master);
}

afterEach(() => master.close());

const flushes = (): number =>
  master.fixture.executor.kernel.load64(CONTROL_BASE + CONTROL.STAT_FLUSHES);

const nameOf = (i: number): string => `f${String(i).padStart(5, '0')}`;

async function create(directory: string, from: number, to: number): Promise<void> {
  for (let first = from; first < to; first += 500) {
    const files = Array.from({ length: Math.min(500, to - first) }, (_, i) => {
      return new wire.CreateFileT(`${directory}/${nameOf(first + i)}`, true);
    });
    await master.ask('BatchCreate', new wire.BatchCreateT(files));
  }
}

describe.each(TIER1_SIZES)('with %i bytes of tier 1', (tier1Bytes) => {
  test('what was made, changed, moved and deleted shows at once, and needs no flush', async () => {
    open(tier1Bytes);
    for (const name of ['a', 'c', 'e', 'g', 'i']) await verbs.file(`/d/${name}`);
    await verbs.file('/d/sub/x');
    master.fixture.flush();
    const before = flushes();
    await verbs.file('/d/b');
    await verbs.file('/d/zz');
    await verbs.delete('/d/c');
    await verbs.rename('/d/e', '/d/f');
    await verbs.rename('/d/g', '/d/sub/g');
    await verbs.change('/d/i', { mode: 0o640 });
    await verbs.delete('/d/a');
    await verbs.file('/d/a');
    const expected = ['a', 'b', 'f', 'i', 'sub', 'zz'];
    const page = await verbs.page('/d');
    expect(names(page.entries)).toEqual(expected);
    for (const entry of page.entries) expect(entry).toEqual(await verbs.status(`/d/${entry.name}`));
    for (const pageSize of [1, 2, 5, 6]) {
      expect(names(await verbs.all('/d', { pageSize }))).toEqual(expected);
    }
    expect(names((await verbs.page('/d', { startAfter: 'b' })).entries)).toEqual(expected.slice(2));
    expect(names((await verbs.page('/d', { startAfter: 'c' })).entries)).toEqual(expected.slice(2));
    expect(names((await verbs.page('/d', { prefix: 'z' })).entries)).toEqual(['zz']);
    const tree = ['a', 'b', 'f', 'i', 'sub', 'sub/g', 'sub/x', 'zz'].map((name) => `/d/${name}`);
    expect(paths(await verbs.all('/d', { recursive: true }))).toEqual(tree);
    expect(paths(await verbs.all('/d', { recursive: true, pageSize: 1 }))).toEqual(tree);
    expect(flushes()).toBe(before);
    await master.restart();
    expect(names((await verbs.page('/d')).entries)).toEqual(expected);
  });

  test('a page between changes in the open and in a closed epoch', async () => {
    open(tier1Bytes);
    await create('/d', 0, 40);
    master.fixture.flush();
    for (let i = 0; i < 40; i += 4) await verbs.delete(`/d/${nameOf(i)}`);
    master.fixture.closeEpoch();
    for (let i = 0; i < 40; i += 8) await verbs.file(`/d/${nameOf(i)}`);
    for (let i = 1; i < 40; i += 4) await verbs.delete(`/d/${nameOf(i)}`);
    const expected = Array.from({ length: 40 }, (_, i) => i)
      .filter((i) => i % 8 === 0 || (i % 4 !== 0 && i % 4 !== 1))
      .map(nameOf);
    const before = flushes();
    expect(names(await verbs.all('/d', { pageSize: 7 }))).toEqual(expected);
    expect(flushes()).toBe(before);
  });
});

test('more than is collected waits for a flush; fewer behind a name do not', async () => {
  open(4 * 2 ** 20);
  await create('/d', 0, CHANGES_MAX + 1);
  const before = flushes();
  const all = Array.from({ length: CHANGES_MAX + 1 }, (_, i) => nameOf(i));
  const later = await verbs.page('/d', { startAfter: nameOf(0), pageSize: 4096 });
  expect(names(later.entries)).toEqual(all.slice(1));
  expect(flushes()).toBe(before);
  expect(names((await verbs.page('/d', { pageSize: 4096 })).entries)).toEqual(all);
  expect(flushes()).toBe(before + 1);
});

describe('a collection that others spoil is made anew, a few times', () => {
  let left = 0;
  let calls = 0;

  async function listed(times: number, spoil: () => void): Promise<number> {
    open(64 * 1024, (kernel) => ({
      ...kernel,
      collectChanges: (...of) => {
        calls++;
        const count = kernel.collectChanges(...of);
        if (left-- > 0) spoil();
        return count;
      },
    }));
    await create('/d', 0, 30);
    left = times;
    calls = 0;
    const all = Array.from({ length: 30 }, (_, i) => nameOf(i));
    expect(names((await verbs.page('/d')).entries)).toEqual(all);
    return calls;
  }

  test.each([
    [0, 1],
    [1, 2],
    [100, 8],
  ])('commits of the flusher: %i', async (times, collected) => {
    expect(await listed(times, () => master.fixture.flush())).toBe(collected);
  });

  // Eight times before it waits for a flush, and eight times after that.
  test.each([
    [0, 1],
    [1, 2],
    [100, 16],
  ])('changes in the directory: %i', async (times, collected) => {
    const change = (): void => {
      const body = Object.assign(new wire.SetAttributeT(`/d/${nameOf(calls)}`), { mode: 0o600 });
      master.send('SetAttribute', body);
      master.fixture.turn();
    };
    expect(await listed(times, change)).toBe(collected);
  });
});
