/**
 * What a soak has seen, recorded by its phases: counts, faults by kind, times, series for the
 * plots, and violations with the command that repeats them. Plain data: it is the JSON report.
 */

export type Violation = {
  readonly phase: string;
  readonly text: string;
  /** A command that reproduces it. */
  readonly again: string;
};

export type Point = { readonly minute: number; readonly series: string; readonly value: number };

export type SoakLedger = {
  readonly seed: number;
  readonly minutes: number;
  readonly beganMs: number;
  elapsedMs: number;
  readonly machine: Readonly<Record<string, string | number>>;
  /** By what was counted: operations by phase, sequences, checked states, lost answers … */
  readonly counts: Record<string, number>;
  /** By named point; `random` among them. Faults of the disk have names of `fail-…`. */
  readonly kills: Record<string, number>;
  /** Points that never came in the life that was meant for them. */
  readonly missed: Record<string, number>;
  /** How often paths were taken that are taken seldom. */
  readonly rarePaths: Record<string, number>;
  readonly restartMs: number[];
  /** Problems by phase that deserve a line but are not violations. */
  readonly notes: string[];
  readonly violations: Violation[];
  /** What masters held over time: plot → points. */
  readonly series: Record<string, Point[]>;
};

/** Counts whose sum is "operations checked". */
const OPERATIONS = /^operations: /;

export function count(ledger: SoakLedger, what: string, by: number): void {
  ledger.counts[what] = (ledger.counts[what] ?? 0) + by;
}

export function addAll(into: Record<string, number>, from: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(from)) into[name] = (into[name] ?? 0) + value;
}

export const operationsChecked = ({ counts }: SoakLedger): number =>
  Object.entries(counts)
    .filter(([name]) => OPERATIONS.test(name))
    .reduce((sum, [, value]) => sum + value, 0);

export const killCount = ({ kills }: SoakLedger): number =>
  Object.values(kills).reduce((sum, value) => sum + value, 0);

export function plotPoint(ledger: SoakLedger, plot: string, series: string, value: number): void {
  const minute = (Date.now() - ledger.beganMs) / 60_000;
  ledger.series[plot] ??= [];
  ledger.series[plot].push({ minute, series, value });
}

/** The value that a share of the values is at most. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
