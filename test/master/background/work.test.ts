/** Jobs, loads that calls share, and trees with directories that fail, cancelled or not. */
import { afterEach, describe, expect, test } from 'vitest';
import { Code, StatusError } from '../../../src/base/status.js';
import { type Job, JobState, Jobs } from '../../../src/master/background/jobs.js';
import { LoadService } from '../../../src/master/background/load-service.js';
import { SetAttributeTree } from '../../../src/master/background/set-attribute-tree.js';
import { NO_PROGRESS } from '../../../src/master/background/tasks.js';
import { TreeLoad } from '../../../src/master/background/tree-load.js';
import type { Mount, MountTable } from '../../../src/master/mount/mount-table.js';
import { STORE_DOWN_MS } from '../../../src/stores/failures.js';
import { openUfs } from '../../../src/stores/registry.js';
import { FaultUfs } from '../../support/fault-ufs.js';
import { bytesOf, StoreFixture } from './store-fixture.js';

let stores: StoreFixture | undefined;
afterEach(async () => {
  await stores?.close();
  stores = undefined;
});

const control = (signal = new AbortController().signal) => ({
  signal,
  onProgress: () => undefined,
});

const onBug = (bug: unknown): void => {
  throw bug;
};

function found(at: string) {
  const { executor } = stores!.fixture;
  executor.resolve(executor.walkA, bytesOf(at));
  return executor.walkA;
}

describe('a tree', () => {
  test('with directories that cannot be listed: they are counted, the rest is loaded', async () => {
    stores = await StoreFixture.open({}, async (...given) => {
      const store = new FaultUfs(await openUfs(...given));
      store.add({ verb: 'list', path: /bad/, do: { fail: Code.UNAVAILABLE } });
      return store;
    });
    const uri = await stores.fill('s', ['bad/a', 'good/b', 'x/bad/c', 'x/d']);
    await stores.mount('/m', uri);
    const load = new TreeLoad(stores.context, '/m', control());
    const progress = await stores.settle(load.run());
    expect(progress.failed).toBe(2);
    expect(load.failures.error?.code).toBe(Code.UNAVAILABLE);
    expect(found('/m/good/b').found).toBe(true);
    expect(found('/m/x/d').found).toBe(true);
    expect(found('/m/bad').found).toBe(true);
    expect(found('/m/bad/a').found).toBe(false);
  });

  test('93: cancelled midway, whole directories stand, and the next run ends it', async () => {
    const cancel = new AbortController();
    let lists = 0;
    stores = await StoreFixture.open({}, async (...given) => {
      const store = await openUfs(...given);
      const list = store.list.bind(store);
      store.list = (...more) => {
        if (++lists === 10) cancel.abort(new StatusError(Code.CANCELLED, 'enough'));
        return list(...more);
      };
      return store;
    });
    const files = Array.from({ length: 40 }, (_, d) => `d${d}/f`);
    await stores.mount('/m', await stores.fill('s', files));
    const first = new TreeLoad(stores.context, '/m', control(cancel.signal));
    await expect(stores.settle(first.run())).rejects.toMatchObject({ code: Code.CANCELLED });
    expect(files.filter((file) => found(`/m/${file}`).found).length).toBeLessThan(40);
    await stores.settle(new TreeLoad(stores.context, '/m', control()).run());
    expect(files.filter((file) => found(`/m/${file}`).found).length).toBe(40);
  });

  test('92: nested mounts are visited, and hide what the store has there', async () => {
    stores = await StoreFixture.open();
    await stores.mount('/m', await stores.fill('outer', ['a/1']));
    await stores.mount('/m/in', await stores.fill('inner', ['deep/2']));
    await stores.fill('outer', ['in/hidden']);
    await stores.settle(new TreeLoad(stores.context, '/m', control()).run());
    expect(found('/m/in/deep/2').found).toBe(true);
    expect(found('/m/in/hidden').found).toBe(false);
    expect(found('/m/a/1').found).toBe(true);
  });

  test('setAttribute on all, with what only the store knew; failures are counted', async () => {
    stores = await StoreFixture.open();
    const { fixture } = stores;
    await stores.mount('/m', await stores.fill('s', ['a/1', 'a/b/2', 'c']));
    const change = { pinned: true, mode: 0o700 };
    const request = { kind: 'setAttribute', path: '/m', change, caller: fixture.root } as const;
    const work = new SetAttributeTree(stores.context, request, control());
    expect(await stores.settle(work.run())).toMatchObject({ done: 6, failed: 0 });
    for (const at of ['/m', '/m/a', '/m/a/b/2', '/m/c']) {
      const walk = found(at);
      expect([at, walk.mode(walk.depth), walk.flags(walk.depth) & 2]).toEqual([at, 0o700, 2]);
    }
    const alices = { ...request, caller: fixture.alice };
    const refused = new SetAttributeTree(stores.context, alices, control());
    await expect(stores.settle(refused.run())).rejects.toMatchObject({
      code: Code.PERMISSION_DENIED,
    });
  });
});

