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

/**
 * What is promised. `ofEcho`: the share, at least, of what a bare echo server does at the same
 * connections and depth in the same minute, so that a busy machine is not taken for a slow master.
 * `seconds`: not to be exceeded.
 */
export type Goal = { readonly kind: 'ofEcho' | 'seconds'; readonly bar: number };

export type Measure = {
  readonly op: OpName;
  readonly connections: number;
  readonly depth: number;
  readonly goal: Goal;
  readonly opsPerSecond: number;
  /** Of one whole listing or restart, where that is what counts. */
  readonly seconds?: number;
  readonly result: LoadResult;
  /** Frames a second that the bare echo server sent back just before. */
  readonly echoPerSecond?: number;
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
