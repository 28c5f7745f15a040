/**
 * A part of the soak: it gets a share of the time, and of every round, works until its time is
 * over, and writes what it saw into the ledger. It ends its own masters, whatever happens.
 */
import type { SoakLedger } from './ledger.js';

export type PhaseRun = {
  readonly ledger: SoakLedger;
  /** Differs from round to round. */
  readonly seed: number;
  /** By Date.now(). */
  readonly deadline: number;
  readonly killsPerMinute: number;
  /** A smoke: as little as still exercises everything. */
  readonly isSmoke: boolean;
};

export type Phase = {
  readonly name: string;
  /** Of the time of a round. */
  readonly share: number;
  readonly run: (run: PhaseRun) => Promise<void>;
};

export const isOver = ({ deadline }: PhaseRun): boolean => Date.now() >= deadline;

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
