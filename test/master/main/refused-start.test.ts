/**
 * Goal: a start that cannot be says why and what to do, and never ends by a signal or waits without
 * a word (B10, B24, public report 52).
 * Method: the built command line over data directories that were damaged, or under a limit.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { commandLine, ProofMaster } from '../../proof/proof-master.js';
import { canMount, SmallDisk } from '../../support/small-disk.js';

let master: ProofMaster;
afterEach(() => master.remove());

/** Runs a start to its end, under what `shell` sets. */
async function refused(shell = '', environment: Record<string, string> = {}): Promise<string> {
  const child = spawn(
    'sh',
    ['-c', `${shell} exec "$0" "$@"`, process.execPath, commandLine, 'master', 'start'],
    {
      env: { ...master.environment, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let out = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (out += text));
  const end = await new Promise((resolve) =>
    child.once('close', (code, signal) => resolve(signal ?? code)),
  );
  expect(end, out).toBe(1);
  return out;
}

async function runOnce(): Promise<string> {
  master = await ProofMaster.create();
  await master.start();
  expect(await master.stop()).toBe(0);
  return path.join(master.dataDirectory, 'meta');
}

test('B10: meta/data.mdb cut below its two first pages is refused', async () => {
  const meta = await runOnce();
  for (const bytes of [4096 + 7, 100]) {
    truncateSync(path.join(meta, 'data.mdb'), bytes);
    const out = await refused();
    expect(out).toMatch(/DATA_LOSS: .*data\.mdb: page [01]/);
    expect(out).toContain('restore the data directory from a backup');
  }
  truncateSync(path.join(meta, 'data.mdb'), 0);
  expect(await refused()).toMatch(/DATA_LOSS: .*missing: .*data\.mdb/);
}, 60_000);

test('A16, B11: a damaged journal is DATA_LOSS with the file and the next step', async () => {
  master = await ProofMaster.create({ ORCHARD_FLUSH_INTERVAL: '10m' });
  await master.start();
  const client = await master.connect();
  for (let i = 0; i < 4; i++) await client.createFile(`/f${i}`);
  await client.close();
  await master.stop('SIGKILL');
  const journal = path.join(master.dataDirectory, 'journal');
  const segment = path.join(journal, readdirSync(journal).filter((name) => /^\d/.test(name))[0]!);
  const bytes = readFileSync(segment);
  bytes[4096 + 48 + 100]! ^= 1;
  writeFileSync(segment, bytes);
  const out = await refused();
  expect(out).toMatch(/orchard: master start: DATA_LOSS: .*\.wal: offset \d+: /);
  expect(out).toContain('Try: Look at the journal with `orchard admin journal`');
  // B9, with a real master: the whole end is gone.
  rmSync(segment);
  expect(await refused()).toMatch(/DATA_LOSS: .*missing: .*journal/);
}, 60_000);

test('B24: lock.mdb that is a directory is refused by name', async () => {
  const meta = await runOnce();
  rmSync(path.join(meta, 'lock.mdb'));
  mkdirSync(path.join(meta, 'lock.mdb'));
  const out = await refused();
  expect(out).toMatch(/FAILED_PRECONDITION: .*lock\.mdb is no regular file/);
  expect(out).toContain('Move it away: a new one is made');
}, 60_000);

test('B24, 52: a limit on the address space is told, with both ways out', async () => {
  master = await ProofMaster.create();
  const out = await refused('ulimit -v 60000000;');
  expect(out).toMatch(/FAILED_PRECONDITION: .*256\.0 GiB of address space/);
  expect(out).toContain('ulimit -v unlimited');
  expect(out).toContain('ORCHARD_TIER2_MAP_BYTES');
}, 60_000);

describe.runIf(canMount)('a disk without a free byte', () => {
  test('B24: a first start is refused, a later one says that it may wait', async () => {
    const disk = new SmallDisk(64 << 20);
    try {
      const data = path.join(disk.path, 'data');
      mkdirSync(data);
      master = await ProofMaster.create({ ORCHARD_DATA_DIR: data });
      disk.fill();
      const out = await refused();
      expect(out).toMatch(/RESOURCE_EXHAUSTED: .*The disk of .*data is full/);
      expect(out).toContain('Free some room');
      disk.empty();
      await master.start();
      await master.stop('SIGKILL');
      disk.fill();
      await master.start();
      expect(master.log.join('\n')).toContain('the disk is full: the start may wait for room');
      await master.stop();
    } finally {
      disk.remove();
    }
  }, 120_000);
});
