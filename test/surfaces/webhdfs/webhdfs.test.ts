/**
 * Goal: clients of HDFS find here what Apache's "WebHDFS REST API" promises, names, types, statuses
 * and exceptions included. Method: requests as those clients send them over real sockets, the
 * namespace and its local store in this thread. Hadoop's own client runs in `test:clients`.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MasterFileService } from '../../../src/master/service/file-service.js';
import { HttpServer } from '../../../src/net/http-server.js';
import { webhdfsRoutes } from '../../../src/surfaces/webhdfs/webhdfs-routes.js';
import { StoreFixture } from '../../master/background/store-fixture.js';

let stores: StoreFixture;
let server: HttpServer;
let port: number;
let pump: NodeJS.Timeout;
const bugs: unknown[] = [];

beforeAll(async () => {
  stores = await StoreFixture.open();
  const files = new MasterFileService(stores.fixture.schedulers[0]!, stores.context.stores);
  server = new HttpServer({
    host: '127.0.0.1',
    port: 0,
    routes: webhdfsRoutes(files),
    onBug: (bug) => bugs.push(bug),
  });
  port = await server.listen();
  pump = setInterval(() => stores.fixture.pump(), 1);
  await stores.mount('/m', await stores.fill('s', ['seed']));
});
afterAll(async () => {
  clearInterval(pump);
  server.close();
  await stores.close();
  expect(bugs).toEqual([]);
});

const urlOf = (path: string, op: string, query = ''): string =>
  `http://127.0.0.1:${port}/webhdfs/v1${path}?op=${op}&user.name=root${query}`;

// biome-ignore lint/suspicious/noExplicitAny: whatever JSON came, as the tests look into it
type Json = any;
type Answer = { readonly status: number; readonly json: Json; readonly text: string };

async function ask(method: string, path: string, op: string, query = ''): Promise<Answer> {
  const response = await fetch(urlOf(path, op, query), { method, redirect: 'manual' });
  const text = await response.text();
  const isJson = response.headers.get('content-type') === 'application/json';
  return { status: response.status, text, json: isJson ? JSON.parse(text) : undefined };
}

/** Both steps, the body in the second, as fsspec and hdfscli do it. */
async function send(method: string, path: string, op: string, body: string, query = '') {
  const first = await fetch(urlOf(path, op, query), { method, redirect: 'manual' });
  if (first.status !== 307) return { status: first.status, text: await first.text() };
  expect(await first.text()).toBe('');
  const second = await fetch(first.headers.get('location')!, { method, body });
  return { status: second.status, text: await second.text() };
}

const create = async (path: string, body: string, query = '') =>
  (await send('PUT', path, 'CREATE', body, query)).status;

async function read(path: string, query = ''): Promise<string> {
  const response = await fetch(urlOf(path, 'OPEN', query));
  return response.text();
}

const exceptionOf = ({ status, text }: { status: number; text: string }): string =>
  `${status} ${JSON.parse(text).RemoteException.javaClassName}`;

