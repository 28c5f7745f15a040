/**
 * One connection: what calls carry, how many are in flight at a time, and how each of them ends.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { Code, StatusError } from '../../src/base/status.js';
import { type ConnectOptions, OrchardClient, OrchardError } from '../../src/client/index.js';
import type { ReplyPort } from '../../src/net/rpc-handler.js';
import {
  EmptyT,
  InodeType,
  JobReplyT,
  JobState,
  ProgressT,
  XAttrT,
} from '../../src/wire/generated/index.js';
import { type Answer, end, FakeMaster, fileInfo, send } from './fake-master.js';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function pair(answer: Answer, options: ConnectOptions = {}) {
  const master = await new FakeMaster(answer).start();
  open.push({ close: () => master.stop() });
  const client = await OrchardClient.connect({ port: master.port, user: 'alice', ...options });
  open.push({ close: () => client.close({ withinMs: 0 }) });
  return { master, client };
}

/** A promise's failure as a value; a success is a failure of the test. */
async function failureOf(promise: Promise<unknown>): Promise<OrchardError> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  expect(outcome).toHaveProperty('error');
  const { error } = outcome as { error: unknown };
  expect(error).toBeInstanceOf(OrchardError);
  return error as OrchardError;
}

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
};

describe('a call', () => {
  it('says who calls, and gives the status as a plain object', async () => {
    const { master, client } = await pair(
      (_seen, port) => {
        const info = fileInfo('/data/a.csv', {
          id: 2048,
          parentId: 1024,
          length: 2 ** 40,
          mode: 0o640,
          mtimeMs: 1_700_000_000_123,
          ttlMs: -1,
          flags: 1 | 2 | 64,
          replicationMax: -1,
        });
        info.xattrs = [new XAttrT('user.note', new TextEncoder().encode('hi'))];
        end(port, info);
      },
      { groups: ['staff', 'wheel'], clientId: 77 },
    );
    const status = await client.getStatus('/data/a.csv', { withAttributes: true, load: 'never' });
    expect(status).toMatchObject({
      path: '/data/a.csv',
      name: 'a.csv',
      id: 2048,
      parentId: 1024,
      type: 'file',
      length: 2 ** 40,
      mode: 0o640,
      owner: 'alice',
      group: 'staff',
      mtimeMs: 1_700_000_000_123,
      ttlMs: -1,
      ttlAction: 'free',
      completed: true,
      pinned: true,
      persisted: false,
      replicationMax: -1,
    });
    expect(new TextDecoder().decode(status.xattrs?.['user.note'])).toBe('hi');
    const [seen] = master.seen;
    expect(seen?.session).toMatchObject({
      clientId: 77,
      user: 'alice',
      groups: ['staff', 'wheel'],
    });
    expect(seen?.body).toMatchObject({ path: '/data/a.csv', withAttributes: true, load: 1 });
    expect(seen?.deadlineMs).toBeGreaterThan(50_000);
    expect(client.master).toMatchObject({ clusterId: 'cluster-1', serverVersion: 'fake' });
  });

  it('leaves what was not given at the defaults of the wire', async () => {
    const { master, client } = await pair((_seen, port) => end(port, fileInfo('/a')));
    await client.createFile('/a');
    await client.createFile('/a', { mode: 0o600, xattrs: { k: 'v' }, ttlAction: 'deleteAlluxio' });
    expect(master.seen[0]?.body).toMatchObject({
      mode: -1,
      blockSize: null,
      ttlMs: -1,
      xattrs: [],
    });
    expect(master.seen[1]?.body).toMatchObject({
      mode: 0o600,
      ttlAction: 2,
      xattrs: [{ name: 'k' }],
    });
  });

  it('fails with the code, path and hint of the master', async () => {
    const { client } = await pair(() => {
      throw new StatusError(Code.NOT_FOUND, 'Path "/x" does not exist.', { hint: 'Look at /.' });
    });
    const error = await failureOf(client.getStatus('/x'));
    expect(error).toMatchObject({ code: 'NOT_FOUND', path: '/x', hint: 'Look at /.' });
    expect(error.message).toBe('Path "/x" does not exist.');
    expect(error.retryable).toBe(false);
  });

  it('fails alone when its answer is of the wrong kind', async () => {
    const { client } = await pair((seen, port) =>
      end(port, seen.body['path'] === '/odd' ? new EmptyT() : fileInfo('/even')),
    );
    const [odd, even] = await Promise.allSettled([
      client.getStatus('/odd'),
      client.getStatus('/even'),
    ]);
    expect(odd).toMatchObject({ status: 'rejected', reason: { code: 'INTERNAL' } });
    expect(even).toMatchObject({ status: 'fulfilled', value: { path: '/even' } });
  });

  it('that is refused for now goes again after its wait, under the same id', async () => {
    let refusals = 2;
    const { master, client } = await pair((_seen, port) => {
      if (refusals-- > 0) {
        throw new StatusError(Code.RESOURCE_EXHAUSTED, 'busy', { retryAfterMs: 40 });
      }
      end(port, fileInfo('/a'));
    });
    const startedMs = performance.now();
    await client.createFile('/a');
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(78);
    expect(master.seen).toHaveLength(3);
    expect(new Set(master.seen.map(({ call }) => call)).size).toBe(1);
  });

  it('is not tried again when the wait would outlast its deadline, or when told so', async () => {
    const { master, client } = await pair(() => {
      throw new StatusError(Code.UNAVAILABLE, 'draining', { retryAfterMs: 5_000 });
    });
    const startedMs = performance.now();
    const late = await failureOf(client.getStatus('/a', { deadlineMs: 1_000 }));
    const once = await failureOf(client.getStatus('/a', { retry: false }));
    expect([late.code, once.code]).toEqual(['UNAVAILABLE', 'UNAVAILABLE']);
    expect(late.retryAfterMs).toBe(5_000);
    expect(performance.now() - startedMs).toBeLessThan(900);
    expect(master.seen).toHaveLength(2);
  });

  it('fails alone when its arguments make no request', async () => {
    const { client } = await pair((_seen, port) => end(port, fileInfo('/a')));
    const [odd, even] = await Promise.allSettled([
      client.getStatus(undefined as unknown as string),
      client.getStatus('/a', { deadlineMs: 2 ** 40 }),
    ]);
    expect(odd).toMatchObject({ status: 'rejected', reason: { code: 'INVALID_ARGUMENT' } });
    expect(even).toMatchObject({ status: 'fulfilled' });
  });

  it('ends at its deadline, and is cancelled at the master', async () => {
    const { master, client } = await pair(() => undefined);
    const error = await failureOf(client.getStatus('/slow', { deadlineMs: 60 }));
    expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', path: '/slow' });
    expect(master.seen[0]?.deadlineMs).toBeLessThanOrEqual(60);
    await until(() => master.seen[0]?.aborted === true);
  });

  it('ends when it is aborted, before it is sent and after', async () => {
    const { master, client } = await pair(() => undefined);
    const before = await failureOf(client.getStatus('/a', { signal: AbortSignal.abort() }));
    expect(before.code).toBe('CANCELLED');
    expect(master.seen).toHaveLength(0);
    const stop = new AbortController();
    const after = failureOf(client.delete('/a', { signal: stop.signal }));
    await until(() => master.seen.length === 1);
    stop.abort(new Error('enough'));
    expect(await after).toMatchObject({
      code: 'CANCELLED',
      hint: expect.stringContaining('change'),
    });
    await until(() => master.seen[0]?.aborted === true);
    await until(() => client.pending === 0);
  });

  it('tells how far long work is, and takes the last reply as the answer', async () => {
    const { master, client } = await pair((_seen, port) => {
      send(port, new ProgressT(9, 10, 100, 0, 0, '/a/b'));
      send(port, new ProgressT(9, 60, 100, 1, 0, '/a/c'));
      end(port, new JobReplyT(9, 'load', JobState.DONE, 100, 100, 1, 5, '/a', null, 1, 2));
    });
    const told: number[] = [];
    const job = await client.load('/a', { onProgress: ({ done }) => told.push(done) });
    expect(told).toEqual([10, 60]);
    expect(job).toMatchObject({ job: 9, kind: 'load', state: 'done', done: 100, failed: 1 });
    expect(master.seen[0]).toMatchObject({
      deadlineMs: 0,
      body: { descendants: 2, detach: false },
    });
  });

  it('gives the results of a batch in order, failures among them', async () => {
    const { BatchReplyT, ErrorDetailT, ResultT } = await import(
      '../../src/wire/generated/index.js'
    );
    const { client } = await pair((_seen, port) =>
      end(
        port,
        new BatchReplyT([
          new ResultT(0, null, fileInfo('/a', { type: InodeType.DIRECTORY })),
          new ResultT(Code.NOT_FOUND, new ErrorDetailT('gone', '/b', null, 0), null),
        ]),
      ),
    );
    const [first, second] = await client.batchGetStatus(['/a', '/b']);
    expect(first?.status).toMatchObject({ path: '/a', type: 'directory' });
    expect(second?.error).toMatchObject({ code: 'NOT_FOUND', path: '/b' });
  });
});

