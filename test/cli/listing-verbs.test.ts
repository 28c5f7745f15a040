/** ls, stat, find, count, du, test: what they print and how they end. Times are UTC here. */
process.env['TZ'] = 'UTC';

import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClient } from './fake-client.js';
import { run } from './run.js';

let client: FakeClient;

beforeEach(() => {
  client = new FakeClient()
    .directory('/data', { length: 3, mode: 0o1777 })
    .file('/data/a.csv', 'x'.repeat(1536))
    .file('/data/b.bin', '', { completed: false, persisted: false, owner: 'a-long-name' })
    .directory('/data/sub')
    .file('/data/sub/c.csv', 'abc', { persisted: false, mode: 0o4750 })
    .directory('/s3', { mountPoint: true });
});

describe('ls', () => {
  it('prints aligned rows; a column that was wide stays wide', async () => {
    const { out, status } = await run(client, 'ls /data');
    expect(out).toMatchInlineSnapshot(`
      "-rw-r--r--  alice        staff  1536  PERSISTED   2026-01-31 09:05  /data/a.csv
      -rw-r--r--  a-long-name  staff     0  INCOMPLETE  2026-01-31 09:05  /data/b.bin
      drwxr-xr-x  alice        staff     0  DIR         2026-01-31 09:05  /data/sub
      "
    `);
    expect(status).toBe(0);
  });

  it('lists the root without an argument, with mounts among the entries', async () => {
    expect((await run(client, 'ls')).out).toMatchInlineSnapshot(`
      "drwxrwxrwt  alice  staff  3  DIR    2026-01-31 09:05  /data
      drwxr-xr-x  alice  staff  0  MOUNT  2026-01-31 09:05  /s3
      "
    `);
  });

  it('goes down with -R and shortens sizes with -h', async () => {
    expect((await run(client, 'ls -R -h /data/')).out).toMatchInlineSnapshot(`
      "-rw-r--r--  alice        staff  1.5K  PERSISTED      2026-01-31 09:05  /data/a.csv
      -rw-r--r--  a-long-name  staff     0  INCOMPLETE     2026-01-31 09:05  /data/b.bin
      drwxr-xr-x  alice        staff     0  DIR            2026-01-31 09:05  /data/sub
      -rwsr-x---  alice        staff     3  NOT_PERSISTED  2026-01-31 09:05  /data/sub/c.csv
      "
    `);
  });

  it('gives one object a line with --json', async () => {
    const { out } = await run(client, 'ls --json /data');
    const rows = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows).toHaveLength(3);
    expect(rows[0]).toMatchObject({ path: '/data/a.csv', length: 1536, permissions: 'rw-r--r--' });
  });

  it('expands wildcards, and says when nothing matches', async () => {
    expect((await run(client, ['ls', '-C', '/data/{a,b}.*'])).out).toBe(
      '/data/a.csv\n/data/b.bin\n',
    );
    const { status, err } = await run(client, ['ls', '/data/z*']);
    expect(status).toBe(1);
    expect(err).toMatchInlineSnapshot(`
      "orchard: ls: NOT_FOUND: /data/z*: No path matches. Try: orchard ls /data
      "
    `);
  });

  it('goes on after a path that does not exist, and fails in the end', async () => {
    const { out, err, status } = await run(client, 'ls -C /nothing /data/sub');
    expect(out).toBe('/data/sub/c.csv\n');
    expect(err).toMatchInlineSnapshot(`
      "orchard: ls: NOT_FOUND: /nothing: Path "/nothing" does not exist. Try: orchard ls /
      "
    `);
    expect(status).toBe(1);
  });

  it('never sends what a name contains to the terminal', async () => {
    client.file('/data/\u001b[31mred\n', '');
    expect((await run(client, 'ls -C /data')).out.split('\n')[0]).toBe('/data/\\x1b[31mred\\x0a');
  });

  it('works as HDFS and Alluxio hands type it', async () => {
    const plain = (await run(client, 'ls -R /data')).out;
    expect((await run(client, 'dfs -ls -R /data')).out).toBe(plain);
    expect((await run(client, 'fs ls -R alluxio://master:19998/data')).out).toBe(plain);
    expect((await run(client, '--user bob fs lsr /data')).out).toBe(plain);
  });
});