describe('loads that calls share', () => {
  const mount = { mountId: 1, path: '/', options: { timeoutMs: '20' } } as unknown as Mount;
  const mounts = { deepest: () => mount, byId: () => mount } as unknown as MountTable;

  test('the same path is loaded once for all who wait, and again for who comes later', async () => {
    let count = 0;
    let end = (): void => undefined;
    const load = () =>
      new Promise<void>((resolve) => {
        count++;
        end = resolve;
      });
    const service = new LoadService({ mounts, timeoutMs: 1000, load });
    const waiting = [service.load('/a', true), service.load('/a', true)];
    await expect.poll(() => count).toBe(1);
    end();
    await Promise.all(waiting);
    void service.load('/a', true);
    await expect.poll(() => count).toBe(2);
  });

  test('97: a store that hangs: UNAVAILABLE for its calls, and only so many run', async () => {
    let running = 0;
    const load = () => {
      running++;
      return new Promise<void>(() => undefined);
    };
    const service = new LoadService({ mounts, timeoutMs: 1000, load });
    const loads = Array.from({ length: 200 }, (_, i) => service.load(`/${i}`, false));
    const outcomes = await Promise.allSettled(loads);
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    expect(outcomes[0]).toMatchObject({ reason: { code: Code.UNAVAILABLE } });
    expect(running).toBe(64);
  });
});

describe('A10: a store that is down', () => {
  const mount = { mountId: 1, path: '/m', uri: 's3://dead', options: {} } as unknown as Mount;
  const mounts = { deepest: () => mount, byId: () => mount } as unknown as MountTable;

  test('is asked by one call, and the next ones hear of it at once', async () => {
    let count = 0;
    let isDown = true;
    const down = new StatusError(Code.UNAVAILABLE, 'unreachable', { retryAfterMs: STORE_DOWN_MS });
    const load = async () => {
      count++;
      if (isDown) throw down;
    };
    const service = new LoadService({ mounts, timeoutMs: 1000, load });
    await expect(service.load('/m/a', true)).rejects.toBe(down);
    isDown = false;
    for (let i = 0; i < 50; i++) await expect(service.load(`/m/${i}`, true)).rejects.toBe(down);
    expect(count).toBe(1);
  });

  test('that is too slow is named', async () => {
    const short = { ...mount, options: { timeoutMs: '5' } };
    const table = { deepest: () => short, byId: () => short } as unknown as MountTable;
    const load = () => new Promise<void>(() => undefined);
    const service = new LoadService({ mounts: table, timeoutMs: 1000, load });
    await expect(service.load('/m/a', false)).rejects.toMatchObject({
      code: Code.UNAVAILABLE,
      message: expect.stringContaining('s3://dead'),
      retryAfterMs: STORE_DOWN_MS,
    });
  });
});

