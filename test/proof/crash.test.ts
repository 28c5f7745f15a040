/**
 * Real masters, killed at named points and at random moments under load. Each acknowledged change
 * is there exactly once; each other one is there completely or not at all. Every life costs a
 * start, so a run takes a share of the points, drawn by its seed. ORCHARD_TEST_KILL_POINTS=all
 * takes all of them, and the soak repeats them. The seed is printed; ORCHARD_TEST_SEED sets it.
 */
import { expect, test } from 'vitest';
import { Random } from '../wire/mutate.js';
import { CrashRun } from './crash-run.js';
import { KILL_POINTS, type KillPoint } from './kill-points.js';

const RANDOM_KILLS = 1;
const POINTS_DRAWN = 7;
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
  expect(counts.steps).toBeGreaterThan(100);
  return run.killCount;
}

/** With the point after which alone another one comes. */
function drawnPoints(seed: number): readonly KillPoint[] {
  if (process.env['ORCHARD_TEST_KILL_POINTS'] === 'all') return KILL_POINTS;
  const random = new Random(seed);
  const names = new Set<string | undefined>();
  while (names.size < POINTS_DRAWN) {
    const { name, after } = KILL_POINTS[random.below(KILL_POINTS.length)]!;
    names.add(name);
    if (after !== undefined) names.add(after);
  }
  return KILL_POINTS.filter(({ name }) => names.has(name));
}

test('kills at named points and at random moments lose and double nothing', async () => {
  const seed = Number(process.env['ORCHARD_TEST_SEED'] ?? Date.now() % 1_000_000);
  const points = drawnPoints(seed);
  const half = Math.ceil(points.length / 2);
  const kills = await Promise.all([
    killAt(seed, points.slice(0, half)),
    killAt(seed + 1, points.slice(half)),
  ]);
  expect(kills[0] + kills[1]).toBeGreaterThanOrEqual(points.length / 2);
}, 300_000);
