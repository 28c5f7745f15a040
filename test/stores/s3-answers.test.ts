/** Odd answers of stores that speak S3; tests are named by the case that they come from. */
import { afterEach, describe, expect, test } from 'vitest';
import { Code } from '../../src/base/status.js';
import { openUfs } from '../../src/stores/registry.js';
import { timeOf } from '../../src/stores/s3-values.js';
import type { Ufs } from '../../src/stores/ufs.js';
import {
  type Answer,
  type Asked,
  contents,
  errorXml,
  type FakeS3,
  isList,
  listXml,
  startFakeS3,
} from '../support/fake-s3.js';
import { chunksOf, listAll, readAll, signal } from './stores.js';

let fake: FakeS3 | undefined;
let ufs: Ufs | undefined;

async function open(answer: (asked: Asked) => Answer, uri = 's3://bucket'): Promise<Ufs> {
  fake = await startFakeS3(answer);
  ufs = await openUfs(uri, fake.options);
  return ufs;
}

afterEach(async () => {
  await ufs?.close();
  await fake?.close();
  ufs = undefined;
  fake = undefined;
});

const keys = Array.from({ length: 2500 }, (_, i) => `k${10_000 + i}`);
const names = async (store: Ufs) => (await listAll(store, '', 4096)).entries.map((e) => e.name);
const page = (store: Ufs) => store.list('', { limit: 1000, signal: signal() });
const listing = (fields: string) => (asked: Asked) =>
  isList(asked) ? { body: listXml(fields) } : { status: 404 };

describe('6: is there more', () => {
  /** What comes after a key, a thousand at a time. */
  const listAfter = (key: string, more: (last: string) => string): string => {
    const rest = keys.filter((one) => one > key);
    const shown = rest.slice(0, 1000);
    const isMore = rest.length > shown.length;
    const said = `<IsTruncated>${isMore}</IsTruncated>${isMore ? more(shown.at(-1)!) : ''}`;
    return listXml(shown.map((one) => contents(one)).join('') + said);
  };

  test('6: markers of V1 are followed', async () => {
    const store = await open(({ query }) => ({
      body: listAfter(
        query.get('marker') ?? '',
        (last) => `<NextMarker>${last}</NextMarker>`,
      ).replace('<Contents>', '<Marker/><Contents>'),
    }));
    expect(await names(store)).toEqual(keys);
  });

  test('6: V1 without a NextMarker, as without a delimiter', async () => {
    const store = await open(({ query }) => ({
      body: listAfter(query.get('marker') ?? '', () => '<Marker></Marker>'),
    }));
    expect(await names(store)).toEqual(keys);
  });

  test('6: V2 without a token goes on after the last key', async () => {
    const store = await open(({ query }) => ({
      body: listAfter(query.get('start-after') ?? '', () => '<KeyCount>1000</KeyCount>'),
    }));
    expect(await names(store)).toEqual(keys);
  });

  test('6: no word about it, but a full page', async () => {
    const store = await open(({ query }) => ({
      body: listAfter(query.get('start-after') ?? '', () => '<KeyCount>1</KeyCount>').replace(
        /<IsTruncated>\w+<\/IsTruncated>/,
        '',
      ),
    }));
    expect(await names(store)).toEqual(keys);
  });

  test('6: a store that says so but does not go on is refused', async () => {
    const again = listAfter('', () => '<KeyCount>1000</KeyCount>');
    const store = await open(() => ({ body: again }));
    await expect(names(store)).rejects.toMatchObject({
      code: Code.FAILED_PRECONDITION,
      message: expect.stringContaining('more keys'),
      hint: expect.any(String),
    });
  });

  test('6: the same token again is refused', async () => {
    const token = '<NextContinuationToken>t</NextContinuationToken>';
    const store = await open(
      listing(`<IsTruncated>true</IsTruncated>${token}<KeyCount>0</KeyCount>`),
    );
    await expect(names(store)).rejects.toMatchObject({ code: Code.FAILED_PRECONDITION });
  });
});