describe('jobs', () => {
  const root = { user: 'root', isSuper: true };
  const ann = { user: 'ann', isSuper: false };
  const ben = { user: 'ben', isSuper: false };
  const loadOf = (path: string) =>
    ({
      kind: 'load',
      path,
      descendants: 'all',
      caller: { user: 'root', groups: [], clientId: 0 },
    }) as const;
  /** Until it is cancelled. */
  const endless = () =>
    new Jobs(
      (_request, signal) =>
        new Promise((_resolve, reject) => {
          const end = () => reject(new StatusError(Code.CANCELLED, 'c'));
          if (signal.aborted) end();
          else signal.addEventListener('abort', end);
        }),
      onBug,
    );

  test('B25: are seen and cancelled by whoever started them, and by the superuser', async () => {
    const jobs = endless();
    const { job } = jobs.start(loadOf('/x'), ann);
    const denied = expect.objectContaining({ code: Code.PERMISSION_DENIED });
    expect(() => jobs.get(job, ben)).toThrow(denied);
    expect(() => jobs.cancel(job, ben)).toThrow(denied);
    expect([jobs.list(ben), jobs.list(ann), jobs.list(root)].map(({ length }) => length)).toEqual([
      0, 1, 1,
    ]);
    expect(jobs.get(job, ann)).toMatchObject({ state: JobState.RUNNING, user: 'ann' });
    jobs.cancel(job, ann);
    expect((await jobs.wait(job)).state).toBe(JobState.CANCELLED);
    await jobs.close();
  });

  test('B25: users have a share each, and leave some to the superuser', async () => {
    const jobs = endless();
    const full = expect.objectContaining({ code: Code.RESOURCE_EXHAUSTED });
    const startAll = (user: string, count: number) => {
      const by = { user, isSuper: false };
      for (let i = 0; i < count; i++) jobs.start(loadOf(`/${user}`), by);
      expect(() => jobs.start(loadOf('/more'), by)).toThrow(full);
    };
    startAll('ann', 16);
    startAll('ben', 16);
    startAll('cid', 16);
    startAll('dan', 0);
    for (let i = 0; i < 16; i++) jobs.start({ kind: 'verify', path: '/' }, root);
    expect(() => jobs.start(loadOf('/'), root)).toThrow(full);
    await jobs.close();
  });

  test('tell how far they are, and how they ended', async () => {
    const jobs = new Jobs(async (request, _signal, onProgress) => {
      onProgress({ ...NO_PROGRESS, done: 5, path: '/x/y' });
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (request.path === '/bad') throw new StatusError(Code.NOT_FOUND, 'no');
      return { progress: { ...NO_PROGRESS, done: 9 } };
    }, onBug);
    const seen: number[] = [];
    const { job } = jobs.start(loadOf('/x'), root);
    const ended = await jobs.wait(job, ({ done }: Job) => seen.push(done));
    expect(seen).toEqual([5, 9]);
    expect(ended).toMatchObject({ state: JobState.DONE, done: 9, path: '/x', kind: 'load' });
    expect(ended.endedMs).toBeGreaterThan(0);
    const bad = jobs.start(loadOf('/bad'), root);
    expect(await jobs.wait(bad.job)).toMatchObject({
      state: JobState.FAILED,
      error: { code: Code.NOT_FOUND },
    });
    expect(jobs.list(root).map(({ path }) => path)).toEqual(['/bad', '/x']);
    expect(() => jobs.get(99, root)).toThrow(/no job 99/);
  });

  test('end when they are cancelled', async () => {
    const jobs = new Jobs(
      (_request, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new StatusError(Code.CANCELLED, 'c')));
        }),
      onBug,
    );
    const { job } = jobs.start(loadOf('/x'), root);
    const ended = jobs.wait(job);
    await new Promise((resolve) => setImmediate(resolve));
    jobs.cancel(job, root);
    expect(await ended).toMatchObject({ state: JobState.CANCELLED });
    await jobs.close();
  });
});