describe('many calls', () => {
  it('travel together up to the limit, the others wait their turn', async () => {
    const held: ReplyPort[] = [];
    const { master, client } = await pair((_seen, port) => void held.push(port), {
      inFlightMax: 8,
    });
    const calls = Array.from({ length: 50 }, (_, index) => client.getStatus(`/${index}`));
    await until(() => held.length === 8);
    await client.listJobs({ deadlineMs: 30 }).catch(() => undefined);
    expect(held).toHaveLength(8);
    master.answer = (seen, port) => end(port, fileInfo(String(seen.body['path'])));
    for (const port of held.splice(0)) end(port, fileInfo('/held'));
    const statuses = await Promise.all(calls);
    expect(statuses.slice(8).map(({ path }) => path)).toEqual(
      Array.from({ length: 42 }, (_, index) => `/${index + 8}`),
    );
  });

  it('are refused beyond the queue, and room() tells when there is place again', async () => {
    const held: ReplyPort[] = [];
    const limits = { inFlightMax: 2, queueMax: 3 };
    const { master, client } = await pair((_seen, port) => void held.push(port), limits);
    const calls = [1, 2, 3, 4, 5].map((index) => client.exists(`/${index}`).catch(() => false));
    expect((await failureOf(client.exists('/6'))).code).toBe('RESOURCE_EXHAUSTED');
    let hasRoom = false;
    const room = client.room().then(() => {
      hasRoom = true;
    });
    await until(() => held.length === 2);
    expect(hasRoom).toBe(false);
    master.answer = (_seen, port) => end(port, new EmptyT());
    for (const port of held) end(port, new EmptyT());
    await room;
    await Promise.all(calls);
  });

  it('that were given up while they waited leave their place to others', async () => {
    const { client } = await pair(() => undefined, { inFlightMax: 1, queueMax: 4 });
    for (let round = 0; round < 10; round++) {
      const stop = new AbortController();
      const calls = [1, 2, 3].map(() => failureOf(client.ping({ signal: stop.signal })));
      stop.abort();
      expect((await Promise.all(calls)).map(({ code }) => code)).toEqual(
        Array(3).fill('CANCELLED'),
      );
    }
  });

  it('are waited for by close(), and refused after it', async () => {
    const held: ReplyPort[] = [];
    const { client } = await pair((_seen, port) => void held.push(port));
    const call = client.getStatus('/a');
    await until(() => held.length === 1);
    const closing = client.close();
    expect((await failureOf(client.getStatus('/b'))).code).toBe('CANCELLED');
    end(held[0]!, fileInfo('/a'));
    await closing;
    expect((await call).path).toBe('/a');
  });

  it('that are not answered in time are cancelled by close()', async () => {
    const { client } = await pair(() => undefined);
    const call = failureOf(client.getStatus('/a'));
    await client.close({ withinMs: 20 });
    expect((await call).code).toBe('CANCELLED');
  });
});

