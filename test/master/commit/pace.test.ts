/**
 * Back-pressure before it is needed: while an epoch is being flushed and the open one is fuller
 * than it should be, each turn of the writer waits, so that no set of slots ever overflows.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CONTROL } from '../../../src/master/memory/layout.js';
import { dirtyMaxOf } from '../../../src/master/tier/dirty-max.js';
import { Fixture } from '../../support/fixture.js';

let fixture: Fixture;

beforeAll(() => {
  fixture = Fixture.open();
});
afterAll(() => fixture.close());

/** How long a turn takes with so many dirty slots in the open epoch, by what they should be. */
function turnMs(fullness: number): number {
  const { shared } = fixture;
  const count = CONTROL.DIRTY_COUNT + (shared.load(CONTROL.EPOCH) & 1) * 4;
  const before = shared.load(count);
  shared.store(count, Math.ceil(fullness * dirtyMaxOf(shared)));
  const began = performance.now();
  fixture.turn();
  const ms = performance.now() - began;
  shared.store(count, before);
  return ms;
}

it('the writer waits the longer the more is behind, and never for long', () => {
  const { shared } = fixture;
  expect(turnMs(3)).toBeLessThan(90);
  // Closed, and not flushed.
  const closed = CONTROL.DIRTY_COUNT + (shared.load(CONTROL.EPOCH) & 1) * 4;
  shared.add(CONTROL.EPOCH, 1);
  expect(turnMs(0.5)).toBeLessThan(20);
  expect(turnMs(0.9)).toBeGreaterThan(39);
  expect(turnMs(1.1)).toBeGreaterThan(135);
  // Flushed for the most part.
  const before = shared.load(closed);
  shared.store(closed, 1000);
  shared.store(CONTROL.FLUSH_PUT, 950);
  expect(turnMs(0.9)).toBeLessThan(20);
  expect(turnMs(1.1)).toBeGreaterThan(90);
  // Somebody waits: half as much is as full.
  shared.store(CONTROL.FLUSH_WANTED, 1);
  expect(turnMs(0.55)).toBeGreaterThan(90);
  shared.store(CONTROL.FLUSH_WANTED, 0);
  shared.store(closed, before);
  shared.store(CONTROL.FLUSH_PUT, 0);
  expect(turnMs(50)).toBeGreaterThan(195);
  expect(turnMs(50)).toBeLessThan(1000);
  fixture.flush();
  expect(turnMs(3)).toBeLessThan(90);
});
