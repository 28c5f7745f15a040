/**
 * The README's tables of speed: the latest recorded `bench quick` on each kind of processor, beside
 * what is promised: shares of what a bare echo server does in the same minute, and seconds.
 */
import type { Row } from '../results.js';
import type { RecordedRun } from './recorded-runs.js';
import { count, markdownTable, ms, provenance, type Section, shapeOf } from './section.js';

/** By case; a second row of the same case is the same with other connections. */
const names: Readonly<Record<string, string>> = {
  getStatus: 'getStatus by full path',
  batchGetStatus: 'batchGetStatus, 256 paths a frame',
  createFile: 'createFile, durable, 20 s with flushing',
  delete: 'delete (to the trash), durable',
  rename: 'rename, durable',
  listStatus: 'listStatus of 1 M entries with attributes, streamed',
  restart: 'start after SIGKILL',
};

const figure = (row: Row, value: unknown): string =>
  row['seconds'] === undefined ? `${count(value)}/s` : `${Number(value).toFixed(2)} s`;

function nameOf(row: Row): string {
  const name = names[row.case] ?? row.case;
  return row['note'] === undefined || row.case !== 'restart' ? name : `${name}, ${row['note']}`;
}

export const speedSection: Section = {
  name: 'speed',
  make(runs) {
    const text = runs
      .latestByCpu('quick')
      .filter(({ rows }) => rows.some((row) => row['bar'] !== undefined))
      .map(tableOf)
      .join('\n\n');
    return text === '' ? undefined : { text };
  },
};

function tableOf({ run, rows }: RecordedRun): string {
  const cells = rows.map((row) => [
    nameOf(row),
    shapeOf(row),
    figure(row, row['seconds'] ?? row['opsPerSecond']),
    row['echoPerSecond'] === undefined ? '–' : `${count(row['echoPerSecond'])}/s`,
    row['ratio'] === undefined ? '–' : Number(row['ratio']).toFixed(2),
    `${promised(row)}${row['met'] === true ? '' : ' **short**'}`,
    ms(row['p50Ms']),
    ms(row['p99Ms']),
  ]);
  const head = ['case', 'connections × depth', 'measured', 'bare echo', 'ratio', 'promised'];
  return `${provenance(run)}\n\n${markdownTable([...head, 'p50 ms', 'p99 ms'], cells)}`;
}

const promised = (row: Row): string =>
  row['seconds'] === undefined ? Number(row['bar']).toFixed(2) : `${row['bar']} s`;