describe('files', () => {
  test('CREATE in two steps, OPEN from an offset, and what GETFILESTATUS tells of it', async () => {
    expect(await create('/m/d/f', 'hello world', '&permission=640&blocksize=1048576')).toBe(201);
    expect(await read('/m/d/f')).toBe('hello world');
    expect(await read('/m/d/f', '&offset=6&length=3')).toBe('wor');
    const { json } = await ask('GET', '/m/d/f', 'getfilestatus');
    expect(json.FileStatus).toMatchObject({
      type: 'FILE',
      length: 11,
      permission: '640',
      owner: 'root',
      blockSize: 1_048_576,
      pathSuffix: '',
      replication: 1,
    });
    expect(Math.abs(json.FileStatus.modificationTime - Date.now())).toBeLessThan(60_000);
  });

  test('a client seeks by appending an offset to the Location of OPEN', async () => {
    await create('/m/seek', '0123456789');
    const first = await fetch(urlOf('/m/seek', 'OPEN'), { redirect: 'manual' });
    const location = first.headers.get('location')!;
    expect(await (await fetch(`${location}&offset=7`)).text()).toBe('789');
    const beyond = await fetch(`${location}&offset=11`);
    const told = { status: beyond.status, text: await beyond.text() };
    expect(exceptionOf(told)).toBe('403 java.io.IOException');
    expect(told.text).toContain('Offset=11 out of the range [0, 10)');
  });

  test('noredirect tells the place in JSON', async () => {
    const { status, json } = await ask('PUT', '/m/nr', 'CREATE', '&noredirect=true');
    expect(status).toBe(200);
    expect((await fetch(json.Location, { method: 'PUT', body: 'x' })).status).toBe(201);
    expect(await read('/m/nr')).toBe('x');
  });

  test('a file that is there is replaced only if asked for', async () => {
    await create('/m/there', 'old');
    const refused = await send('PUT', '/m/there', 'CREATE', 'new', '&overwrite=false');
    expect(exceptionOf(refused)).toBe('403 org.apache.hadoop.fs.FileAlreadyExistsException');
    expect(await create('/m/there', 'new', '&overwrite=True')).toBe(201);
    expect(await read('/m/there')).toBe('new');
  });

  test('APPEND, CONCAT and TRUNCATE keep the file and change its content', async () => {
    await create('/m/a', 'one ', '&permission=600');
    await create('/m/b', 'three');
    const { json: before } = await ask('GET', '/m/a', 'GETFILESTATUS');
    expect((await send('POST', '/m/a', 'APPEND', 'two ')).status).toBe(200);
    expect((await ask('POST', '/m/a', 'CONCAT', '&sources=/m/b')).status).toBe(200);
    expect(await read('/m/a')).toBe('one two three');
    expect((await ask('POST', '/m/a', 'TRUNCATE', '&newlength=7')).json).toEqual({ boolean: true });
    expect(await read('/m/a')).toBe('one two');
    expect((await ask('GET', '/m/b', 'GETFILESTATUS')).status).toBe(404);
    const { json: after } = await ask('GET', '/m/a', 'GETFILESTATUS');
    const { fileId, owner, permission } = before.FileStatus;
    expect(after.FileStatus).toMatchObject({ fileId, owner, permission, length: 7 });
  });

  test('of appends at a time none is lost: one goes through, the others are told', async () => {
    await create('/m/race', '.');
    const tries = await Promise.all(
      ['a', 'b', 'c', 'd'].map((letter) => send('POST', '/m/race', 'APPEND', letter)),
    );
    const won = tries.filter(({ status }) => status === 200).length;
    expect(won).toBeGreaterThan(0);
    expect((await read('/m/race')).length).toBe(1 + won);
  });

  test('the checksum is that of HDFS: MD5 of MD5s of CRC32C', async () => {
    await create('/m/sum', 'hello');
    const response = await fetch(urlOf('/m/sum', 'GETFILECHECKSUM'));
    expect(await response.json()).toEqual({
      FileChecksum: {
        algorithm: 'MD5-of-0MD5-of-512CRC32C',
        bytes: '000002000000000000000000b42195708a988505f8383903fe42ed05',
        length: 28,
      },
    });
  });
});

describe('names', () => {
  test('raw UTF-8 in the request line, as the Java client sends it', async () => {
    await create(`/m/${encodeURIComponent('café 漢字')}`, 'x');
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const head = 'GET /webhdfs/v1/m/café%20漢字?op=GETFILESTATUS&user.name=root HTTP/1.1\r\n';
    socket.write(`${head}Host: localhost:${port}\r\n\r\n`);
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(String(bytes)).toMatch(/^HTTP\/1.1 200 /);
  });

  test('whatever the name, it comes back', async () => {
    const name = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
      .map((text) => text.replace(/[/\0]/g, '_').normalize())
      .filter((text) => text !== '.' && text !== '..' && text.isWellFormed());
    const seed = Date.now() % 2 ** 31;
    console.log(`names: seed ${seed}`);
    const comesBack = fc.asyncProperty(name, async (text) => {
      const path = `/m/names/${encodeURIComponent(text)}`;
      expect(await create(path, text, '&overwrite=true')).toBe(201);
      const { json } = await ask('GET', '/m/names', 'LISTSTATUS');
      const names = json.FileStatuses.FileStatus.map((one: Json) => one.pathSuffix);
      expect(names).toContain(text);
      expect(await read(path)).toBe(text);
    });
    await fc.assert(comesBack, { seed, numRuns: 25 });
  });
});

