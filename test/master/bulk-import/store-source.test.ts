/** The walk of a store that is imported: what it leaves out, each once, and what it refuses. */
import { afterEach, expect, test } from 'vitest';
import { Code } from '../../../src/base/status.js';
import { EntryBatch } from '../../../src/master/bulk-import/entry-batch.js';
import { Rejects } from '../../../src/master/bulk-import/rejects.js';
import { StoreSource } from '../../../src/master/bulk-import/store-source.js';
import { openUfs } from '../../../src/stores/registry.js';
import type { Ufs } from '../../../src/stores/ufs.js';
import {
  type Answer,
  type Asked,
  contents,
  type FakeS3,
  listXml,
  startFakeS3,
} from '../../support/fake-s3.js';

let fake: FakeS3 | undefined;
afterEach(async () => {
  await fake?.close();
  fake = undefined;
});

/** ListObjectsV2 over some keys; those that end with '!' have a size that is none. */
function listOf(keys: readonly string[]): (asked: Asked) => Answer {
  const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return ({ query }) => {
    const prefix = query.get('prefix') ?? '';
    const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
    const most = Number(query.get('max-keys'));
    const shown = new Map<string, string>();
    for (const key of sorted) {
      if (!key.startsWith(prefix)) continue;
      const slash = key.indexOf('/', prefix.length);
      const item = slash < 0 ? key : key.slice(0, slash + 1);
      if (item <= after || shown.has(item)) continue;
      if (shown.size === most) break;
      const size = key.endsWith('!') ? 'NaN' : '1';
      const directory = `<CommonPrefixes><Prefix>${item}</Prefix></CommonPrefixes>`;
      shown.set(item, slash < 0 ? contents(key, { size }) : directory);
    }
    const last = [...shown.keys()].at(-1);
    const isMore = shown.size === most;
    const token = isMore ? `<NextContinuationToken>${last}</NextContinuationToken>` : '';
    const fields = `${[...shown.values()].join('')}<IsTruncated>${isMore}</IsTruncated>${token}`;
    return { body: listXml(fields) };
  };
}

const keys = [
  ...['a//b', '/lead', './x', '../x', 'a/../y', `${'n'.repeat(256)}`, 'a/', 'a/f', 'a-1', 'b/c/d!'],
  ...Array.from({ length: 40 }, (_, i) => `w/f${100 + i}${i % 7 === 3 ? '!' : ''}`),
  ...['z!', 'w/', 'w//', 'm/dir/'],
];
const told = {
  count: 18,
  byReason: { 'store-name': 7, 'store-size': 8, 'store-content': 3 },
};

const options = (store: Ufs, rejects: Rejects) => ({
  store,
  path: '',
  room: { depth: 0, bytes: 1, isMountRoot: true },
  rejects,
  signal: new AbortController().signal,
  intern: () => 0,
});

/** A batch that is full after some entries. */
class SmallBatch extends EntryBatch {
  readonly #most: number;
  constructor(most: number) {
    super();
    this.#most = most;
  }
  override get isFull(): boolean {
    return this.count >= this.#most;
  }
}

async function open(answer: (asked: Asked) => Answer): Promise<Ufs> {
  fake = await startFakeS3(answer);
  return openUfs('s3://bucket', fake.options);
}

/** Begins a new walk after each so many entries, from where the last one was. */
async function walk(answer: (asked: Asked) => Answer, step: number) {
  let kept = JSON.stringify({ summary: { count: 0, byReason: {}, first: [] } });
  const paths: string[] = [];
  for (;;) {
    const { summary, position } = JSON.parse(kept);
    const rejects = new Rejects({ isStrict: false, of: 'store' });
    rejects.restore(summary);
    const source = new StoreSource(options(await open(answer), rejects));
    await source.seek(position);
    const batch = new SmallBatch(step);
    const isMore = await source.read(batch);
    for (let i = 0; i < batch.count; i++) {
      const at = batch.pathAt[i]!;
      paths.push(batch.bytes.toString('utf8', at, at + batch.pathBytes[i]!));
    }
    kept = JSON.stringify({ summary: rejects.summary, position: source.position() });
    await source.close();
    await fake?.close();
    fake = undefined;
    if (!isMore) return { paths, summary: rejects.summary };
  }
}

test('13: what no namespace can hold is counted with its reason, each once', async () => {
  const whole = await walk(listOf(keys), 1000);
  expect(whole.summary).toMatchObject(told);
  expect(whole.summary.first[0]).toMatchObject({
    text: '../',
    reason: 'the namespace cannot hold the name',
  });
  for (const step of [1, 7, 50]) {
    const { paths, summary } = await walk(listOf(keys), step);
    expect(paths, `in steps of ${step}`).toEqual(whole.paths);
    expect(summary.byReason, `in steps of ${step}`).toEqual(whole.summary.byReason);
  }
});

test('13: --strict says what to do about the store', async () => {
  const rejects = new Rejects({ isStrict: true, of: 'store' });
  const source = new StoreSource(options(await open(listOf(keys)), rejects));
  await source.seek();
  await expect(source.read(new EntryBatch())).rejects.toMatchObject({
    code: Code.INVALID_ARGUMENT,
    message: expect.stringContaining('the namespace cannot hold the name'),
    hint: expect.stringMatching(/^Rename or remove such entries in the store, or import without/),
  });
  await source.close();
});

test('6: a list that says that there is more, and not how to get it, ends the walk', async () => {
  const rejects = new Rejects({ isStrict: false, of: 'store' });
  const answer = { body: listXml(`${contents('a')}<IsTruncated>true</IsTruncated>`) };
  const source = new StoreSource(options(await open(() => answer), rejects));
  await source.seek();
  await expect(source.read(new EntryBatch())).rejects.toMatchObject({
    code: Code.FAILED_PRECONDITION,
    message: expect.stringContaining('has more keys, but its answer does not say how'),
  });
  await source.close();
});
