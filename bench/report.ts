/**
 * Figures of `bench quick`: one row a case, for scripts and for people, with what is promised and
 * what a bare echo server did in the same minute beside what was measured.
 */
import type { Measure } from './measure.js';
import type { Row } from './results.js';

export type RunFacts = {
  readonly commit: string;
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  readonly seed: number;
  readonly rpcThreads: number;
  readonly tier1Bytes: string;
  readonly files: number;
};

const MIB = 2 ** 20;
const MS_DIGITS = 3;
const CPU_DIGITS = 2;

/** What is measured, for scripts and for the results that stay. */
export function figuresOf(measure: Measure): Row {
  const { op, connections, depth, goal, result } = measure;
  const isSeconds = measure.seconds !== undefined;
  return {
    case: op,
    value: isSeconds ? rounded(measure.seconds, MS_DIGITS) : Math.round(measure.opsPerSecond),
    unit: isSeconds ? 's' : 'ops/s',
    connections,
    depth,
    opsPerSecond: Math.round(measure.opsPerSecond),
    p50Ms: rounded(result.p50Ms, MS_DIGITS),
    p99Ms: rounded(result.p99Ms, MS_DIGITS),
    p999Ms: rounded(result.p999Ms, MS_DIGITS),
    maxMs: rounded(result.maxMs, MS_DIGITS),
    ...(measure.seconds !== undefined && { seconds: rounded(measure.seconds, MS_DIGITS) }),
    serverCpu: rounded(result.serverCpu, CPU_DIGITS),
    clientCpu: rounded(result.clientCpu, CPU_DIGITS),
    rssBytes: result.rssBytes,
    operations: result.operations,
    elapsedMs: Math.round(result.elapsedMs),
    slowestSecond: result.slowestSecond,
    errors: result.errors,
    ...(result.firstError !== undefined && { firstError: result.firstError }),
    ...(measure.note !== undefined && { note: measure.note }),
    ...(measure.echoPerSecond !== undefined && {
      echoPerSecond: Math.round(measure.echoPerSecond),
      ratio: rounded(ratioOf(measure), MS_DIGITS),
    }),
    bar: goal.bar,
    met: isMet(measure),
  };
}

/** Of what the bare echo server does; 0 where there is nothing to compare. */
const ratioOf = ({ opsPerSecond, echoPerSecond }: Measure): number =>
  echoPerSecond === undefined ? 0 : opsPerSecond / echoPerSecond;

export function humanTable(measures: readonly Measure[], facts: RunFacts): string {
  const head = ['case', 'conns×depth', 'measured', 'bare echo', 'ratio', 'promised', ''];
  const columns = [...head, 'p50 ms', 'p99 ms', 'server CPU', 'client CPU', 'RSS', 'errors'];
  const rows = measures.map((measure) => {
    const { result, goal } = measure;
    return [
      measure.op,
      measure.connections === 0 ? '–' : `${measure.connections}×${measure.depth}`,
      figure(measure, measure.seconds ?? measure.opsPerSecond),
      measure.echoPerSecond === undefined ? '–' : figure(measure, measure.echoPerSecond),
      measure.echoPerSecond === undefined ? '–' : ratioOf(measure).toFixed(2),
      goal.kind === 'seconds' ? `${goal.bar} s` : goal.bar.toFixed(2),
      isMet(measure) ? 'met' : 'MISSED',
      result.p50Ms.toFixed(2),
      result.p99Ms.toFixed(2),
      result.serverCpu.toFixed(CPU_DIGITS),
      result.clientCpu.toFixed(CPU_DIGITS),
      `${Math.round(result.rssBytes / MIB)} MiB`,
      String(result.errors),
    ];
  });
  const notes = measures.flatMap((measure) => [
    ...(measure.note === undefined ? [] : [`${measure.op}: ${measure.note}`]),
    ...(measure.result.firstError === undefined
      ? []
      : [`${measure.op}: first error: ${measure.result.firstError}`]),
  ]);
  const where =
    `${facts.cores} × ${facts.cpu}, Node ${facts.node}, commit ${facts.commit}, ` +
    `${facts.rpcThreads} RPC threads, tier 1 ${facts.tier1Bytes}, ${facts.files} files, ` +
    `seed ${facts.seed}; CPU in cores, client and server on the same machine`;
  return [...aligned([columns, ...rows]), '', ...notes, where].join('\n');
}

export function isMet(measure: Measure): boolean {
  const { goal, seconds } = measure;
  return goal.kind === 'seconds'
    ? (seconds ?? Number.POSITIVE_INFINITY) <= goal.bar
    : ratioOf(measure) >= goal.bar;
}

/** "412 k/s", "1.52 M/s", "0.71 s". */
function figure({ goal }: Measure, value: number): string {
  if (goal.kind === 'seconds') return `${value.toFixed(2)} s`;
  return value >= 1e6 ? `${(value / 1e6).toFixed(2)} M/s` : `${(value / 1e3).toFixed(1)} k/s`;
}

/** First column to the left, the others to the right. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  );
}

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));
