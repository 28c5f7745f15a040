/** Spellings of HDFS and Alluxio: each does what it means, or says why it does not. */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { verbGroups, verbs } from '../../src/cli/commands/index.js';
import { refusedAdminVerbs, refusedVerbs } from '../../src/cli/commands/refused.js';
import { FakeClient } from './fake-client.js';
import { run } from './run.js';

let client: FakeClient;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'orchard-familiar-'));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

beforeEach(() => {
  client = new FakeClient()
    .directory('/d')
    .file('/d/a', 'alpha', { xattrs: { 'user.k': Buffer.from('hi') } })
    .file('/d/b', '')
    .file('/d/c', 'gamma')
    .directory('/d/sub')
    .file('/d/sub/deep', 'deep');
  client.mountPoints = ['/', '/d/sub'].map((path, mountId) => ({
    ...{ mountId, path, uri: `file://${path}`, type: 'file', options: {} },
    ...{ readOnly: false, shared: false },
  }));
});

const orchard = (line: string | readonly string[], input?: string) =>
  run(client, line, { workingDirectory: directory, ...(input !== undefined && { input }) });

const asked = (name: string) => client.asked.filter(([method]) => method === name);

describe('43, A11: what is there', () => {
  test.each([
    ['dfs -text /d/a', 'alpha'],
    ['dfs -cat -ignoreCrc /d/a', 'alpha'],
    ['dfs -checksum /d/a', `/d/a\tMD5\t${createHash('md5').update('alpha').digest('hex')}\n`],
    ['fs checksum /d/b', `/d/b\tMD5\t${createHash('md5').digest('hex')}\n`],
    ['dfs -getmerge -nl -skip-empty-file /d -', 'alpha\ngamma\n'],
    ['dfs -getmerge /d -', 'alphagamma'],
    ['dfs -count -q -h /d/sub', 'none  inf  none  inf  1  1  4  /d/sub\n'],
    ['dfs -count -u /d/sub', 'none  inf  none  inf  /d/sub\n'],
    ['dfs -du -s -h -x /d', '14  /d\n'],
    ['dfs -ls -C -d -h -q -R -t -S -r /d', '/d\n'],
    ['fs ls -C --timestamp creationTime --sort creationTime /d/sub', '/d/sub/deep\n'],
    ['dfs -find /d -name [ab] -a -iname B -print', '/d/b\n'],
    ['dfs -stat %b:%r:%u:%y:%Y:%x:%z:%N /d/a', '5:0:alice:2026-01-31 09:05:07:1769850307000:'],
    ['dfs -getfattr -n user.k -e hex /d/a', '# file: /d/a\nuser.k=0x6869\n'],
    ['dfs -getfattr -R -n user.k -e base64 /d', '# file: /d/a\nuser.k=0saGk=\n'],
    ['dfs -getfacl /d/a', '# file: /d/a\n# owner: alice\n# group: staff\nuser::rw-\ngroup::r--'],
    ['dfs -tail -f /d/a', 'alpha'],
    ['dfs -head /d/a', 'alpha'],
    ['fsadmin report capacity', 'STORE '],
    ['dfs -df /d/sub/deep', 'STORE          FILES  KNOWN  MOUNTED ON\nfile:///d/sub      1      4'],
    ['dfs -df /d', 'STORE     FILES  KNOWN  MOUNTED ON\nfile:///      3     10  /\n'],
    ['dfs -usage rmdir', 'Usage: orchard rmdir'],
    ['dfs -help getmerge', 'Usage: orchard getmerge'],
  ])('%s', async (line, out) => {
    const ran = await orchard(line);
    expect(ran.status, ran.err).toBe(0);
    expect(ran.out.startsWith(out) ? out : ran.out).toBe(out);
  });

  test.each([
    ['dfs -setrep -R -w 2 /d/a', { replicationMin: 2, replicationMax: 2 }],
    ['dfs -setrep 2 /d', { replicationMin: 2, replicationMax: 2, recursive: true }],
    ['fs setReplication --min 1 --max -1 /d/a', { replicationMin: 1, replicationMax: -1 }],
  ])('%s', async (line, change) => {
    expect((await orchard(line)).status).toBe(0);
    expect(asked('setAttribute').map(([, , options]) => options)).toEqual([change]);
    expect((await orchard('setrep many /d')).status).toBe(2);
  });

  test('-text unpacks what it knows by its first bytes, and names what it does not', async () => {
    client.file('/d/x', gzipSync('packed')).file('/d/y.deflate', deflateSync('flat'));
    expect((await orchard('dfs -text /d/x /d/y.deflate')).out).toBe('packedflat');
    client.file('/d/seq', 'SEQ\x06org').file('/d/cut', gzipSync('packed').subarray(0, 15));
    const { status, err } = await orchard('dfs -text /d/seq');
    expect(status).toBe(1);
    expect(err).toContain('UNIMPLEMENTED: /d/seq: It is a SequenceFile');
    expect((await orchard('text /d/cut')).err).toContain('DATA_LOSS: /d/cut: ');
  });

  test('-rmdir deletes what is an empty directory', async () => {
    client.delete = async (path) => void client.asked.push(['delete', path]);
    expect((await orchard('dfs -rmdir /d/sub')).out).toBe('Deleted /d/sub\n');
    expect((await orchard('dfs -rmdir /d/a')).err).toContain(
      'INVALID_ARGUMENT: /d/a: It is a file',
    );
    expect(asked('delete')).toEqual([['delete', '/d/sub']]);
  });

  test('-appendToFile makes what is missing, and says why it adds to nothing', async () => {
    await writeFile(join(directory, 'one'), 'first ');
    const { status, err } = await orchard('dfs -appendToFile one - /d/new', 'second');
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect((await orchard('cat /d/new')).out).toBe('first second');
    const again = await orchard('dfs -appendToFile one /d/new');
    expect(again.status).toBe(1);
    expect(again.err).toContain('UNIMPLEMENTED: /d/new: The file exists');
    expect((await orchard('cat /d/new')).out).toBe('first second');
  });

  test('-moveFromLocal deletes what has been copied, and only that', async () => {
    const tree = await mkdtemp(join(directory, 'tree-'));
    await writeFile(join(tree, 'x'), 'x');
    await writeFile(join(tree, 'y'), 'y');
    client.directory('/d/t').file('/d/t/y', 'theirs');
    const put = client.put.bind(client);
    client.put = (path, source, options) => put(path, source, options);
    const { status } = await orchard(['dfs', '-moveFromLocal', join(tree, 'x'), '/d/t']);
    expect(status).toBe(0);
    expect((await orchard('cat /d/t/x')).out).toBe('x');
    const refused = await orchard(['dfs', '-moveFromLocal', join(tree, 'y'), '/d/t']);
    expect(refused.status).toBe(1);
    expect(await readdir(tree)).toEqual(['y']);
    expect(await orchard(['dfs', '-moveFromLocal', tree, '/d/whole'])).toMatchObject({ status: 0 });
    await expect(readdir(tree)).rejects.toMatchObject({ code: 'ENOENT' });
    expect((await orchard('put --move - /d/stdin')).status).toBe(2);
  });

  test('-getmerge writes one local file', async () => {
    expect((await orchard('dfs -getmerge /d merged')).out).toContain('Merged 3 files');
    expect(await readFile(join(directory, 'merged'), 'utf8')).toBe('alphagamma');
  });
});

