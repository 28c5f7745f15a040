/** The verbs that change something: what they ask of the client, for one path and for many. */
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClient } from './fake-client.js';
import { run } from './run.js';

let client: FakeClient;

beforeEach(() => {
  client = new FakeClient()
    .directory('/data')
    .file('/data/a', 'alpha', { mode: 0o644 })
    .file('/data/b', 'beta', { mode: 0o755 })
    .directory('/data/sub')
    .file('/data/sub/c', 'gamma')
    .directory('/other');
});

const asked = (name: string) => client.asked.filter(([method]) => method === name);

describe('mkdir and touch', () => {
  it('make what they are told, parents only with -p', async () => {
    expect(await run(client, 'mkdir -m 700 /x/')).toMatchObject({
      ...{ status: 0, out: 'Made /x\n', err: '' },
    });
    expect(await run(client, 'mkdir -p /y/z')).toMatchObject({ status: 0 });
    expect(asked('createDirectory')).toEqual([
      ['createDirectory', '/x', { recursive: false, allowExists: false, mode: 0o700 }],
      ['createDirectory', '/y/z', { recursive: true, allowExists: true }],
    ]);
    const again = await run(client, 'mkdir /x');
    expect(again.err).toBe('orchard: mkdir: ALREADY_EXISTS: /x: Path "/x" already exists\n');
    expect(again.status).toBe(1);
  });

  it('leave what exists alone', async () => {
    expect((await run(client, 'touch /new /data/a')).status).toBe(0);
    expect(asked('completeFile')).toEqual([['completeFile', '/new', { length: 0 }]]);
    expect((await run(client, 'touch /data')).status).toBe(1);
  });
});

describe('mv', () => {
  it('renames, or moves into a directory that exists', async () => {
    const { out } = await run(client, 'mv /data/a /data/z');
    expect(out).toBe('Renamed /data/a to /data/z\n');
    await run(client, 'mv -f /data/a /data/b /other/');
    expect(asked('rename')).toEqual([
      ['rename', '/data/a', '/data/z', { overwrite: false }],
      ['rename', '/data/a', '/other/a', { overwrite: true }],
      ['rename', '/data/b', '/other/b', { overwrite: true }],
    ]);
  });

  it('refuses a target that is no directory where one is needed', async () => {
    for (const line of [
      'mv /data/a /data/b /new',
      'mv /data/a /new/',
      'mv /data/a /data/b /data/b',
    ]) {
      expect((await run(client, line)).status, line).toBe(1);
    }
    expect((await run(client, 'mv /data/a')).status).toBe(2);
    expect(asked('rename')).toEqual([]);
  });
});

describe('trash and expunge', () => {
  it('A14: show what was deleted and how much it is, and empty it', async () => {
    const { out } = await run(client, 'trash -h /data');
    const [head, entry, more, sums] = out.split('\n');
    expect(head).toMatch(/^KEPT UNTIL +INODES +BYTES +PATH$/);
    expect(entry).toMatch(/^2023-11-1\d \d\d:\d\d:\d\d +3 +4.0K +\/data\/old$/);
    expect(more).toBe('… and 2 more');
    expect(sums).toBe('3 entries: 4 files, 1 directories, 4.9K bytes');
    expect((await run(client, 'trash -s')).out).toBe(
      '3 entries: 4 files, 1 directories, 5000 bytes\n',
    );
    expect(asked('listTrash')).toEqual([
      ['listTrash', '/data', { limit: 1000 }],
      ['listTrash', '/', { limit: 0 }],
    ]);
    expect((await run(client, 'expunge /data')).out).toBe(
      'Expunged 3 entries of the trash at or below /data\n',
    );
  });
});

