/**
 * What every bench prints with `--json`: one object a line, with at least
 *
 *   bench   the command           case    what was measured
 *   value   the figure            unit    of the value: ops/s, s, bytes, ratio
 *
 * and where something is promised `bar`, `ratio` (what is compared with the bar, where that is not
 * the value itself) and `met`; where a peer was measured `peer` and `peerValue`. Whatever else the
 * row has comes behind.
 */
import type { Row } from './results.js';

export type JsonLine = {
  readonly bench: string;
  readonly case: string;
  readonly value: number;
  readonly unit: string;
  readonly bar?: number;
  readonly ratio?: number;
  readonly met?: boolean;
  readonly peer?: string;
  readonly peerValue?: number;
} & Readonly<Record<string, unknown>>;

/** The first value of a row that names none of its own, with its unit. */
const FIGURES: readonly (readonly [field: string, unit: string])[] = [
  ['opsPerSecond', 'ops/s'],
  ['seconds', 's'],
  ['bytesEach', 'bytes'],
  ['anonymousBytes', 'bytes'],
  ['rssBytes', 'bytes'],
  ['p50Ms', 'ms'],
];

export function jsonLine(bench: string, row: Row): string {
  const { case: name, value, unit, latencies: _, ...rest } = row;
  const [field, fieldUnit] = FIGURES.find(([of]) => typeof row[of] === 'number') ?? ['', ''];
  const line = { bench, case: name, value: value ?? row[field], unit: unit ?? fieldUnit, ...rest };
  return JSON.stringify(line satisfies Record<string, unknown> as JsonLine);
}
