/**
 * Runs all proofs together, round after round, until the time is over, and at the end the phases
 * that run in one piece. One seed determines all draws. A phase that breaks down is a violation
 * too, because a proof that did not run proves nothing.
 */
import { cpus, totalmem } from 'node:os';
import { backupPhase } from './backup-phase.js';
import { boundedPhase } from './bounded-phase.js';
import { crashPhase } from './crash-phase.js';
import { fuzzPhase } from './fuzz-phase.js';
import { historyPhase } from './history-phase.js';
import type { SoakLedger } from './ledger.js';
import { modelPhase } from './model-phase.js';
import type { Phase } from './phase.js';
import { RarePathWatch } from './rare-paths.js';

export type SoakOptions = {
  readonly minutes: number;
  readonly seed: number;
  readonly killsPerMinute: number;
  readonly phases?: readonly string[];
  readonly onPhase?: (name: string, ledger: SoakLedger) => void;
};

export const PHASES: readonly Phase[] = [
  crashPhase,
  historyPhase,
  modelPhase,
  boundedPhase,
  fuzzPhase,
  backupPhase,
];
/** So long that what a phase begins with (masters, loads) is a small part of its time. */
const ROUND_MINUTES = 10;
const SMOKE_MINUTES_MAX = 1;
const MINUTE_MS = 60_000;

export async function soak(options: SoakOptions): Promise<SoakLedger> {
  const { minutes, seed } = options;
  const ledger: SoakLedger = {
    seed,
    minutes,
    beganMs: Date.now(),
    elapsedMs: 0,
    machine: { cpus: cpus().length, model: cpus()[0]?.model ?? '', memory: totalmem() },
    counts: {},
    kills: {},
    missed: {},
    rarePaths: {},
    restartMs: [],
    notes: [],
    violations: [],
    series: {},
  };
  const watch = new RarePathWatch();
  const phases = PHASES.filter(({ name }) => options.phases?.includes(name) ?? true);
  const turning = phases.filter(({ isInOne }) => isInOne !== true);
  const minutesOfRounds = (minutes * sharesOf(turning)) / sharesOf(phases);
  const rounds = Math.max(1, Math.round(minutesOfRounds / ROUND_MINUTES));
  const run = async (list: readonly Phase[], round: number, endMinutes: number): Promise<void> => {
    const end = ledger.beganMs + endMinutes * MINUTE_MS;
    for (const [i, phase] of list.entries()) {
      await runPhase(phase, list.slice(i), { options, ledger, round, end });
    }
  };
  for (let round = 0; round < rounds; round++) {
    await run(turning, round, ((round + 1) / rounds) * minutesOfRounds);
  }
  const inOne = phases.filter(({ isInOne }) => isInOne === true);
  await run(inOne, rounds, minutes);
  watch.stop();
  watch.tell(ledger, minutes > SMOKE_MINUTES_MAX && options.phases === undefined);
  ledger.elapsedMs = Date.now() - ledger.beganMs;
  return ledger;
}

const sharesOf = (phases: readonly Phase[]): number =>
  phases.reduce((sum, { share }) => sum + share, 0);

async function runPhase(
  phase: Phase,
  rest: readonly Phase[],
  round: { options: SoakOptions; ledger: SoakLedger; round: number; end: number },
): Promise<void> {
  const { options, ledger } = round;
  // Of what is left of the round: a phase that ran over takes it from all after it.
  const ms = Math.max(0, round.end - Date.now()) * (phase.share / sharesOf(rest));
  options.onPhase?.(phase.name, ledger);
  try {
    await phase.run({
      ledger,
      seed: (options.seed * 1009 + round.round * 17) % 2 ** 30,
      deadline: Date.now() + ms,
      killsPerMinute: options.killsPerMinute,
      isSmoke: options.minutes <= SMOKE_MINUTES_MAX,
    });
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const again = `npm run soak -- --minutes ${options.minutes} --seed ${options.seed}`;
    ledger.violations.push({ phase: `${phase.name} broke down`, text, again });
  }
}
