/**
 * The verbs and the client over a real master: what a stranger types in the first five minutes,
 * what a program does, and what both see of a master that is killed and comes back.
 */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OrchardClient } from '../../src/client/index.js';
import type { FakeClient } from './fake-client.js';
import { MasterProcess } from './master-process.js';
import { type Ran, run } from './run.js';

let master: MasterProcess;
let client: OrchardClient;

beforeAll(async () => {
  master = await MasterProcess.create();
  await master.start();
  client = await master.connect();
});

afterAll(async () => {
  await client?.close({ withinMs: 0 });
  await master?.remove();
});

/** A command line in this process, over the network to the master. */
async function orchard(line: string | readonly string[], input?: string): Promise<Ran> {
  return run(undefined as unknown as FakeClient, line, {
    env: master.environment,
    workingDirectory: master.directory,
    connect: (options) => OrchardClient.connect(options),
    ...(input !== undefined && { input }),
  });
}

/** One that must succeed; gives what it printed. */
async function ok(line: string | readonly string[], input?: string): Promise<string> {
  const { status, out, err } = await orchard(line, input);
  expect(err, `${line}: ${err}`).toBe('');
  expect(status, `${line}`).toBe(0);
  return out;
}

describe('the command line', () => {
  it('makes, lists and describes', async () => {
    await ok('mkdir -p /a/b/c');
    await ok('touch /a/empty');
    expect((await ok('ls -C /a')).split('\n')).toEqual(['/a/b', '/a/empty', '']);
    expect(await ok('ls -R /a')).toMatch(/^drwxr-xr-x {2}root {2}\S+ +1 {2}DIR .* \/a\/b$/m);
    expect(await ok('ls /a/empty')).toMatch(/ \/a\/empty$/m);
    expect(await ok('stat -f %F:%u:%a:%b /a/empty')).toBe('file:root:0644:0\n');
    expect(await ok('stat /a')).toContain('directory, 2 entries');
    expect(JSON.parse(await ok('stat --json /a/b'))).toMatchObject({ path: '/a/b', mode: 0o755 });
    expect((await orchard('mkdir /a')).err).toContain('ALREADY_EXISTS: /a: ');
    expect(await ok('cat /a/empty')).toBe('');
  });

  it('moves bytes', async () => {
    const text = Array.from({ length: 20_000 }, (_, index) => `line ${index}\n`).join('');
    await writeFile(join(master.directory, 'text'), text);
    await ok('mkdir /bytes');
    await ok('put text /bytes');
    expect(await ok('cat /bytes/text')).toBe(text);
    expect(await ok('head -n 1 /bytes/text')).toBe('line 0\n');
    expect(await ok('tail -n 2 /bytes/text')).toBe('line 19998\nline 19999\n');
    expect(await ok('head -c 6 /bytes/text')).toBe('line 0');
    await ok('put - /bytes/stdin', 'typed');
    expect((await orchard('put text /bytes')).err).toContain('ALREADY_EXISTS');
    await ok('put -f text /bytes');
    await ok('cp /bytes/text /bytes/copy');
    await ok('get /bytes/copy back');
    expect(await readFile(join(master.directory, 'back'), 'utf8')).toBe(text);
    await mkdir(join(master.directory, 'tree', 'inner'), { recursive: true });
    await writeFile(join(master.directory, 'tree', 'inner', 'ü ?#%'), 'odd');
    await ok('put -R tree /bytes');
    expect(await ok(['cat', '/bytes/tree/inner/ü ?#%'])).toBe('odd');
    await ok('cp -R /bytes/tree /bytes/tree2');
    await ok('get -R /bytes/tree2 tree2');
    expect(await readFile(join(master.directory, 'tree2', 'inner', 'ü ?#%'), 'utf8')).toBe('odd');
    expect(await ok('count /bytes/tree')).toBe('2  1  3  /bytes/tree\n');
    expect(await ok('du -s /bytes/stdin')).toBe('5  /bytes/stdin\n');
    expect((await ok('find /bytes -type f -size +1K')).split('\n').sort()).toEqual([
      '',
      '/bytes/copy',
      '/bytes/text',
    ]);
  });

  it('renames, deletes and brings back', async () => {
    await ok('mkdir -p /r/x/y');
    await ok('mv /r/x /r/z');
    expect((await orchard('test -e /r/x')).status).toBe(1);
    expect(await ok('ls -C /r/z')).toBe('/r/z/y\n');
    expect((await orchard('rm /r/z')).status).toBe(1);
    await ok('rm -R /r/z');
    expect((await orchard('ls /r/z')).err).toContain('NOT_FOUND: /r/z: ');
    await ok('undelete /r/z');
    expect(await ok('ls -C -R /r')).toBe('/r/z\n/r/z/y\n');
  });

  it('A4: recursive changes that fail in part say so, with status 1', async () => {
    await ok('mkdir -p /home/al/d');
    await ok('touch /home/al/mine /home/al/d/rootsown');
    await ok('chown al:al /home/al /home/al/mine /home/al/d');
    for (const line of ['chmod -R 700 /home/al', 'chmod -R u+x /home/al', 'chgrp -R al /home/al']) {
      const { status, err } = await orchard(`--user al --groups al ${line}`);
      expect(status, line).toBe(1);
      expect(err, line).toContain('PERMISSION_DENIED: /home/al/d/rootsown: ');
      expect(err, line).toContain('1 of 4 entries could not be changed');
    }
    expect(await ok('stat -f %a /home/al/mine /home/al/d')).toBe('0700\n0700\n');
    const al = await master.connect('al');
    const change = al.setAttribute('/home/al', { mode: 0o711, recursive: true });
    await expect(change).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      outcome: {
        done: 3,
        failed: 1,
        failures: [{ path: '/home/al/d/rootsown', code: 'PERMISSION_DENIED' }],
      },
    });
    await al.close();
  });

  it('39: a pipe of a process is put as it comes', async () => {
    const entry = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
    const command = `(printf first; sleep 0.2; printf ' second') | "$NODE" "$ENTRY" put - /piped
      printf '%s' whole > "$DIR/whole"; "$NODE" "$ENTRY" put - /redirected < "$DIR/whole"
      "$NODE" "$ENTRY" put - /none < /dev/null`;
    const env = { ...master.environment, PATH: process.env['PATH'], NODE: process.execPath };
    await promisify(execFile)('sh', ['-ec', command], {
      env: { ...env, ENTRY: entry, DIR: master.directory },
    });
    expect(await ok('cat /piped /redirected /none')).toBe('first secondwhole');
  });

  it('A18: the owner of a file that nobody may read can change that', async () => {
    await ok('touch /shut');
    await ok('chown bob /shut');
    await ok('chmod 0 /shut');
    await ok('--user bob --groups users chmod u+r /shut');
    expect(await ok('stat -f %a /shut')).toBe('0400\n');
    await ok('chmod g=u /shut');
    expect(await ok('stat -f %a /shut')).toBe('0440\n');
  });

  it('A5: count and du tell what they may not count', async () => {
    await ok('mkdir -p /partly/shut/in');
    await ok('touch /partly/open /partly/shut/hidden');
    await ok('chmod 700 /partly/shut');
    for (const line of ['count /partly', 'du -s /partly']) {
      const { status, out, err } = await orchard(`--user bob --groups users ${line}`);
      expect(status, line).toBe(1);
      expect(out, line).toContain('/partly');
      expect(err, line).toContain('PERMISSION_DENIED: /partly/shut: ');
    }
  });

  it('changes attributes', async () => {
    await ok('mkdir -p /at/d');
    await ok('touch /at/d/f');
    await ok('chmod 600 /at/d/f');
    await ok('chmod g+r /at/d/f');
    expect(await ok('stat -f %a /at/d/f')).toBe('0640\n');
    await ok('chown -R bob:ops /at/d');
    expect(await ok('stat -f %u:%g /at/d /at/d/f')).toBe('bob:ops\nbob:ops\n');
    await ok('pin /at');
    expect(await ok('stat /at/d/f')).toMatch(/Pinned: +yes/);
    await ok('setTtl /at/d/f 2h');
    expect(await ok('stat /at/d/f')).toMatch(/TTL: +2h, then delete/);
    await ok('setfattr -n user.k -v hello /at/d/f');
    expect(await ok('getfattr /at/d/f')).toBe('# file: /at/d/f\nuser.k="hello"\n');
    await ok('setfattr -x user.k /at/d/f');
    expect(await ok('getfattr /at/d/f')).toBe('# file: /at/d/f\n');
    const denied = await orchard('--user bob --groups users chown bob /at');
    expect(denied.err).toContain('PERMISSION_DENIED');
  });

  it('mounts a directory, loads it, takes it out again', async () => {
    const store = join(master.directory, 'store');
    await mkdir(join(store, 'deep', 'er'), { recursive: true });
    await writeFile(join(store, 'deep', 'er', 'file'), 'stored');
    await ok(`mount /nas file://${store}`);
    expect(await ok('mounts')).toContain('/nas');
    expect(await ok('load -R /nas')).toMatch(/^Loaded \d+ entries below \/nas/);
    expect(await ok('find /nas -type f')).toBe('/nas/deep/er/file\n');
    expect(await ok('cat /nas/deep/er/file')).toBe('stored');
    expect(await ok('ls /')).toMatch(/ MOUNT .* \/nas$/m);
    await ok('unmount /nas');
    expect(await readFile(join(store, 'deep', 'er', 'file'), 'utf8')).toBe('stored');
    expect((await orchard('test -e /nas')).status).toBe(1);
  });

  it('39: what is forgotten with --alluxio-only comes back with the next load', async () => {
    const store = join(master.directory, 'kept');
    await mkdir(join(store, 'dir'), { recursive: true });
    await writeFile(join(store, 'dir', 'a'), 'a');
    await writeFile(join(store, 'b'), 'b');
    await ok(`mount /kept file://${store}`);
    await ok('load -R /kept');
    await ok('rm -R --alluxio-only /kept/dir');
    await ok('rm --alluxio-only /kept/b');
    expect((await orchard('undelete /kept/b')).status).toBe(1);
    await ok('load -R /kept');
    expect(await ok('ls -R -C /kept')).toBe('/kept/b\n/kept/dir\n/kept/dir/a\n');
    expect(await ok('cat /kept/dir/a /kept/b')).toBe('ab');
    // What is in the trash does not come back by a load.
    await ok('rm /kept/b');
    await ok('load -R /kept');
    expect((await orchard('test -e /kept/b')).status).toBe(1);
    expect((await orchard('unmount --yes /kept')).status).toBe(0);
  });

  it('A2: what the store keeps of deleted and replaced files is listed, with pages', async () => {
    const store = join(master.directory, 'keeps');
    await mkdir(join(store, 'dir', 'sub'), { recursive: true });
    for (const name of ['dir/a', 'dir/b', 'dir/sub/c', 'gone', 'kept']) {
      await writeFile(join(store, name), name);
    }
    await ok(`mount /keeps file://${store}`);
    await ok('load -R /keeps');
    expect(await ok('admin orphans /keeps')).toBe('0 orphans of /keeps, 0\n');
    await writeFile(join(master.directory, 'new'), 'new');
    // In the trash, or moved: somebody's still.
    await ok('mv /keeps/dir/a /keeps/moved');
    await ok('rm /keeps/kept');
    await ok('put new /keeps/dir/a');
    expect(await ok('admin orphans /keeps')).toBe('0 orphans of /keeps, 0\n');
    await ok('rm --skip-trash /keeps/gone /keeps/moved');
    await ok('mv /keeps/dir/b /keeps/b2');
    await ok('put new /keeps/dir/b');
    await ok('rm --skip-trash /keeps/dir/b');
    await ok('rm -R --skip-trash /keeps/dir/sub');
    const rows = async () =>
      (await ok('--json admin orphans /keeps'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
        .map(({ kind, path, bytes }) => `${kind} ${path.replace(/\d+$/, 'ID')} ${bytes}`);
    const wanted = [
      'hidden .orchard/ID 3',
      'replaced dir/a 5',
      'unlisted dir/sub/c 9',
      'unlisted gone 4',
    ];
    // When the reclaimer has been there.
    await expect.poll(rows, { timeout: 60_000, interval: 500 }).toEqual(wanted);
    const first = await ok('admin orphans --limit 2 /keeps');
    expect(first).toContain("2 orphans of /keeps, 8; there may be more: --after 'dir/a'");
    const rest = await ok('admin orphans --after dir/a /keeps');
    expect(rest).toMatch(/^unlisted +9 .* dir\/sub\/c\nunlisted +4 .* gone\n2 orphans/);
    expect((await orchard('admin orphans /keeps/dir')).err).toContain('INVALID_ARGUMENT');
    expect((await orchard('--user bob admin orphans')).err).toContain('PERMISSION_DENIED');
  });

  it('A13: an unmount that undoes renames asks, and a mount over hidden data tells', async () => {
    const { status, err } = await orchard('unmount /keeps');
    expect(status).toBe(1);
    expect(err).toContain('dir/b of the store is /keeps/b2');
    expect(err).toContain('kept of the store is deleted');
    expect(err).toContain('FAILED_PRECONDITION: /keeps: It would undo');
    expect(err).toContain('Try: orchard unmount --yes /keeps');
    const store = join(master.directory, 'keeps');
    await ok('unmount --yes /keeps');
    const again = await orchard(`mount /keeps file://${store}`);
    expect(again.status).toBe(0);
    expect(again.err).toContain('data of an earlier mount below .orchard');
    expect(await ok('ls -C /keeps/dir')).toContain('/keeps/dir/b\n');
    await ok('unmount /keeps');
  });

  it('149: journal checkpoint flushes now, and says up to which entry', async () => {
    await client.createFile('/checked', { callId: 4_711 });
    const before = JSON.parse(await ok('admin journal --json'));
    const told = JSON.parse(await ok('admin journal checkpoint --json'));
    expect(told.seq).toBeGreaterThanOrEqual(before.appliedSeq);
    const after = JSON.parse(await ok('admin journal --json'));
    expect(after.flushedSeq).toBeGreaterThanOrEqual(told.seq);
    // All but the newest segment is gone.
    expect(told.segments).toBe(1);
    expect(after.files[0].lastSeq).toBeGreaterThanOrEqual(told.seq);
    expect(await ok('fsadmin journal checkpoint')).toMatch(
      /^Everything up to entry \d+ is on disk/,
    );
    expect((await orchard('--user bob admin journal checkpoint')).err).toContain('PERMISSION');
  });

  it('tells about the master', async () => {
    expect(await ok('admin report')).toMatch(/state: +SERVING/);
    expect(JSON.parse(await ok('admin report --json'))).toMatchObject({ state: 'SERVING' });
    expect(await ok('admin journal')).toMatch(/applied seq: +\d+/);
    await ok('admin locks');
    expect(await ok('admin config')).toMatch(/^ORCHARD_TIER1_BYTES +16MiB +environment$/m);
    await ok('admin jobs');
  });
});

