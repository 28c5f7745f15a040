/**
 * The bulk import as an operator runs it: real data directories, real masters before and after,
 * the command in a process of its own, killed where it hurts.
 */
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MasterProcess } from '../../cli/master-process.js';
import { ImportKit, treeAt } from './import-kit.js';

const kit = new ImportKit();
const file = (name: string): string => join(kit.root, name);

beforeAll(async () => {
  await kit.prepare();
  writeFileSync(file('one.csv'), 'path,size\nx,1\n');
}, 60_000);
afterAll(() => kit.remove());

/** Runs the command to its end; its report, or what it complained of. */
async function run(master: MasterProcess, ...args: string[]) {
  const { status, out, err } = await kit.import(master, args).ran;
  return { status, report: out === '' ? undefined : JSON.parse(out), err };
}

describe('what comes in', () => {
  test('an S3 Inventory gives the tree that a load gives', async () => {
    writeFileSync(file('inventory.csv.gz'), gzipSync(await kit.inventory()));
    const [imported, loaded] = [await kit.fresh(), await kit.fresh()];
    const args = ['--format', 's3-inventory', '/s', file('inventory.csv.gz')];
    const { report, err } = await run(imported, ...args);
    expect(err).toBe('');
    expect(report).toMatchObject({ files: 7, directories: 7, rejects: { count: 1 } });
    const tree = await treeAt(imported, '/s');
    expect(Object.keys(tree)).toContain('/s/a/x z');
    expect(tree).toEqual(await treeAt(loaded, '/s', { load: true }));
  }, 60_000);

  test('a walk of the store gives the tree that a load gives', async () => {
    for (const path of ['d/e/f', 'd/e-1', 'd/g']) {
      mkdirSync(join(kit.store, path, '..'), { recursive: true });
      writeFileSync(join(kit.store, path), path);
    }
    chmodSync(join(kit.store, 'd/g'), 0o600);
    mkdirSync(join(kit.store, 'd/none'));
    const [imported, loaded] = [await kit.fresh(), await kit.fresh()];
    const { report } = await run(imported, '/m');
    expect(report).toMatchObject({ files: 3, directories: 3, rejects: { byReason: { moved: 1 } } });
    expect(await treeAt(imported, '/m')).toEqual(await treeAt(loaded, '/m', { load: true }));
  }, 60_000);

  test('a list in no order, with rubbish in it: sorted, and every bad line told', async () => {
    const bad: [string | Buffer, RegExp][] = [
      ['a//b,1,0', /empty component/],
      ['a/../b,1,0', /"\.\."/],
      [`${'n'.repeat(256)},1,0`, /longer than 255/],
      [`${'d/'.repeat(256)}x,1,0`, /deeper than 256/],
      [Buffer.from([0x61, 0xff, 0x2c, 0x31, 0x2c, 0x30]), /not UTF-8/],
      ['x,12a,0', /whole number/],
      ['x,1,yesterday', /time/],
      ['x', /column is missing/],
      ['.orchard/x,1,0', /kept for the mount/],
      ['"x"y,1,0', /quote/],
    ];
    const good = [
      'z/b,2,1700000000',
      '"q ""1"", ok",3,2024-05-06T07:08:09.000Z',
      'z/,0,0',
      'z/a,1,5',
    ];
    const again = ['z/a,9,9', 'q,1,0', 'q/below,1,0'];
    const lines = [...bad.map(([line]) => line), ...good, ...again];
    const buffers = lines.flatMap((line) => [Buffer.from(line), Buffer.from('\r\n')]);
    writeFileSync(file('rubbish.csv'), Buffer.concat(buffers));
    const master = await kit.fresh();
    const { report } = await run(master, '/m', file('rubbish.csv'));
    const { rejects } = report;
    for (const [i, [, reason]] of bad.entries()) {
      const told = rejects.first.find(({ line }: { line: number }) => line === i + 1);
      expect(told?.reason, `line ${i + 1}`).toMatch(reason);
    }
    expect(rejects.byReason).toMatchObject({ duplicate: 1, shadowed: 1 });
    expect(report).toMatchObject({ files: 4, directories: 2, isSorted: true });
    const tree = await treeAt(master, '/m');
    expect(Object.keys(tree)).toEqual([
      '/m/q',
      '/m/q/below',
      '/m/q "1", ok',
      '/m/z',
      '/m/z/a',
      '/m/z/b',
    ]);
    expect(tree['/m/z/a']).toMatchObject({ length: 1 });
    expect(tree['/m/q "1", ok']).toMatchObject({ length: 3, mtimeMs: 1_714_979_289_000 });
  }, 60_000);

  test('1: a flat list comes into a directory older than others with children', async () => {
    writeFileSync(file('flat.csv'), 'a,1,1\nb,2,1\n');
    const master = await kit.fresh();
    const { report, err } = await run(master, '/m', file('flat.csv'));
    expect(err).toBe('');
    expect(report).toMatchObject({ files: 2, directories: 0 });
    expect(Object.keys(await treeAt(master, '/m'))).toEqual(['/m/a', '/m/b']);
  }, 60_000);

  test('3: times are the same in every zone; nonsense is left out and told', async () => {
    const times = {
      zoneless: '2024-05-06T07:08:09',
      blank: '2024-05-06 07:08',
      day: '2024-05-06',
      zoned: '2024-05-06T16:08:09.5+09:00',
      before: '-1',
      zero: '0',
      half: '1700000000.5',
    };
    const nonsense = ['2024-02-31', '2023-02-29T00:00:00Z', 'May 6 2024', '1/2/2024', '1e9'];
    const lines = Object.entries(times).map(([name, time]) => `${name},1,${time}\n`);
    const odd = nonsense.map((time, i) => `odd${i},1,${time}\n`);
    writeFileSync(file('times.csv'), [...lines, ...odd].join(''));
    const master = await kit.fresh();
    const env = { TZ: 'Asia/Tokyo' };
    const { out, err } = await kit.import(master, ['/m', file('times.csv')], env).ran;
    expect(err).toBe('');
    const { rejects } = JSON.parse(out);
    expect(rejects.byReason).toEqual({ time: nonsense.length });
    expect(rejects.first.map(({ text }: { text: string }) => text)).toEqual(
      nonsense.map((_, i) => `odd${i}`),
    );
    const tree = await treeAt(master, '/m');
    const mtimes = Object.entries(tree).map(([path, status]) => [
      path.slice(3),
      (status as { mtimeMs: number }).mtimeMs,
    ]);
    expect(Object.fromEntries(mtimes)).toEqual({
      zoneless: 1_714_979_289_000,
      blank: 1_714_979_280_000,
      day: 1_714_953_600_000,
      zoned: 1_714_979_289_500,
      before: -1000,
      zero: 0,
      half: 1_700_000_000_500,
    });
  }, 60_000);

  test('A19: what was deleted stays away, and nothing else is refused', async () => {
    writeFileSync(file('with-old.csv'), 'new,1,1\nold,1,1\nold/below,1,1\n');
    const master = await kit.fresh();
    const { report, status } = await run(master, '/m', file('with-old.csv'));
    expect(status).toBe(0);
    expect(report).toMatchObject({ files: 1, rejects: { count: 2, byReason: { moved: 2 } } });
    expect(report.rejects.first[0]).toMatchObject({
      text: 'old',
      reason: expect.stringContaining('renamed or deleted'),
    });
    expect(Object.keys(await treeAt(master, '/m'))).toEqual(['/m/new']);
  }, 60_000);

  test('--strict stops at the line, and nothing is there', async () => {
    writeFileSync(file('strict.csv'), 'a,1,0\nb//c,1,0\n');
    const master = await kit.fresh();
    const { status, err } = await run(master, '--strict', '/m', file('strict.csv'));
    expect(status).toBe(1);
    expect(err).toContain('Line 2');
  });
});

