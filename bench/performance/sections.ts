/**
 * The parts of docs/PERFORMANCE.md that come from the benches of the load generator. Those of other
 * benches stand beside theirs; all are listed in write-performance.ts.
 */
import type { Row } from '../results.js';
import type { Plot, PlotPoint } from './plot.js';
import { numberOf } from './recorded-runs.js';
import {
  cores,
  count,
  latencyCells,
  latencyHead,
  markdownTable,
  mebibytes,
  ms,
  plotLink,
  provenance,
  type Section,
  shapeOf,
} from './section.js';

const joined = (...parts: readonly string[]): string => parts.join('\n\n');
const textOf = (row: Row, column: string): string => String(row[column] ?? '');

export const generatorSection: Section = {
  name: 'generator',
  make(runs) {
    const latest = runs.latest('echo');
    if (latest === undefined) return undefined;
    const head = ['server', 'conns × depth', 'echoes/s', 'a client core', 'p50 ms', 'p99 ms'];
    const rows = latest.rows.map((row) => [
      textOf(row, 'server'),
      shapeOf(row),
      count(row['opsPerSecond']),
      count(row['perClientCore']),
      ms(row['p50Ms']),
      ms(row['p99Ms']),
      cores(row['serverCpu']),
      cores(row['clientCpu']),
    ]);
    const table = markdownTable([...head, 'server CPU', 'client CPU'], rows);
    return { text: `${provenance(latest.run)}\n\n${table}` };
  },
};

export const quickSection: Section = {
  name: 'quick',
  make(runs) {
    const latest = runs.latest('quick');
    if (latest === undefined) return undefined;
    const shown = (row: Row, value: unknown): string =>
      row['seconds'] === undefined ? count(value) : `${Number(value).toFixed(2)} s`;
    const rows = latest.rows.map((row) => [
      row.case,
      shapeOf(row),
      shown(row, row['seconds'] ?? row['opsPerSecond']),
      row['echoPerSecond'] === undefined ? '–' : count(row['echoPerSecond']),
      row['ratio'] === undefined ? '–' : Number(row['ratio']).toFixed(2),
      ...latencyCells(row),
      mebibytes(row['rssBytes']),
    ]);
    const head = [
      'case',
      'conns × depth',
      'measured',
      'bare echo',
      'ratio',
      ...latencyHead,
      'resident',
    ];
    const values = runs.of('quick').flatMap(({ run, rows: all }) =>
      all
        .filter((row) => row['seconds'] === undefined)
        .map((row) => ({
          label: `${row.case} ${shapeOf(row)}`,
          value: numberOf(row, 'opsPerSecond') ?? 0,
          commit: `${run.at.slice(0, 16)} ${run.commit.slice(0, 7)}`,
        })),
    );
    const title = 'bench quick, operations per second, run after run';
    return {
      text: joined(provenance(latest.run), markdownTable(head, rows), plotLink(title, 'quick')),
      plots: {
        quick: {
          kind: 'bars',
          title,
          values,
          label: 'label',
          value: 'value',
          valueTitle: 'operations per second',
          series: 'commit',
        },
      },
    };
  },
};

export const stressSection: Section = {
  name: 'stress',
  make(runs) {
    const latest = runs.latest('stress');
    if (latest === undefined) return undefined;
    const keyOf = (row: Row): string =>
      [row.case, row['durability'], row['zipf'], row['p99BoundMs']].join();
    const all = runs.latestRows('stress', keyOf);
    const head = ['operation', 'durable', 'conns × depth', 'ops/s', ...latencyHead];
    const rows = all.map((row) => [
      nameOf(row),
      textOf(row, 'durability') || '–',
      shapeOf(row),
      count(row['opsPerSecond']),
      ...latencyCells(row),
    ]);
    const values = all
      .filter((row) => row['p99BoundMs'] === undefined)
      .map((row) => ({
        label: nameOf(row),
        value: numberOf(row, 'opsPerSecond') ?? 0,
        durability: textOf(row, 'durability'),
      }));
    const reads = values.filter(({ durability }) => durability === '');
    const writes = values.filter(({ durability }) => durability !== '');
    const table = markdownTable(head, rows);
    const text = [provenance(latest.run), table];
    const plots: Record<string, Plot> = {};
    const bars = { kind: 'bars', label: 'label', value: 'value' } as const;
    if (reads.length > 0) {
      const title = 'Reads, operations per second';
      text.push(plotLink(title, 'reads'));
      plots['reads'] = { ...bars, title, values: reads, valueTitle: 'operations per second' };
    }
    if (writes.length > 0) {
      const title = 'Writes without a sync, with group commit, and with a sync each';
      text.push(plotLink(title, 'writes'));
      const valueTitle = 'operations per second (logarithmic)';
      const split = { series: 'durability', scale: 'log' } as const;
      plots['writes'] = { ...bars, title, values: writes, valueTitle, ...split };
    }
    return { text: joined(...text), plots };
  },
};