describe('the client', () => {
  it('lists a directory of many pages in order', async () => {
    await client.createDirectory('/many');
    const names = Array.from({ length: 2500 }, (_, index) => String(index).padStart(5, '0'));
    for (let at = 0; at < names.length; at += 500) {
      const files = names.slice(at, at + 500).map((name) => ({ path: `/many/${name}` }));
      const results = await client.batchCreate(files);
      expect(results.filter(({ error }) => error !== undefined)).toEqual([]);
    }
    const listed: string[] = [];
    for await (const entry of client.list('/many', { pageSize: 100 })) listed.push(entry.path);
    expect(listed).toEqual(names.map((name) => `/many/${name}`));
    const wholes: string[] = [];
    for await (const entry of client.list('/many', { recursive: true })) wholes.push(entry.path);
    expect(wholes).toEqual(listed);
  });

  it('gets the first answer for a call id that was used before', async () => {
    const callId = 77;
    const first = await client.createFile('/once', { callId });
    const second = await client.createFile('/once', { callId });
    expect(second.id).toBe(first.id);
    await expect(client.createFile('/once')).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  });
});

describe('a master that is killed', () => {
  it('comes back with everything that was acknowledged; calls wait and go on', async () => {
    await client.createDirectory('/crash');
    const acknowledged: string[] = [];
    let created = 0;
    let isRunning = true;
    const worker = async () => {
      while (isRunning) {
        const path = `/crash/${created++}`;
        await client.createFile(path);
        acknowledged.push(path);
      }
    };
    const workers = Array.from({ length: 8 }, worker);
    while (acknowledged.length < 200) await new Promise((resolve) => setTimeout(resolve, 5));
    await master.stop('SIGKILL');
    const before = acknowledged.length;
    await master.start();
    while (acknowledged.length < before + 100)
      await new Promise((resolve) => setTimeout(resolve, 5));
    isRunning = false;
    await Promise.all(workers);
    const present = new Set<string>();
    for await (const entry of client.list('/crash')) present.add(entry.path);
    expect(acknowledged.filter((path) => !present.has(path))).toEqual([]);
  });

  it('stops cleanly on SIGTERM', async () => {
    const began = performance.now();
    expect(await master.stop('SIGTERM')).toBe(0);
    expect(performance.now() - began).toBeLessThan(6_000);
    await master.start();
    expect(await client.exists('/crash')).toBe(true);
  });
});
