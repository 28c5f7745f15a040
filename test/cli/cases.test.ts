/** Faults that were found by typing what people type; each test is named after its case. */
import { describe, expect, test } from 'vitest';
import { OrchardError } from '../../src/client/index.js';
import { FakeClient } from './fake-client.js';
import { run } from './run.js';

const asked = (client: FakeClient, name: string) =>
  client.asked.filter(([method]) => method === name);

const tars = (): FakeClient =>
  new FakeClient()
    .directory('/w')
    .file('/w/a.tar', 'a')
    .file('/w/b.tar', 'b')
    .file('/w/c.tar', 'c')
    .file('/w/file', 'kept')
    .directory('/w/x')
    .file('/w/x/a.tar', 'other')
    .directory('/into');

describe('wildcards and targets', () => {
  test.each([
    ['mv -f', '/w/*.tar', '/w/dir'],
    ['mv -f', '/w/*.tar', '/w/file'],
    ['mv -f', '/w/[ab].tar', '/w/dir/'],
    ['cp -f', '/w/*.tar', '/w/dir'],
    ['cp -f', '/w/*.tar', '/w/file'],
  ])('37: %s %s %s is refused before anything moves', async (verb, pattern, target) => {
    const client = tars();
    const { status, err } = await run(client, [...verb.split(' '), pattern, target]);
    expect(status).toBe(1);
    expect(err).toContain('is not a directory');
    expect(client.asked).toEqual([]);
  });

  test.each(['mv', 'cp'])('37: %s: two sources never become one file', async (verb) => {
    const client = tars();
    const line = [verb, '-f', '/w/a.tar', '/w/x/a.tar', '/into'];
    const { status, err } = await run(client, line);
    expect(status).toBe(1);
    expect(err).toContain('would both become "/into/a.tar"');
    expect(client.asked).toEqual([]);
  });

  test.each([
    [['mv', '/w/a.tar', '/w/missing', '/into'], 'NOT_FOUND: /w/missing'],
    [['mv', '/w/a.tar', '/into', '/into'], 'cannot go into itself'],
    [['mv', '/w/x', '/w/b.tar', '/w'], 'cannot go into itself'],
    [['mv', '/w/x/a.tar', '/w/file', '/w'], 'ALREADY_EXISTS: /w/a.tar'],
  ])('37: of %j nothing moves', async (line, why) => {
    const client = tars();
    const { status, err } = await run(client, line);
    expect({ status, asked: client.asked }).toEqual({ status: 1, asked: [] });
    expect(err).toContain(why);
  });

  test('37: many go into a directory', async () => {
    const client = tars();
    expect((await run(client, ['mv', '/w/*.tar', '/into'])).status).toBe(0);
    expect(asked(client, 'rename').map(([, from, to]) => `${from} ${to}`)).toEqual([
      '/w/a.tar /into/a.tar',
      '/w/b.tar /into/b.tar',
      '/w/c.tar /into/c.tar',
    ]);
  });

  test('38: rm -f of a pattern that matches nothing is fine, without -f it is not', async () => {
    const quiet = await run(tars(), ['rm', '-f', '/w/nothing*', '/w/none/*', '/gone']);
    expect(quiet).toMatchObject({ status: 0, out: '', err: '' });
    expect((await run(tars(), ['rm', '/w/nothing*'])).status).toBe(1);
  });

  test.each(['/g/[z-b]*', '/g/[b-a]', '/[9-0]/x'])('45: %s is a usage error', async (pattern) => {
    const { status, err, connected } = await run(new FakeClient(), ['ls', pattern]);
    expect({ status, connected }).toEqual({ status: 2, connected: undefined });
    expect(err).toMatch(/USAGE: "\[.*" is not a pattern\. Try: /);
  });

  test('45: a class may hold any letter', async () => {
    const client = new FakeClient();
    for (const name of ['&', '~', '(', '|', '-', '^', '!', 'a']) client.file(`/${name}`, '');
    for (const name of ['&', '~', '(', '|', '-']) {
      expect((await run(client, ['ls', '-C', `/[${name}]`])).out).toBe(`/${name}\n`);
    }
    expect((await run(client, ['ls', '-C', '/[a^]'])).out).toBe('/^\n/a\n');
  });

  test('A9: a pattern over very many entries is followed as they come', async () => {
    const client = new FakeClient().directory('/big');
    const count = 300_000;
    client.list = async function* () {
      const { status } = client.items.get('/big')!;
      for (let i = 0; i < count; i++) yield { ...status, name: `${i}`, path: `/big/${i}` };
    };
    let deleted = 0;
    client.delete = async () => {
      deleted += 1;
    };
    expect((await run(client, ['--quiet', 'rm', '/big/*'])).status).toBe(0);
    expect(deleted).toBe(count);
  });
});