describe('stat', () => {
  it('shows all fields of a file', async () => {
    client.file('/f', 'hello', {
      ttlMs: 90_000_000,
      ttlAction: 'free',
      ufsPath: 's3://b/f',
      xattrs: { 'user.k': Buffer.from('v'), 'user.raw': Uint8Array.of(255, 0) },
    });
    expect((await run(client, 'stat /f')).out).toMatchInlineSnapshot(`
      "      Path:  /f
            Type:  file
            Size:  5
           State:  PERSISTED
            Mode:  0644 (-rw-r--r--)
           Owner:  alice:staff
        Modified:  2026-01-31 09:05:07
         Created:  2026-01-30 09:05:07
             TTL:  1d1h, then free
          Pinned:  no
      Block size:  67108864 (64M)
        Replicas:  0 to any
              Id:  1031 in 1
      Store path:  s3://b/f
           Xattr:  user.k = v
           Xattr:  user.raw = 0xff00
      "
    `);
  });

  it('shows a directory', async () => {
    expect((await run(client, 'stat /data')).out).toMatchInlineSnapshot(`
      "    Path:  /data
          Type:  directory, 3 entries
         State:  DIR
          Mode:  1777 (drwxrwxrwt)
         Owner:  alice:staff
      Modified:  2026-01-31 09:05:07
       Created:  2026-01-30 09:05:07
        Pinned:  no
        Loaded:  yes
            Id:  1025 in 1
      "
    `);
  });

  it('prints what --format says', async () => {
    const { out } = await run(client, ['stat', '-f', '%n %a %A %b %F %u:%g %%', '/data/sub/c.csv']);
    expect(out).toBe('c.csv 4750 rwsr-x--- 3 file alice:staff %\n');
  });
});

describe('find', () => {
  it.each([
    [['-name', '*.csv'], '/data/a.csv /data/sub/c.csv'],
    [['-type', 'd'], '/data /data/sub'],
    [['-size', '+1K'], '/data/a.csv'],
    [['-size', '0'], '/data/b.bin'],
    [['-iname', 'A.CSV', '-print'], '/data/a.csv'],
    [['-mtime', '-1'], ''],
  ])('%j finds %s', async (tests, expected) => {
    const { out } = await run(client, ['find', '/data', ...tests]);
    expect(out.trim().split('\n').join(' ')).toBe(expected);
  });

  it('refuses what it does not understand', async () => {
    expect(await run(client, ['find', '/', '-type', 'x'])).toMatchObject({ status: 2, out: '' });
    expect(await run(client, ['find', '/', '-size', 'big'])).toMatchObject({ status: 2, out: '' });
  });
});

describe('count and du', () => {
  it('sum trees', async () => {
    expect((await run(client, 'count -h /data')).out).toBe('2  3  1.5K  /data\n');
    expect((await run(client, 'du /data')).out).toMatchInlineSnapshot(`
      "1536  /data/a.csv
         0  /data/b.bin
         3  /data/sub
      "
    `);
    expect((await run(client, 'du -s -h /data /data/a.csv')).out).toBe(
      '1.5K  /data\n1.5K  /data/a.csv\n',
    );
    expect(JSON.parse((await run(client, 'count --json /data')).out)).toEqual({
      path: '/data',
      directories: 2,
      files: 3,
      bytes: 1539,
    });
  });
});

describe('test', () => {
  it.each([
    ['-e /data', 0],
    ['-e /nothing', 1],
    ['-d /data', 0],
    ['-d /data/a.csv', 1],
    ['-f /data/a.csv', 0],
    ['-f /data', 1],
    ['-z /data/b.bin', 0],
    ['-z /data/a.csv', 1],
    ['-s /data/a.csv', 0],
    ['-w /data/sub', 1],
    ['/data', 2],
    ['-e data', 2],
  ])('%s ends with %i', async (line, status) => {
    expect((await run(client, `test ${line}`)).status).toBe(status);
  });
});
