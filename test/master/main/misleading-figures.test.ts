/**
 * Goal (A14): what an administrator is told is so: the inodes of a backup, the progress of a check,
 * what a report says of the namespace, calls, connections, caches, mounts and jobs, and the trash,
 * which can be sized, listed and emptied.
 * Method: a real master, and what is known of the calls made to it.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OrchardClient, TrashListing } from '../../../src/client/index.js';
import { MasterProcess } from '../../cli/master-process.js';

const FILES = 300;

type Report = {
  namespace: Record<string, number>;
  connections: Record<string, number>;
  calls: { operation: string; calls: number; perSecond: number; p50Ms: number; p99Ms: number }[];
  tier1: Record<string, number>;
  jobs: Record<string, number>;
  mounts: Record<string, unknown>[];
  trash: Record<string, unknown>;
};

let master: MasterProcess;
let client: OrchardClient;
const report = async (): Promise<Report> => (await client.report()) as Report;

beforeAll(async () => {
  // Whatever waits for a flush would lag behind for the whole test.
  master = await MasterProcess.create({ ORCHARD_FLUSH_INTERVAL: '10m' });
  await master.start();
  client = await master.connect();
  await client.createDirectory('/d');
  const names = Array.from({ length: FILES }, (_, i) => `/d/f${i}`);
  await Promise.all(names.map((name) => client.createFile(name)));
}, 60_000);

afterAll(async () => {
  await client?.close();
  await master?.remove();
});

test('A14: the report has the namespace as it is, at once, and not the trash', async () => {
  const before = await report();
  expect(before.namespace).toMatchObject({ files: FILES, directories: 2, trashedFiles: 0 });
  await client.createFile('/late');
  await client.delete('/late');
  const after = await report();
  expect(after.namespace).toMatchObject({ files: FILES, directories: 2, trashedFiles: 1 });
});

test('A14: the report has calls and rates, connections, cache hits, mounts and jobs', async () => {
  const { calls, connections, tier1, mounts, jobs } = await report();
  const creates = calls.find(({ operation }) => operation === 'createFile');
  expect(creates).toMatchObject({ calls: FILES + 1, failed: 0 });
  expect(creates!.perSecond).toBeGreaterThan(0);
  expect(creates!.p50Ms).toBeGreaterThan(0);
  expect(creates!.p99Ms).toBeGreaterThanOrEqual(creates!.p50Ms);
  expect(connections['open']).toBeGreaterThanOrEqual(1);
  expect(tier1['hits']).toBeGreaterThan(FILES);
  expect(mounts).toEqual([expect.objectContaining({ mount: '/', errors: 0 })]);
  expect(jobs).toEqual({ running: 0, done: 0, failed: 0, cancelled: 0 });
});

test('A14: a backup tells the number of inodes that are in the file', async () => {
  const { inodes } = await client.digest();
  const file = join(master.directory, 'data', 'backups', 'b');
  expect((await client.backup(file)).inodes).toBe(inodes);
});

test('A14: the progress of a check ends with the inodes that there are', async () => {
  const told: { done: number; total: number }[] = [];
  const { inodes } = await client.verify({ onProgress: (progress) => told.push(progress) });
  for (const { done, total } of told) {
    expect(total).toBeLessThanOrEqual(inodes);
    expect(done).toBeLessThanOrEqual(total);
  }
  const jobs = await client.listJobs();
  const { done, total } = jobs.find(({ kind }) => kind === 'verify')!;
  expect({ done, total }).toEqual({ done: inodes, total: inodes });
});

test('A14: the trash has a size and a list, in the report too, and an end', async () => {
  await client.expunge();
  await client.put('/d/kept', 'kept');
  await client.put('/d/file', '12345');
  await client.createDirectory('/tree/sub', { recursive: true });
  await client.put('/tree/sub/x', '123');
  await client.put('/tree/y', '12');
  await client.delete('/d/file');
  await client.delete('/tree/y');
  await client.delete('/tree', { recursive: true });
  const listing = await client.listTrash();
  expect(byPath(listing)).toEqual({
    '/d/file': { type: 'file', files: 1, directories: 0, bytes: 5 },
    '/tree': { type: 'directory', files: 1, directories: 2, bytes: 3 },
    '/tree/y': { type: 'file', files: 1, directories: 0, bytes: 2 },
  });
  const sums = { entries: 3, files: 3, directories: 2, bytes: 10, isComplete: true };
  expect(listing).toMatchObject(sums);
  expect((await report()).trash).toEqual(sums);
  for (const { expiresMs } of listing.list) expect(expiresMs).toBeGreaterThan(Date.now());
  expect(await client.listTrash('/tree', { limit: 1 })).toMatchObject({ entries: 2, files: 2 });
  expect((await client.listTrash('/tree', { limit: 1 })).list).toHaveLength(1);
  expect((await client.listTrash('/tre')).entries).toBe(0);

  expect(await client.expunge('/d')).toBe(1);
  await expect(client.undelete('/d/file')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await client.undelete('/tree');
  expect(await client.expunge()).toBe(1);
  expect((await client.listTrash()).entries).toBe(0);
  expect((await client.getStatus('/tree/sub/x')).length).toBe(3);
  expect((await client.verify()).isClean).toBe(true);
});

test('A14: of the trash everybody sees and empties his own', async () => {
  await client.createDirectory('/shared', { mode: 0o777 });
  const ann = await master.connect('ann');
  try {
    for (const [who, name] of [
      [client, 'roots'],
      [ann, 'anns'],
    ] as const) {
      await who.createFile(`/shared/${name}`);
      await who.delete(`/shared/${name}`);
    }
    expect(Object.keys(byPath(await ann.listTrash()))).toEqual(['/shared/anns']);
    expect(Object.keys(byPath(await client.listTrash())).toSorted()).toEqual([
      '/shared/anns',
      '/shared/roots',
    ]);
    expect(await ann.expunge()).toBe(1);
    await client.undelete('/shared/roots');
  } finally {
    await ann.close();
  }
});

function byPath({ list }: TrashListing): Record<string, unknown> {
  return Object.fromEntries(
    list.map(({ path, type, files, directories, bytes }) => [
      path,
      { type, files, directories, bytes },
    ]),
  );
}
