/**
 * Real masters, killed at every named point and at random moments under load: each acknowledged
 * change is there exactly once, each other one whole or not at all. The seed is printed; another
 * one: ORCHARD_TEST_SEED. The long form is the soak's.
 */
import { expect, test } from 'vitest';
import { CrashRun } from './crash-run.js';
import { KILL_POINTS, type KillPoint } from './kill-points.js';

const RANDOM_KILLS = 2;
/** A life may end before its point comes. */
const AGAIN_MAX = 4;

async function killAt(seed: number, points: readonly KillPoint[]): Promise<number> {
  const run = await CrashRun.create({ seed, writers: 9, lifeMsMax: 300, passShare: 0.25 });
  for (const point of points) await run.life(point);
  for (let i = 0; i < RANDOM_KILLS; i++) await run.life();
  const missed = () => points.filter(({ name }) => run.neverMet.includes(name));
  for (let again = 0; again < AGAIN_MAX; again++) {
    for (const point of missed()) await run.life(point);
  }
  const { violations, ...counts } = await run.finish();
  console.log(`crash run of seed ${seed}: ${JSON.stringify(counts)}`);
  expect(violations.slice(0, 5)).toEqual([]);
  expect(missed()).toEqual([]);
  expect(counts.steps).toBeGreaterThan(200);
  return run.killCount;
}

test('kills at every named point and at random moments lose and double nothing', async () => {
  const seed = Number(process.env['ORCHARD_TEST_SEED'] ?? Date.now() % 1_000_000);
  const half = Math.ceil(KILL_POINTS.length / 2);
  const kills = await Promise.all([
    killAt(seed, KILL_POINTS.slice(0, half)),
    killAt(seed + 1, KILL_POINTS.slice(half)),
  ]);
  expect(kills[0] + kills[1]).toBeGreaterThanOrEqual(20);
}, 300_000);
