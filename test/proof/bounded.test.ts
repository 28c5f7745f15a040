/**
 * Goal: whatever clients do, and however long, the master holds no more for it: not in memory,
 * descriptors, journal or tier 2.
 * Method: a real process, sampled from outside; a line through the samples must not climb.
 * The long run: ORCHARD_TEST_CHURN=10000000 npx vitest run test/proof/bounded.test.ts -t churn
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MasterProcess } from '../cli/master-process.js';
import { churn } from './bounded-churn.js';
import {
  abandonedListings,
  callsAtOnce,
  connectionStorm,
  type Finding,
  fill,
  silentReader,
} from './bounded-clients.js';
import { growth, SAMPLES_MIN, type Sample } from './probe.js';

const operations = Number(process.env['ORCHARD_TEST_CHURN'] ?? 60_000);
const MINUTE = 60_000;
const RETRY_ENTRIES = 4096;

let master: MasterProcess;
beforeAll(async () => {
  master = await MasterProcess.create({
    ORCHARD_RPC_THREADS: '2',
    ORCHARD_RETRY_CACHE_ENTRIES: String(RETRY_ENTRIES),
  });
  await master.start();
});
afterAll(() => master?.remove());

const told = (sample: Sample): string =>
  Object.entries(sample)
    .map(([name, value]) =>
      name.endsWith('Bytes') ? `${name} ${(value / 2 ** 20).toFixed(1)}M` : `${name} ${value}`,
    )
    .join(', ');

describe('what a master holds is bounded', () => {
  test(
    'churn: creates, lists and deletes in a row leave nothing behind',
    async () => {
      const isLong = operations > 100_000;
      const onSample = isLong ? (sample: Sample) => console.log(told(sample)) : () => undefined;
      const report = await churn(master, { operations, onSample });
      if (isLong) console.log(`${report.operations} in ${report.elapsedMs} ms`);
      expect(report.problems).toEqual([]);
      expect(report.samples.length).toBeGreaterThan(SAMPLES_MIN);
      expect(report.operations).toBeGreaterThanOrEqual(operations);
    },
    MINUTE + operations * 2,
  );

  const finds = (name: string, look: () => Promise<Finding>): void => {
    test(name, async () => {
      const { figures, problems } = await look();
      if (process.env['ORCHARD_TEST_TOLD']) console.log(name, JSON.stringify(figures));
      expect(problems, JSON.stringify(figures)).toEqual([]);
    });
  };

  const directory = '/large';
  test('a large directory', async () => {
    const client = await master.connect();
    await fill(client, directory, 4000);
    await client.close();
  });

  finds('a client that never reads costs what its connection may hold, and others nothing', () =>
    silentReader(master, { directory }),
  );

  finds('connections that come and go, or never get far, leave nothing', () =>
    connectionStorm(master, { count: 1500 }),
  );

  finds('listings that are given up half-way keep no snapshot', () =>
    abandonedListings(master, { directory, times: 20 }),
  );

  finds('more calls than may be in flight are refused, and those that are not are done', () =>
    callsAtOnce(master, { directory: '/at-once', calls: 5000 }),
  );

  test('jobs that ended are forgotten, and answers make room for newer ones', async () => {
    const client = await master.connect();
    await client.createDirectory('/jobs');
    for (let i = 0; i < 400; i++) {
      await client.setAttribute('/jobs', { recursive: true, mode: 0o700 });
    }
    const jobs = await client.listJobs();
    expect(jobs.length).toBeGreaterThan(200);
    expect(jobs.length).toBeLessThanOrEqual(64 + 256);
    const { retries } = (await client.report()) as { retries: { answers: number } };
    expect(retries.answers).toBe(RETRY_ENTRIES);
    await client.close();
  });
});

test('a line that climbs is seen to climb', () => {
  const climbing = Array.from({ length: 20 }, (_, i) => {
    const residentBytes = 1e8 + i * 1e6 + (i % 3) * 5e6;
    const sample = { atMs: i * 1000, operations: i, residentBytes, heapBytes: 5e7 - i };
    return sample as unknown as Sample;
  });
  expect(growth(climbing, 'residentBytes')).toBeGreaterThan(7e6);
  expect(growth(climbing, 'heapBytes')).toBeLessThan(0);
});
