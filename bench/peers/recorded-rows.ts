/**
 * What runs of `bench peers --record` have left: of every case the rows of the latest run that
 * measured it, so that a peer may be measured anew by itself.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunHeader } from '../results.js';
import { keyOf } from './comparison.js';
import type { PeerRow } from './run-peers.js';

export type RecordedRows = {
  readonly rows: readonly PeerRow[];
  /** Of the runs that rows come from, oldest first. */
  readonly runs: readonly RunHeader[];
};

type Line = RunHeader | ({ readonly kind: 'row' } & PeerRow);

const NAME = /^peers-.*\.ndjson$/;

export function readRecordedRows(directory: string): RecordedRows {
  const latest = new Map<string, { run: RunHeader; rows: PeerRow[] }>();
  // Names sort by time.
  for (const name of readdirSync(directory)
    .filter((each) => NAME.test(each))
    .sort()) {
    const { run, rows } = readRun(join(directory, name));
    const keys = new Set(rows.map(keyOf));
    for (const key of keys) {
      latest.set(key, { run, rows: rows.filter((row) => keyOf(row) === key) });
    }
  }
  const kept = [...latest.values()];
  const runs = [...new Set(kept.map(({ run }) => run))];
  runs.sort((a, b) => a.at.localeCompare(b.at));
  return { rows: kept.flatMap(({ rows }) => rows), runs };
}

function readRun(file: string): { run: RunHeader; rows: PeerRow[] } {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  const parsed = lines.map((line) => JSON.parse(line) as Line);
  const run = parsed.find((line) => line.kind === 'run');
  if (run === undefined) throw new Error(`${file} does not say what ran where`);
  return { run, rows: parsed.filter((line) => line.kind === 'row') };
}
