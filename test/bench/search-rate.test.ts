/** The bisection for the highest sustained rate finds it from below and from above. */
import { describe, expect, it } from 'vitest';
import { searchRate } from '../../bench/search-rate.js';

const search = (limit: number, guess: number, stepsMax = 20) => {
  const attempts: number[] = [];
  const found = searchRate({
    guess,
    precision: 0.05,
    stepsMax,
    attempt: async (rate) => {
      attempts.push(rate);
      return { fine: rate <= limit, outcome: rate };
    },
  });
  return found.then((rate) => ({ rate, attempts }));
};

describe('searchRate', () => {
  it.each([100, 1_000, 99_000, 1_000_000])('finds a limit from a guess of %d', async (guess) => {
    const { rate } = await search(100_000, guess);
    expect(rate).toBeLessThanOrEqual(100_000);
    expect(rate).toBeGreaterThan(94_000);
  });

  it('looks no longer than it may, and says when nothing was fine', async () => {
    const { rate, attempts } = await search(0.4, 1_000_000, 5);
    expect(rate).toBeUndefined();
    expect(attempts).toHaveLength(5);
  });
});
