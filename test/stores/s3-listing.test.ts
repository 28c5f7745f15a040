/**
 * The order of names from the order of S3, against a simple model: sort all names by their bytes.
 * The S3 here is a sorted array of keys that counts its requests. Keys come from a tiny alphabet
 * around '/', so that many names are beginnings of each other.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Code } from '../../src/base/status.js';
import {
  listS3,
  openNames,
  type S3Continuation,
  type S3Directory,
  type S3Item,
} from '../../src/stores/s3-listing.js';

const bytes = (text: string): Buffer => Buffer.from(text);
const byBytes = (left: string, right: string): number => Buffer.compare(bytes(left), bytes(right));

const directoryItem = (key: string): S3Item => ({ key, isDirectory: true });
const fileItem = (key: string): S3Item => {
  // The marker of a directory holds nothing.
  const length = key === '' ? 0 : 1;
  return { key, isDirectory: false, file: { name: key, type: 'file', length, mtimeMs: 1 } };
};

/** Keys relative to the listed directory, as S3 groups them by '/'. */
function itemsOf(keys: readonly string[]): S3Item[] {
  const items = new Map<string, S3Item>();
  for (const key of keys) {
    const slash = key.indexOf('/');
    if (slash !== -1) items.set(key.slice(0, slash + 1), directoryItem(key.slice(0, slash + 1)));
    else items.set(key, fileItem(key));
  }
  return [...items.values()].sort((left, right) => byBytes(left.key, right.key));
}

function fakeS3(keys: readonly string[], keyCountMax: number) {
  const items = itemsOf(keys);
  const asked = { fetches: 0, probes: 0 };
  const directory: S3Directory = {
    keyCountMax,
    async fetch(request) {
      asked.fetches++;
      const { startAfter, continuation } = request;
      const rest = items.filter(({ key, file }) => {
        if (continuation !== undefined) return byBytes(key, markerOf(continuation)) > 0;
        const last = file === undefined ? lastKeyBelow(keys, key) : key;
        return startAfter === '' || byBytes(last, startAfter) > 0;
      });
      const page = rest.slice(0, Math.min(request.keyCountMax, keyCountMax));
      const last = page.at(-1);
      if (rest.length === page.length || last === undefined) return { items: page };
      return { items: page, continuation: { token: last.key } };
    },
    async hasDirectory(name) {
      asked.probes++;
      return items.some(({ key }) => key === `${name}/`);
    },
  };
  return { directory, asked };
}

const markerOf = (from: S3Continuation): string => ('token' in from ? from.token : from.after);

const lastKeyBelow = (keys: readonly string[], prefix: string): string =>
  keys
    .filter((key) => key.startsWith(prefix))
    .sort(byBytes)
    .at(-1) ?? prefix;

/** The model: a set of names, directories winning, sorted. */
function modelOf(keys: readonly string[]): [string, string][] {
  const types = new Map<string, string>();
  for (const key of keys) {
    const name = key.split('/', 1)[0] ?? '';
    if (name === '') continue;
    const isDirectory = key.includes('/') || types.get(name) === 'directory';
    types.set(name, isDirectory ? 'directory' : 'file');
  }
  return [...types].sort(([left], [right]) => byBytes(left, right));
}

async function listAll(directory: S3Directory, limit: number, startAfter = '') {
  const entries: [string, string][] = [];
  let pageCount = 0;
  for (let cursor: string | undefined = startAfter; cursor !== undefined; pageCount++) {
    const page = await listS3(directory, { startAfter: cursor, limit });
    expect(page.entries.length).toBeLessThanOrEqual(limit);
    if (page.nextStartAfter !== undefined) expect(page.entries.length).toBeGreaterThan(0);
    entries.push(...page.entries.map(({ name, type }) => [name, type] as [string, string]));
    cursor = page.nextStartAfter;
    expect(pageCount, 'pages without end').toBeLessThan(2000);
  }
  return { entries, pageCount };
}