describe('the tree', () => {
  test('MKDIRS, RENAME by both sets of rules, DELETE', async () => {
    const yes = { boolean: true };
    const no = { boolean: false };
    expect((await ask('PUT', '/m/t/x', 'MKDIRS')).json).toEqual(yes);
    expect((await ask('PUT', '/m/t/y', 'MKDIRS')).json).toEqual(yes);
    await create('/m/t/f', '1');
    const move = (from: string, to: string, more = '') =>
      ask('PUT', from, 'RENAME', `&destination=${encodeURIComponent(to)}${more}`);
    // Into a directory; of nothing; onto a file; below itself.
    expect((await move('/m/t/f', '/m/t/x')).json).toEqual(yes);
    expect((await ask('GET', '/m/t/x/f', 'GETFILESTATUS')).status).toBe(200);
    expect((await move('/m/t/none', '/m/t/z')).json).toEqual(no);
    expect((await move('/m/t/x', '/m/t/x/below')).json).toEqual(no);
    await create('/m/t/g', '2');
    expect((await move('/m/t/g', '/m/t/x/f')).json).toEqual(no);
    const none = '&renameoptions=NONE';
    expect(exceptionOf(await move('/m/t/g', '/m/t/x/f', none))).toMatch(/AlreadyExists/);
    expect(exceptionOf(await move('/m/t/none', '/m/t/z', none))).toMatch(/^404 .*FileNotFound/);
    expect((await move('/m/t/g', '/m/t/x/f', '&renameoptions=OVERWRITE')).text).toBe('');
    expect(await read('/m/t/x/f')).toBe('2');
    const full = await ask('DELETE', '/m/t/x', 'DELETE');
    expect(exceptionOf(full)).toBe('403 org.apache.hadoop.fs.PathIsNotEmptyDirectoryException');
    expect((await ask('DELETE', '/m/t/x', 'DELETE', '&recursive=true')).json).toEqual(yes);
    expect((await ask('DELETE', '/m/t/x', 'DELETE', '&recursive=true')).json).toEqual(no);
  });

  test('below a file nothing is made, and over a file no directory', async () => {
    await create('/m/plain', '1');
    const parent = '403 org.apache.hadoop.fs.ParentNotDirectoryException';
    expect(exceptionOf(await send('PUT', '/m/plain/sub', 'CREATE', 'x'))).toBe(parent);
    expect(exceptionOf(await ask('PUT', '/m/plain/sub', 'MKDIRS'))).toBe(parent);
    const there = '403 org.apache.hadoop.fs.FileAlreadyExistsException';
    expect(exceptionOf(await ask('PUT', '/m/plain', 'MKDIRS'))).toBe(there);
    const below = await ask('GET', '/m/plain/sub', 'GETFILESTATUS');
    expect(exceptionOf(below)).toBe('404 java.io.FileNotFoundException');
  });

  test('LISTSTATUS_BATCH goes on after a name until nothing is left', async () => {
    for (const name of ['c', 'a', 'b']) await create(`/m/batch/${name}`, name);
    const { json } = await ask('GET', '/m/batch', 'LISTSTATUS_BATCH', '&startAfter=a');
    const { partialListing, remainingEntries } = json.DirectoryListing;
    const names = partialListing.FileStatuses.FileStatus.map((one: Json) => one.pathSuffix);
    expect([names, remainingEntries]).toEqual([['b', 'c'], 0]);
  });

  test('summaries count the directory itself', async () => {
    await create('/m/sums/a', '12345');
    await create('/m/sums/b/c', '678');
    const { json } = await ask('GET', '/m/sums', 'GETCONTENTSUMMARY');
    const expected = { directoryCount: 2, fileCount: 2, length: 8, quota: -1 };
    expect(json.ContentSummary).toMatchObject(expected);
  });
});

