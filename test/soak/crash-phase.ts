/**
 * Two masters side by side, each killed as often as it can be started: one under writers of every
 * kind, one with a tiny tier behind a proxy that loses answers. Every life's state is compared with
 * exact ledgers and verified as a whole.
 */
import { CrashRun } from '../proof/crash-run.js';
import { KILL_POINTS, type KillPoint } from '../proof/kill-points.js';
import { addAll, count, plotPoint } from './ledger.js';
import { isOver, type Phase, type PhaseRun } from './phase.js';

/** One life in so many ends at a random moment. */
const RANDOM_ONE_IN = 5;
const SMOKE_LIVES = 2;

export const crashPhase: Phase = {
  name: 'crash',
  share: 0.4,
  run: async (run) => {
    const sides = [runSide(run, 0), ...(run.isSmoke ? [] : [runSide(run, 1)])];
    await Promise.all(sides);
  },
};

async function runSide(run: PhaseRun, side: number): Promise<void> {
  const seed = run.seed * 2 + side;
  const lossy = side === 1;
  const crash = await CrashRun.create({
    seed,
    writers: 6,
    lifeMsMax: 500,
    passShare: 0.25,
    ...(lossy && {
      kinds: ['automatic'],
      loseOneIn: 60,
      environment: { ORCHARD_TIER1_BYTES: '64KiB', ORCHARD_RPC_THREADS: '2' },
    }),
  });
  const points = [...KILL_POINTS];
  const least = run.isSmoke ? SMOKE_LIVES : 0;
  for (let life = seed; life < seed + least || !isOver(run); life++) {
    const isRandom = life % RANDOM_ONE_IN === 0;
    await crash.life(isRandom ? undefined : pointOf(points, life, run));
    plotPoint(run.ledger, 'restart', `side ${side}`, crash.report.restartMs.at(-1) ?? 0);
  }
  const report = await crash.finish();
  take(run, report);
}

/** Rarer points first, so that each comes in every round that has the time. */
function pointOf(points: readonly KillPoint[], life: number, { ledger }: PhaseRun): KillPoint {
  const seen = ({ name }: KillPoint): number =>
    (ledger.kills[name] ?? 0) + (asked.get(name) ?? 0) * 0.5;
  const start = (life * 7) % points.length;
  const turned = [...points.slice(start), ...points.slice(0, start)];
  const point = turned.reduce((best, one) => (seen(one) < seen(best) ? one : best));
  asked.set(point.name, (asked.get(point.name) ?? 0) + 1);
  return point;
}

/** How often each point was asked for; what was met is in the ledger at a phase's end. */
const asked = new Map<string, number>();

function take({ ledger }: PhaseRun, report: Awaited<ReturnType<CrashRun['finish']>>): void {
  addAll(ledger.kills, report.kills);
  addAll(ledger.missed, report.missed);
  ledger.restartMs.push(...report.restartMs);
  count(ledger, 'operations: ledger steps', report.steps);
  count(ledger, 'ledgers compared', report.checks);
  count(ledger, 'calls that nobody had answered', report.uncertain);
  count(ledger, 'calls sent again', report.repeats);
  count(ledger, 'answers lost', report.lostAnswers);
  count(ledger, 'states verified', report.verified);
  count(ledger, 'entries replayed', report.replayedEntries);
  const again = `ORCHARD_TEST_SEED=${report.seed} npx vitest run test/proof/crash.test.ts`;
  for (const text of report.violations) ledger.violations.push({ phase: 'crash', text, again });
}