const character = fc.constantFrom('a', 'b', '-', '.', ' ', '!', '+', '0', '\uffee', '🙂');
const name = fc
  .string({ unit: character, minLength: 1, maxLength: 5 })
  .filter((text) => text !== '.' && text !== '..');
const key = fc.oneof(
  name,
  name.map((text) => `${text}/`),
  fc.tuple(name, name).map(([above, below]) => `${above}/${below}`),
  fc.constant(''),
);

describe('listS3', () => {
  it('gives the names of the model in its order, for any pages of either side', async () => {
    const property = fc.asyncProperty(
      fc.uniqueArray(key, { maxLength: 40 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 12 }),
      async (keys, keyCountMax, limit) => {
        const { directory } = fakeS3(keys, keyCountMax);
        const { entries } = await listAll(directory, limit);
        expect(entries).toEqual(modelOf(keys));
      },
    );
    await fc.assert(property, { numRuns: 3000 });
  });

  it('goes on after any name, also one that is not there', async () => {
    const property = fc.asyncProperty(
      fc.uniqueArray(key, { maxLength: 30 }),
      name,
      fc.integer({ min: 1, max: 8 }),
      async (keys, startAfter, keyCountMax) => {
        const { directory } = fakeS3(keys, keyCountMax);
        const { entries } = await listAll(directory, 5, startAfter);
        expect(entries).toEqual(modelOf(keys).filter(([text]) => byBytes(text, startAfter) > 0));
      },
    );
    await fc.assert(property, { numRuns: 2000 });
  });

  it('finds a directory that S3 shows many pages after its place', async () => {
    const keys = ['a/x', 'b', ...Array.from({ length: 500 }, (_, index) => `a-${1000 + index}`)];
    const { directory } = fakeS3(keys, 10);
    const { entries } = await listAll(directory, 10);
    expect(entries[0]).toEqual(['a', 'directory']);
    expect(entries).toEqual(modelOf(keys));
  });

  it('asks S3 hardly more often than there are pages, for names as they are', async () => {
    const keys = Array.from({ length: 10_000 }, (_, index) => `part-0-${10_000 + index}.parquet`);
    const { directory, asked } = fakeS3(keys, 1000);
    const { entries } = await listAll(directory, 1000);
    expect(entries.length).toBe(10_000);
    expect(asked.fetches).toBeLessThanOrEqual(12);
    expect(asked.probes).toBeLessThanOrEqual(3);
  });

  it('skips and counts what the namespace cannot name', async () => {
    const keys = ['', 'ok', './x', '../y', '/z', 'n'.repeat(256), `${'n'.repeat(300)}/x`];
    const page = await listS3(fakeS3(keys, 100).directory, { startAfter: '', limit: 100 });
    expect(page.entries.map((entry) => entry.name)).toEqual(['ok']);
    expect(page.skipped).toMatchObject({ count: 5, reasons: { name: 5 } });
    expect(page.exists).toBe(true);
  });

  it('goes through pages of nothing but what it skips', async () => {
    const long = Array.from({ length: 50 }, (_, index) => 'm'.repeat(256 + index));
    const { entries } = await listAll(fakeS3([...long, 'z'], 7).directory, 3);
    expect(entries).toEqual([['z', 'file']]);
  });

  it('refuses a store that does not list by bytes, and does not lose names', async () => {
    const directory: S3Directory = {
      keyCountMax: 10,
      fetch: async () => ({ items: [directoryItem('b/'), directoryItem('a/')] }),
      hasDirectory: async () => false,
    };
    await expect(listS3(directory, { startAfter: '', limit: 5 })).rejects.toMatchObject({
      code: Code.FAILED_PRECONDITION,
    });
  });
});

describe('openNames', () => {
  it('are the beginnings before a character below the slash, and a whole file', () => {
    expect(openNames('part-0-0999')).toEqual(['part', 'part-0', 'part-0-0999']);
    expect(openNames('a/')).toEqual([]);
    expect(openNames('a.b/')).toEqual(['a']);
    expect(openNames('ab')).toEqual(['ab']);
    expect(openNames('')).toEqual([]);
  });
});
