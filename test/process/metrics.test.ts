/** Metrics: the text that Prometheus reads, from one snapshot an answer. */
import { expect, test } from 'vitest';
import type { MetricsSnapshot } from '../../src/process/metrics.js';
import { Metrics } from '../../src/process/metrics.js';

test('counters, gauges and labels', async () => {
  const calls = [{ op: 'getStatus', code: 'OK', count: 41 }];
  const metrics = new Metrics(() => ({ calls, disk: { freeBytes: 5, readOnly: true } }), {
    cluster: 'orchard',
  });
  const text = await metrics.text();
  expect(text).toContain('# TYPE orchard_calls_total counter');
  expect(text).toContain('orchard_calls_total{op="getStatus",code="OK",cluster="orchard"} 41');
  expect(text).toContain('orchard_read_only{cluster="orchard"} 1');
  expect(text).toContain('process_resident_memory_bytes');
});

test('every answer takes one new snapshot; what it leaves out is not exported', async () => {
  let taken = 0;
  const metrics = new Metrics((): MetricsSnapshot => {
    taken += 1;
    return taken === 1
      ? { namespace: { files: 3, directories: 1 } }
      : { rpc: { connections: taken, inFlight: 0 } };
  });
  expect(await metrics.text()).toContain('orchard_files 3');
  const second = await metrics.text();
  expect(second).toContain('orchard_connections 2');
  expect(second).not.toContain('orchard_files');
});

test('buckets of a histogram add up', async () => {
  const ops = [{ op: 'rename', counts: [5, 2, 1], sumSeconds: 0.25 }];
  const text = await new Metrics(() => ({
    latencies: { boundsSeconds: [0.001, 0.01], ops },
  })).text();
  expect(text).toContain('# TYPE orchard_call_seconds histogram');
  expect(text).toContain('orchard_call_seconds_bucket{op="rename",le="0.001"} 5');
  expect(text).toContain('orchard_call_seconds_bucket{op="rename",le="0.01"} 7');
  expect(text).toContain('orchard_call_seconds_bucket{op="rename",le="+Inf"} 8');
  expect(text).toContain('orchard_call_seconds_sum{op="rename"} 0.25');
  expect(text).toContain('orchard_call_seconds_count{op="rename"} 8');
});
