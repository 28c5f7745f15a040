/**
 * The figures of one measured case as one flat row: for results that stay, for scripts and for
 * tables. Every bench of the load generator has these columns.
 */
import type { LoadResult, OperationResult } from './load/load-job.js';
import { aligned } from './report.js';
import type { Row } from './results.js';

const MS_DIGITS = 3;
const CPU_DIGITS = 2;

export type Shape = { readonly connections: number; readonly depth: number };

export type Figures = Row & {
  readonly opsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  readonly errors: number;
};

export function figures(
  name: string,
  shape: Shape,
  result: LoadResult,
  more: object = {},
): Figures {
  const { open } = result;
  return {
    case: name,
    ...shape,
    ...more,
    opsPerSecond: Math.round(result.operations / (result.elapsedMs / 1000)),
    ...milliseconds(result),
    serverCpu: rounded(result.serverCpu, CPU_DIGITS),
    clientCpu: rounded(result.clientCpu, CPU_DIGITS),
    rssBytes: result.rssBytes,
    operations: result.operations,
    elapsedMs: Math.round(result.elapsedMs),
    slowestSecond: result.slowestSecond,
    errors: result.errors,
    ...(result.firstError !== undefined && { firstError: result.firstError }),
    ...(open !== undefined && {
      rate: open.rate,
      unsent: open.unsent,
      lateP99Ms: rounded(open.lateP99Ms, MS_DIGITS),
    }),
    latencies: result.latencies,
  };
}

/** One row for each kind of call of a mix. */
export function operationFigures(result: LoadResult, more: object): Row[] {
  const seconds = result.elapsedMs / 1000;
  const row = ([name, of]: [string, OperationResult]): Row => ({
    case: name,
    ...more,
    opsPerSecond: Math.round(of.operations / seconds),
    ...milliseconds(of),
  });
  return Object.entries(result.byOperation).map(row);
}

/** For people: what tells cases apart first, then the figures that all have. */
export function figuresTable(rows: readonly Figures[], apart: readonly string[]): string {
  const columns = ['opsPerSecond', 'p50Ms', 'p99Ms', 'p999Ms', 'maxMs', 'serverCpu', 'clientCpu'];
  const all = ['case', ...apart, ...columns, 'errors'];
  const cells = rows.map((row) => all.map((column) => shown(row[column])));
  return aligned([all.map(heading), ...cells]).join('\n');
}

function shown(value: unknown): string {
  if (value === undefined) return '–';
  if (typeof value !== 'number') return String(value);
  return Number.isInteger(value) ? value.toLocaleString('en') : value.toFixed(2);
}

const headings: Readonly<Record<string, string>> = {
  connections: 'conns',
  opsPerSecond: 'ops/s',
  p50Ms: 'p50 ms',
  p99Ms: 'p99 ms',
  p999Ms: 'p99.9 ms',
  maxMs: 'max ms',
  serverCpu: 'server CPU',
  clientCpu: 'client CPU',
};

const heading = (column: string): string => headings[column] ?? column;

const milliseconds = ({ p50Ms, p99Ms, p999Ms, maxMs }: OperationResult | LoadResult) => ({
  p50Ms: rounded(p50Ms, MS_DIGITS),
  p99Ms: rounded(p99Ms, MS_DIGITS),
  p999Ms: rounded(p999Ms, MS_DIGITS),
  maxMs: rounded(maxMs, MS_DIGITS),
});

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));
