/** Loads from stores with odd entries, busy stores, and stores that go away meanwhile. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Code, StatusError } from '../../../src/base/status.js';
import { MetadataLoader } from '../../../src/master/background/metadata-loader.js';
import { StorePatience } from '../../../src/master/background/store-patience.js';
import { TreeLoad } from '../../../src/master/background/tree-load.js';
import { readRecord } from '../../../src/master/memory/record-fields.js';
import { Unmount } from '../../../src/master/ops/verbs/unmount.js';
import { openUfs } from '../../../src/stores/registry.js';
import { contents, type FakeS3, isList, listXml, startFakeS3 } from '../../support/fake-s3.js';
import { FaultUfs } from '../../support/fault-ufs.js';
import { bytesOf, StoreFixture } from './store-fixture.js';

let stores: StoreFixture;
let fake: FakeS3 | undefined;
const roots: string[] = [];
afterEach(async () => {
  await stores.close();
  await fake?.close();
  fake = undefined;
  for (const root of roots.splice(0)) await rm(root, { recursive: true, force: true });
});

const control = () => ({ signal: new AbortController().signal, onProgress: () => undefined });
const find = (at: string) => {
  const { executor } = stores.fixture;
  executor.resolve(executor.walkA, bytesOf(at));
  const { found, record } = executor.walkA;
  return found ? readRecord(executor.shared.view, record) : undefined;
};
const SHM = '/dev/shm';

test('B2, B28, 13: what a store cannot mean is left out, counted and told', async () => {
  stores = await StoreFixture.open();
  const sizes = ['18014398509481984', '99999999999999999999999', '1.5', 'NaN', '-1'];
  const odd = sizes.map((size, i) => contents(`odd${i}`, { size })).join('');
  fake = await startFakeS3((asked) =>
    isList(asked) && asked.query.get('prefix') === ''
      ? { body: listXml(`${contents('a')}${odd}${contents('z', { size: '9007199254740991' })}`) }
      : { body: listXml('') },
  );
  await stores.mount('/m', 's3://bucket', { options: { ...fake.options } });
  const load = new TreeLoad(stores.context, '/m', control());
  expect(await stores.settle(load.run())).toMatchObject({ done: 2, failed: 0 });
  expect(load.report.skipped).toMatchObject({ count: 5, reasons: { size: 5 } });
  expect(load.report.skipped.samples[0]).toEqual({ name: '/m/odd0', reason: 'size' });
  expect(find('/m/z')?.length).toBe(9007199254740991);
  expect(find('/m/odd4')).toBeUndefined();
  const again = new MetadataLoader(stores.context).loadCounted('/m', true, true);
  expect((await stores.settle(again)).skipped.count).toBe(5);
});

test.skipIf(!existsSync(SHM))('B2: files of 16 PiB and times beyond every date', async () => {
  stores = await StoreFixture.open();
  const root = await mkdtemp(path.join(SHM, 'orchard-odd-'));
  roots.push(root);
  for (const name of ['good', 'huge', 'late']) await writeFile(path.join(root, name), 'x');
  // Node itself refuses to set what the system can hold.
  const setSize = 'truncate';
  execFileSync(setSize, ['-s', String(2 ** 54), path.join(root, 'huge')]);
  execFileSync('touch', ['-d', `@${2 ** 53}`, path.join(root, 'late'), root]);
  await stores.mount('/m', `file://${root}`);
  const load = new TreeLoad(stores.context, '/m', control());
  expect(await stores.settle(load.run())).toMatchObject({ done: 1, failed: 0 });
  expect(load.report.skipped).toMatchObject({ count: 2, reasons: { size: 1, time: 1 } });
  expect(find('/m/good')?.length).toBe(1);
});

test('26: times before 1970, and 1970 itself, stay what they are', async () => {
  stores = await StoreFixture.open();
  const uri = await stores.fill('s', ['zero', 'early', 'dir/x']);
  const root = uri.slice('file://'.length);
  const early = new Date(Date.UTC(1960, 0, 1));
  await utimes(path.join(root, 'zero'), 0, 0);
  await utimes(path.join(root, 'early'), early, early);
  await utimes(path.join(root, 'dir'), early, early);
  await stores.mount('/m', uri);
  await stores.settle(new TreeLoad(stores.context, '/m', control()).run());
  expect(find('/m/zero')?.mtimeMs).toBe(0);
  expect(find('/m/early')?.mtimeMs).toBe(early.getTime());
  expect(find('/m/dir')?.mtimeMs).toBe(early.getTime());
});

test('17: a job waits for a store that asks for fewer calls', async () => {
  let calls = 0;
  const busy = new StatusError(Code.UNAVAILABLE, 'slow down', { retryAfterMs: 5 });
  const patience = new StorePatience({ forMs: 10_000, pauseMsMax: 10 });
  stores = await StoreFixture.open();
  const { signal } = new AbortController();
  const work = async () => {
    if (++calls < 12) throw busy;
    return 'in';
  };
  expect(await patience.run(1, signal, work)).toBe('in');
  const brief = new StorePatience({ forMs: 30, pauseMsMax: 10 });
  await expect(brief.run(1, signal, () => Promise.reject(busy))).rejects.toBe(busy);
  // Another directory of that mount does not wait as long again.
  calls = 0;
  await expect(
    brief.run(1, signal, () => {
      calls++;
      return Promise.reject(busy);
    }),
  ).rejects.toBe(busy);
  expect(calls).toBe(1);
  const down = new StatusError(Code.UNAVAILABLE, 'down');
  await expect(patience.run(1, signal, () => Promise.reject(down))).rejects.toBe(down);
});

test('A17: a load whose mount goes away ends with that, not as done', async () => {
  let fault: { remove(): void } | undefined;
  stores = await StoreFixture.open({}, async (uri, options, environment) => {
    const faulty = new FaultUfs(await openUfs(uri, options, environment));
    fault = faulty.add({ verb: 'list', path: /d5$/, do: { delayMs: 300 } });
    return faulty;
  });
  const files = Array.from({ length: 40 }, (_, d) => `d${d}/f`);
  await stores.mount('/m', await stores.fill('s', files));
  const load = stores.settle(new TreeLoad(stores.context, '/m', control()).run());
  const ended = expect(load).rejects.toMatchObject({
    code: Code.ABORTED,
    message: '"/m" was unmounted or moved while it was being loaded.',
  });
  const { fixture } = stores;
  const gone = { path: bytesOf('/m') };
  await new Promise((resolve) => setTimeout(resolve, 100));
  await stores.settle(fixture.run((sink) => new Unmount(fixture.root, 0, gone, sink)));
  await ended;
  fault?.remove();
});