describe('what is refused', () => {
  test('a directory that is not empty, one that does not exist, a new data directory', async () => {
    const master = await kit.fresh();
    expect((await run(master, '/m', file('one.csv'))).report).toMatchObject({ files: 1 });
    expect((await run(master, '/m', file('one.csv'))).err).toContain('not empty');
    expect((await run(master, '/none', file('one.csv'))).err).toContain('NOT_FOUND');
    const env = { ORCHARD_DATA_DIR: file('new') };
    const { err } = await kit.import(master, ['/m', file('one.csv')], env).ran;
    expect(err).toContain('No master has run');
  });

  test('a data directory that a master uses, or whose journal is not flushed', async () => {
    const master = await kit.fresh();
    await master.start();
    expect((await run(master, '/m', file('one.csv'))).err).toMatch(/FAILED_PRECONDITION/);
    const client = await master.connect();
    await client.createDirectory('/new');
    await master.stop('SIGKILL');
    await client.close({ withinMs: 0 });
    expect((await run(master, '/m', file('one.csv'))).err).toContain('Start the master once');
  }, 60_000);
});

describe('4: an import that took nothing', () => {
  test.each([
    ['an empty list', '', /holds nothing/],
    ['a list of rubbish', 'a//b,1,0\nx,abc,0\n', /all 2 entries were left out \(1: .*; 1: /],
    ['a table of another kind', 'PAR1\x15\x04', /is Parquet; a manifest is CSV/],
  ])('fails for %s, and the directory is as before', async (name, text, reason) => {
    writeFileSync(file(`${name}.csv`), text);
    const master = await kit.fresh();
    const { status, report, err } = await run(master, '/m', file(`${name}.csv`));
    expect(status).toBe(1);
    expect(report).toBe(undefined);
    expect(err).toMatch(reason);
    // Neither pending nor loaded.
    expect((await run(master, '/m', file('one.csv'))).report).toMatchObject({ files: 1 });
  });
});

describe('an import that is killed', () => {
  const COUNT = 60_000;
  const pathOf = (i: number): string =>
    `${String(Math.floor(i / 1000)).padStart(3, '0')}/f${String(i % 1000).padStart(3, '0')}`;
  /** Starts it, and kills it as soon as so many bytes more are in tier 2. */
  const killedAt = async (master: MasterProcess, args: string[], bytes: number) => {
    const store = join(master.directory, 'data/meta/data.mdb');
    const enough = statSync(store).size + bytes;
    const { ran, kill } = kit.import(master, ['--checkpoint', '5000', ...args]);
    while ((await Promise.race([ran, sleep(2)])) === undefined) {
      if (statSync(store).size >= enough) kill();
    }
    const { status, err } = await ran;
    expect(err).toBe('');
    return status;
  };

  test.each([
    ['in order', (i: number) => i],
    ['in no order', (i: number) => (i * 7919) % COUNT],
  ])(
    'goes on where it was, %s',
    async (name, order) => {
      const lines = Array.from(
        { length: COUNT },
        (_, i) => `${pathOf(order(i))},${order(i)},1700000000\n`,
      );
      const manifest = file(`${name}.csv`);
      writeFileSync(manifest, lines.join(''));
      const master = await kit.fresh();
      for (const bytes of [200_000, 500_000, 1_000_000]) {
        expect(await killedAt(master, ['/m', manifest], bytes)).toBe(null);
      }
      await expect(master.start()).rejects.toThrow(/import/);
      const { report, err } = await run(master, '/m', manifest);
      expect(err).toBe('');
      expect(report).toMatchObject({
        files: COUNT,
        directories: COUNT / 1000,
        rejects: { count: 0 },
      });
      expect(report.resumedEntries).toBeGreaterThan(0);
      const tree = await treeAt(master, '/m');
      expect(Object.keys(tree)).toHaveLength(COUNT + COUNT / 1000);
      for (let i = 0; i < COUNT; i += 997) {
        expect(tree[`/m/${pathOf(i)}`]).toMatchObject({ length: i });
      }
    },
    120_000,
  );

  test('is dropped when it is given up, and another one takes its place', async () => {
    const master = await kit.fresh();
    expect(await killedAt(master, ['/m', file('in order.csv')], 1_000_000)).toBe(null);
    const other = await run(master, '/m', file('one.csv'));
    expect(other.err).toContain('not finished');
    const dropped = await kit.import(master, ['--drop']).ran;
    expect(JSON.parse(dropped.out)).toEqual({ path: '/m' });
    expect((await run(master, '/m', file('one.csv'))).report).toMatchObject({ files: 1 });
    expect(Object.keys(await treeAt(master, '/m'))).toEqual(['/m/x']);
  }, 60_000);
});
