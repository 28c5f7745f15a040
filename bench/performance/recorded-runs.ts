/**
 * What recorded runs have left under bench/results/, oldest first.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Row, RunHeader } from '../results.js';

export type RecordedRun = { readonly run: RunHeader; readonly rows: readonly Row[] };

export class RecordedRuns {
  readonly #runs: readonly RecordedRun[];

  constructor(runs: readonly RecordedRun[]) {
    this.#runs = runs.toSorted((a, b) => a.run.at.localeCompare(b.run.at));
  }

  static read(directory: string): RecordedRuns {
    if (!existsSync(directory)) return new RecordedRuns([]);
    const files = readdirSync(directory).filter((name) => name.endsWith('.ndjson'));
    return new RecordedRuns(files.map((name) => readRun(join(directory, name))));
  }

  /** The latest run of a bench that has rows. */
  latest(bench: string): RecordedRun | undefined {
    return this.of(bench).at(-1);
  }

  /** The latest run of a bench on each kind of processor, latest first. */
  latestByCpu(bench: string): readonly RecordedRun[] {
    const byCpu = new Map(this.of(bench).map((recorded) => [recorded.run.cpu, recorded]));
    return [...byCpu.values()].toSorted((a, b) => b.run.at.localeCompare(a.run.at));
  }

  of(bench: string): readonly RecordedRun[] {
    return this.#runs.filter(({ run, rows }) => run.bench === bench && rows.length > 0);
  }

  /** Of every key the row of the latest run that has it: a part may be measured anew by itself. */
  latestRows(bench: string, keyOf: (row: Row) => string): readonly Row[] {
    const latest = new Map<string, Row>();
    for (const { rows } of this.of(bench)) for (const row of rows) latest.set(keyOf(row), row);
    return [...latest.values()];
  }
}

function readRun(file: string): RecordedRun {
  const [first, ...rest] = readFileSync(file, 'utf8').trimEnd().split('\n');
  const run = JSON.parse(first ?? '{}') as RunHeader;
  if (run.kind !== 'run') throw new Error(`${file} does not begin with what was run`);
  return { run, rows: rest.map((line) => JSON.parse(line) as Row) };
}

/** A figure of a row; undefined when the row has none. */
export function numberOf(row: Row, column: string): number | undefined {
  const value = row[column];
  return typeof value === 'number' ? value : undefined;
}