describe('43, A11: what is not there', () => {
  const refused = [
    ...refusedVerbs.map(({ name }) => name),
    ...refusedAdminVerbs.map(({ name }) => `admin ${name}`),
  ];

  test.each(refused)('%s says why, and what to do', async (name) => {
    for (const line of [`${name} -x 1 /d`, `--json ${name} --some=thing`]) {
      const { status, err } = await orchard(line);
      expect(status).toBe(1);
      expect(err).toContain('UNIMPLEMENTED');
      expect(err).toMatch(line.startsWith('--json') ? /"hint":"/ : /\. Try: /);
    }
    expect((await orchard('--help')).out).not.toContain(`\n  ${name} `);
  });

  test('-p of copies is refused, not left out without a word', async () => {
    for (const line of [
      'cp -ptopax /d/a /x',
      'put -p a /x',
      'get -p /d/a x',
      'cp --preserve /d/a /x',
    ]) {
      expect((await orchard(`dfs -${line}`)).err, line).toContain('UNIMPLEMENTED: Owner, mode');
    }
    expect(client.asked).toEqual([]);
  });

  test.each(['dfs -moveToLocal', 'dfs -truncate 1', 'dfs -setfacl -m u:a:r', 'fs free'])(
    '%s /d',
    async (line) => expect((await orchard(`${line} /d`)).err).toContain('UNIMPLEMENTED'),
  );
});

describe('A20', () => {
  const all = [
    ...verbs.map(({ name, args }) => ({ name, args })),
    ...verbGroups.flatMap((group) =>
      group.verbs.map(({ name, args }) => ({ name: `${group.name} ${name}`, args })),
    ),
  ];

  test('with --json every error of every verb is an object, with one stop', async () => {
    for (const { name, args } of all) {
      const lines = [`--json ${name} --no-such-option`, `${name} --json ${'x '.repeat(9).trim()}`];
      if (args.startsWith('<')) lines.push(`--json ${name}`);
      for (const line of lines) {
        const { status, err, out } = await orchard(line);
        expect(out, line).toBe('');
        expect(status, line).toBeGreaterThan(0);
        for (const one of err.trimEnd().split('\n')) {
          const { error } = JSON.parse(one);
          expect(error.code, line).toMatch(/^[A-Z_]+$/);
          if (error.code === 'USAGE') expect(error.reason, line).toMatch(/^\S.*[^.]\.$/);
        }
      }
    }
  });

  test('a usage error has one stop', async () => {
    const { err } = await orchard('admin report x');
    expect(err).toBe(
      "orchard: admin report: USAGE: Too many arguments for 'report'. " +
        'Expected 0 arguments but got 1. Try: orchard admin report --help\n',
    );
  });

  test('what changes something says so in one line: -q in none, --json as one', async () => {
    const lines = [
      'mkdir /n',
      'touch /n/f',
      'rm /d/a',
      'mv /d/c /d/e',
      'chmod 700 /d/b',
      'setfattr -n user.a -v b /d/b',
      'setTtl /d/b 1h',
      'pin /d/b',
      'load /d',
      'mount /m//x/ s3://b',
      'updateMount --read-only /m//x/',
      'unmount /m//x',
      'undelete /d/a',
    ];
    const quiet = client;
    for (const line of lines) {
      expect(await orchard(`-q ${line}`), line).toEqual(
        expect.objectContaining({ status: 0, out: '', err: '' }),
      );
    }
    expect(quiet.asked.length).toBeGreaterThanOrEqual(lines.length);
    client = new FakeClient().directory('/d').file('/d/a', '').file('/d/b', '').file('/d/c', '');
    for (const [at, line] of lines.entries()) {
      const { out } = await orchard(at % 2 === 0 ? line : `--json ${line}`);
      expect(out.trimEnd().split('\n'), line).toHaveLength(1);
      expect(out, line).toMatch(at % 2 === 0 ? /^[A-Z]\w+ / : /^\{.*\}\n$/);
      expect(out, line).not.toContain('//x');
    }
  });
});
