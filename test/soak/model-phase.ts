/** Random sequences of every operation against the plain tree, in all variants of a master. */
import { runModelSequences, VARIANTS, type Variant } from '../model/run-sequences.js';
import { addAll, count } from './ledger.js';
import type { Phase, PhaseRun } from './phase.js';

const ALL = Object.keys(VARIANTS) as Variant[];
/** Which of them run in this thread; the others mostly wait for their master. */
const IN_THREAD: readonly Variant[] = ['slow', 'restarts'];
const SMOKE: readonly Variant[] = ['normal', 'restarts'];
const COUNT_MAX = 1_000_000;

export const modelPhase: Phase = {
  name: 'model',
  share: 0.33,
  run: async (run) => {
    const variants = run.isSmoke ? SMOKE : ALL;
    const isInThread = (variant: Variant): boolean => IN_THREAD.includes(variant);
    await Promise.all([
      runAll(
        run,
        variants.filter((variant) => !isInThread(variant)),
      ),
      runAll(run, variants.filter(isInThread)),
    ]);
  },
};

/** One after the other, each with its part of the time. */
async function runAll(run: PhaseRun, variants: readonly Variant[]): Promise<void> {
  const { ledger, seed } = run;
  const partMs = (run.deadline - Date.now()) / variants.length;
  for (const variant of variants) {
    const report = await runModelSequences({
      count: run.isSmoke ? 4 : COUNT_MAX,
      seed,
      variant,
      ...(run.isSmoke ? {} : { deadline: Date.now() + partMs }),
    });
    count(ledger, 'model sequences', report.sequences);
    count(ledger, 'operations: model steps', report.steps);
    count(ledger, 'groups of concurrent steps', report.groups);
    addAll(ledger.kills, report.kills > 0 ? { random: report.kills } : {});
    const again = `ORCHARD_TEST_SEED=${seed} npx vitest run test/model/sequences.test.ts`;
    for (const { text } of report.violations) {
      ledger.violations.push({ phase: `model, ${variant}`, text, again });
    }
  }
}
