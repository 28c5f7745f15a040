/**
 * One measured line of the bench, and what a case needs to measure one.
 */
import type { LoadResult } from './load/load-job.js';
import type { LoadClient } from './load-client.js';
import type { BenchMaster } from './master-process.js';

export const opNames = [
  'getStatus',
  'batchGetStatus',
  'createFile',
  'delete',
  'rename',
  'listStatus',
  'restart',
] as const;
export type OpName = (typeof opNames)[number];

export type Sizes = {
  /** Of the tree that is read: at depth 4. */
  readonly files: number;
  readonly directories: number;
  /** In the one directory that is listed. */
  readonly listEntries: number;
  readonly listRuns: number;
  readonly restartFiles: number;
  readonly restartJournalBytes: number;
  readonly seconds: number;
  /** Of the create under flushing. */
  readonly sustainSeconds: number;
  readonly warmSeconds: number;
};

/** What the issue of a case promises: operations a second to reach, or seconds not to exceed. */
export type Goal = {
  readonly kind: 'perSecond' | 'seconds';
  readonly atLeast: number;
  readonly aim: number;
};

export type Measure = {
  readonly op: OpName;
  readonly connections: number;
  readonly depth: number;
  readonly goal: Goal;
  readonly opsPerSecond: number;
  /** Of one whole listing or restart, where that is what counts. */
  readonly seconds?: number;
  readonly result: LoadResult;
  /** What else a reader of the figure should know. */
  readonly note?: string;
};

/** Shared by the cases of one run, in their order. */
export type Bench = {
  readonly master: BenchMaster;
  readonly load: LoadClient;
  readonly sizes: Sizes;
  readonly seed: number;
  readonly tell: (text: string) => void;
};

export const perSecond = (result: LoadResult): number =>
  result.operations / (result.elapsedMs / 1000);

/** For what must not fail, the setting up. */
export function assertClean(result: LoadResult, what: string): LoadResult {
  if (result.errors > 0) {
    throw new Error(`${what}: ${result.errors} errors, the first: ${result.firstError}`);
  }
  return result;
}
