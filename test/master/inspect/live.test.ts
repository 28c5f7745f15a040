/**
 * A real master under load: backups, digests and the checker while writers write, a SIGKILL, and
 * what comes out of a restore. The truth about a seq is made apart from all of that: tier 2 as it
 * was before the load, and the whole journal replayed to that seq.
 */
import { cp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BackupReport, DigestReport, OrchardClient } from '../../../src/client/index.js';
import type { EntrySource } from '../../../src/master/inspect/capture.js';
import { digestSource } from '../../../src/master/inspect/inspect.js';
import { readJournal } from '../../../src/master/journal/local/reader.js';
import { fillDataDirectory, openDataDirectory } from '../../../src/master/main/data-directory.js';
import { Offline } from '../../../src/master/main/offline.js';
import { Tier2 } from '../../../src/master/storage/tier2.js';
import { MasterProcess } from '../../cli/master-process.js';

const MAP_BYTES = 1024 ** 3;
const WRITERS = 8;
const STEP_MS = 4;
const ROUNDS = 2;
const BASE_FILES = 9000;
// The journal is kept whole, and flushes come often: rows are read in the middle of them.
const ENVIRONMENT = {
  ORCHARD_JOURNAL_SEGMENT_BYTES: '64MiB',
  ORCHARD_JOURNAL_BYTES_MAX: '1GiB',
  ORCHARD_FLUSH_INTERVAL: '100ms',
  ORCHARD_TIER1_BYTES: '4MiB',
};
const control = { signal: new AbortController().signal, onProgress: () => undefined };
const offline = new Offline({ ORCHARD_JOURNAL_SEGMENT_BYTES: '4MiB' });

let master: MasterProcess;
let client: OrchardClient;
let restored: MasterProcess;
let clusterId: string;

beforeAll(async () => {
  master = await MasterProcess.create(ENVIRONMENT);
  restored = await MasterProcess.create();
  await master.start();
  client = await master.connect();
  await client.createDirectory('/base');
  const files = Array.from({ length: BASE_FILES }, (_, i) => ({ path: `/base/f${i}` }));
  for (let at = 0; at < BASE_FILES; at += 1000)
    await client.batchCreate(files.slice(at, at + 1000));
  await client.close();
  await master.stop();
  await cp(data('meta'), truth('meta'), { recursive: true });
  ({ clusterId } = JSON.parse(await readFile(data('VERSION'), 'utf8')) as { clusterId: string });
  await master.start();
  client = await master.connect();
});

afterAll(async () => {
  await client?.close();
  await master?.remove();
  await restored?.remove();
});

const data = (...names: string[]): string => path.join(master.directory, 'data', ...names);
const truth = (...names: string[]): string => path.join(master.directory, 'truth', ...names);

/** Everything that moves records about; no two writers meet, so nothing fails. */
async function write(writer: number, isDone: () => boolean): Promise<void> {
  const home = `/w${writer}`;
  await client.createDirectory(home);

  for (let step = 0; !isDone(); step++) {
    const file = `${home}/f${step}`;
    // Load, but not as much as the machine can: the rest of the tests run beside it.
    await setTimeout(STEP_MS);
    await client.createFile(file);
    if (step % 3 === 0) await client.rename(file, `/base/moved-${writer}-${step}`);
    else if (step % 5 === 0) await client.delete(file);
    else if (step % 7 === 0)
      await client.setAttribute(file, { ttlMs: 3_600_000, owner: `u${step}` });
    else if (step % 11 === 0) await client.setAttribute(file, { xattrs: { a: `${step}` } });
    if (step % 13 === 0) {
      await client.createDirectory(`${home}/d${step}`);
      await client.createFile(`${home}/d${step}/in`);
      await client.rename(`${home}/d${step}`, `/base/d-${writer}-${step}`);
    }
    if (step % 39 === 0) await client.delete(`/base/d-${writer}-${step}`, { recursive: true });
    if (step % 2 === 0)
      await client.rename(`/base/f${writer + step * WRITERS}`, `${home}/b${step}`);
  }
}

/** The journal from before the load, up to `seq` and no further. */
async function truthAt(seq: number): Promise<DigestReport> {
  const tier2 = new Tier2(truth('meta'), { mapBytes: MAP_BYTES });
  const entries: EntrySource = {
    hold: () => undefined,
    follow: () => undefined,
    finish: (appliedSeq, onEntry) => {
      const options = { clusterId, fromSeq: appliedSeq + 1 };
      readJournal(data('journal'), options, (bytes, offset, length, at) => {
        if (at <= seq) onEntry(bytes, offset, length, at);
      });
      return seq;
    },
    release: () => undefined,
  };
  try {
    const place = { dataDir: truth(), mapBytes: MAP_BYTES, reserveBytes: 0 };
    return await digestSource({ ...place, tier2, entries }, control);
  } finally {
    await tier2.close();
  }
}