describe('rm and undelete', () => {
  it('tell what they did and pass the options on', async () => {
    expect((await run(client, 'rm -R --skip-trash /data/sub')).out).toBe('Deleted /data/sub\n');
    expect((await run(client, 'undelete /data/sub')).out).toBe('Brought back /data/sub\n');
    expect(asked('delete')[0]).toEqual([
      'delete',
      '/data/sub',
      { recursive: true, skipTrash: true, deleteMountPoints: false, alluxioOnly: false },
    ]);
  });

  it('fail on what is not there, but for -f', async () => {
    expect((await run(client, 'rm /nothing')).status).toBe(1);
    expect(await run(client, 'rm -f /nothing')).toMatchObject({ status: 0, err: '' });
  });

  it('tell failures as JSON with --json', async () => {
    const { err } = await run(client, 'rm --json /nothing');
    expect(JSON.parse(err)).toMatchObject({
      verb: 'rm',
      error: { code: 'NOT_FOUND', path: '/nothing', hint: 'orchard ls /' },
    });
  });
});

describe('chmod, chown, setTtl, pin, setfattr', () => {
  it('set octal and symbolic modes in one call at any depth', async () => {
    await run(client, 'chmod -R 750 /data');
    await run(client, 'chmod -R go=,u+X /data');
    expect(asked('setAttribute')).toEqual([
      ['setAttribute', '/data', { mode: 0o750, recursive: true }],
      ['setAttribute', '/data', { modeChange: 'go=,u+X', recursive: true }],
    ]);
  });

  it('take owner, group or both', async () => {
    await run(client, 'chown bob /data/a');
    await run(client, 'chown bob:ops /data/a');
    await run(client, 'chown :ops /data/a');
    await run(client, 'chgrp ops /data/a');
    expect(asked('setAttribute').map(([, , options]) => options)).toEqual([
      { owner: 'bob' },
      { owner: 'bob', group: 'ops' },
      { group: 'ops' },
      { group: 'ops' },
    ]);
    expect((await run(client, 'chown : /data/a')).status).toBe(2);
  });

  it('take durations with units, bare milliseconds, and none', async () => {
    await run(client, 'setTtl /data/a 2h');
    await run(client, 'setTtl --action free /data/a 5000');
    await run(client, 'unsetTtl /data/a');
    expect(asked('setAttribute').map(([, , options]) => options)).toEqual([
      { ttlMs: 7_200_000, ttlAction: 'delete' },
      { ttlMs: 5000, ttlAction: 'free' },
      { ttlMs: -1, ttlAction: 'delete' },
    ]);
    expect((await run(client, 'setTtl /data/a soon')).status).toBe(2);
    expect((await run(client, 'setTtl --action burn /data/a 1h')).status).toBe(2);
  });

  it('pin a directory with what is below', async () => {
    await run(client, 'pin /data /data/a');
    await run(client, 'unpin /data/a');
    expect(asked('setAttribute').map(([, ...rest]) => rest)).toEqual([
      ['/data', { pinned: true, recursive: true }],
      ['/data/a', { pinned: true }],
      ['/data/a', { pinned: false }],
    ]);
  });

  it('set, show and remove extended attributes', async () => {
    await run(client, 'setfattr -n user.k -v 0x6869 /data/a');
    await run(client, 'setfattr -x user.k /data/a');
    const [set, removed] = asked('setAttribute').map(([, , options]) => options);
    expect(set).toMatchObject({
      xattrs: { 'user.k': Buffer.from('hi') },
      xattrUpdate: 'unionReplace',
    });
    expect(removed).toMatchObject({ xattrs: { 'user.k': '' }, xattrUpdate: 'deleteKeys' });
    client.file('/x', '', { xattrs: { 'user.k': Buffer.from('hi') } });
    expect((await run(client, 'getfattr -d /x')).out).toBe('# file: /x\nuser.k="hi"\n');
    expect((await run(client, 'getfattr -n user.z /x')).status).toBe(1);
    expect((await run(client, 'setfattr /x')).status).toBe(2);
  });
});

