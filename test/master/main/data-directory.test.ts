/**
 * The data directory: one holder at a time, in this process and in others, also after SIGKILL; and
 * every row of the decision table in data-directory.ts. The other masters run the built code.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Code } from '../../../src/base/status.js';
import { writeWatermark } from '../../../src/master/journal/local/watermark.js';
import { FORMAT, openDataDirectory } from '../../../src/master/main/data-directory.js';
import { requireRootStore } from '../../../src/master/main/root-store.js';
import { parseConfig } from '../../../src/master/settings/config.js';

const script = fileURLToPath(new URL('hold-directory.mjs', import.meta.url));
const cluster = { clusterName: 'orchard' };

type Outcome = { clusterId?: string; isNew?: boolean; code?: string; message?: string };

let root: string;
let path: string;
let children: ChildProcess[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'orchard-data-'));
  path = join(root, 'data');
});

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
  await rm(root, { recursive: true });
});

async function startHolder(directory: string): Promise<{ child: ChildProcess; outcome: Outcome }> {
  const stdio = ['pipe' as const, 'pipe' as const, 'inherit' as const];
  const child = spawn(process.execPath, [script, directory, 'orchard'], { stdio });
  children.push(child);
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const [line] = (await once(lines, 'line')) as [string];
  return { child, outcome: JSON.parse(line) as Outcome };
}

async function refusal(directory = path, options = cluster) {
  const opened = openDataDirectory(directory, options);
  const error: unknown = await opened.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code: Code.FAILED_PRECONDITION, hint: expect.any(String) });
  return (error as Error).message;
}

describe('one master at a time', () => {
  test('a second process is refused with the pid of the first', async () => {
    const first = await startHolder(path);
    expect(first.outcome.isNew).toBe(true);
    const second = await startHolder(path);
    expect(second.outcome.code).toBe('FAILED_PRECONDITION');
    expect(second.outcome.message).toContain(`process ${first.child.pid}`);
  });

  test('SIGKILL of the holder frees the directory, which keeps its cluster id', async () => {
    const first = await startHolder(path);
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    const second = await startHolder(path);
    expect(second.outcome).toEqual({ clusterId: first.outcome.clusterId, isNew: false });
  });

  test('another path to the same directory is the same directory', async () => {
    const held = await openDataDirectory(path, cluster);
    await symlink(path, join(root, 'link'));
    expect(await refusal(join(root, 'link'))).toContain(`process ${process.pid}`);
    await held.lock.release();
    const again = await openDataDirectory(join(root, 'link'), cluster);
    expect(again.clusterId).toBe(held.clusterId);
    await again.lock.release();
  });

  test('a refused start frees what it had locked', async () => {
    await mkdir(path);
    await writeFile(join(path, 'thesis.tex'), '');
    await refusal();
    expect(await refusal()).toContain('thesis.tex');
  });

  test('a holder that only flock sees, as in another container, is enough', async () => {
    await mkdir(path);
    const args = ['-x', join(path, 'LOCK'), 'sh', '-c', 'echo held; cat'];
    const holder = spawn('flock', args, { stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(holder);
    await once(holder.stdout, 'data');
    expect(await refusal()).toContain('in use by the master of another process');
    holder.stdin.end();
    await once(holder, 'exit');
    const { lock } = await openDataDirectory(path, cluster);
    expect(lock.seesOtherContainers).toBe(true);
    await lock.release();
  });

  test('other directories are not disturbed', async () => {
    const one = await openDataDirectory(path, cluster);
    const two = await openDataDirectory(join(root, 'data2'), cluster);
    expect(one.clusterId).not.toBe(two.clusterId);
    await one.lock.release();
    await two.lock.release();
  });
});

describe('the decision table', () => {
  const setUp = async (version?: unknown) => {
    await mkdir(join(path, 'journal'), { recursive: true });
    if (version === undefined) return;
    const text = typeof version === 'string' ? version : JSON.stringify(version);
    await writeFile(join(path, 'VERSION'), text);
  };
  const ours = {
    format: FORMAT,
    clusterId: '0b9b1f54-6f0e-4d52-8d0b-0d5c0a4b3a11',
    clusterName: 'orchard',
    createdMs: 1,
  };

  /** A directory whose WATERMARK, journal and metadata are those of a namespace. */
  const used = async () => {
    const { lock, watermark, journal, meta } = await openDataDirectory(path, cluster);
    await lock.release();
    writeWatermark(watermark, { segment: 1, seq: 5 });
    await writeFile(join(journal, `${'1'.padStart(20, '0')}.wal`), 'x');
    await writeFile(join(meta, 'data.mdb'), 'x');
  };

  const lost = async () => {
    const error = await openDataDirectory(path, cluster).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: Code.DATA_LOSS, hint: expect.any(String) });
    return (error as Error).message;
  };

  test('a missing or empty directory is created, with its layout', async () => {
    const { clusterId, isNew, lock } = await openDataDirectory(join(path, 'deep'), cluster);
    expect(isNew).toBe(true);
    const names = await readdir(join(path, 'deep'));
    expect(names.sort()).toEqual(['LOCK', 'VERSION', 'WATERMARK', 'journal', 'meta', 'ufs']);
    const version = JSON.parse(await readFile(join(path, 'deep', 'VERSION'), 'utf8'));
    expect(version).toMatchObject({ format: FORMAT, clusterId, clusterName: 'orchard' });
    await lock.release();
  });

  test('B6: one that is open to others is closed, and told', async () => {
    await setUp(ours);
    for (const name of ['meta', 'journal', 'ufs']) {
      await mkdir(join(path, name), { recursive: true });
    }
    for (const name of ['meta/data.mdb', 'journal/1.wal', 'ufs/file']) {
      await writeFile(join(path, name), 'x');
    }
    await chmod(path, 0o755);
    const { tightened, lock } = await openDataDirectory(path, cluster);
    await lock.release();
    const told = tightened.map((one) => one.path.slice(path.length));
    expect(told).toEqual(expect.arrayContaining(['', '/VERSION', '/meta/data.mdb', '/journal']));
    expect(tightened[0]).toEqual({ path, was: 0o755, mode: 0o700 });
    expect((await stat(join(path, 'meta/data.mdb'))).mode & 0o777).toBe(0o600);
    // Files of the root store have their own modes, behind a directory that is closed.
    expect((await stat(join(path, 'ufs/file'))).mode & 0o777).not.toBe(0o600);
    const again = await openDataDirectory(path, cluster);
    await again.lock.release();
    expect(again.tightened).toEqual([]);
  });

  test.each(['/proc', '/proc/none/data', '/sys/data', '/dev/orchard/data'])(
    '54: %s is no place for one',
    async (place) => expect(await refusal(place)).toMatch(/which is the kernel's/),
  );

  test('54: one that cannot be made is told with the reason', async () => {
    await writeFile(join(root, 'file'), 'x');
    expect(await refusal(join(root, 'file', 'data'))).toContain('cannot be made');
  });

  test('one that a crash left half set up is created', async () => {
    await setUp();
    await writeFile(join(path, 'VERSION.new'), '{"format"');
    const { isNew, lock } = await openDataDirectory(path, cluster);
    expect(isNew).toBe(true);
    await lock.release();
  });

  test('ours is opened', async () => {
    await setUp(ours);
    await writeFile(join(path, 'journal', `${'1'.padStart(20, '0')}.wal`), 'x');
    const { clusterId, isNew, lock } = await openDataDirectory(path, cluster);
    expect({ clusterId, isNew }).toEqual({ clusterId: ours.clusterId, isNew: false });
    await lock.release();
  });

  test('B22: with VERSION alone, of a version that had no WATERMARK: refused', async () => {
    await setUp(ours);
    await rm(join(path, 'journal'), { recursive: true });
    expect(await lost()).toContain(
      `missing: ${join(path, 'journal')}, ${join(path, 'meta/data.mdb')}`,
    );
  });

  test.each([
    ['journal/ and meta/', ['journal', 'meta'], 'journal, '],
    ['journal/', ['journal'], 'journal.'],
    ['meta/', ['meta'], 'meta/data.mdb.'],
    ['WATERMARK', ['WATERMARK'], 'WATERMARK: the file is not there'],
    ['VERSION, journal/ and meta/', ['VERSION', 'journal', 'meta'], 'are gone'],
  ])('B22: %s gone of a namespace that was written to: refused', async (_, gone, told) => {
    await used();
    for (const name of gone) await rm(join(path, name), { recursive: true });
    expect(await lost()).toContain(told);
    expect(await lost()).toContain(path);
  });

  test('B22: set up and never written to, it is opened', async () => {
    for (let start = 0; start < 2; start++) {
      await (await openDataDirectory(path, cluster)).lock.release();
      await rm(join(path, 'journal'), { recursive: true });
    }
  });

  test('without VERSION but with a journal: refused', async () => {
    await setUp();
    await writeFile(join(path, 'journal', '1.wal'), 'x');
    expect(await refusal()).toContain('filled journal/ but no VERSION');
  });

  test('an older format: refused', async () => {
    await setUp({ ...ours, format: FORMAT - 1 });
    expect(await refusal()).toContain(`format ${FORMAT - 1}, of an older Orchard`);
  });

  test('a newer format, with fields that nobody knows yet: refused', async () => {
    await setUp({ format: FORMAT + 1, cluster: {} });
    expect(await refusal()).toContain(`format ${FORMAT + 1}, written by a newer Orchard`);
  });

  test('another cluster: refused', async () => {
    await setUp(ours);
    const message = await refusal(path, { clusterName: 'vineyard' });
    expect(message).toContain('belongs to the cluster "orchard", not to "vineyard"');
  });

  test.each([
    ['torn', `{"format":${FORMAT},`],
    ['empty', ''],
    ['without id', JSON.stringify({ ...ours, clusterId: 'x' })],
  ])('B11: a VERSION that is %s: refused in our words', async (_, text) => {
    await setUp(text);
    const message = await refusal();
    expect(message).toContain('VERSION cannot be read: ');
    expect(message).not.toMatch(/expected|received|✖|→/);
  });
});

describe('A7: a root store that is wrong', () => {
  const hosts = { cores: 2, memoryBytes: 2 ** 33, user: 'root', workingDirectory: '/' };
  const start = (uri: string) => {
    const config = parseConfig({ ORCHARD_ROOT_UFS: uri, ORCHARD_DATA_DIR: path }, hosts);
    return openDataDirectory(path, { ...cluster, checkNew: () => requireRootStore(config, {}) });
  };

  test('is refused at the first start, which can be begun anew', async () => {
    const file = join(root, 'file');
    await writeFile(file, '');
    for (const uri of ['hdfs://x', `file://${root}/none`, `file://${file}`]) {
      await expect(start(uri), uri).rejects.toMatchObject({
        message: expect.stringContaining(`The root store ${uri} cannot be used`),
        hint: expect.stringContaining('ORCHARD_ROOT_UFS'),
      });
    }
    const opened = await start(`file://${path}/ufs`);
    expect(opened.isNew).toBe(true);
    await opened.lock.release();
    // Later it may be down for a while, as any store.
    const again = await start('hdfs://x');
    await again.lock.release();
  });
});