describe('attributes', () => {
  test('mode, owner, times, copies', async () => {
    await create('/m/at', '1');
    await ask('PUT', '/m/at', 'SETPERMISSION', '&permission=1777');
    await ask('PUT', '/m/at', 'SETOWNER', '&owner=alice&group=staff');
    await ask('PUT', '/m/at', 'SETTIMES', '&modificationtime=1234567890123&accesstime=-1');
    expect((await ask('PUT', '/m/at', 'SETREPLICATION', '&replication=3')).text).toContain('true');
    const { json } = await ask('GET', '/m/at', 'GETFILESTATUS');
    expect(json.FileStatus).toMatchObject({
      permission: '1777',
      owner: 'alice',
      group: 'staff',
      modificationTime: 1_234_567_890_123,
      replication: 3,
    });
  });

  test('extended attributes, by flag and encoding', async () => {
    await create('/m/xa', '1');
    const set = (name: string, value: string, flag: string) =>
      ask('PUT', '/m/xa', 'SETXATTR', `&xattr.name=${name}&xattr.value=${value}&flag=${flag}`);
    expect(exceptionOf(await set('user.a', '0x01', 'REPLACE'))).toMatch(/XAttrNotFound/);
    expect((await set('user.a', '0x01ff', 'CREATE')).status).toBe(200);
    expect(exceptionOf(await set('user.a', '0x02', 'CREATE'))).toMatch(/^403 java.io.IOException/);
    expect(exceptionOf(await set('plain', '0x02', 'CREATE'))).toMatch(/^400 /);
    const { json } = await ask('GET', '/m/xa', 'GETXATTRS', '&encoding=hex');
    expect(json).toEqual({ XAttrs: [{ name: 'user.a', value: '0x01ff' }] });
    await ask('PUT', '/m/xa', 'REMOVEXATTR', '&xattr.name=user.a');
    expect((await ask('GET', '/m/xa', 'LISTXATTRS')).json).toEqual({ XAttrNames: '[]' });
  });

  test('another user is held to the mode', async () => {
    await create('/m/mine', 'secret', '&permission=600');
    const as = (op: string) => ask('GET', '/m/mine', op, '&doas=alice');
    const denied = '403 org.apache.hadoop.security.AccessControlException';
    expect(exceptionOf(await as('OPEN'))).toBe(denied);
    expect(exceptionOf(await ask('GET', '/m/mine', 'CHECKACCESS', '&fsaction=r--&doas=a'))).toBe(
      denied,
    );
    expect((await ask('GET', '/m/mine', 'CHECKACCESS', '&fsaction=rw-')).status).toBe(200);
  });
});

test('what is asked wrongly is told in the words that clients look for', async () => {
  const wrong: readonly (readonly [method: string, op: string, query: string, says: RegExp])[] = [
    ['GET', 'NOSUCH', '', /^400 java.lang.IllegalArgumentException/],
    ['PUT', 'CREATESYMLINK', '', /^400 java.lang.UnsupportedOperationException/],
    ['PUT', 'CREATESNAPSHOT', '', /^400 java.lang.UnsupportedOperationException/],
    ['PUT', 'SETPERMISSION', '&permission=999', /^400 /],
    ['PUT', 'SETTIMES', '&modificationtime=soon', /^400 /],
    ['PUT', 'SETOWNER', '', /^400 /],
    ['GET', 'GETXATTRS', '&encoding=morse', /^400 /],
    ['DELETE', 'DELETE', '&recursive=perhaps', /^400 /],
    ['GET', 'GETFILESTATUS', '&doas=a/b', /^400 /],
  ];
  for (const [method, op, query, says] of wrong) {
    expect(exceptionOf(await ask(method, '/m/seed', op, query)), `${op}${query}`).toMatch(says);
  }
  const unknown = await ask('GET', '/m/seed', 'NOSUCH');
  expect(unknown.text).toContain('Invalid value for webhdfs parameter \\"op\\"');
});