function nameOf(row: Row): string {
  const zipf = row['zipf'] === undefined ? '' : `, Zipf ${textOf(row, 'zipf')}`;
  const bound = row['p99BoundMs'];
  const highest = bound === undefined ? '' : `, highest rate with p99 ≤ ${String(bound)} ms`;
  return `${row.case}${zipf}${highest}`;
}

export const mixesSection: Section = {
  name: 'mixes',
  make(runs) {
    const latest = runs.latest('mix');
    if (latest === undefined) return undefined;
    const keyOf = (row: Row): string =>
      [row.case, row['mix'], row['files'], row['durability'], row['rate']].join();
    const all = runs.latestRows('mix', keyOf);
    const whole = all.filter((row) => row.case === 'mix');
    const head = ['mix', 'files', 'durable', 'conns × depth', 'ops/s', ...latencyHead];
    const rows = whole.map((row) => [
      textOf(row, 'mix'),
      count(row['files']),
      textOf(row, 'durability'),
      shapeOf(row),
      count(row['opsPerSecond']),
      ...latencyCells(row),
    ]);
    const parts = all
      .filter((row) => row.case !== 'mix' && row['mix'] === 'A' && row['opsPerSecond'] !== 0)
      .map((row) => [row.case, count(row['opsPerSecond']), ...latencyCells(row).slice(0, 3)]);
    const partHead = ['operation of mix A', 'ops/s', ...latencyHead.slice(0, 3)];
    const title = 'Mixes, operations per second';
    const values: PlotPoint[] = whole.map((row) => ({
      label: `${textOf(row, 'mix')}, ${count(row['files'])} files`,
      value: numberOf(row, 'opsPerSecond') ?? 0,
    }));
    return {
      text: [
        provenance(latest.run),
        markdownTable(head, rows),
        plotLink(title, 'mixes'),
        ...(parts.length > 0 ? [markdownTable(partHead, parts)] : []),
      ].join('\n\n'),
      plots: {
        mixes: {
          kind: 'bars',
          title,
          values,
          label: 'label',
          value: 'value',
          valueTitle: 'operations per second',
        },
      },
    };
  },
};

export const phasesSection: Section = {
  name: 'phases',
  make(runs) {
    const latest = runs.latest('phases');
    if (latest === undefined) return undefined;
    const all = runs.latestRows('phases', (row) => [row['suite'], row.case].join());
    const head = ['suite', 'phase', 'operations', 'ops/s', 'seconds', ...latencyHead];
    const rows = all.map((row) => [
      textOf(row, 'suite'),
      row.case,
      count(row['operations']),
      count(row['opsPerSecond']),
      ((numberOf(row, 'elapsedMs') ?? 0) / 1000).toFixed(2),
      ...latencyCells(row),
    ]);
    const deep = all.filter((row) => numberOf(row, 'pathDepth') !== undefined);
    const title = 'GetFileStatus by depth of the path: CPU of the master for each component';
    const text = [provenance(latest.run), markdownTable(head, rows)];
    if (deep.length > 0) text.push(plotLink(title, 'deep-paths'));
    return {
      text: text.join('\n\n'),
      ...(deep.length > 0 && {
        plots: {
          'deep-paths': {
            kind: 'lines',
            title,
            values: deep.map((row) => ({
              depth: numberOf(row, 'pathDepth') ?? 0,
              us: numberOf(row, 'usPerComponent') ?? 0,
            })),
            x: 'depth',
            xTitle: 'components of the path',
            y: 'us',
            yTitle: 'µs of CPU per component',
          },
        },
      }),
    };
  },
};