test('what is copied under load is exact, through SIGKILL, replay and restore', async () => {
  let isDone = false;
  const writers = Array.from({ length: WRITERS }, (_, i) => write(i, () => isDone));
  const backups: BackupReport[] = [];
  const digests: DigestReport[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    backups.push(await client.backup(`backup-${round}`));
    const report = await client.verify();
    expect(report.findings).toEqual([]);
    digests.push(await client.digest());
  }
  isDone = true;
  await Promise.all(writers);
  await client.close();
  await master.stop('SIGKILL');
  expect(backups[ROUNDS - 1]!.seq).toBeGreaterThan(backups[0]!.seq);
  expect(backups[0]!.inodes).toBeGreaterThanOrEqual(BASE_FILES);

  for (const found of digests) expect(found).toEqual(await truthAt(found.seq));

  // As the killed master left it, and after its replay.
  const before = await offline.digest(data(), control);
  expect(before.seq).toBeGreaterThanOrEqual(digests[ROUNDS - 1]!.seq);
  expect(before).toEqual(await truthAt(before.seq));
  expect((await offline.verify(data(), control)).findings).toEqual([]);
  await master.start();
  const replayed = await master.connect();
  expect(await replayed.digest()).toEqual(before);
  expect((await replayed.verify()).findings).toEqual([]);
  await replayed.close();

  for (const [round, { file, seq }] of backups.entries()) {
    const place = path.join(restored.directory, round === 0 ? 'data' : `data-${round}`);
    expect(await offline.restore(file, place, control)).toMatchObject({ seq, clusterId });
    const report = await offline.verify(place, control);
    expect([report.seq, report.findings]).toEqual([seq, []]);
    expect(await offline.digest(place, control)).toEqual(await truthAt(seq));
  }
  await restored.start();
  const again = await restored.connect();
  // By the kernels' replay, where the ones before were by that of the copy.
  expect(await again.digest()).toEqual(await truthAt(backups[0]!.seq));
  await again.createFile('/base/after');
  expect((await again.verify()).findings).toEqual([]);
  await again.close();
}, 120_000);

test('a backup is written whole or not at all, and never over another', async () => {
  const admin = await master.connect();
  try {
    const file = data('backups/backup-0');
    await expect(admin.backup(file)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    const old = await stat(file);
    const { bytes } = await admin.backup('backup-0', { force: true });
    expect((await stat(file)).size).toBe(bytes);
    expect((await stat(file)).ino).not.toBe(old.ino);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const user = await master.connect('somebody');
    await expect(user.backup('theirs')).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    await expect(user.verify()).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    await user.close();
  } finally {
    await admin.close();
  }
});

test('B6: nothing that a master keeps is open to others', async () => {
  const open: string[] = [];
  const there = await readdir(data(), { recursive: true });
  for (const name of ['', ...there]) {
    if (((await stat(data(name))).mode & 0o077) !== 0) open.push(name);
  }
  expect(there).toEqual(expect.arrayContaining(['LOCK', 'VERSION', 'meta/lock.mdb', 'backups']));
  expect(open).toEqual([]);
});

test('B7, B29: a backup is a new regular file in the backup directory, or nothing', async () => {
  const admin = await master.connect();
  const refused = (file: string, code: string, force = false) =>
    expect(admin.backup(file, { force }), file).rejects.toMatchObject({ code });
  try {
    await symlink(data('meta'), data('backups/out'));
    await symlink(data('VERSION'), data('backups/link'));
    await mkdir(data('backups/weekly'));
    for (const file of ['a\0b', '', '.', '..', 'a/', data('x'), '../x', '/dev/null', 'out/x']) {
      await refused(file, 'INVALID_ARGUMENT', true);
    }
    await refused('none/x', 'NOT_FOUND');
    for (const file of ['link', 'weekly', data('backups/link')]) {
      await refused(file, 'FAILED_PRECONDITION', true);
    }
    expect(JSON.parse(await readFile(data('VERSION'), 'utf8'))).toMatchObject({ clusterId });
    expect(await admin.backup('weekly/one')).toMatchObject({ file: data('backups/weekly/one') });
  } finally {
    await admin.close();
  }
}, 60_000);

test('what is damaged, cut off or of another version is not restored at all', async () => {
  const whole = await readFile(data('backups/backup-1'));
  const place = truth('nothing');
  const file = truth('spoilt');
  const spoilt = async (bytes: Uint8Array): Promise<unknown> => {
    await writeFile(file, bytes);
    return offline.restore(file, place, control).catch((error: unknown) => error);
  };
  for (let round = 0; round < 12; round++) {
    const flipped = Buffer.from(whole);
    const at = Math.floor((round / 12) * (whole.length - 1));
    flipped[at]! ^= 1 << (round % 8);
    expect(await spoilt(flipped)).toMatchObject({ name: 'StatusError' });
    expect(await spoilt(whole.subarray(0, at))).toMatchObject({ name: 'StatusError' });
  }
  expect(String(await spoilt(whole.subarray(0, whole.length - 1)))).toContain('cut off');
  expect(String(await spoilt(Buffer.concat([whole, Buffer.from('x')])))).toContain('follows');
  await expect(stat(place)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a directory in use, filled, or half restored is refused', async () => {
  const file = data('backups/backup-1');
  await expect(offline.restore(file, data(), control)).rejects.toThrow('is in use by the master');
  await expect(offline.verify(data(), control)).rejects.toThrow('is in use by the master');
  const filled = path.join(restored.directory, 'data-1');
  await expect(offline.restore(file, filled, control)).rejects.toThrow('is not empty');
  const half = truth('half');
  const cluster = { clusterId, clusterName: 'orchard' };
  const interrupted = fillDataDirectory(half, cluster, () => Promise.reject(new Error('killed')));
  await expect(interrupted).rejects.toThrow('killed');
  await expect(openDataDirectory(half, { clusterName: 'orchard' })).rejects.toThrow(
    'a restore into it did not end',
  );
  expect(await offline.restore(file, half, control)).toMatchObject({ clusterId });
  await rm(half, { recursive: true });
});
