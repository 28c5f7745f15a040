/**
 * Goal: a surface cannot tell which FileService it uses. Method: one suite of cases, over the
 * operations in this thread and over the wire to a real master.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type CallContext, type FileService, listAll } from '../../src/api/file-service.js';
import { Upload } from '../../src/api/upload.js';
import { Code } from '../../src/base/status.js';
import { WireFileService } from '../../src/client/wire-file-service.js';
import { MasterFileService } from '../../src/master/service/file-service.js';
import { MasterProcess } from '../cli/master-process.js';
import { StoreFixture } from '../master/background/store-fixture.js';

type Subject = {
  readonly files: FileService;
  /** A directory with a store below it. */
  readonly base: string;
  close(): Promise<void>;
};

async function inMaster(): Promise<Subject> {
  const stores = await StoreFixture.open();
  const pump = setInterval(() => stores.fixture.pump(), 1);
  await stores.mount('/m', await stores.fill('s', ['seed']));
  const files = new MasterFileService(stores.fixture.schedulers[0]!, stores.context.stores);
  const close = async (): Promise<void> => {
    clearInterval(pump);
    await stores.close();
  };
  return { files, base: '/m', close };
}

async function overTheWire(): Promise<Subject> {
  const master = await MasterProcess.create();
  await master.start();
  const client = await master.connect();
  await client.createDirectory('/m');
  const close = async (): Promise<void> => {
    await client.close();
    await master.remove();
  };
  return { files: new WireFileService(client), base: '/m', close };
}

const root: CallContext = { caller: { user: 'root', groups: [], clientId: 0 } };
const alice: CallContext = { caller: { user: 'alice', groups: ['staff'], clientId: 0 } };

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

async function textOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of bytes) parts.push(part);
  return String(Buffer.concat(parts));
}

const signal = (): AbortSignal => new AbortController().signal;

