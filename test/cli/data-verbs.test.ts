/** cat, head, tail, put, get, cp: bytes through the command line, trees with their directories. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClient } from './fake-client.js';
import { run } from './run.js';

const lines = Array.from({ length: 30 }, (_, index) => `line ${index + 1}\n`).join('');
let client: FakeClient;
let local: string;

beforeEach(async () => {
  local = await mkdtemp(join(tmpdir(), 'orchard-cli-'));
  client = new FakeClient()
    .directory('/data')
    .file('/data/lines', lines)
    .file('/data/open-end', 'one\ntwo')
    .file('/data/empty', '')
    .directory('/data/sub')
    .file('/data/sub/deep', 'deep')
    .directory('/target');
});

afterEach(() => rm(local, { recursive: true, force: true }));

describe('cat, head and tail', () => {
  it('print files as they are', async () => {
    expect((await run(client, 'cat /data/lines')).out).toBe(lines);
    expect((await run(client, 'cat /data/open-end /data/empty /data/sub/deep')).out).toBe(
      'one\ntwodeep',
    );
  });

  it.each([
    ['head -n 2 /data/lines', 'line 1\nline 2\n'],
    ['head -n 0 /data/lines', ''],
    ['head -n 99 /data/open-end', 'one\ntwo'],
    ['head -c 6 /data/lines', 'line 1'],
    ['head /data/open-end', 'one\ntwo'],
    ['tail -n 2 /data/lines', 'line 29\nline 30\n'],
    ['tail -n 1 /data/open-end', 'two'],
    ['tail -n 99 /data/open-end', 'one\ntwo'],
    ['tail -n 3 /data/empty', ''],
    ['tail -c 3 /data/lines', '30\n'],
    ['tail -c 1K /data/open-end', 'one\ntwo'],
  ])('%s', async (line, expected) => {
    const { out, status } = await run(client, line);
    expect(out).toBe(expected);
    expect(status).toBe(0);
  });

  it('refuse counts that are none', async () => {
    expect((await run(client, 'head -n x /data/lines')).status).toBe(2);
    expect((await run(client, 'tail -c lots /data/lines')).status).toBe(2);
  });
});

describe('put', () => {
  it('copies a file into a directory, or under a new name, and replaces with -f only', async () => {
    await writeFile(join(local, 'a'), 'local a');
    const io = { workingDirectory: local };
    expect((await run(client, 'put a /target', io)).status).toBe(0);
    expect((await run(client, 'put a /target/renamed', io)).status).toBe(0);
    expect((await run(client, 'cat /target/a /target/renamed')).out).toBe('local alocal a');
    const again = await run(client, 'put a /target', io);
    expect(again).toMatchObject({ status: 1 });
    expect(again.err).toContain('ALREADY_EXISTS: /target/a');
    expect((await run(client, 'copyFromLocal -f a /target', io)).status).toBe(0);
    expect((await run(client, 'put missing /target', io)).err).toContain('NOT_FOUND');
  });

  it('copies a tree with its empty directories', async () => {
    await mkdir(join(local, 'tree', 'inner', 'empty'), { recursive: true });
    await writeFile(join(local, 'tree', 'x'), 'X');
    await writeFile(join(local, 'tree', 'inner', 'y'), 'Y');
    const { out, status } = await run(client, 'put --json -R tree /target', {
      workingDirectory: local,
    });
    expect(status).toBe(0);
    expect(JSON.parse(out)).toEqual({ put: '/target/tree', files: 2, bytes: 2, failed: 0 });
    expect([...client.items.keys()].filter((path) => path.startsWith('/target/')).sort()).toEqual([
      '/target/tree',
      '/target/tree/inner',
      '/target/tree/inner/empty',
      '/target/tree/inner/y',
      '/target/tree/x',
    ]);
  });

  it('takes standard input for -', async () => {
    await run(client, 'put - /target/in', { input: 'from a pipe' });
    expect((await run(client, 'cat /target/in')).out).toBe('from a pipe');
    expect((await run(client, 'put - /target')).status).toBe(2);
  });
});

describe('get', () => {
  it('copies a file here, into a directory, to standard output', async () => {
    const io = { workingDirectory: local };
    expect((await run(client, 'get /data/sub/deep', io)).status).toBe(0);
    expect((await run(client, 'get /data/sub/deep named', io)).status).toBe(0);
    expect(await readFile(join(local, 'deep'), 'utf8')).toBe('deep');
    expect(await readFile(join(local, 'named'), 'utf8')).toBe('deep');
    expect((await run(client, 'get /data/sub/deep -', io)).out).toBe('deep');
    expect((await run(client, 'get /data/sub/deep', io)).err).toContain('replace it with -f');
    expect((await run(client, 'get -f /data/sub/deep', io)).status).toBe(0);
    expect((await readdir(local)).sort()).toEqual(['deep', 'named']);
  });

  it('copies a tree', async () => {
    const { out } = await run(client, 'get --json -R /data copy', { workingDirectory: local });
    expect(JSON.parse(out)).toMatchObject({ got: '/data', files: 4, failed: 0 });
    expect(await readFile(join(local, 'copy', 'lines'), 'utf8')).toBe(lines);
    expect(await readFile(join(local, 'copy', 'sub', 'deep'), 'utf8')).toBe('deep');
  });

  it('leaves nothing behind when the transfer fails', async () => {
    client.open = async function* () {
      yield Buffer.from('half');
      throw new Error('the store is gone');
    };
    const { status } = await run(client, 'get /data/lines', { workingDirectory: local });
    expect(status).toBe(1);
    expect(await readdir(local)).toEqual([]);
  });
});

describe('cp', () => {
  it('copies a file, and a tree with -R only', async () => {
    expect((await run(client, 'cp /data/sub/deep /target')).status).toBe(0);
    expect((await run(client, 'cat /target/deep')).out).toBe('deep');
    const refused = await run(client, 'cp /data /target');
    expect(refused.err).toContain('Try: copy it with -R');
    expect((await run(client, 'cp -R /data /target')).status).toBe(0);
    expect((await run(client, 'cat /target/data/sub/deep')).out).toBe('deep');
    expect((await run(client, 'cp -R /data /data/sub')).err).toContain('cannot go into itself');
  });
});
