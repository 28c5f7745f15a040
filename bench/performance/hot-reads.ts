/** Hot reads of several sizes, measured in turns: bench/capacity/hot-turns.ts. */
import { median } from '../median.js';
import type { Row } from '../results.js';
import { numberOf, type RecordedRuns } from './recorded-runs.js';

const columns = ['opsPerSecond', 'p50Ms', 'p99Ms', 'p999Ms', 'serverCpu', 'clientCpu'] as const;

/**
 * One row for each case and size of the latest run that has them: the medians of its rounds, and
 * `shares`, in each round the rate by that at the least size.
 */
export function hotReads(runs: RecordedRuns): readonly Row[] {
  const latest = runs.of('capacity').findLast(({ rows }) => rows.some(isTurn));
  const rows = latest?.rows.filter(isTurn) ?? [];
  const first = rows.filter((row) => row['round'] === 0);
  return first.map((one) => {
    const group = rows.filter((row) => row.case === one.case && row['files'] === one['files']);
    const medianOf = (column: string): [string, number] => [
      column,
      median(group.map((row) => numberOf(row, column) ?? Number.NaN)),
    ];
    const shares = group.map((row) => rateOf(row) / rateOf(leastBeside(row, rows)));
    return { ...one, ...Object.fromEntries(columns.map(medianOf)), shares };
  });
}

const isTurn = (row: Row): boolean => row['drawn'] === 'hot' && row['round'] !== undefined;

const rateOf = (row: Row): number => numberOf(row, 'opsPerSecond') ?? Number.NaN;

/** Of the same case in the same round. */
const leastBeside = (row: Row, rows: readonly Row[]): Row =>
  rows
    .filter((other) => other.case === row.case && other['round'] === row['round'])
    .reduce((a, b) => (Number(b['files']) < Number(a['files']) ? b : a));
