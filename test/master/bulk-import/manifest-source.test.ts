/** Manifests as they come: marks, packed under any name, lists of lists, and what is no list. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { codeName } from '../../../src/base/status.js';
import { EntryBatch, TIME_UNKNOWN } from '../../../src/master/bulk-import/entry-batch.js';
import {
  type ManifestOptions,
  ManifestSource,
} from '../../../src/master/bulk-import/manifest-source.js';
import { MergeSource } from '../../../src/master/bulk-import/merge-source.js';
import { Rejects } from '../../../src/master/bulk-import/rejects.js';

const root = mkdtempSync(join(tmpdir(), 'orchard-manifest-'));
let directory = root;
let rejects = new Rejects({ isStrict: false, of: 'manifest' });
let count = 0;
beforeEach(() => {
  directory = join(root, String(count++));
  mkdirSync(directory);
  rejects = new Rejects({ isStrict: false, of: 'manifest' });
});
afterAll(() => rmSync(root, { recursive: true }));

function write(name: string, bytes: string | Uint8Array): string {
  const path = join(directory, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, bytes);
  return path;
}

const opened = (files: string[], more: Partial<ManifestOptions> = {}): Promise<ManifestSource> =>
  ManifestSource.open({
    files,
    format: 'csv',
    isUrlEncoded: true,
    prefix: 'lib/',
    room: { depth: 1, bytes: 3, isMountRoot: true },
    rejects,
    ...more,
  });

type Read = { path: string; length: number; mtimeMs: number; line: number };

async function rest(source: ManifestSource): Promise<Read[]> {
  const batch = new EntryBatch();
  const all: Read[] = [];
  for (; await source.read(batch); batch.clear()) {
    for (let i = 0; i < batch.count; i++) {
      const at = batch.pathAt[i]!;
      const path = batch.bytes.toString('utf8', at, at + batch.pathBytes[i]!);
      const { length, mtimeMs, line } = batch;
      all.push({ path, length: length[i]!, mtimeMs: mtimeMs[i]!, line: line[i]! });
    }
  }
  await source.close();
  return all;
}

const paths = async (source: ManifestSource): Promise<string[]> =>
  (await rest(source)).map(({ path }) => path);

const failure = (files: string[], more: Partial<ManifestOptions> = {}): Promise<string> =>
  opened(files, more).then(
    () => 'opened',
    ({ code, message, hint }) => `${codeName(code)} ${message} ${hint}`,
  );

describe('2: a byte order mark', () => {
  const MARK = '\ufeff';

  test.each([
    ['plain', (text: string) => Buffer.from(text)],
    ['packed', (text: string) => gzipSync(text)],
  ])('is no part of the first name, %s', async (_, pack) => {
    const file = write('list', pack(`${MARK}a,1,5\n${MARK}b,2,5\n`));
    expect(await paths(await opened([file, file]))).toEqual(['a', `${MARK}b`, 'a', `${MARK}b`]);
  });

  test('stands before the names of columns too', async () => {
    const file = write('list', `${MARK}size,path\n7,a\n`);
    expect(await rest(await opened([file]))).toEqual([
      { path: 'a', length: 7, mtimeMs: TIME_UNKNOWN, line: 2 },
    ]);
  });

  test('counts in the offsets at which a second run goes on', async () => {
    const lines = Array.from({ length: 9000 }, (_, i) => `f${i},${i},1\n`);
    for (const pack of [Buffer.from, gzipSync] as ((text: string) => Buffer)[]) {
      const file = write('list', pack(`${MARK}path,size,mtime\n${lines.join('')}`));
      const first = await opened([file]);
      await first.read(new EntryBatch());
      const position = JSON.parse(JSON.stringify(first.position()));
      await first.close();
      const second = await opened([file]);
      await second.seek(position);
      expect(position.offset).toBeGreaterThan(40_000);
      const [next, ...others] = await rest(second);
      expect(next).toMatchObject({ path: `f${next!.length}`, line: next!.length + 2 });
      expect(others.at(-1)).toMatchObject({ path: 'f8999', length: 8999, mtimeMs: 1000 });
      expect(others).toHaveLength(8999 - next!.length);
    }
  });

  test.each([
    ['utf16le', [0xff, 0xfe], 'little'],
    ['utf16be', [0xfe, 0xff], 'big'],
  ])('of %s is refused by its name, with what to do', async (_, mark, endian) => {
    const text = Buffer.from('a,1\n', 'utf16le');
    const file = write('list', Buffer.concat([Buffer.from(mark), text]));
    const told = await failure([file]);
    expect(told).toMatch(new RegExp(`^INVALID_ARGUMENT .*UTF-16 \\(${endian}.*iconv`));
  });
});

describe('4: a manifest is what its bytes are', () => {
  test('gzip under any name, and text under that of gzip', async () => {
    const packed = write('list.csv', gzipSync('a,1\n'));
    const plain = write('list.csv.gz', 'b,1\n');
    expect(await paths(await opened([packed, plain]))).toEqual(['a', 'b']);
  });

  test.each([
    ['Parquet', Buffer.from('PAR1\x15\x04\x15')],
    ['ORC', Buffer.from('ORC\x08\x03\x10')],
    ['Avro', Buffer.from('Obj\x01\x02\x16')],
    ['a ZIP archive', Buffer.from('PK\x03\x04')],
    ['packed by bzip2', Buffer.from('BZh91AY&SY\x00')],
    ['packed by zstd', Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0)],
    ['packed by xz', Buffer.from('\xfd7zXZ\x00', 'latin1')],
    ['Parquet', gzipSync('PAR1\x15\x04\x15')],
  ])('%s is refused by its name', async (name, bytes) => {
    const file = write('list', bytes);
    expect(await failure([file])).toMatch(`INVALID_ARGUMENT The file ${file} is ${name};`);
  });

  test('paths may begin as such files do', async () => {
    const names = ['PAR1/a', 'ORCHARD', 'PK', 'BZh', 'Obj', '{a}'];
    const files = names.map((name, i) => write(String(i), `${name},1\n`));
    expect(await paths(await opened(files))).toEqual(names);
  });

  test('what is not there, a directory, a damaged and a cut gzip are told', async () => {
    const none = join(directory, 'none');
    expect(await failure([none])).toMatch(`NOT_FOUND There is no file ${none}. Check`);
    expect(await failure([directory])).toMatch(/INVALID_ARGUMENT .* is a directory. Name the/);
    const whole = gzipSync(Array.from({ length: 50_000 }, (_, i) => `f${i},1\n`).join(''));
    const cut = write('cut', whole.subarray(0, whole.length / 2));
    await expect(opened([cut]).then(rest)).rejects.toThrow(`${cut} ends too early.`);
    whole.fill(0xff, 20_000, 21_000);
    const damaged = write('damaged', whole);
    await expect(opened([damaged]).then(rest)).rejects.toThrow(`${damaged} is damaged.`);
    const head = write('head', Buffer.of(0x1f, 0x8b, 0xff, 0xff, 0xff));
    expect(await failure([head])).toMatch(/DATA_LOSS .* is damaged. Fetch it again/);
  });
});

describe('4: the manifest.json of an S3 Inventory', () => {
  const data = gzipSync(
    '"shelf","lib/a+b%2Bc","","true","false","7","2024-05-06T07:08:09.000Z"\n' +
      '"shelf","lib/old","","false","false","7","2024-05-06T07:08:09.000Z"\n' +
      '"shelf","other","","true","false","7","2024-05-06T07:08:09.000Z"\n',
  );
  const key = 'inv/shelf/all/data/1.csv.gz';
  const list = (change: object = {}, file: object = {}): string => {
    const MD5checksum = createHash('md5').update(data).digest('hex');
    return JSON.stringify({
      sourceBucket: 'shelf',
      destinationBucket: 'arn:aws:s3:::reports',
      version: '2016-11-30',
      fileFormat: 'CSV',
      fileSchema: 'Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate',
      files: [{ key, size: data.length, MD5checksum, ...file }],
      ...change,
    });
  };

  test.each([
    ['beside it', 'manifest.json', '1.csv.gz'],
    ['as it lies in its bucket', '2024-05-06T01-00Z/manifest.json', 'data/1.csv.gz'],
    ['under the whole key', 'manifest.json', key],
  ])('leads to its files, %s', async (_, at, file) => {
    write(file, data);
    const source = await opened([write(at, list())], { bucket: 'shelf' });
    expect(await rest(source)).toEqual([
      { path: 'a b+c', length: 7, mtimeMs: 1_714_979_289_000, line: 1 },
    ]);
    expect(rejects.summary.byReason).toEqual({ outside: 1 });
  });

  test.each([
    ['a file is missing', list({}, { key: 'x/2.csv.gz' }), /NOT_FOUND .*aws s3 cp "s3:..reports.x/],
    ['a sum is another', list({}, { MD5checksum: '0'.repeat(32) }), /DATA_LOSS .* MD5 sum/],
    ['a length is another', list({}, { size: 1 }), /DATA_LOSS .* bytes and not 1/],
    ['it is of Parquet', list({ fileFormat: 'Parquet' }), /INVALID_ARGUMENT .* is in Parquet/],
    ['it is of ORC', list({ fileFormat: 'ORC' }), /INVALID_ARGUMENT .* is in ORC/],
    ['it is of another bucket', list({ sourceBucket: 'cellar' }), /the bucket "cellar"/],
    ['it is something else', '{"files": []}', /INVALID_ARGUMENT .* no list of an S3 Inventory/],
  ])('is refused where %s', async (_, text, reason) => {
    write('1.csv.gz', data);
    expect(await failure([write('manifest.json', text)], { bucket: 'shelf' })).toMatch(reason);
  });
});

test('A20: a sorted part that is gone is told, with what to do', () => {
  const open = () => new MergeSource(directory, ['run-0'], 'of this');
  expect(open).toThrow(
    expect.objectContaining({
      codeName: 'DATA_LOSS',
      path: join(directory, 'run-0'),
      message: expect.stringMatching(/run-0 \(ENOENT\)\.$/),
      hint: expect.stringContaining('orchard admin import --drop'),
    }),
  );
});