describe('A1: what the master would refuse, or the wire would change,', () => {
  const refused: [string, (client: OrchardClient) => Promise<unknown>][] = [
    ['"length" of CompleteFile is NaN', (to) => to.completeFile('/f', { length: Number.NaN })],
    ['"length" of CompleteFile is 1.5', (to) => to.completeFile('/f', { length: 1.5 })],
    ['"length" of CompleteFile is -1', (to) => to.completeFile('/f', { length: -1 })],
    ['"blockSize" of CreateFile is 9007', (to) => to.createFile('/f', { blockSize: 2 ** 53 })],
    ['"replicationMin" of CreateFile', (to) => to.createFile('/f', { replicationMin: 70_000 })],
    ['"owner" of SetAttribute', (to) => to.setAttribute('/f', { owner: 'a/b\nc' })],
    ['"name" of CreateFile is empty', (to) => to.createFile('/f', { xattrs: { '': 'x' } })],
    ['"path" of GetStatus is not valid', (to) => to.getStatus('/\ud800')],
    ['"call" of Request is 9007', (to) => to.createFile('/f', { callId: 2 ** 53 })],
  ];
  it.each(refused)('is not sent: The %s…', async (reason, ask) => {
    const { master, client } = await pair((_seen, port) => end(port, new EmptyT()));
    const error = await failureOf(ask(client));
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toContain(reason);
    expect(error.hint).toBeDefined();
    expect(master.seen).toHaveLength(0);
  });

  it('nor is a caller that cannot be one', async () => {
    const connecting = OrchardClient.connect({ port: 1, user: 'a,b' });
    expect((await failureOf(connecting)).message).toContain('"user" of Hello contains ","');
  });
});

it.each([
  ['/a//d//', '/a/d'],
  ['/a/./d', '/a/d'],
  ['/a/../d/', '/d'],
  ['/..a/.b', '/..a/.b'],
  ['/', '/'],
])('A20, behaviour 153: the path of an answer is clean: %s', async (given, clean) => {
  const { client } = await pair((_seen, port) => {
    const info = fileInfo('/x', { type: InodeType.FILE });
    info.path = null;
    end(port, info);
  });
  expect((await client.getStatus(given)).path).toBe(clean);
  expect((await client.createFile(given)).path).toBe(clean);
});