describe.each([
  ['in the master', inMaster],
  ['over the wire', overTheWire],
])('%s', (_where, open) => {
  let subject: Subject;
  let files: FileService;
  let at: (name: string) => string;
  beforeAll(async () => {
    subject = await open();
    files = subject.files;
    at = (name) => `${subject.base}/${name}`;
  }, 60_000);
  afterAll(() => subject.close());

  const read = async (call: CallContext, path: string, offset = 0, length?: number) => {
    const file = await files.open(call, path);
    const range = { offset, length: length ?? file.status.length - offset };
    return textOf(await file.read(range, signal()));
  };

  test('what is put is told of, opened, and read in parts', async () => {
    const put = await files.put(root, at('a/f'), chunks('hello ', 'world'), { recursive: true });
    expect(put).toMatchObject({ path: at('a/f'), name: 'f', length: 11, type: 'file' });
    const found = await files.stat(root, at('a/f'), { withAttributes: true });
    expect(found).toMatchObject({ id: put.id, completed: true, persisted: true, owner: 'root' });
    expect(found.fingerprint).toBe(put.fingerprint);
    expect(found.ufsPath).toMatch(/^file:.*\/a\/f$/);
    expect(await read(root, at('a/f'))).toBe('hello world');
    expect(await read(root, at('a/f'), 6, 3)).toBe('wor');
    expect(await read(root, at('a/f'), 11)).toBe('');
    expect(await files.locate(root, at('a/f'), { offset: 6, length: 99 })).toEqual([
      { offset: 6, length: 5, workers: [], ufsPath: found.ufsPath },
    ]);
  });

  test('refusals have the same codes', async () => {
    await files.createDirectory(root, at('no'), { mode: 0o700 });
    await files.put(root, at('no/f'), chunks('x'), {});
    const refusals: (readonly [() => Promise<unknown>, Code])[] = [
      [() => files.stat(root, at('none')), Code.NOT_FOUND],
      [() => files.stat(root, 'relative'), Code.INVALID_ARGUMENT],
      [() => files.open(root, at('no')), Code.INVALID_ARGUMENT],
      [() => files.open(alice, at('no/f')), Code.PERMISSION_DENIED],
      [() => files.put(alice, at('mine'), chunks('x')), Code.PERMISSION_DENIED],
      [() => files.put(root, at('no/f'), chunks('x')), Code.ALREADY_EXISTS],
      [() => files.put(root, at('no/g/h'), chunks('x')), Code.NOT_FOUND],
      [() => files.createDirectory(root, at('no')), Code.ALREADY_EXISTS],
      [() => files.remove(root, at('no')), Code.FAILED_PRECONDITION],
      [() => files.rename(root, at('none'), at('other')), Code.NOT_FOUND],
      [() => files.setAttributes(alice, at('no'), { mode: 0o777 }), Code.PERMISSION_DENIED],
    ];
    for (const [call, code] of refusals) {
      await expect(call(), String(call)).rejects.toMatchObject({ code });
    }
    expect(await read(root, at('no/f'))).toBe('x');
  });

  test('a directory is listed in pages, by name', async () => {
    for (const name of ['b', 'a', 'd', 'c']) {
      await files.put(root, at(`list/${name}`), chunks(name), { recursive: true });
    }
    const first = await files.list(root, at('list'), { limit: 3 });
    expect(first.entries.map(({ name, path }) => [name, path])).toEqual(
      ['a', 'b', 'c'].map((name) => [name, at(`list/${name}`)]),
    );
    expect(first.next).toBe('c');
    const all: string[] = [];
    for await (const { name } of listAll(files, root, at('list'), { limit: 2 })) all.push(name);
    expect(all).toEqual(['a', 'b', 'c', 'd']);
    const some = await files.list(root, at('list'), { startAfter: 'a', prefix: 'b' });
    expect([some.entries.map(({ name }) => name), some.next]).toEqual([['b'], undefined]);
    const one = await files.list(root, at('list/a'));
    expect(one.entries.map(({ name }) => name)).toEqual(['a']);
  });

  test('a rewrite gives the same file a new content, over the one it was made of', async () => {
    const { id } = await files.put(root, at('re'), chunks('one'), { mode: 0o640 });
    const { fingerprint } = await files.stat(root, at('re'));
    const options = { fingerprint };
    const made = await files.rewrite(root, at('re'), chunks('one', ' two'), options);
    expect(made).toMatchObject({ id, length: 7, mode: 0o640, completed: true });
    expect(await read(root, at('re'))).toBe('one two');
    const late = files.rewrite(root, at('re'), chunks('lost'), options);
    await expect(late).rejects.toMatchObject({ code: Code.ABORTED });
    const now = { fingerprint: made.fingerprint };
    const denied = files.rewrite(alice, at('re'), chunks('x'), now);
    await expect(denied).rejects.toMatchObject({ code: Code.PERMISSION_DENIED });
    expect(await read(root, at('re'))).toBe('one two');
  });

  test('summaries, access, times and copies', async () => {
    await files.put(root, at('sum/a'), chunks('12345'), { recursive: true, mode: 0o600 });
    await files.put(root, at('sum/b/c'), chunks('678'), { recursive: true });
    expect(await files.summary(root, at('sum'))).toEqual({
      files: 2,
      directories: 2,
      bytes: 8,
      leftOut: 0,
      failures: [],
    });
    await files.checkAccess(root, at('sum/a'), 6);
    const denied = files.checkAccess(alice, at('sum/a'), 4);
    await expect(denied).rejects.toMatchObject({ code: Code.PERMISSION_DENIED });
    await files.setAttributes(root, at('sum/a'), { mtimeMs: -1, replicationMin: 3 });
    const found = await files.stat(root, at('sum/a'));
    expect(found).toMatchObject({ mtimeMs: -1, replicationMin: 3 });
  });

  test('an upload over a file is seen when it is whole; given up, it leaves nothing', async () => {
    await files.put(root, at('u'), chunks('old'));
    const given = new Upload(files, root, at('u'), { overwrite: true });
    await given.write(Buffer.from('half '));
    expect(await read(root, at('u'))).toBe('old');
    await given.abort();
    expect(await read(root, at('u'))).toBe('old');
    const made = new Upload(files, root, at('u'), { overwrite: true });
    for (const text of ['all ', 'of ', 'it']) await made.write(Buffer.from(text));
    expect(await made.commit()).toMatchObject({ length: 9 });
    expect(await read(root, at('u'))).toBe('all of it');
    const fresh = new Upload(files, root, at('new'));
    await fresh.write(Buffer.from('x'));
    await fresh.abort();
    // Over the wire the master hears a moment later that the client has left.
    await vi.waitFor(
      () => expect(files.stat(root, at('new'))).rejects.toMatchObject({ code: Code.NOT_FOUND }),
      { timeout: 20_000, interval: 100 },
    );
    const refused = new Upload(files, alice, at('hers'));
    await expect(refused.commit()).rejects.toMatchObject({ code: Code.PERMISSION_DENIED });
    await expect(refused.write(Buffer.from('x'))).rejects.toThrow();
  });

  test('a put that is repeated with its ids is answered as the first was', async () => {
    const call = { caller: { ...root.caller, clientId: 4711 }, callId: 1 };
    const first = await files.put(call, at('once'), chunks('one'));
    expect((await files.put(call, at('once'), chunks('one'))).id).toBe(first.id);
    const created = await files.create({ ...call, callId: 3 }, at('step'));
    expect((await files.create({ ...call, callId: 3 }, at('step'))).id).toBe(created.id);
    const again = { ...call, callId: 2 };
    await files.rename(again, at('once'), at('moved'));
    await files.rename(again, at('once'), at('moved'));
    expect(await read(root, at('moved'))).toBe('one');
  });

  test('a file that is written in steps: created, then complete or taken away', async () => {
    const made = await files.create(root, at('steps'));
    await expect(files.open(root, at('steps'))).rejects.toMatchObject({
      code: Code.FAILED_PRECONDITION,
    });
    const wrong = { id: made.id + 1, length: 0 };
    await expect(files.complete(root, at('steps'), wrong)).rejects.toMatchObject({
      code: Code.NOT_FOUND,
    });
    await files.complete(root, at('steps'), { id: made.id, length: 0 });
    await files.abort(root, at('steps'), made.id);
    expect(await read(root, at('steps'))).toBe('');
    const other = await files.create(root, at('given-up'));
    await files.abort(root, at('given-up'), other.id);
    await files.abort(root, at('given-up'), other.id);
    await expect(files.stat(root, at('given-up'))).rejects.toMatchObject({ code: Code.NOT_FOUND });
  });

  test('attributes are changed, and xattrs met as asked for', async () => {
    await files.put(root, at('attr'), chunks('x'));
    await files.setAttributes(root, at('attr'), { mode: 0o640, owner: 'alice', group: 'staff' });
    await files.setAttributes(root, at('attr'), { xattrs: { a: '1', b: '2' } });
    await files.setAttributes(root, at('attr'), { xattrs: { b: '3' } });
    await files.setAttributes(root, at('attr'), { xattrs: { a: '' }, xattrUpdate: 'deleteKeys' });
    const found = await files.stat(alice, at('attr'), { withAttributes: true });
    expect(found).toMatchObject({ mode: 0o640, owner: 'alice', group: 'staff' });
    expect(Object.entries(found.xattrs ?? {}).map(([k, v]) => [k, String(Buffer.from(v))])).toEqual(
      [['b', '3']],
    );
  });

  test('a call ends with its signal', async () => {
    const given = new AbortController();
    async function* stuck(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('begun');
      given.abort();
      await new Promise(() => undefined);
    }
    const call = { ...root, signal: given.signal };
    await expect(files.put(call, at('cut'), stuck())).rejects.toMatchObject({
      code: Code.CANCELLED,
    });
    await expect
      .poll(() => files.stat(root, at('cut')).catch(({ code }: { code: Code }) => code))
      .toBe(Code.NOT_FOUND);
    const late = { ...root, deadlineMs: 200 };
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('begun');
      await new Promise(() => undefined);
    }
    const outcome = await files.put(late, at('late'), slow()).catch((error: unknown) => error);
    expect(outcome).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
  });

  test('A1: extreme options are refused in the same words by every service', async () => {
    const path = at('extreme');
    const whole = 'no whole number';
    const made = await files.createDirectory(root, path);
    const cases: readonly (readonly [string, () => Promise<unknown>])[] = [
      [
        'The "mode" of CreateFile is 32768, which is not from -1 to 4095',
        () => files.create(root, path, { mode: 0o100000 }),
      ],
      [whole, () => files.create(root, path, { mode: Number.NaN })],
      [whole, () => files.createDirectory(root, path, { mode: 1.5 })],
      ['The "pageSize" of ListStatus', () => files.list(root, path, { limit: -1 })],
      [whole, () => files.list(root, path, { limit: Number.NaN })],
      ['The "startAfter" of ListStatus', () => files.list(root, path, { startAfter: 'a\0' })],
      ['The "prefix" of ListStatus', () => files.list(root, path, { prefix: 'a'.repeat(70_000) })],
      ['The "path" of GetStatus', () => files.stat(root, '/\ud800')],
      ['The "target" of Rename', () => files.rename(root, path, '/\0')],
      ['The "path" of Delete', () => files.remove(root, '/\0')],
      ['The "mode" of SetAttribute', () => files.setAttributes(root, path, { mode: -1 })],
      ['The "ttlMs" of SetAttribute', () => files.setAttributes(root, path, { ttlMs: 2 ** 53 })],
      ['is empty', () => files.setAttributes(root, path, { owner: '' })],
      ['The "group" of SetAttribute', () => files.setAttributes(root, path, { group: 'a,b' })],
      ['The "name" of', () => files.setAttributes(root, path, { xattrs: { '': 'v' } })],
    ];
    for (const [words, call] of cases) {
      await expect(call(), words).rejects.toMatchObject({
        code: Code.INVALID_ARGUMENT,
        message: expect.stringContaining(words),
        hint: expect.any(String),
      });
    }
    const file = await files.create(root, at('extreme/f'));
    for (const wrong of [{ length: -1 }, { length: 0, mtimeMs: 1e300 }, { length: 2 ** 53 }]) {
      const completed = files.complete(root, at('extreme/f'), { id: file.id, ...wrong });
      await expect(completed).rejects.toMatchObject({
        code: Code.INVALID_ARGUMENT,
        message: expect.stringMatching(/of CompleteFile is/),
      });
    }
    expect(await files.stat(root, path)).toMatchObject({ id: made.id, mode: made.mode });
  });
});
