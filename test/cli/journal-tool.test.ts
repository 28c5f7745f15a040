/**
 * Goal: `orchard admin journal` shows what is on disk and what is wrong. A repair loses exactly
 * what it announces, and keeps the old journal. Behaviour: a damaged record in the middle refuses
 * the start with its position; after a repair the master starts.
 * Method: a real master, killed with everything unflushed; a flipped bit in one entry of its
 * segment; the commands over that directory; the master again.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeClient } from './fake-client.js';
import { MasterProcess } from './master-process.js';
import { type Ran, run } from './run.js';

const FILES = 20;
const DAMAGED = 8;

let master: MasterProcess;
beforeEach(async () => {
  master = await MasterProcess.create({
    ORCHARD_FLUSH_INTERVAL: '10m',
    ORCHARD_JOURNAL_SEGMENT_BYTES: '1MiB',
  });
  await master.start();
  const client = await master.connect();
  for (let i = 0; i < FILES; i++) await client.createFile(`/file-${i}`);
  await client.close();
  await master.stop('SIGKILL');
});
afterEach(() => master.remove());

const dataDir = (): string => path.join(master.directory, 'data');
const segmentFile = (): string =>
  path.join(dataDir(), 'journal', readdirSync(path.join(dataDir(), 'journal')).sort()[0]!);

function admin(line: string): Promise<Ran> {
  const env = { ORCHARD_DATA_DIR: dataDir(), ORCHARD_JOURNAL_SEGMENT_BYTES: '1MiB' };
  return run(new FakeClient(), `admin journal ${line}`, { env });
}

/** Flips a bit of the name in the entry that made `name`. */
function damage(name: string): void {
  const bytes = readFileSync(segmentFile());
  const at = bytes.indexOf(`${name}\0`);
  expect(at).toBeGreaterThan(0);
  bytes[at] = bytes[at]! ^ 1;
  writeFileSync(segmentFile(), bytes);
}

async function names(): Promise<Set<string>> {
  await master.start();
  const client = await master.connect();
  const found = new Set<string>();
  for await (const { name } of client.list('/')) found.add(name);
  await client.close();
  await master.stop();
  return found;
}

const range = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `file-${from + i}`);

test('check and dump: what a sound journal holds, also as objects', async () => {
  const checked = await admin('check');
  expect(checked).toMatchObject({ status: 0, err: '' });
  expect(checked.out).toMatch(/metadata: \d+ pages, \d+ rows/);
  const dumped = await admin('dump');
  expect(dumped.out).toContain('CREATE_FILE');
  expect(dumped.out).toContain('put <inode 1>/file-3');
  const rows = (await admin('dump --json --from 4 --to 6')).out.trim().split('\n');
  expect(rows.map((row) => JSON.parse(row).seq)).toEqual([4, 5, 6]);
  expect((await admin('repair')).out).toContain('Nothing to repair');
  expect((await admin('mend')).status).toBe(2);
});

test('150: a damaged record refuses the start; told to, repair ends it there', async () => {
  damage(`file-${DAMAGED}`);
  await expect(master.start()).rejects.toThrow(/\.wal: offset \d+: a damaged record/);
  expect(await master.stop()).toBe(1);
  const checked = await admin('check');
  expect(checked.status).toBe(1);
  expect(checked.out).toMatch(/damaged: .*\.wal: offset \d+: a damaged record/);

  const planned = await admin('repair');
  expect(planned).toMatchObject({ status: 0, err: '' });
  expect(planned.out).toContain('cannot be read');
  expect(planned.out).toMatch(new RegExp(`lost: .*CREATE_FILE .*put /file-${FILES - 1} `));
  expect(planned.out).toContain('Nothing was changed');
  await expect(master.start()).rejects.toThrow('a damaged record');

  const repaired = await admin('repair --yes');
  expect(repaired.out).toContain('Repaired. The old journal is');
  const kept = readdirSync(dataDir()).filter((name) => name.startsWith('journal-before-repair-'));
  expect(kept).toHaveLength(1);
  const found = await names();
  for (const name of range(0, DAMAGED)) expect(found).toContain(name);
  for (const name of range(DAMAGED, FILES)) expect(found).not.toContain(name);
});

test('150: or it goes on behind the damage, without that record', async () => {
  damage(`file-${DAMAGED}`);
  const repaired = await admin('repair --yes --skip-damaged --json');
  const report = JSON.parse(repaired.out);
  expect(report).toMatchObject({ lostCount: 1, lost: [{ entry: null }] });
  const found = await names();
  for (const name of range(0, FILES)) expect(found.has(name)).toBe(name !== `file-${DAMAGED}`);
  // What is made from here on survives too: no seq was given out twice.
  await master.start();
  const client = await master.connect();
  await client.createFile('/afterwards');
  await client.close();
  await master.stop('SIGKILL');
  expect(await names()).toContain('afterwards');
});
