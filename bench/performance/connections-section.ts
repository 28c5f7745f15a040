/** The part of docs/PERFORMANCE.md about many connections and sessions. */

import { Latencies } from '../load/latencies.js';
import type { Row } from '../results.js';
import type { PlotPoint } from './plot.js';
import { numberOf } from './recorded-runs.js';
import {
  cores,
  count,
  markdownTable,
  mebibytes,
  ms,
  plotLink,
  provenance,
  type Section,
} from './section.js';

/** How often a percentile is drawn: the interesting ones are at the end. */
const PERCENTILES = [1, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 100];
const KIB = 1024;

export const connectionsSection: Section = {
  name: 'connections',
  make(runs) {
    const latest = runs.latest('connections');
    if (latest === undefined) return undefined;
    const { run, rows } = latest;
    const head = ['phase', 'count', 'seconds', 'p50 ms', 'p99 ms', 'p99.9 ms', 'max ms'];
    const more = ['server CPU', 'client CPU', 'resident', 'each', 'answers of a session'];
    const cells = rows.map((row) => [
      row.case,
      count(row['count']),
      ((numberOf(row, 'elapsedMs') ?? 0) / 1000).toFixed(1),
      ...['p50Ms', 'p99Ms', 'p999Ms', 'maxMs'].map((column) => ms(row[column])),
      cores(row['serverCpu']),
      cores(row['clientCpu']),
      mebibytes(row['rssBytes']),
      eachOf(row),
      row['answersMin'] === undefined
        ? '–'
        : `${String(row['answersMin'])} to ${String(row['answersMax'])}`,
    ]);
    const title = 'Latency by percentile, each client calling seldom';
    const settings = run.arguments;
    const what =
      `${count(settings['sockets'])} sockets, ${count(settings['sessions'])} sessions, ` +
      `${String(settings['ratePerSession'])} calls/s each.`;
    return {
      text: [
        `${provenance(run)} ${what}`,
        markdownTable([...head, ...more], cells),
        plotLink(title, 'connections'),
      ].join('\n\n'),
      plots: {
        connections: {
          kind: 'lines',
          title,
          values: rows.flatMap(percentiles),
          x: 'one in',
          xTitle: 'one call in … is slower (logarithmic)',
          xScale: 'log',
          y: 'ms',
          yTitle: 'milliseconds (logarithmic)',
          yScale: 'log',
          series: 'phase',
        },
      },
    };
  },
};

function eachOf(row: Row): string {
  const bytes = numberOf(row, 'bytesEach');
  return bytes === undefined ? '–' : `${(bytes / KIB).toFixed(1)} KiB`;
}

function percentiles(row: Row): PlotPoint[] {
  if (row.case === 'open' || row.case === 'sessions') return [];
  const latencies = Latencies.merged([String(row['latencies'])]);
  const calls = Math.max(1, latencies.count);
  return PERCENTILES.map((percentile) => ({
    phase: row.case,
    'one in': percentile === 100 ? calls : 100 / (100 - percentile),
    ms: Math.max(0.01, latencies.percentileMs(percentile)),
  })).filter((point) => point['one in'] <= calls);
}
