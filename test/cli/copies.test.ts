/** put, get, cp and walks over entries that fail: the rest goes on, and each loss is reported. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openLocal } from '../../src/cli/local-tree.js';
import { type ListOptions, OrchardError } from '../../src/client/index.js';
import { FakeClient } from './fake-client.js';
import { run } from './run.js';

let local: string;
let client: FakeClient;

beforeEach(async () => {
  local = await mkdtemp(join(tmpdir(), 'orchard-copies-'));
  client = new FakeClient()
    .directory('/w')
    .file('/w/a', 'A')
    .directory('/w/shut')
    .file('/w/shut/hidden', 'H')
    .directory('/w/z')
    .file('/w/z/b', 'B')
    .directory('/into');
});
afterEach(() => rm(local, { recursive: true, force: true }));

const here = (line: string | readonly string[]) => run(client, line, { workingDirectory: local });

/** As a directory that may not be listed, or whose store is away. */
function shut(path: string, code: 'PERMISSION_DENIED' | 'UNAVAILABLE' = 'PERMISSION_DENIED'): void {
  const listPages = client.listPages.bind(client);
  client.listPages = async function* (listed: string, options: ListOptions = {}) {
    if (listed === path) throw new OrchardError(code, 'Not to be listed.', { path });
    yield* listPages(listed, options);
  };
}

const put = (): string[] => [...client.items.keys()].filter((path) => path.startsWith('/into/'));

describe('walks', () => {
  test.each([
    ['ls -C -R /w', 'PERMISSION_DENIED'],
    ['find /w', 'PERMISSION_DENIED'],
    ['find /w', 'UNAVAILABLE'],
  ] as const)('27, A5, A10: %s goes on over what it cannot list (%s)', async (line, code) => {
    shut('/w/shut', code);
    const { status, out, err } = await here(line);
    expect(status).toBe(1);
    expect(out.split('\n')).toEqual(expect.arrayContaining(['/w/a', '/w/shut', '/w/z', '/w/z/b']));
    expect(out).not.toContain('hidden');
    expect(err).toMatch(new RegExp(`^orchard: \\w+: ${code}: /w/shut: Not to be listed`));
  });

  test('A5: get and cp copy the rest of a tree, and say what is missing', async () => {
    shut('/w/shut');
    const got = await here('get -R /w copy');
    expect(got.status).toBe(1);
    expect(got.err).toContain('PERMISSION_DENIED: /w/shut: ');
    expect(await readFile(join(local, 'copy', 'z', 'b'), 'utf8')).toBe('B');
    const copied = await here('cp -R /w /into');
    expect(copied.status).toBe(1);
    expect(copied.err).toContain('PERMISSION_DENIED: /w/shut: ');
    expect(put()).toEqual(expect.arrayContaining(['/into/w/a', '/into/w/z/b']));
  });

  test('A11: ls sorts, find looks at depth, owner and order', async () => {
    client.file('/w/big', 'x'.repeat(50), { mtimeMs: 5 }).file('/w/bob', '', { owner: 'bob' });
    expect((await here('ls -1 -S /w')).out.split('\n')[0]).toBe('/w/big');
    expect((await here('fs ls -C --sort size -r /w')).out.split('\n').at(-2)).toBe('/w/big');
    expect((await here('ls -l -a -t -r -C /w')).out.split('\n')[0]).toBe('/w/big');
    expect((await here('ls --sort nothing /w')).status).toBe(2);
    client.file('/w/pin', '', { pinned: true });
    expect((await here('fs ls -p -C /w')).out).toBe('/w/pin\n');
    expect((await here('find /w -maxdepth 0')).out).toBe('/w\n');
    expect((await here('find /w -maxdepth 1 -type d')).out).toBe('/w\n/w/shut\n/w/z\n');
    expect((await here('find /w -mindepth 2')).out).toBe('/w/shut/hidden\n/w/z/b\n');
    expect((await here('find /w -user bob')).out).toBe('/w/bob\n');
    expect((await here('find /w -type f -newer /w/big -print0')).out).toContain('/w/a\0');
    expect((await here('find /w -newer /w/a')).out).toBe('');
  });
});

