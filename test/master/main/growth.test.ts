/**
 * A real master does not grow with the number of changes: the file of tier 2 uses its freed pages
 * again. It cannot while any thread keeps an old snapshot, which no single-threaded test shows.
 */
import { statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OrchardClient } from '../../../src/client/index.js';
import { MasterProcess } from '../../cli/master-process.js';

const FILES = 600;
const WARM_ROUNDS = 8;
const ROUNDS = 30;

let master: MasterProcess;
let client: OrchardClient;

beforeAll(async () => {
  // The answers for repeated calls are in tier 2 too: full before the measuring begins.
  master = await MasterProcess.create({ ORCHARD_RETRY_CACHE_ENTRIES: '2048' });
  await master.start();
  client = await master.connect();
});

afterAll(async () => {
  await client?.close();
  await master?.remove();
});

const tier2Bytes = (): number => statSync(path.join(master.directory, 'data/meta/data.mdb')).size;

/** Changes every file, then asks for a path by id, which waits for the flush. */
async function changeAll(round: number): Promise<void> {
  const mode = 0o600 + (round % 8);
  const names = Array.from({ length: FILES }, (_, i) => `/grow/f${i}`);
  await Promise.all(names.map((name) => client.setAttribute(name, { mode })));
  const page = await client.listPage('/grow', { pageSize: 1 });
  expect(page.entries[0]?.mode).toBe(mode);
  await client.getFilePath(page.entries[0]!.id);
}

test('the file of tier 2 stays as large as what it holds', async () => {
  await client.createDirectory('/grow');
  const names = Array.from({ length: FILES }, (_, i) => `/grow/f${i}`);
  await Promise.all(names.map((name) => client.createFile(name)));
  for (let round = 0; round < WARM_ROUNDS; round++) await changeAll(round);
  const before = tier2Bytes();
  for (let round = 0; round < ROUNDS; round++) await changeAll(round);
  // Each round rewrites some twenty pages: kept, they would be 2.4 MB by now.
  expect(tier2Bytes() - before).toBeLessThan(600_000);
});
