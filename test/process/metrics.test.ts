/** Metrics: the text that Prometheus reads, from one reading of all rows an answer. */
import { expect, test } from 'vitest';
import { histogram, Metrics, type Row, readRows } from '../../src/process/metrics.js';

type Snapshot = { readonly calls: number; readonly free: number };

const rows: readonly Row<Snapshot>[] = [
  {
    name: 'orchard_calls_total',
    help: 'Calls',
    type: 'counter',
    read: ({ calls }) => [{ value: calls, labels: { op: 'getStatus' } }],
  },
  { name: 'orchard_free', help: 'Free', type: 'gauge', read: ({ free }) => free },
];

test('counters, gauges and labels, beside what prom-client says of the process', async () => {
  const metrics = new Metrics(async () => readRows(rows, { calls: 41, free: 5 }), {
    cluster: 'orchard',
  });
  const text = await metrics.text();
  expect(text).toContain('# TYPE orchard_calls_total counter');
  expect(text).toContain('orchard_calls_total{op="getStatus",cluster="orchard"} 41');
  expect(text).toContain('orchard_free{cluster="orchard"} 5');
  expect(text).toContain('process_resident_memory_bytes');
});

test('every answer reads all rows anew, once', async () => {
  let taken = 0;
  const metrics = new Metrics(async () => readRows(rows, { calls: ++taken, free: taken }));
  await metrics.text();
  const text = await metrics.text();
  expect(text).toContain('orchard_calls_total{op="getStatus"} 2');
  expect(text).toContain('orchard_free 2');
});

test('buckets of a histogram add up', async () => {
  const name = 'orchard_call_seconds';
  const distributions = [{ labels: { op: 'rename' }, counts: [5, 2, 1], sum: 0.25 }];
  const row: Row<undefined> = {
    name,
    help: 'Time',
    type: 'histogram',
    read: () => histogram(name, [0.001, 0.01], distributions),
  };
  const text = await new Metrics(async () => readRows([row], undefined)).text();
  expect(text).toContain('# TYPE orchard_call_seconds histogram');
  expect(text).toContain('orchard_call_seconds_bucket{op="rename",le="0.001"} 5');
  expect(text).toContain('orchard_call_seconds_bucket{op="rename",le="0.01"} 7');
  expect(text).toContain('orchard_call_seconds_bucket{op="rename",le="+Inf"} 8');
  expect(text).toContain('orchard_call_seconds_sum{op="rename"} 0.25');
  expect(text).toContain('orchard_call_seconds_count{op="rename"} 8');
});
