/**
 * 22: every example of every help is what a stranger types first, so each is run.
 * Method: a real master over a fresh tree for each verb, with real stores where one is named; what
 * works on a stopped master runs on copies of its data directory. Replaced are only names outside:
 * stores, endpoints, directories of the machine.
 */
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verbGroups, verbs } from '../../src/cli/commands/index.js';
import type { CliIo } from '../../src/cli/io.js';
import { type FileStatus, OrchardClient } from '../../src/client/index.js';
import { openUfs } from '../../src/stores/registry.js';
import { type S3Server, startS3Server } from '../support/s3-server.js';
import type { FakeClient } from './fake-client.js';
import { MasterProcess } from './master-process.js';
import { type Ran, run } from './run.js';

type DoorModule = {
  importTree(env: object, order: unknown): ReturnType<CliIo['importTree']>;
  dropImport(env: object): ReturnType<CliIo['dropImport']>;
  offlineMaster(env: object): ReturnType<CliIo['offline']>;
};

/** What each verb's examples speak of. A path that ends in a slash is a directory. */
const TREE = [
  '/data/part-0 /data/_SUCCESS /data/a.csv /data/a /data/old.csv /data/2026-01/x /data/2026/11/x',
  '/data/out/part-0 /data/out/part-1 /data/tmp/x /data/empty/ /data/hot/x /logs/today /logs/1.gz',
  '/web/index /nas/photos/1.jpg /s3/ /a/x /a/y /archive/ /backup/ /tmp/job-7 /cache/',
]
  .join(' ')
  .split(' ');

/** What stands in the way of an example, or must have happened before it. */
const BEFORE: Readonly<Record<string, readonly string[]>> = {
  'orchard mkdir /data': ['rm -R /data'],
  'orchard get -R /web ./site': ['mkdir -p /web'],
  'orchard getfattr -n user.origin /data/a': ['setfattr -n user.origin -v crawler /data/a'],
  'orchard setfattr -x user.origin /data/a': ['setfattr -n user.origin -v crawler /data/a'],
  'orchard put a.csv /data': ['rm /data/a.csv'],
  'orchard undelete /data/tmp': ['rm -f -R /data/tmp'],
  'orchard mount /nas file:///mnt/nas': ['rm -R /nas'],
  'orchard mount --read-only /logs s3://logs/2026': ['rm -R /logs'],
  'orchard updateMount --read-only /logs': ['rm -R /logs', 'mount /logs file:///mnt/nas'],
  'orchard updateMount --option region=eu-west-1 /m': [
    'mount --option endpoint=http://minio:9000 /m s3://bucket',
  ],
  'orchard unmount --yes /logs': ['mount /logs file:///mnt/nas'],
  'orchard admin orphans --limit 100 /data': ['rm -R /data', 'mount /data file:///mnt/nas'],
  'orchard unmount /logs': ['rm -R /logs', 'mount /logs file:///mnt/nas'],
  'orchard admin jobs --cancel 7': Array.from({ length: 7 }, () => 'load /data'),
  'date | orchard appendToFile - /data/now': ['rm -f /data/now'],
};

/** The fixture itself is `orchard master start`. */
const STARTS = /orchard master start$/;
const STOPPED = /^orchard admin (restore|import|journal (check\b|dump|repair)|\w+ --data )/;

const examples = [
  ...verbs.map((verb) => [verb.name, verb] as const),
  ...verbGroups.flatMap(({ name, verbs: all }) =>
    all
      .filter(({ isRefused }) => isRefused !== true)
      .map((verb) => [`${name} ${verb.name}`, verb] as const),
  ),
].map(([name, verb]) => ({ name, lines: verb.examples.map(([line]) => line) }));

let master: MasterProcess;
let client: OrchardClient;
let s3: S3Server;
let door: DoorModule;

beforeAll(async () => {
  const built = new URL('../../dist/src/cli/master-door.js', import.meta.url).href;
  door = (await import(built)) as DoorModule;
  s3 = await startS3Server({ buckets: ['logs', 'bucket'] });
  for (const [bucket, key] of [
    ['logs', '2026/one'],
    ['bucket', 'two'],
  ] as const) {
    const store = await openUfs(`s3://${bucket}`, s3.options);
    const { signal } = new AbortController();
    await store.write(key, Readable.from([Buffer.from('one')]), { signal });
    await store.close();
  }
  master = await MasterProcess.create();
  await mkdir(join(master.directory, 'nas', 'dir'), { recursive: true });
  await mkdir(join(master.directory, 'got', 'site'), { recursive: true });
  await mkdir(join(master.directory, 'site'));
  await writeFile(join(master.directory, 'a.csv'), 'a,b\n');
  await writeFile(join(master.directory, 'site', 'index'), 'hello');
  await master.start();
  client = await master.connect();
});

afterAll(async () => {
  await client?.close({ withinMs: 0 });
  await master?.remove();
  await s3?.close();
});

/** Words as a shell makes them of the part of the line that is ours, with what is piped in. */
function wordsOf(line: string): { words: string[]; input: string } {
  const [piped, rest] = line.startsWith('date | ') ? ['Tue', line.slice(7)] : ['', line];
  const ours = rest.replace(/ (\||&&) .*$/, '').replace('$(date +%F)', '2026-12-01');
  const options = Object.entries(s3.options).map(([key, value]) => `--option ${key}=${value}`);
  const placed = ours
    .replace('file:///mnt/nas', `file://${join(master.directory, 'nas')}`)
    .replace('--option endpoint=http://minio:9000', options.join(' '))
    .replace('--read-only /logs s3:', `--read-only ${options.join(' ')} /logs s3:`)
    .replace('--option region=eu-west-1', options.join(' '));
  const words = placed.match(/'[^']*'|\S+/g)!.map((word) => word.replaceAll("'", ''));
  return { words: words.slice(1), input: piped };
}

