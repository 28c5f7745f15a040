/**
 * The highest rate that is sustained, by bisection: each step runs an open loop at one rate and
 * says whether that was fine. Pure: what a step does is the caller's business.
 *
 *   low: the highest rate known to be fine      high: the lowest known not to be
 */
export type RateSearch<T> = {
  /** Where to look first; not known to be too much. */
  readonly guess: number;
  /** It ends when high - low is within this part of high. */
  readonly precision: number;
  readonly stepsMax: number;
  readonly attempt: (rate: number) => Promise<{ readonly fine: boolean; readonly outcome: T }>;
};

/** The outcome at the best rate; undefined when none was fine. */
export async function searchRate<T>(search: RateSearch<T>): Promise<T | undefined> {
  let low = 0;
  let high = Number.POSITIVE_INFINITY;
  let best: T | undefined;
  let rate = search.guess;
  for (let step = 0; step < search.stepsMax; step++) {
    const { fine, outcome } = await search.attempt(Math.round(rate));
    if (fine) {
      best = outcome;
      low = rate;
    } else {
      high = rate;
    }
    const isBounded = high !== Number.POSITIVE_INFINITY;
    if (isBounded && high - low <= search.precision * high) break;
    rate = isBounded ? (low + high) / 2 : low * 2;
  }
  return best;
}
