/**
 * Two masters side by side, each killed as often as it can be started: one under writers of every
 * kind, one with a tiny tier behind a proxy that loses answers. Every life's state is compared with
 * exact ledgers and verified as a whole.
 */
import { type CrashReport, CrashRun } from '../proof/crash-run.js';
import { KILL_POINTS, type KillPoint } from '../proof/kill-points.js';
import { addAll, count, plotPoint } from './ledger.js';
import { isOver, type Phase, type PhaseRun } from './phase.js';

/** One life in so many ends at a random moment. */
const RANDOM_ONE_IN = 5;
const SMOKE_LIVES = 2;

export const crashPhase: Phase = {
  name: 'crash',
  share: 0.19,
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
      environment: {
        ORCHARD_TIER1_BYTES: '64KiB',
        ORCHARD_KEY_FILTER_BYTES: '1KiB',
        ORCHARD_RPC_THREADS: '2',
      },
    }),
  });
  const points = [...KILL_POINTS];
  let told: Told = { counts: {}, restarts: 0, violations: 0 };
  const least = run.isSmoke ? SMOKE_LIVES : 0;
  for (let life = seed; life < seed + least || !isOver(run); life++) {
    const isRandom = life % RANDOM_ONE_IN === 0;
    await crash.life(isRandom ? undefined : pointOf(points, life, run));
    told = take(run, crash.report, told);
    const restartMs = crash.report.restartMs.at(-1);
    if (restartMs !== undefined) plotPoint(run.ledger, 'restart', `side ${side}`, restartMs);
  }
  take(run, await crash.finish(), told);
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

/** What of a run's report is in the ledger already. */
type Told = {
  readonly counts: Readonly<Record<string, number>>;
  readonly restarts: number;
  readonly violations: number;
};

/** Adds what is new since `told`. */
function take({ ledger }: PhaseRun, report: CrashReport, told: Told): Told {
  const counts = countsOf(report);
  for (const [name, value] of Object.entries(counts)) {
    const by = value - (told.counts[name] ?? 0);
    const [kind, point] = name.split(' at ');
    if (point === undefined) count(ledger, name, by);
    else if (by > 0) addAll(kind === 'killed' ? ledger.kills : ledger.missed, { [point]: by });
  }
  ledger.restartMs.push(...report.restartMs.slice(told.restarts));
  const again = `ORCHARD_TEST_SEED=${report.seed} npx vitest run test/proof/crash.test.ts`;
  for (const text of report.violations.slice(told.violations)) {
    ledger.violations.push({ phase: 'crash', text, again });
  }
  const { restartMs, violations } = report;
  return { counts, restarts: restartMs.length, violations: violations.length };
}

function countsOf(report: CrashReport): Record<string, number> {
  const at = (kind: string, points: Readonly<Record<string, number>>): [string, number][] =>
    Object.entries(points).map(([name, value]) => [`${kind} at ${name}`, value]);
  return {
    'operations: ledger steps': report.steps,
    'ledgers compared': report.checks,
    'calls that nobody had answered': report.uncertain,
    'calls sent again': report.repeats,
    'answers lost': report.lostAnswers,
    'states verified': report.verified,
    'entries replayed': report.replayedEntries,
    ...Object.fromEntries([...at('killed', report.kills), ...at('missed', report.missed)]),
  };
}
