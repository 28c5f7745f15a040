/** The contract of ufs.ts, over every store. */
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Code } from '../../src/base/status.js';
import { compareNames } from '../../src/stores/name-order.js';
import { noSkips } from '../../src/stores/skips.js';
import { fingerprint, type Ufs } from '../../src/stores/ufs.js';
import { chunksOf, forEachStore, listAll, readAll, signal } from './stores.js';

const oddNames = [
  'plain',
  'with space',
  ' leading',
  'trailing ',
  'per%cent',
  'per%20cent',
  'plus+plus',
  'quote"\'',
  'amp&<>',
  'ünïcødé',
  '日本語',
  '🙂 smile',
  '\uffee half',
  'a?b#c',
  'back\\slash',
  'co:lon;=',
  'tab\there',
  '-dash',
  '.hidden',
  '~tilde',
];

const put = (ufs: Ufs, path: string, text: string | Uint8Array = path) =>
  ufs.write(path, chunksOf(text), { signal: signal() });

forEachStore('contract', (store) => {
  it('finds what was written, and says undefined of the rest', async () => {
    const ufs = await store.open();
    const before = Date.now();
    const written = await put(ufs, 'dir/sub/file.txt', 'hello');
    expect(written).toMatchObject({ name: 'file.txt', type: 'file', length: 5 });
    expect(written.mtimeMs).toBeGreaterThan(before - 2000);
    const found = await ufs.stat('dir/sub/file.txt', signal());
    expect(found).toEqual(written);
    expect(fingerprint(found!)).toBe(fingerprint(written));
    for (const path of ['dir', 'dir/sub', '']) {
      expect(await ufs.stat(path, signal())).toMatchObject({ type: 'directory', length: 0 });
    }
    for (const path of ['no', 'dir/no', 'dir/sub/file.txt/no', 'di', 'dir/sub/file']) {
      expect(await ufs.stat(path, signal()), path).toBeUndefined();
    }
    await ufs.close();
  });

  it('lists the same attributes as stat gives', async () => {
    const ufs = await store.open();
    await put(ufs, 'd/a');
    await put(ufs, 'd/b/c');
    const { entries } = await listAll(ufs, 'd', 10);
    expect(entries.map(({ name, type }) => [name, type])).toEqual([
      ['a', 'file'],
      ['b', 'directory'],
    ]);
    for (const entry of entries) {
      const found = await ufs.stat(`d/${entry.name}`, signal());
      expect(fingerprint(found!)).toBe(fingerprint(entry));
      expect({ ...found, mtimeMs: 0 }).toEqual({ ...entry, mtimeMs: 0 });
      expect(Math.floor(found!.mtimeMs! / 1000)).toBe(Math.floor(entry.mtimeMs! / 1000));
    }
    await ufs.close();
  });

  it('changes the fingerprint with the content, and only then', async () => {
    const ufs = await store.open();
    const first = fingerprint(await put(ufs, 'f', 'one'));
    expect(fingerprint((await ufs.stat('f', signal()))!)).toBe(first);
    expect(fingerprint(await put(ufs, 'f', 'two'))).not.toBe(first);
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(2 ** 53);
    await ufs.close();
  });

  it('23: writes only where nothing is, also when something comes meanwhile', async () => {
    const ufs = await store.open();
    const ifAbsent = (path: string, data: AsyncIterable<Uint8Array>) =>
      ufs.write(path, data, { ifAbsent: true, signal: signal() });
    const refusal = { code: Code.ALREADY_EXISTS, message: expect.stringContaining('exists') };
    await ifAbsent('d/free', chunksOf('mine'));
    expect((await readAll(ufs, 'd/free')).toString()).toBe('mine');
    await expect(ifAbsent('d/free', chunksOf('again'))).rejects.toMatchObject(refusal);
    const overtaken = async function* () {
      yield Buffer.from('late');
      await put(ufs, 'd/taken', 'theirs');
    };
    await expect(ifAbsent('d/taken', overtaken())).rejects.toMatchObject(refusal);
    expect((await readAll(ufs, 'd/free')).toString()).toBe('mine');
    expect((await readAll(ufs, 'd/taken')).toString()).toBe('theirs');
    const many = Array.from({ length: 8 }, (_, i) => ifAbsent('d/one', chunksOf(`writer ${i}`)));
    const results = await Promise.allSettled(many);
    const won = results.findIndex(({ status }) => status === 'fulfilled');
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await readAll(ufs, 'd/one')).toString()).toBe(`writer ${won}`);
    const { entries } = await listAll(ufs, 'd', 10);
    expect(entries.map(({ name }) => name)).toEqual(['free', 'one', 'taken']);
    await ufs.close();
  });

  it('23: overwrites only the file that is known', async () => {
    const ufs = await store.open();
    const first = fingerprint(await put(ufs, 'f', 'one'));
    const over = (data: AsyncIterable<Uint8Array>, ifMatch: number) =>
      ufs.write('f', data, { ifMatch, signal: signal() });
    const second = fingerprint(await over(chunksOf('two'), first));
    const refusal = { code: Code.FAILED_PRECONDITION, message: expect.stringContaining('changed') };
    await expect(over(chunksOf('three'), first)).rejects.toMatchObject(refusal);
    const overtaken = async function* () {
      yield Buffer.from('late');
      await put(ufs, 'f', 'theirs');
    };
    await expect(over(overtaken(), second)).rejects.toMatchObject(refusal);
    expect((await readAll(ufs, 'f')).toString()).toBe('theirs');
    const none = ufs.write('none', chunksOf('x'), { ifMatch: first, signal: signal() });
    await expect(none).rejects.toMatchObject(refusal);
    expect(await ufs.stat('none', signal())).toBeUndefined();
    await ufs.close();
  });

  it('24: reads the file that is known, or says that it has changed', async () => {
    const ufs = await store.open();
    const known = await put(ufs, 'f', 'first one');
    const expected = fingerprint(known);
    const read = (expect: number, range = {}) => readAll(ufs, 'f', { ...range, expect });
    expect((await read(expected)).toString()).toBe('first one');
    expect((await read(expected, { offset: 6, length: 3 })).toString()).toBe('one');
    expect((await read(expected, { offset: 100 })).length).toBe(0);
    // A manifest knows the time and the length, or the length only.
    const { name, type, length, mtimeMs } = known;
    expect((await read(fingerprint({ name, type, length, mtimeMs: mtimeMs! }))).length).toBe(9);
    expect((await read(fingerprint({ name, type, length }))).length).toBe(9);
    const refusal = { code: Code.FAILED_PRECONDITION, message: expect.stringContaining('changed') };
    await put(ufs, 'f', 'another one, longer');
    for (const range of [{}, { offset: 6, length: 3 }, { length: 0 }, { offset: 100 }]) {
      await expect(read(expected, range)).rejects.toMatchObject(refusal);
    }
    expect((await read(0)).toString()).toBe('another one, longer');
    await ufs.close();
  });

  it('keeps every odd name, in names of files and directories', async () => {
    const ufs = await store.open();
    for (const name of oddNames) await put(ufs, `${name}/${name}`);
    const { entries } = await listAll(ufs, '', 1000);
    expect(entries.map(({ name }) => name)).toEqual([...oddNames].sort(compareNames));
    for (const name of oddNames) {
      const below = await listAll(ufs, name, 1000);
      expect(below.entries.map((entry) => entry.name)).toEqual([name]);
      expect((await readAll(ufs, `${name}/${name}`)).toString()).toBe(`${name}/${name}`);
      expect(await ufs.stat(`${name}/${name}`, signal())).toMatchObject({ name, type: 'file' });
    }
    await ufs.close();
  });

  it('pages give the full sorted list, whatever their size and wherever they start', async () => {
    const ufs = await store.open();
    const names = ['a', 'a-', 'a-1', 'a.b', 'a b', 'a!', 'a+b', 'a0', 'ab', 'a-1-x', 'b', 'b-c'];
    for (const name of names.slice(0, -2)) await put(ufs, `d/${name}`);
    for (const name of ['a-dir', 'a.dir', 'b', 'b-c', 'a-1 z']) await put(ufs, `d/${name}/x`);
    const all = [...new Set([...names, 'a-dir', 'a.dir', 'a-1 z'])].sort(compareNames);
    for (let limit = 1; limit <= all.length + 1; limit++) {
      const { entries } = await listAll(ufs, 'd', limit);
      expect(entries.map(({ name }) => name)).toEqual(all);
    }
    for (const startAfter of [...all, 'a-0', 'zz', ' ']) {
      const page = await ufs.list('d', { startAfter, limit: 1000, signal: signal() });
      const names = page.entries.map(({ name }) => name);
      const wanted = all.filter((name) => compareNames(name, startAfter) > 0);
      expect(names).toEqual(wanted.slice(0, names.length));
      expect(page.nextStartAfter === undefined).toBe(names.length === wanted.length);
    }
    await ufs.close();
  });

  it('lists nothing of an empty root, and refuses to list what is no directory', async () => {
    const ufs = await store.open();
    expect(await ufs.list('', { limit: 10, signal: signal() })).toEqual({
      entries: [],
      skipped: noSkips,
    });
    await put(ufs, 'f');
    for (const path of ['no', 'f', 'f/x']) {
      await expect(ufs.list(path, { limit: 10, signal: signal() })).rejects.toMatchObject({
        code: Code.NOT_FOUND,
      });
    }
    await ufs.close();
  });

  it('reads any range of what was written in any chunks', async () => {
    const ufs = await store.open();
    const bytes = randomBytes(300_000);
    await ufs.write(
      'f',
      chunksOf(bytes.subarray(0, 1), bytes.subarray(1, 200_001), bytes.subarray(200_001)),
      {
        signal: signal(),
      },
    );
    const property = fc.asyncProperty(
      fc.nat(310_000),
      fc.option(fc.nat(310_000), { nil: undefined }),
      async (offset, length) => {
        const end = length === undefined ? bytes.length : offset + length;
        const range = length === undefined ? { offset } : { offset, length };
        expect((await readAll(ufs, 'f', range)).equals(bytes.subarray(offset, end))).toBe(true);
      },
    );
    await fc.assert(property, {
      numRuns: 25,
      examples: [
        [0, 0],
        [0, 1],
        [299_999, undefined],
        [300_000, undefined],
        [300_000, 5],
        [5, 0],
      ],
    });
    await ufs.close();
  });

  it('reads an empty file, and says what cannot be read', async () => {
    const ufs = await store.open();
    await put(ufs, 'd/empty', '');
    expect(await ufs.stat('d/empty', signal())).toMatchObject({ length: 0, type: 'file' });
    expect((await readAll(ufs, 'd/empty')).length).toBe(0);
    await expect(readAll(ufs, 'no')).rejects.toMatchObject({ code: Code.NOT_FOUND });
    await expect(readAll(ufs, 'no', { length: 0 })).rejects.toMatchObject({ code: Code.NOT_FOUND });
    await expect(readAll(ufs, 'd')).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT });
    await expect(readAll(ufs, '')).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT });
    await expect(put(ufs, 'd')).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT });
    await expect(put(ufs, '')).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT });
    await ufs.close();
  });

  it('reads no further than its consumer wants', async () => {
    const ufs = await store.open();
    await put(ufs, 'f', randomBytes(4_000_000));
    const stream = await ufs.read('f', { signal: signal() });
    const [first] = await Promise.all([stream[Symbol.asyncIterator]().next()]);
    expect(first.value.length).toBeGreaterThan(0);
    // Chunks, each of at most half a mebibyte.
    expect(stream.readableLength).toBeLessThan(4);
    stream.destroy();
    await ufs.close();
  });

  it('a write that is aborted or whose source fails leaves nothing behind', async () => {
    const ufs = await store.open();
    await put(ufs, 'kept/old', 'old');
    const controller = new AbortController();
    const stuck = async function* () {
      yield Buffer.from('new');
      controller.abort();
      await new Promise(() => undefined);
    };
    const aborted = (path: string) => ufs.write(path, stuck(), { signal: controller.signal });
    await expect(aborted('kept/old')).rejects.toMatchObject({ code: Code.CANCELLED });
    await expect(aborted('made/for/it')).rejects.toMatchObject({ code: Code.CANCELLED });
    const failing = async function* () {
      yield Buffer.from('new');
      throw new Error('the source broke');
    };
    const failed = ufs.write('made/for/it', failing(), { signal: signal() });
    await expect(failed).rejects.toThrow('the source broke');
    expect((await readAll(ufs, 'kept/old')).toString()).toBe('old');
    expect((await listAll(ufs, 'kept', 10)).entries.map(({ name }) => name)).toEqual(['old']);
    expect((await listAll(ufs, '', 10)).entries.map(({ name }) => name)).toEqual(['kept']);
    await ufs.close();
  });

  it('a read ends with its signal, before the first byte and in the middle', async () => {
    const ufs = await store.open();
    await put(ufs, 'f', randomBytes(3_000_000));
    await expect(ufs.read('f', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: Code.CANCELLED,
    });
    const controller = new AbortController();
    const stream = await ufs.read('f', { signal: controller.signal });
    const drain = async () => {
      for await (const _chunk of stream) controller.abort();
    };
    await expect(drain()).rejects.toMatchObject({ code: Code.CANCELLED });
    await ufs.close();
  });

  it('refuses paths that are not clean', async () => {
    const ufs = await store.open();
    for (const path of ['..', '../x', 'a/../b', '/a', 'a/', 'a//b', './a', 'a\0b']) {
      const refusal = { code: Code.INVALID_ARGUMENT };
      await expect(ufs.stat(path, signal()), path).rejects.toMatchObject(refusal);
      await expect(ufs.list(path, { limit: 1, signal: signal() })).rejects.toMatchObject(refusal);
      await expect(ufs.read(path, { signal: signal() })).rejects.toMatchObject(refusal);
      await expect(put(ufs, path)).rejects.toMatchObject(refusal);
    }
    await ufs.close();
  });

  it('answers no call after close', async () => {
    const ufs = await store.open();
    await ufs.close();
    await ufs.close();
    await expect(ufs.stat('f', signal())).rejects.toMatchObject({ code: Code.UNAVAILABLE });
  });
});
