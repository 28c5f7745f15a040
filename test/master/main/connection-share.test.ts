/** Descriptors are kept for the own files of the master; one count for all threads and ports. */
import { describe, expect, it } from 'vitest';
import {
  connectionBudget,
  connectionsFor,
  lookForDescriptors,
  refuseFewDescriptors,
} from '../../../src/master/main/connection-share.js';
import { parseConfig } from '../../../src/master/settings/config.js';
import { lockMemory } from '../lock/lock-kit.js';

const facts = { cores: 4, memoryBytes: 2 ** 34, user: 'ada', workingDirectory: '/' };
const config = (connectionsMax: number) =>
  parseConfig({ ORCHARD_CONNECTIONS_MAX: String(connectionsMax) }, facts);

describe('B17: connections', () => {
  it.each([
    [20_000, 19_488],
    [1024, 512],
    [100, 50],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  ])('of %d descriptors are %d', (descriptors, connections) => {
    expect(connectionsFor(descriptors)).toBe(connections);
  });

  it('are counted by all threads together, some accepted only to be told', () => {
    const shared = lockMemory(2);
    const [one, other] = [
      connectionBudget(shared, config(40)),
      connectionBudget(shared, config(40)),
    ];
    for (let i = 0; i < 20; i++) expect([one.enter(), other.enter()]).toEqual([true, true]);
    expect(one.isFull()).toBe(false);
    expect(other.enter()).toBe(true);
    expect(one.isFull()).toBe(true);
    let told = 1;
    while (one.enter()) told++;
    expect(told).toBe(16);
    for (let i = 0; i < 56; i++) other.leave();
    expect(one.isFull()).toBe(false);
  });

  it('are refused where they would take descriptors that are kept, until some are free', () => {
    let lowest = 90;
    const isShort = lookForDescriptors(100, () => lowest);
    const looks = (): boolean[] => Array.from({ length: 8 }, isShort);
    expect(looks()).not.toContain(true);
    lowest = 100;
    expect(looks().at(-1)).toBe(true);
    expect(looks()).not.toContain(false);
    lowest = 99;
    expect(looks()).not.toContain(true);
  });

  it('52: too few descriptors are refused, with what to set', () => {
    expect(() => refuseFewDescriptors(config(0), 64)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('may open 64 files'),
        hint: expect.stringContaining('ulimit -n'),
      }),
    );
    expect(() => refuseFewDescriptors(config(4000), 1024)).toThrow(/ORCHARD_CONNECTIONS_MAX=4000/);
    refuseFewDescriptors(config(0), 1024);
  });
});
