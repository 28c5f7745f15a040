/**
 * Goal: a page that was damaged where nobody looked yet takes the filter of keys from a master, and
 * nothing else: it says so, and serves what stands on other pages.
 * Method: a real process that checks no leaves at its start, over a file with one broken page.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { kindOf, PAGE_BYTES, PageFlag } from '../../../src/master/storage/page-format.js';
import { dataFile } from '../../../src/master/storage/tier2.js';
import { ProofMaster } from '../../proof/proof-master.js';

const FILES = 2000;
const LOG_MS_MAX = 10_000;
/** In the header: where the offsets of nodes end. */
const LOWER_AT = 20;

let master: ProofMaster;
afterEach(() => master.remove());

/** The page of the last names: those of the directory that was made last. */
function breakLastLeaf(): void {
  const file = dataFile(path.join(master.dataDirectory, 'meta'));
  const bytes = readFileSync(file);
  const pages = Array.from({ length: bytes.length / PAGE_BYTES }, (_, i) =>
    bytes.subarray(i * PAGE_BYTES, (i + 1) * PAGE_BYTES),
  );
  const leaves = pages.filter(
    (page) => kindOf(page) === PageFlag.LEAF && page.includes(`name-${FILES - 1}`),
  );
  expect(leaves).not.toHaveLength(0);
  for (const leaf of leaves) leaf.writeUInt16LE(0xffff, LOWER_AT);
  writeFileSync(file, bytes);
}

test('the filter is given up, other names are served', async () => {
  master = await ProofMaster.create({ ORCHARD_TIER2_CHECK_BYTES: '0' });
  await master.start();
  const client = await master.connect();
  await client.createDirectory('/early');
  await client.createDirectory('/late');
  await client.createFile('/early/file');
  const paths = Array.from({ length: FILES }, (_, i) => `/late/name-${String(i).padStart(4, '0')}`);
  await Promise.all(paths.map((each) => client.createFile(each)));
  await client.close();
  await master.stop();
  breakLastLeaf();
  await master.start();
  const isTold = (): boolean => master.log.some((line) => line.includes('no filter of keys'));
  for (let waited = 0; !isTold() && waited < LOG_MS_MAX; waited += 50) await sleep(50);
  expect(master.log.join('\n')).toMatch(/stored metadata is damaged: page \d+/);
  const again = await master.connect();
  expect((await again.getStatus('/early/file')).path).toBe('/early/file');
  await expect(again.getStatus('/early/none')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await again.close();
}, 60_000);
