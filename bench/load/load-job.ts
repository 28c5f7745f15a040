/**
 * What the bench asks of the load process and what it is told: plain data that travels as JSON.
 */
import type { PathKind, PathShape } from './path-pattern.js';

export type LoadTarget = {
  readonly host: string;
  readonly port: number;
  /** Of the server, for its CPU time and memory. */
  readonly pid: number;
};

/** first … end are indexes of paths; a random work draws from them, the others go through them. */
export type Work = { readonly paths: PathShape; readonly kind: PathKind } & (
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
  | { readonly verb: 'listStatus'; readonly path: string; readonly repeat: number }
);

export type LoadJob = {
  readonly target: LoadTarget;
  readonly work: Work;
  readonly connections: number;
  readonly depth: number;
  /** Ends after so long; without it when the work is used up. */
  readonly seconds?: number;
  /** Under load but not counted, before the counted time. */
  readonly warmSeconds: number;
  readonly seed: number;
};

export type LoadResult = {
  /** Within the counted time. Paths for batches, entries for listings. */
  readonly operations: number;
  readonly elapsedMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
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
};

export type LoadAnswer = { readonly result: LoadResult } | { readonly failure: string };