describe('what fingers know', () => {
  test.each([
    [['rm', '-rf', '/w/x'], 'delete'],
    [['rm', '-r', '/w/x'], 'delete'],
    [['dfs', '-rm', '-r', '-skipTrash', '/w/x'], 'delete'],
    [['cp', '-r', '/w/x', '/into'], 'put'],
  ])('A11, 43: %j works', async (line, method) => {
    const client = tars();
    expect(await run(client, line)).toMatchObject({ status: 0, err: '' });
    expect(asked(client, method)).toHaveLength(1);
  });

  test('A11: version, -h and help', async () => {
    expect((await run(new FakeClient(), 'version')).out).toBe('1.2.3\n');
    const overview = (await run(new FakeClient(), '--help')).out;
    for (const line of ['-h', 'help', 'dfs -help']) {
      expect(await run(new FakeClient(), line)).toMatchObject({ status: 0, out: overview });
    }
    const ls = (await run(new FakeClient(), 'ls --help')).out;
    for (const line of ['help ls', 'dfs -help ls', 'dfs -usage ls']) {
      expect(await run(new FakeClient(), line)).toMatchObject({ status: 0, out: ls });
    }
    expect((await run(new FakeClient(), 'mv -h')).out).toContain('rename or move');
  });

  test.each(['-w', 'g=u', '-R -x', '-rw'])('44, A11: chmod %s', async (mode) => {
    const client = tars();
    const { status, err } = await run(client, `chmod ${mode} /w/x`);
    expect({ status, err }).toEqual({ status: 0, err: '' });
    const change = { modeChange: mode.split(' ').at(-1) };
    const recursive = mode.startsWith('-R') && { recursive: true };
    expect(asked(client, 'setAttribute')).toEqual([
      ['setAttribute', '/w/x', { ...change, ...recursive }],
    ]);
  });

  test('A20: with --json a wrong command line is told in JSON too', async () => {
    for (const line of ['--json nonsense', 'ls --json --nonsense', 'mkdir --json', 'ls --json x']) {
      const { status, err } = await run(new FakeClient(), line);
      expect(status, line).toBe(2);
      expect(JSON.parse(err), line).toMatchObject({ error: { code: 'USAGE' } });
    }
  });
});

describe('the way to the master', () => {
  test.each([
    ['[::1]:21021', { host: '::1', port: 21021 }],
    ['[::1]', { host: '::1' }],
    ['::1', { host: '::1' }],
    ['fe80::1%eth0', { host: 'fe80::1%eth0' }],
    ['[::]:7', { host: '127.0.0.1', port: 7 }],
    ['master.example:5', { host: 'master.example', port: 5 }],
    ['orchard://master:5/', { host: 'master', port: 5 }],
  ])('47: --host %s works', async (host, wanted) => {
    const { connected } = await run(new FakeClient(), ['--host', host, 'ls']);
    expect(connected).toMatchObject(wanted);
  });

  test.each(['[::1', 'a b', 'x:y', '[nope]:1', 'a/b', '1:2:3'])(
    '47: --host %s is wrong',
    async (host) => {
      const { status, err, connected } = await run(new FakeClient(), ['--host', host, 'ls']);
      expect({ status, connected }).toEqual({ status: 2, connected: undefined });
      expect(err).toContain('USAGE: --host');
    },
  );

  test('A8: --timeout is for connecting too', async () => {
    const wait = async (line: string) => (await run(new FakeClient(), line)).connected;
    expect(await wait('ls --timeout 20s')).toMatchObject({ connectMs: 20_000 });
    expect(await wait('ls --timeout 200ms')).toMatchObject({ connectMs: 200 });
    expect(await wait('ls')).toMatchObject({ connectMs: 1_000, openMs: 5_000 });
  });

  test.each([
    ['No connection to ws://x:1/rpc: the host "x" is unknown', 'check the name'],
    ['No connection to ws://x:1/rpc: refused, nothing listens there', 'orchard master start'],
    ['No answer from ws://x:1/rpc in 5000 ms', 'firewall'],
    ['No connection to ws://x:1/rpc: no Orchard master is there', '--port'],
  ])('A8: %s has its own next step', async (reason, step) => {
    const connect = () => Promise.reject(new OrchardError('UNAVAILABLE', reason));
    const { status, err } = await run(new FakeClient(), 'ls', { connect });
    expect(status).toBe(1);
    expect(err).toContain(`Try: `);
    expect(err).toContain(step);
  });

  test('A18: an empty user is refused, and another one has no groups of this process', async () => {
    expect((await run(new FakeClient(), ['--user', '', 'ls'])).status).toBe(2);
    expect((await run(new FakeClient(), '--user bob ls')).connected?.groups).toEqual([]);
    expect((await run(new FakeClient(), '--user alice ls')).connected?.groups).toEqual(['staff']);
  });
});

describe('work that fails in part', () => {
  test('A4: the first paths and the counts are told, the status is 1', async () => {
    const client = tars();
    const failures = [
      { path: '/w/a.tar', code: 'PERMISSION_DENIED' as const, reason: 'Not yours.' },
      { path: '/w/b.tar', code: 'PERMISSION_DENIED' as const, reason: 'Not yours.' },
    ];
    client.setAttribute = async () => {
      const outcome = { done: 5, failed: 3, failures };
      throw new OrchardError('PERMISSION_DENIED', 'some failed', { outcome });
    };
    for (const line of ['chmod -R 700 /w', 'chgrp -R a /w', 'setTtl -R /w 2h', 'pin /w']) {
      const { status, out, err } = await run(client, line);
      expect({ status, out }, line).toEqual({ status: 1, out: '' });
      expect(err).toContain('PERMISSION_DENIED: /w/a.tar: Not yours.');
      expect(err).toContain('3 of 8 entries could not be changed');
    }
    const { err } = await run(client, '--json chmod -R 700 /w');
    const told = err
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(told.at(-1)).toMatchObject({ error: { outcome: { done: 5, failed: 3, failures } } });
  });

  test('A5: what count and du leave out is told, the status is 1', async () => {
    const client = tars();
    client.contentSummary = async () => ({
      files: 1,
      directories: 1,
      bytes: 5,
      leftOut: 2,
      failures: [{ path: '/w/x', code: 'PERMISSION_DENIED', reason: 'May not list it.' }],
    });
    for (const line of ['count /w', 'du -s /w', 'du /w']) {
      const { status, out, err } = await run(client, line);
      expect(status, line).toBe(1);
      expect(out, line).not.toBe('');
      expect(err, line).toContain('PERMISSION_DENIED: /w/x: May not list it');
      expect(err, line).toContain('In all, 2 directories are left out');
    }
  });
});
