/** Every call of the client over a real master process, and more calls at a time than it takes. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Access, OrchardClient } from '../../src/client/index.js';
import { MasterProcess } from '../cli/master-process.js';

let master: MasterProcess;
let client: OrchardClient;
let store: string;

beforeAll(async () => {
  master = await MasterProcess.create();
  store = join(master.directory, 'store');
  await mkdir(join(store, 'in', 'ner'), { recursive: true });
  for (let index = 0; index < 50; index++) {
    await writeFile(join(store, 'in', 'ner', `f${index}`), 'x'.repeat(index));
  }
  await master.start();
  client = await master.connect();
});

afterAll(async () => {
  await client?.close({ withinMs: 0 });
  await master?.remove();
});

describe('namespace calls', () => {
  it('by path and by id tell the same', async () => {
    const made = await client.createDirectory('/ns/dir', { recursive: true, mode: 0o750 });
    expect(made).toMatchObject({ path: '/ns/dir', type: 'directory', mode: 0o750, owner: 'root' });
    const byPath = await client.getStatus('/ns/dir');
    const byId = await client.getStatusById(made.id, { withAttributes: true });
    expect(byPath).toMatchObject({ id: made.id, name: 'dir', path: '/ns/dir' });
    expect(byId).toMatchObject({ id: made.id, path: '/ns/dir' });
    expect(await client.getFilePath(made.id)).toBe('/ns/dir');
    expect(await client.exists('/ns/dir')).toBe(true);
    expect(await client.exists('/ns/none')).toBe(false);
    await expect(client.getStatusById(999_999_999)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('create, complete, rename, delete and undelete files', async () => {
    const created = await client.createFile('/ns/file', {
      blockSize: 1 << 20,
      ttlMs: 3_600_000,
      ttlAction: 'free',
      replicationMin: 1,
      replicationMax: 3,
      xattrs: { 'user.k': 'v' },
    });
    expect(created).toMatchObject({
      completed: false,
      persisted: false,
      blockSize: 1 << 20,
      ttlMs: 3_600_000,
      ttlAction: 'free',
      replicationMin: 1,
      replicationMax: 3,
    });
    const completed = await client.completeFile('/ns/file', { length: 0 });
    expect(completed).toMatchObject({ id: created.id, completed: true, length: 0 });
    await client.rename('/ns/file', '/ns/renamed');
    expect((await client.getStatus('/ns/renamed')).id).toBe(created.id);
    await client.delete('/ns/renamed');
    expect(await client.exists('/ns/renamed')).toBe(false);
    await client.undelete('/ns/renamed');
    const back = await client.getStatus('/ns/renamed', { withAttributes: true });
    expect(new TextDecoder().decode(back.xattrs?.['user.k'])).toBe('v');
    expect(Object.keys(await client.getXattrs('/ns/renamed'))).toEqual(['user.k']);
  });

  it('tell what is allowed', async () => {
    await client.createDirectory('/ns/mine', { mode: 0o711 });
    const bob = await master.connect('bob');
    try {
      await client.checkAccess('/ns/mine', Access.READ | Access.WRITE);
      await bob.checkAccess('/ns/mine', Access.EXECUTE);
      await expect(bob.checkAccess('/ns/mine', Access.READ)).rejects.toMatchObject({
        code: 'PERMISSION_DENIED',
      });
      await expect(bob.createFile('/ns/mine/x')).rejects.toMatchObject({
        code: 'PERMISSION_DENIED',
        path: '/ns/mine/x',
      });
    } finally {
      await bob.close();
    }
  });

  it('answer batches path by path', async () => {
    const files = ['/ns/b1', '/ns/none/b2', '/ns/b3'].map((path) => ({ path }));
    const made = await client.batchCreate(files);
    expect(made.map(({ status, error }) => status?.path ?? error?.code)).toEqual([
      '/ns/b1',
      'NOT_FOUND',
      '/ns/b3',
    ]);
    const paths = ['/ns/b3', '/ns/none', '/ns'];
    const found = await client.batchGetStatus(paths);
    expect(found.map(({ status, error }) => status?.type ?? error?.code)).toEqual([
      'file',
      'NOT_FOUND',
      'directory',
    ]);
    expect(found[1]?.error?.path).toBe('/ns/none');
  });

  it('list from a name, an inode, a prefix', async () => {
    await client.createDirectory('/ls');
    const names = ['aa', 'ab', 'b', 'c', 'ü'];
    const made = await client.batchCreate(names.map((name) => ({ path: `/ls/${name}` })));
    const namesOf = async (options: object) => {
      const found: string[] = [];
      for await (const { name } of client.list('/ls', options)) found.push(name);
      return found;
    };
    expect(await namesOf({})).toEqual(names);
    expect(await namesOf({ pageSize: 1 })).toEqual(names);
    expect(await namesOf({ startAfter: 'ab' })).toEqual(['b', 'c', 'ü']);
    expect(await namesOf({ prefix: 'a' })).toEqual(['aa', 'ab']);
    expect(await namesOf({ offsetId: made[2]?.status?.id })).toEqual(['c', 'ü']);
    const file = await client.listPage('/ls/b');
    expect(file.entries.map(({ path }) => path)).toEqual(['/ls/b']);
    const page = await client.listPage('/ls', { pageSize: 2 });
    expect(page).toMatchObject({ truncated: true, fileCount: 5 });
    const entry = page.entries[0]!;
    expect(entry).toEqual(await client.getStatus(entry.path));
  });
});

describe('long work', () => {
  it('mounts, loads with progress, sums, changes everything below', async () => {
    await client.mount('/m', `file://${store}`, { shared: true });
    const mounts = await client.getMountTable();
    expect(mounts.find(({ path }) => path === '/m')).toMatchObject({ uri: `file://${store}` });
    const jobs = new Set<number>();
    const job = await client.load('/m', { onProgress: (progress) => jobs.add(progress.job) });
    jobs.add(job.job);
    expect(jobs.size).toBe(1);
    expect(job).toMatchObject({ state: 'done', failed: 0, kind: 'load' });
    expect(job.done).toBeGreaterThanOrEqual(52);
    expect(await client.contentSummary('/m')).toEqual({
      files: 50,
      directories: 3,
      bytes: 1225,
      leftOut: 0,
      failures: [],
    });
    expect(await client.reverseResolve(`file://${store}/in/ner/f7`)).toBe('/m/in/ner/f7');
    await client.setAttribute('/m/in', {
      pinned: true,
      recursive: true,
      onProgress: () => undefined,
    });
    for await (const entry of client.list('/m/in', { recursive: true })) {
      expect(entry.pinned, entry.path).toBe(true);
    }
    const detached = await client.load('/m', { detach: true });
    expect((await client.listJobs()).map((one) => one.job)).toContain(detached.job);
    while ((await client.getJob(detached.job)).state === 'running') await client.ping();
    await client.cancelJob(detached.job);
    expect((await client.getJob(detached.job)).state).toBe('done');
    await client.unmount('/m');
    expect(await client.exists('/m')).toBe(false);
  });

  it('tells why work has failed, with the code of it', async () => {
    const lost = join(master.directory, 'lost');
    await mkdir(lost);
    await writeFile(join(lost, 'f'), '');
    await client.mount('/lost', `file://${lost}`, { shared: true });
    await rm(lost, { recursive: true });
    const job = await client.load('/lost', { descendants: 'all' });
    expect(job).toMatchObject({ state: 'done', failed: 1, error: { code: 'UNAVAILABLE' } });
    expect((await client.getJob(job.job)).error).toEqual(job.error);
    await client.unmount('/lost');
  });

  it('reports', async () => {
    expect(await client.report()).toMatchObject({ state: 'SERVING' });
    expect(await client.journalInfo()).toMatchObject({ sync: 'commit' });
    expect(await client.locks()).toMatchObject({ holders: [] });
    expect(await client.config()).toContainEqual(
      expect.objectContaining({ name: 'ORCHARD_RPC_THREADS', value: '1', source: 'environment' }),
    );
  });
});

describe('data', () => {
  it('of any kind of source comes back, whole and in ranges', async () => {
    const bytes = Buffer.alloc(3_000_000, 'orchard ');
    const written = await client.put('/big', bytes);
    expect(written).toMatchObject({ path: '/big', length: bytes.length });
    await client.put('/streamed', Readable.from([bytes.subarray(0, 7), bytes.subarray(7)]));
    const read = async (path: string, options: object = {}) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of client.open(path, options)) chunks.push(chunk);
      return Buffer.concat(chunks);
    };
    expect((await read('/big')).equals(bytes)).toBe(true);
    expect((await read('/streamed')).equals(bytes)).toBe(true);
    expect((await read('/big', { offset: 8, length: 16 })).toString()).toBe('orchard orchard ');
    expect(await read('/big', { offset: bytes.length })).toHaveLength(0);
    expect(await client.getStatus('/big')).toMatchObject({ completed: true, persisted: true });
    await expect(read('/none')).rejects.toMatchObject({ code: 'NOT_FOUND', path: '/none' });
    await expect(client.put('/big', 'x')).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    await client.put('/big', 'x', { overwrite: true });
    expect((await read('/big')).toString()).toBe('x');
  });
});

describe('more calls than the master takes', () => {
  it('are held back here, and all answered', async () => {
    const { rpcPort: port, httpPort } = master;
    const options = { port, httpPort, user: 'root', inFlightMax: 100_000 };
    const eager = await OrchardClient.connect(options);
    try {
      await eager.createDirectory('/eager');
      const files = Array.from({ length: 3000 }, (_, index) => eager.createFile(`/eager/${index}`));
      const paths = new Set((await Promise.all(files)).map(({ path }) => path));
      expect(paths.size).toBe(3000);
      expect(await eager.contentSummary('/eager')).toMatchObject({ files: 3000 });
    } finally {
      await eager.close();
    }
  });
});
