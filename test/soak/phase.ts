/**
 * A part of the soak: it gets a share of the time, works until that is over, and writes its results
 * into the ledger. It ends its own masters in any case.
 */
import type { SoakLedger } from './ledger.js';

export type PhaseRun = {
  readonly ledger: SoakLedger;
  /** Differs from round to round. */
  readonly seed: number;
  /** By Date.now(). */
  readonly deadline: number;
  readonly killsPerMinute: number;
  /** A smoke run: the smallest size that still exercises everything. */
  readonly isSmoke: boolean;
};

export type Phase = {
  readonly name: string;
  /** Of the time of the soak. */
  readonly share: number;
  /** In one piece, at the end; others get a part of every round. */
  readonly isInOne?: boolean;
  readonly run: (run: PhaseRun) => Promise<void>;
};

export const isOver = ({ deadline }: PhaseRun): boolean => Date.now() >= deadline;

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