describe('load and mounts', () => {
  it('load one level, or all with -R', async () => {
    const { out } = await run(client, 'load /data');
    expect(out).toBe('Loaded 12 entries below /data in 2s\n');
    await run(client, 'loadMetadata -R --detach /data');
    expect(asked('load').map(([, , options]) => options)).toEqual([
      { descendants: 'one', detach: false },
      { descendants: 'all', detach: true },
    ]);
  });

  const skipped = {
    count: 3,
    reasons: { name: 2, encoding: 1 },
    samples: [
      { name: '/data/a//b', reason: 'name' },
      { name: '/data/\xff', reason: 'encoding' },
    ],
  };

  it('25, 13: load tells what followed the store, and what was left out', async () => {
    client.loaded = { report: { changed: 2, removed: 1, failedByCode: {}, skipped } };
    const { out, status } = await run(client, 'load -R /data');
    expect(status).toBe(0);
    expect(out).toBe(
      'Loaded 12 entries below /data in 2s, 2 changed, 1 gone from the store, ' +
        '3 left out (2 by name, 1 by encoding)\n',
    );
  });

  it('load -R tells the paths that failed, and how many by reason', async () => {
    client.loaded = {
      failed: 3,
      failures: [
        { path: '/data/a', code: 'PERMISSION_DENIED', reason: 'The store refuses access.' },
        { path: '/data/b', code: 'DATA_LOSS', reason: 'The store is damaged.' },
      ],
      report: {
        changed: 0,
        removed: 0,
        failedByCode: { PERMISSION_DENIED: 1, DATA_LOSS: 2 },
        skipped: { count: 0, reasons: {}, samples: [] },
      },
    };
    const { err, status } = await run(client, 'load -R /data');
    expect(status).toBe(1);
    expect(err).toContain('PERMISSION_DENIED: /data/a: The store refuses access.');
    expect(err).toContain('DATA_LOSS: /data/b: The store is damaged');
    expect(err).toContain('3 of 15 entries could not be loaded (1 PERMISSION_DENIED, 2 DATA_LOSS)');
    const json = await run(client, 'load -R --json /data');
    expect(json.status).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({
      failed: 3,
      failedByCode: { PERMISSION_DENIED: 1, DATA_LOSS: 2 },
      failures: [{ path: '/data/a' }, { path: '/data/b' }],
    });
  });

  it('13: ls --skipped lists what no namespace can hold, with its reason', async () => {
    client.loaded = { report: { changed: 0, removed: 0, failedByCode: {}, skipped } };
    const { out, err } = await run(client, 'ls --skipped /data');
    expect(out.split('\n')).toEqual([
      '/data/a//b: the namespace cannot hold the name',
      '/data/ÿ: the name is not UTF-8',
      '',
    ]);
    expect(err).toContain('1 more');
    expect(asked('load').at(-1)?.[2]).toMatchObject({ descendants: 'one' });
  });

  it('mount with options, show the table, unmount', async () => {
    const line = 'mount --read-only --option region=eu --option k=a=b /m s3://bucket/x';
    expect((await run(client, line)).out).toBe('Mounted s3://bucket/x at /m\n');
    expect(asked('mount')).toEqual([
      [
        'mount',
        '/m',
        's3://bucket/x',
        { options: { region: 'eu', k: 'a=b' }, readOnly: true, shared: false },
      ],
    ]);
    client.mountPoints = [
      {
        mountId: 1,
        path: '/',
        uri: 'file:///ufs',
        type: 'local',
        options: {},
        readOnly: false,
        shared: false,
      },
      {
        mountId: 2,
        path: '/m',
        uri: 's3://bucket/x',
        type: 's3',
        options: { k: 'v' },
        readOnly: true,
        shared: true,
      },
    ];
    const { out } = await run(client, 'mounts');
    expect(out).toMatchInlineSnapshot(`
      "PATH  STORE          KIND   ACCESS            OPTIONS
      /     file:///ufs    local  read-write
      /m    s3://bucket/x  s3     read-only,shared  k=v
      "
    `);
    expect((await run(client, 'mount')).out).toBe(out);
    expect((await run(client, 'mount --option nonsense /m s3://b')).status).toBe(2);
    await run(client, 'updateMount --read-write --option k=w /m');
    expect(asked('updateMount')).toEqual([
      ['updateMount', '/m', { options: { k: 'w' }, readOnly: false }],
    ]);
    expect((await run(client, 'unmount /m')).out).toBe('Unmounted /m\n');
  });
});