describe('keys and values', () => {
  test('8: a literal plus stays one, encoded or not', async () => {
    const plus = contents('cat+mustache.gif');
    const store = await open((asked) => {
      if (isList(asked)) return { body: listXml(`<EncodingType>url</EncodingType>${plus}`) };
      return asked.key === 'cat+mustache.gif' ? { body: 'meow' } : { status: 404 };
    });
    expect(await names(store)).toEqual(['cat+mustache.gif']);
    expect((await readAll(store, 'cat+mustache.gif')).toString()).toBe('meow');
  });

  test('8: what forms encode is decoded, and control characters are found', async () => {
    const store = await open(({ query }) => {
      const url = '<EncodingType>url</EncodingType>';
      // As MinIO: XML without what XML cannot hold.
      if (query.get('encoding-type') !== 'url') return { body: listXml(contents('a+b\ufffd')) };
      return { body: listXml(`${url}${contents('a%2Bb%01')}`) };
    });
    expect(await names(store)).toEqual(['a+b\u0001']);
  });

  test('9: a key that is not UTF-8 is left out and told, the others are listed', async () => {
    const url = '<EncodingType>url</EncodingType>';
    const store = await open(
      listing(`${url}${contents('good')}${contents('inv%FFalid')}${contents('other')}`),
    );
    const { entries, skipped } = await page(store);
    expect(entries.map(({ name }) => name)).toEqual(['good', 'other']);
    expect(skipped).toMatchObject({ count: 1, reasons: { encoding: 1 } });
    expect(skipped.samples).toEqual([{ name: 'inv\ufffdalid', reason: 'encoding' }]);
  });

  test('10: times in any form, or none', async () => {
    const times = ['Fri, 02 Jan 2026 03:04:05 GMT', 'yesterday', '2026-02-31T00:00:00Z'];
    const fields = times.map((modified, i) => contents(`k${i}`, { modified })).join('');
    const { entries } = await page(await open(listing(fields)));
    const wanted = [Date.UTC(2026, 0, 2, 3, 4, 5), undefined, undefined];
    expect(entries.map(({ mtimeMs }) => mtimeMs)).toEqual(wanted);
    expect(timeOf('2026-01-02T03:04:05+02:00')).toBe(Date.UTC(2026, 0, 2, 1, 4, 5));
    expect(timeOf('2026-01-02 03:04:05')).toBe(wanted[0]);
    expect(timeOf('0001-01-01T00:00:00Z')).toBe(-62_135_596_800_000);
  });

  test('10: an object with an odd time is read', async () => {
    const headers = { 'last-modified': 'yesterday', etag: '"e"' };
    const store = await open((asked) =>
      isList(asked) ? { body: listXml('') } : { body: 'text', headers },
    );
    expect(await store.stat('f', signal())).toEqual({
      name: 'f',
      type: 'file',
      length: 4,
      etag: 'e',
    });
    expect((await readAll(store, 'f')).toString()).toBe('text');
  });

  test('13: keys that no namespace can hold are counted with their reasons', async () => {
    const prefixes = ['/', './', '../', `${'n'.repeat(256)}/`].map(
      (key) => `<CommonPrefixes><Prefix>dir/${key}</Prefix></CommonPrefixes>`,
    );
    const fields = [contents('dir/', { size: '7' }), contents('dir/ok'), ...prefixes].join('');
    const store = await open(listing(fields));
    const { entries, skipped } = await store.list('dir', { limit: 1000, signal: signal() });
    expect(entries.map(({ name }) => name)).toEqual(['ok']);
    expect(skipped).toMatchObject({ count: 5, reasons: { name: 4, content: 1 } });
  });

  const impossible = ['18014398509481984', '99999999999999999999999', '1.5', 'NaN', '-1', ''];
  test.each(impossible)('B2, B28: an entry with the size %s is left out and told', async (size) => {
    const store = await open((asked) =>
      isList(asked)
        ? { body: listXml(contents('a') + contents('odd', { size }) + contents('z')) }
        : { status: 404 },
    );
    const { entries, skipped } = await page(store);
    expect(entries.map(({ name }) => name)).toEqual(['a', 'z']);
    expect(skipped).toMatchObject({ count: 1, samples: [{ name: 'odd', reason: 'size' }] });
  });
});

describe('who answers, and what it means', () => {
  const pages: Record<string, string> = {
    console: '<!doctype html><html><body>Login</body></html>',
    other: '{"message":"hello"}',
    nothing: '',
    cut: '<ListBucketResult><Contents><Key>a</Key>',
  };
  test.each(Object.keys(pages))('11: an endpoint that is no S3: %s', async (kind) => {
    const store = await open(() => ({
      body: pages[kind]!,
      headers: { 'content-type': 'text/html' },
    }));
    for (const call of [
      () => store.stat('', signal()),
      () => page(store),
      () => store.write('f', chunksOf('x'), { signal: signal() }),
    ]) {
      await expect(call()).rejects.toMatchObject({
        code: kind === 'cut' ? Code.UNAVAILABLE : Code.FAILED_PRECONDITION,
        hint: expect.any(String),
      });
    }
  });

  test('15: an archived object says so', async () => {
    const body = errorXml('InvalidObjectState');
    const store = await open((asked) =>
      isList(asked) ? { body: listXml('') } : { status: 403, body },
    );
    await expect(readAll(store, 'f')).rejects.toMatchObject({
      code: Code.FAILED_PRECONDITION,
      message: expect.stringContaining('archived'),
      hint: expect.stringContaining('Restore'),
    });
  });

  test('16: expired credentials say so, also where HEAD has no body', async () => {
    const store = await open(({ method }) =>
      method === 'HEAD' ? { status: 400 } : { status: 400, body: errorXml('ExpiredToken') },
    );
    const refusal = {
      code: Code.PERMISSION_DENIED,
      message: expect.stringContaining('credentials'),
    };
    for (let i = 0; i < 3; i++) {
      await expect(store.stat('f', signal())).rejects.toMatchObject(refusal);
      await expect(readAll(store, 'f')).rejects.toMatchObject(refusal);
    }
  });

  test('19: a public bucket needs no keys', async () => {
    const server = await startFakeS3(({ headers }) =>
      headers.authorization === undefined ? { body: listXml(contents('open')) } : { status: 403 },
    );
    fake = server;
    ufs = await openUfs('s3://bucket', { endpoint: server.endpoint, anonymous: 'true' });
    expect(await names(ufs)).toEqual(['open']);
  });

  const buckets = ['s3a://bucket', 's3://Upper_Case', 's3://tenant:bucket'];
  test.each(buckets)('20: %s is taken where the store takes it', async (uri) => {
    const store = await open(listing(contents('in')), uri);
    expect(await names(store)).toEqual(['in']);
    await expect(openUfs('s3://Upper_Case')).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT });
  });
});
