/** B27: a clock that is ahead for seconds purges nothing: two clocks in hand, minute by minute. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BelievedClock } from '../../../src/master/background/believed-clock.js';

const SETTLE_MS = 300_000;
const DAY_MS = 86_400_000;

class Hands {
  wallMs = 1_700_000_000_000;
  steadyMs = 50;
  readonly clock = new BelievedClock(
    SETTLE_MS,
    () => this.wallMs,
    () => this.steadyMs,
  );

  pass(ms: number): number | undefined {
    let now: number | undefined;
    for (let left = ms; left > 0; left -= 1000) {
      this.wallMs += Math.min(1000, left);
      this.steadyMs += Math.min(1000, left);
      now = this.clock.now();
    }
    return now;
  }
}

test('B27: ahead for seconds is never believed; a start is believed after it has stood', () => {
  const hands = new Hands();
  expect(hands.pass(SETTLE_MS - 1000)).toBeUndefined();
  expect(hands.pass(2000)).toBe(hands.wallMs);
  hands.wallMs += 400 * DAY_MS;
  const before = hands.wallMs - 400 * DAY_MS;
  expect(hands.pass(30_000)).toBe(before + 30_000);
  hands.wallMs -= 400 * DAY_MS;
  expect(hands.pass(1000)).toBe(hands.wallMs);
  // One that stays, as after a machine has slept, is.
  hands.wallMs += DAY_MS;
  expect(hands.pass(SETTLE_MS - 1000)).toBe(hands.wallMs - DAY_MS);
  expect(hands.pass(2000)).toBe(hands.wallMs);
});

test('B27: back is believed at once, and drift is followed', () => {
  const hands = new Hands();
  hands.pass(SETTLE_MS + 1000);
  hands.wallMs -= DAY_MS;
  expect(hands.clock.now()).toBe(hands.wallMs);
  for (let second = 0; second < 2000; second++) {
    hands.wallMs += 2;
    hands.pass(1000);
  }
  expect(hands.clock.now()).toBe(hands.wallMs);
});

test('B27: whatever the clock does, no time is believed whose clock has not stood', () => {
  const jump = fc.integer({ min: -DAY_MS, max: DAY_MS }).map((ms) => ms + Math.sign(ms) * 2000);
  const steps = fc.array(fc.record({ jump, seconds: fc.integer({ min: 1, max: 600 }) }), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(steps, (all) => {
      const hands = new Hands();
      let latest = Number.NEGATIVE_INFINITY;
      let stoodMs = 0;
      for (const { jump: by, seconds } of all) {
        hands.wallMs += by;
        const offset = hands.wallMs - hands.steadyMs;
        const now = hands.pass(seconds * 1000);
        stoodMs = by === 0 ? stoodMs + seconds * 1000 : seconds * 1000;
        // A second either way: the looks are so far apart.
        if (stoodMs >= SETTLE_MS - 1000) latest = offset;
        if (now !== undefined) expect(now - hands.steadyMs).toBeLessThanOrEqual(latest);
      }
    }),
    { numRuns: 100 },
  );
});
