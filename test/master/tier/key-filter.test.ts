/**
 * The filter of keys as the flusher keeps it, over a real tier 2: filled after a start, some keys
 * at a time and while others are flushed; filled anew when most of it is gone; given
 * up when there are far more keys than it was made for. verify finds what it lacks.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/master/inspect/check-filter.js';
import { Findings } from '../../../src/master/inspect/findings.js';
import { CONTROL, CONTROL_BASE } from '../../../src/master/memory/layout.js';
import { Namespace } from '../ops/mutations/namespace.js';

const LONG = 'x'.repeat(180);

let names: Namespace;
afterEach(() => names.fixture.close());

const isComplete = (): boolean => (names.fixture.shared.load(CONTROL.FILTER_STATE) & 1) !== 0;
const keyCount = (): number => {
  const at = CONTROL_BASE + CONTROL.FILTER_KEYS;
  return Number(names.fixture.shared.view.getBigUint64(at, true));
};

async function check(): Promise<{ count: number; codes: string[] }> {
  const { shared, tier2 } = names.fixture;
  const findings = new Findings();
  const count = await checkFilter(shared, tier2, findings, new AbortController().signal);
  return { count, codes: findings.list.map(({ code }) => code) };
}

async function create(from: number, to: number, suffix = ''): Promise<void> {
  for (let i = from; i < to; i++) await names.createFile(`/d/f${i}${suffix}`);
}

function fillAll(): number {
  let turns = 0;
  while (names.fixture.fillFilter()) turns++;
  return turns;
}

describe('with room for all keys', () => {
  beforeEach(async () => {
    names = new Namespace({ filterBytes: 1 << 20, tier1Bytes: 64 * 1024 });
    await names.mkdir('/d');
  });

  test('it is complete from the first flush on, and denies what is not there', async () => {
    await create(0, 500);
    names.fixture.flush();
    expect(isComplete()).toBe(true);
    expect(await check()).toEqual({ count: 502, codes: [] });
    for (let i = 0; i < 500; i += 7) expect(names.stat(`/d/f${i}`)).toBeDefined();
    expect(names.stat('/d/none')).toBeUndefined();
  });

  test('it is filled from tier 2 after a start, while others are flushed', async () => {
    // Long names: more pages than a turn takes.
    await create(0, 12_000, LONG);
    await names.fixture.restart({ flushed: true });
    expect(isComplete()).toBe(false);
    expect(names.fixture.fillFilter()).toBe(true);
    // The scan has come to the middle: one key behind it, one before it, and one that goes.
    expect(isComplete()).toBe(false);
    await names.createFile('/a-before');
    await names.createFile('/d/z-behind');
    await names.delete(`/d/f11999${LONG}`, { skipTrash: true });
    names.fixture.flush();
    fillAll();
    expect(isComplete()).toBe(true);
    expect(await check()).toEqual({ count: 12_003, codes: [] });
    for (const path of ['/a-before', '/d/z-behind']) expect(names.stat(path)).toBeDefined();
    for (const i of [0, 9999, 11_998]) expect(names.stat(`/d/f${i}${LONG}`)).toBeDefined();
    expect(names.stat(`/d/f11999${LONG}`)).toBeUndefined();
  });

  test('a key that it lacks is found', async () => {
    await create(0, 10);
    names.fixture.flush();
    const { shared } = names.fixture;
    const at = shared.fixed(CONTROL.FILTER_BASE);
    shared.u8.fill(0, at, at + (1 << 20));
    const { count, codes } = await check();
    expect(codes).toHaveLength(count);
    expect(new Set(codes)).toEqual(new Set(['filter-lacks']));
  });
});

test('it is filled anew when most of what it holds is gone', async () => {
  // 512 keys.
  names = new Namespace({ filterBytes: 512 });
  await names.mkdir('/d');
  let most = 0;
  for (let round = 0; round < 20; round++) {
    await create(round * 100, (round + 1) * 100);
    names.fixture.flush();
    fillAll();
    expect(isComplete()).toBe(true);
    expect((await check()).codes).toEqual([]);
    most = Math.max(most, keyCount());
    for (let i = round * 100; i < (round + 1) * 100; i++) {
      await names.delete(`/d/f${i}`, { skipTrash: true });
    }
  }
  expect(most).toBeGreaterThan(400);
  expect(most).toBeLessThan(800);
});

test('it is given up when there are far more keys than it was made for', async () => {
  names = new Namespace({ filterBytes: 64 });
  await names.mkdir('/d');
  await create(0, 300);
  await names.fixture.restart({ flushed: true });
  expect(fillAll()).toBe(0);
  expect(isComplete()).toBe(false);
  expect(await check()).toEqual({ count: 0, codes: [] });
  expect(names.stat('/d/f299')).toBeDefined();
  expect(names.stat('/d/none')).toBeUndefined();
});
