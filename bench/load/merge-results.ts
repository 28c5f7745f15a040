/**
 * The results of a job's threads as one: operations add up, histograms are added, CPU and memory
 * were of the whole process already.
 */
import { Latencies } from './latencies.js';
import type { LoadResult, OpenResult, OperationResult } from './load-job.js';

export function mergeResults(results: readonly LoadResult[]): LoadResult {
  const [first] = results;
  if (first === undefined || results.length === 1) return first!;
  const latencies = Latencies.merged(results.map((result) => result.latencies));
  const secondsMin = Math.min(...results.map(({ everySecond }) => everySecond.length));
  const everySecond = Array.from({ length: secondsMin }, (_, second) =>
    sum(results, (result) => result.everySecond[second] ?? 0),
  );
  const operations = sum(results, (result) => result.operations);
  const elapsedMs = Math.max(...results.map((result) => result.elapsedMs));
  const open = mergeOpen(results);
  return {
    ...first,
    ...latencies.summary(),
    latencies: latencies.encode(),
    operations,
    calls: sum(results, (result) => result.calls),
    elapsedMs,
    everySecond,
    slowestSecond: Math.round(Math.min(...everySecond, operations / (elapsedMs / 1000))),
    errors: sum(results, (result) => result.errors),
    firstError: results.find((result) => result.firstError !== undefined)?.firstError,
    next: Math.max(...results.map((result) => result.next)),
    byOperation: mergeOperations(results),
    ...(open !== undefined && { open }),
  };
}

function mergeOpen(results: readonly LoadResult[]): OpenResult | undefined {
  if (results[0]?.open === undefined) return undefined;
  return {
    rate: sum(results, ({ open }) => open?.rate ?? 0),
    unsent: sum(results, ({ open }) => open?.unsent ?? 0),
    lateP99Ms: Math.max(...results.map(({ open }) => open?.lateP99Ms ?? 0)),
  };
}

function mergeOperations(results: readonly LoadResult[]): Record<string, OperationResult> {
  const merged: Record<string, OperationResult> = {};
  for (const name of Object.keys(results[0]?.byOperation ?? {})) {
    const parts = results.map(({ byOperation }) => byOperation[name]!);
    const latencies = Latencies.merged(parts.map((part) => part.latencies));
    merged[name] = {
      ...latencies.summary(),
      operations: latencies.count,
      latencies: latencies.encode(),
    };
  }
  return merged;
}

const sum = (results: readonly LoadResult[], of: (result: LoadResult) => number): number =>
  results.reduce((total, result) => total + of(result), 0);