/** Of get: where nothing is yet. */
let place = '.';

const io = (): Partial<CliIo> => ({
  env: master.environment,
  workingDirectory: join(master.directory, place),
  connect: (options) => OrchardClient.connect(options),
});

function type(line: string): Promise<Ran> {
  const { words, input } = wordsOf(line);
  return run(undefined as unknown as FakeClient, words, { ...io(), input });
}

async function ok(line: string): Promise<string> {
  const { status, err, out } = await type(line);
  expect({ line, status, err }).toEqual({ line, status: 0, err: '' });
  return out;
}

const READING =
  /^(ls|stat|find|count|du|df|test|cat|text|head|tail|checksum|get\w*|mounts|admin (?!orphans).*)$/;
let isFresh = false;

async function freshTree(): Promise<void> {
  const entries: FileStatus[] = [];
  for await (const entry of client.list('/')) entries.push(entry);
  for (const { path, type: kind, mountPoint } of entries) {
    if (mountPoint) await client.unmount(path);
    else await client.delete(path, { recursive: kind === 'directory', skipTrash: true });
  }
  // What was deleted is in the root store still, and would stand in the way of new files.
  const root = join(master.directory, 'data', 'ufs');
  for (const name of await readdir(root)) await rm(join(root, name), { recursive: true });
  for (const path of TREE) {
    if (path.endsWith('/')) await client.createDirectory(path.slice(0, -1), { recursive: true });
    else
      await client.put(path, path.endsWith('.gz') ? gzipSync('log') : 'line\n', {
        recursive: true,
      });
  }
  await client.createDirectory('/data', { allowExists: true });
}

test.each(examples)('22: the examples of $name do what they say', async ({ name, lines }) => {
  const online = lines.filter((line) => !STARTS.test(line) && !STOPPED.test(line));
  if (online.length > 0 && !isFresh) await freshTree();
  place = name.startsWith('get') ? 'got' : '.';
  isFresh = READING.test(name);
  for (const line of online) {
    for (const before of BEFORE[line] ?? []) {
      const { status, err } = await type(`orchard ${before}`);
      expect({ before, status, err }).toMatchObject({ before, status: 0 });
    }
    // Of a question the status is the answer.
    if (name !== 'test') await ok(line);
    else expect((await type(line)).status).toBe(0);
  }
  expect(lines.length).toBeGreaterThan(0);
});

test('22: what works on a stopped master does what its examples say', async () => {
  const lines = new Set(examples.flatMap((one) => one.lines).filter((line) => STOPPED.test(line)));
  await ok('orchard admin backup --json nightly --force');
  await freshTree();
  await client.delete('/data', { recursive: true, skipTrash: true });
  await client.mount('/data', 's3://bucket', { options: s3.options });
  await client.close({ withinMs: 0 });
  await master.stop();
  const { directory } = master;
  const data = join(directory, 'data');
  const restored = join(directory, 'restored');
  const inventory = gzipSync('"bucket","b",7,"2024-05-06T07:08:09.000Z","e"\n');
  await mkdir(join(directory, 'report'));
  await writeFile(join(directory, 'inv.csv.gz'), inventory);
  await writeFile(join(directory, 'list.csv'), 'a,1,1\n');
  await writeFile(join(directory, 'report', 'inv.csv.gz'), inventory);
  const MD5checksum = createHash('md5').update(inventory).digest('hex');
  const manifest = {
    sourceBucket: 'bucket',
    fileFormat: 'CSV',
    fileSchema: 'Bucket, Key, Size, LastModifiedDate, ETag',
    files: [{ key: 'inv.csv.gz', size: inventory.length, MD5checksum }],
  };
  await writeFile(join(directory, 'report', 'manifest.json'), JSON.stringify(manifest));
  const restores = (line: string) => Number(line.startsWith('orchard admin restore'));
  for (const line of [...lines].sort((a, b) => restores(b) - restores(a))) {
    // Each begins with what the master has left.
    const copy = join(directory, `copy-${[...lines].indexOf(line)}`);
    const isWhole = /restore|--data/.test(line);
    if (!isWhole) await cp(data, copy, { recursive: true });
    const { words } = wordsOf(
      line
        .replace('/backups/nightly', join(data, 'backups', 'nightly'))
        .replace(/ (\/var\/lib\/orchard|\/restored)$/, ` ${restored}`)
        .replace('*.csv.gz', 'inv.csv.gz'),
    );
    const env = { ...process.env, ORCHARD_DATA_DIR: copy, ORCHARD_JOURNAL_SEGMENT_BYTES: '4MiB' };
    const ran = await run(undefined as unknown as FakeClient, words, {
      ...io(),
      env,
      importTree: (order) => door.importTree(env, order),
      dropImport: () => door.dropImport(env),
      offline: () => door.offlineMaster(env),
    });
    expect({ line, ...ran }).toMatchObject({ line, status: 0, err: '' });
    expect(ran.out, line).not.toBe('');
    await rm(copy, { recursive: true, force: true });
  }
});