describe('put', () => {
  test('42: a name that is not UTF-8 is told, the others are copied', async () => {
    await mkdir(join(local, 'tree'));
    await writeFile(join(local, 'tree', 'good'), 'g');
    writeFileSync(Buffer.concat([Buffer.from(`${local}/tree/bad-`), Buffer.from([0xff])]), 'b');
    const { status, err } = await here('put -R tree /into');
    expect(status).toBe(1);
    expect(err).toContain('The name is not UTF-8');
    expect(put()).toEqual(['/into/tree', '/into/tree/good']);
  });

  test('41, A5: links and special files are told, or followed, or refused', async () => {
    await mkdir(join(local, 'tree', 'sub'), { recursive: true });
    await writeFile(join(local, 'tree', 'sub', 'file'), 'f');
    await writeFile(join(local, 'outside'), 'o');
    await symlink('../outside', join(local, 'tree', 'link'));
    await symlink('..', join(local, 'tree', 'sub', 'loop'));
    execFileSync('mkfifo', [join(local, 'tree', 'pipe')]);
    const told = await here('put -R tree /into');
    expect(told.status).toBe(1);
    expect(told.err).toMatch(/tree\/link: It is a symbolic link, and was not copied/);
    expect(told.err).toMatch(/tree\/pipe: It is no file but a pipe/);
    await rm(join(local, 'tree', 'pipe'));
    const skipped = await here('put -f -R --links skip tree /into');
    expect(skipped.status).toBe(0);
    expect(skipped.err).toContain('skipped the link');
    client.asked.length = 0;
    const failed = await here('put -f -R --links fail tree /into');
    expect({ status: failed.status, asked: client.asked }).toEqual({ status: 1, asked: [] });
    const followed = await here('put -f -R --links follow tree /into');
    expect(followed.err).toContain('leads to a directory that it is in');
    expect((await run(client, 'cat /into/tree/link')).out).toBe('o');
    expect((await here('put -R --links maybe tree /into')).status).toBe(2);
  });

  test('39: a pipe has no length before its end', async () => {
    const pipe = join(local, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const writing = writeFile(pipe, 'from a pipe');
    expect((await here(['put', pipe, '/into/p'])).status).toBe(0);
    await writing;
    expect((await run(client, 'cat /into/p')).out).toBe('from a pipe');
    const [, , options] = client.asked.find(([method]) => method === 'put')!;
    expect(options).not.toHaveProperty('length');
  });

  test('40: a file that grows is put as long as it was; one that shrinks is told', async () => {
    const path = join(local, 'grows');
    await writeFile(path, '12345');
    const grown = await openLocal(path);
    appendFileSync(path, '678');
    const chunks: Uint8Array[] = [];
    for await (const chunk of grown.chunks) chunks.push(chunk);
    expect([grown.length, Buffer.concat(chunks).toString()]).toEqual([5, '12345']);
    const shrunk = await openLocal(path);
    writeFileSync(path, '1');
    await expect(async () => {
      for await (const _chunk of shrunk.chunks);
    }).rejects.toThrow('became shorter while it was read: 1 of 8 bytes');
  });

  test('37: two sources never become one file, and all are looked at first', async () => {
    await mkdir(join(local, 'x'));
    await writeFile(join(local, 'same'), '1');
    await writeFile(join(local, 'x', 'same'), '2');
    const twice = await here('put -f same x/same /into');
    expect(twice.err).toContain('would both become "/into/same"');
    const missing = await here('put same missing /into');
    expect(missing.err).toContain('There is no such file or directory on this machine');
    expect(client.asked).toEqual([]);
  });

  test('A20: failures are told in the order of the files, the rest is copied', async () => {
    await mkdir(join(local, 'many'));
    const names = Array.from({ length: 60 }, (_, at) => `f${String(at).padStart(2, '0')}`);
    for (const name of names) await writeFile(join(local, 'many', name), name);
    const given = client.put.bind(client);
    client.put = async (path, source, options) => {
      await given(path, source, options);
      await new Promise((resolve) => setTimeout(resolve, path.endsWith('1') ? 15 : 1));
      if (/[15]$/.test(path)) throw new OrchardError('UNAVAILABLE', 'away', { path });
    };
    const { status, err, out } = await here('put -R --json many /into');
    expect(status).toBe(1);
    const failed = err
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).error.path as string);
    expect(failed).toEqual(
      names.filter((name) => /[15]$/.test(name)).map((n) => `/into/many/${n}`),
    );
    expect(JSON.parse(out)).toMatchObject({ put: '/into/many', files: 48, failed: 12 });
  });
});

describe('get', () => {
  test('37: many go into a directory only, and never become one file', async () => {
    client.file('/w/z/a', 'other');
    const { status, err } = await here(['get', '-f', '/w/[az]', 'one']);
    expect({ status, isUsage: err.includes('no directory on this machine') }).toEqual({
      status: 2,
      isUsage: true,
    });
    const twice = await here(['get', '-f', '/w/a', '/w/z/a', '.']);
    expect(twice.status).toBe(1);
    expect(twice.err).toContain('would both become');
  });

  test('A20: directories that nobody asked for are not made', async () => {
    const { status, err } = await here('get /w/a no/such/place');
    expect(status).toBe(1);
    expect(err).toContain(`Try: mkdir -p ${local}/no/such`);
    expect((await here('ls -C /w')).status).toBe(0);
  });

  test('A20: what is missing here is told in words', async () => {
    const { err } = await here('put missing /into');
    expect(err).toBe(
      `orchard: put: NOT_FOUND: ${local}/missing: ` +
        'There is no such file or directory on this machine\n',
    );
  });
});
