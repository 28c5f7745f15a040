/**
 * Messages between the bench and the load process: plain data that travels as JSON.
 */
import type { LatencySummary } from './latencies.js';
import type { OperationName } from './operations.js';
import type { Arrivals } from './pacer.js';
import type { PathKind, PathShape } from './path-pattern.js';

export type LoadTarget = {
  readonly host: string;
  readonly port: number;
  /** Of the server, for its CPU time and memory. */
  readonly pid: number;
};

/** first … end are indexes of paths; a random work draws from them, the others go through them. */
export type Work =
  | SingleWork
  | MixWork
  | ({
      readonly verb: 'each';
      readonly operation: OperationName;
      readonly shuffled?: boolean;
    } & Range);

type Range = {
  readonly paths: PathShape;
  readonly kind: PathKind;
  readonly first: number;
  readonly end: number;
};

export type SingleWork = { readonly paths: PathShape; readonly kind: PathKind } & (
  | { readonly verb: 'getStatus'; readonly end: number }
  | { readonly verb: 'batchGetStatus'; readonly end: number; readonly perFrame: number }
  | { readonly verb: 'createDirectory'; readonly end: number }
  | { readonly verb: 'createFile'; readonly first: number; readonly end: number }
  | {
      readonly verb: 'batchCreate';
      readonly first: number;
      readonly end: number;
      readonly perFrame: number;
    }
  | { readonly verb: 'rename'; readonly first: number; readonly end: number }
  | { readonly verb: 'delete'; readonly first: number; readonly end: number }
  | {
      readonly verb: 'listStatus';
      readonly path: string;
      readonly repeat: number;
      /** The whole tree below. */
      readonly recursive?: boolean;
      /** Owner, group and the like of each entry; default true. */
      readonly attributes?: boolean;
    }
);

/** Operations drawn by weight over a tree of files f0 … f<files - 1>. */
export type MixWork = {
  readonly verb: 'mix';
  readonly paths: PathShape;
  readonly files: number;
  readonly operations: readonly WeightedOperation[];
  /** Files n<first> … n<end - 1> exist and may be renamed and deleted; new ones follow them. */
  readonly pool: { readonly first: number; readonly end: number };
  /** Exponent of the popularity of files; absent: all are alike. */
  readonly zipf?: number;
};

export type WeightedOperation = { readonly name: OperationName; readonly weight: number };

export type LoadJob = {
  readonly target: LoadTarget;
  readonly work: Work;
  readonly connections: number;
  readonly depth: number;
  /** Threads of the generator; default 1. */
  readonly threads?: number;
  /** Calls a second over all threads: an open loop. Absent: a closed one. */
  readonly rate?: number;
  readonly arrivals?: Arrivals;
  /** Ends after this time; without it, when the work is used up. */
  readonly seconds?: number;
  /** Under load but not counted, before the counted time. */
  readonly warmSeconds: number;
  readonly seed: number;
};

/** One thread's part of a job. */
export type LoadShare = {
  readonly job: LoadJob;
  readonly index: number;
  readonly count: number;
  readonly cursor: SharedArrayBuffer;
};

export type OperationResult = LatencySummary & {
  readonly operations: number;
  readonly latencies: string;
};

export type LoadResult = LatencySummary & {
  /** Within the counted time. Paths for batches, entries for listings. */
  readonly operations: number;
  /** Calls that ended well. */
  readonly calls: number;
  readonly elapsedMs: number;
  /** Operations in each whole second. */
  readonly everySecond: readonly number[];
  /** Fewest operations in any whole second. */
  readonly slowestSecond: number;
  /** CPU seconds a second: 1 is one core busy. */
  readonly clientCpu: number;
  readonly serverCpu: number;
  readonly rssBytes: number;
  /** Of all replies, whether counted or not. */
  readonly errors: number;
  readonly firstError: string | undefined;
  /** Index after the last path that was sent. */
  readonly next: number;
  /** HdrHistogram, as latencies.ts encodes it. */
  readonly latencies: string;
  /** Where there are several kinds. */
  readonly byOperation: Readonly<Record<string, OperationResult>>;
  /** Of an open loop. */
  readonly open?: OpenResult;
};

export type OpenResult = {
  readonly rate: number;
  /** Calls whose time had come and that found no free place until the end. */
  readonly unsent: number;
  /** How late the generator itself was, at its 99th percentile, when there was a place. */
  readonly lateP99Ms: number;
};

export type LoadAnswer = { readonly result: LoadResult } | { readonly failure: string };
