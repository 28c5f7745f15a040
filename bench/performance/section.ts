/**
 * One part of docs/PERFORMANCE.md that is made from recorded runs. It stands between two marks of
 * its name; what is written by hand stands around them:
 *
 *   <!-- mixes: made by `npm run bench:report` -->
 *   <!-- mixes: end -->
 */
import type { Row, RunHeader } from '../results.js';
import type { Plot } from './plot.js';
import type { RecordedRuns } from './recorded-runs.js';

export type Section = {
  /** Of the marks. */
  readonly name: string;
  /** undefined: nothing was recorded, and what stands there stays. */
  make(runs: RecordedRuns): Made | undefined;
};

export type Made = {
  /** Markdown. */
  readonly text: string;
  /** By file name without ending; the text shows them by plotLink(). */
  readonly plots?: Readonly<Record<string, Plot>>;
};

export const plotLink = (title: string, file: string): string =>
  `![${title}](performance/${file}.svg)`;

export function replaceSection(document: string, name: string, made: string): string {
  const pattern = new RegExp(`(<!-- ${name}: made by [^>]*-->)[^]*?(<!-- ${name}: end -->)`);
  if (!pattern.test(document)) throw new Error(`the document has no marks for the part "${name}"`);
  return document.replace(pattern, (_all, begin: string, end: string) => {
    return `${begin}\n\n${made}\n\n${end}`;
  });
}

export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = `|${head.map((_, i) => (i === 0 ? '---' : '---:')).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/** When, where and of what. */
export const provenance = ({ at, commit, cores, cpu, kernel, node, seed }: RunHeader): string =>
  `Measured ${at.slice(0, 10)} at ${commit}: ${cores} × ${cpu}, Linux ${kernel}, Node ${node}, ` +
  `seed ${seed}.`;

/** "1.52 M", "412 k", "41.2 k", "912"; – when there is none. */
export function count(value: unknown): string {
  if (typeof value !== 'number') return '–';
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
  if (value >= 1e5) return `${(value / 1e3).toFixed(0)} k`;
  if (value >= 1e3) return `${(value / 1e3).toFixed(1)} k`;
  return value.toFixed(value < 10 && !Number.isInteger(value) ? 2 : 0);
}

export const ms = (value: unknown): string =>
  typeof value === 'number' ? value.toFixed(value < 10 ? 2 : 0) : '–';

export const cores = (value: unknown): string =>
  typeof value === 'number' ? value.toFixed(2) : '–';

export const mebibytes = (value: unknown): string =>
  typeof value === 'number' ? `${Math.round(value / 2 ** 20)} MiB` : '–';

/** The columns that every case of the load generator has. */
export const latencyHead = ['p50 ms', 'p99 ms', 'p99.9 ms', 'server CPU', 'client CPU'] as const;
export const latencyCells = (row: Row): string[] => [
  ms(row['p50Ms']),
  ms(row['p99Ms']),
  ms(row['p999Ms']),
  cores(row['serverCpu']),
  cores(row['clientCpu']),
];

export const shapeOf = (row: Row): string =>
  row['connections'] === 0 ? '–' : `${String(row['connections'])} × ${String(row['depth'])}`;
