/**
 * Goal: for any requests, in any order, by any user, the master answers as the plain tree of
 * namespace-model.ts does: with everything in memory, with a tier of 64 KiB, after SIGKILL and
 * replay, and on every slow path.
 * Method: random sequences (generator.ts); every answer is compared (agreement.ts); a failing
 * sequence is shrunk. ORCHARD_TEST_SEED repeats a failure; ORCHARD_MODEL_RUNS searches longer.
 * differs. ORCHARD_TEST_SEED repeats a failure; ORCHARD_MODEL_RUNS searches longer.
 */
import { describe, expect, it } from 'vitest';
import type { FileStatus } from '../../src/client/index.js';
import { runModelSequences, type Saboteur, type Variant } from './run-sequences.js';
import { GROUPS } from './step.js';

const seed = Number(process.env['ORCHARD_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const runs = process.env['ORCHARD_MODEL_RUNS'];
/** Of what is planted: how far a sequence shrinks in its time depends on which was drawn. */
const PLANTED_SEED = Number(process.env['ORCHARD_TEST_SEED'] ?? 1);
const COUNTS: readonly (readonly [Variant, number])[] = [
  ['normal', 25],
  ['tiny', 25],
  ['kills', 8],
  ['torn', 8],
  ['slow', 25],
  ['restarts', 35],
];

describe(`the master and the model (seed ${seed})`, () => {
  it.each(COUNTS)(
    'answer alike: %s',
    async (variant, usual) => {
      const count = Number(runs ?? usual);
      const report = await runModelSequences({
        count,
        seed,
        variant,
        deadline: Date.now() + 50_000,
      });
      if (process.env['ORCHARD_TEST_TOLD']) console.log(JSON.stringify(report));
      expect(report.violations.map(({ text }) => text).join('\n\n')).toBe('');
      expect(report.sequences).toBeGreaterThanOrEqual(count);
      if (variant === 'kills' || variant === 'torn') expect(report.kills).toBeGreaterThan(0);
    },
    90_000,
  );

  it('a master that forgets setgid is caught, and told of in few steps', async () => {
    const saboteur: Saboteur = (step, answer) => {
      if (step.do !== 'mkdir' || answer.code !== 'OK') return answer;
      const told = answer.told as FileStatus;
      return { code: 'OK', told: { ...told, group: GROUPS[step.user][0] } };
    };
    // Most of the time is shrinking, which stops at its limit; it is slow beside other tests.
    const deadline = Date.now() + 15_000;
    const { violations } = await runModelSequences({
      ...{ count: 1000, seed: PLANTED_SEED, variant: 'restarts', deadline, saboteur },
    });
    expect(violations).toHaveLength(1);
    const { text } = violations[0]!;
    expect(text).toMatch(/✗ mkdir: .* group: expected/);
    expect(text).toContain(`ORCHARD_TEST_SEED=${PLANTED_SEED}`);
    expect(text.split('\n').filter((line) => line.includes('→')).length).toBeLessThan(16);
  }, 90_000);
});
