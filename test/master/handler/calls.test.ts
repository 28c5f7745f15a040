/** What the handler does around operations: retries, batches, deadlines, calls given up. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Code } from '../../../src/base/status.js';
import type { Loader } from '../../../src/master/executor/executor.js';
import * as wire from '../../../src/wire/generated/index.js';
import { nextTurn } from '../../support/fixture.js';
import { names, Verbs } from '../../support/verbs.js';
import { WireMaster } from '../../support/wire-master.js';

let master: WireMaster;
let verbs: Verbs;
/** Loads that a test lets finish. */
let loads: { path: string; done: () => void; fail: (error: Error) => void }[] = [];

const loader: Loader = {
  load: (path) =>
    new Promise<void>((resolve, reject) => loads.push({ path, done: resolve, fail: reject })),
};

beforeEach(() => {
  loads = [];
  master = new WireMaster({ loader });
  verbs = new Verbs(master);
});
afterEach(() => master.close());

describe('calls', () => {
  test('21: a call that is sent again finds what the first one did', async () => {
    const client = { ...master.fixture.root, clientId: 77 };
    const first = await verbs.file('/f', {}, { caller: client, call: 1000 });
    const again = await verbs.file('/f', {}, { caller: client, call: 1000 });
    expect(again.inode?.id).toBe(first.inode?.id);
    const other = verbs.file('/f', {}, { caller: client, call: 1001 });
    await expect(other).rejects.toMatchObject({ code: Code.ALREADY_EXISTS });
    await master.restart();
    const later = await verbs.file('/f', {}, { caller: client, call: 1000 });
    expect(later.inode?.id).toBe(first.inode?.id);
  });

  test('a batch of creates has an outcome for each, also when it is sent again', async () => {
    const client = { ...master.fixture.root, clientId: 78 };
    await verbs.file('/d/f3');
    const files = [0, 1, 2, 3, 4].map((i) => new wire.CreateFileT(`/d/f${i}`, true));
    const send = (call: number): Promise<wire.BatchReplyT> =>
      master.ask('BatchCreate', new wire.BatchCreateT(files), { caller: client, call });
    const first = await send(500);
    const codes = first.results.map(({ code }) => code);
    expect(codes).toEqual([0, 0, 0, Code.ALREADY_EXISTS, 0]);
    expect(first.results.map(({ info }) => info?.name ?? null)).toEqual([
      'f0',
      'f1',
      'f2',
      null,
      'f4',
    ]);
    const again = await send(500);
    expect(again.results.map(({ info }) => info?.inode?.id)).toEqual(
      first.results.map(({ info }) => info?.inode?.id),
    );
    const third = await send(501);
    expect(third.results.every(({ code }) => code === Code.ALREADY_EXISTS)).toBe(true);
    expect((await send(502)).results).toHaveLength(5);
    const none = await master.ask<wire.BatchReplyT>('BatchCreate', new wire.BatchCreateT([]));
    expect(none.results).toEqual([]);
  });

  test('a call that waits for a store ends when it is given up, or its time is over', async () => {
    await verbs.directory('/m');
    master.fixture.executor.mounts.all();
    const waits = master.send('GetStatus', new wire.GetStatusT('/no', 2));
    const late = master.send('GetStatus', new wire.GetStatusT('/late', 2), { deadlineMs: 5 });
    await master.fixture.until(() => loads.length === 2);
    waits.abort();
    await new Promise((resolve) => setTimeout(resolve, 10));
    for (const load of loads.splice(0)) load.done();
    await master.fixture.until(() => waits.ended && late.ended);
    expect(waits.replies).toEqual([]);
    expect(late.replies[0]?.code).not.toBe(0);
  });

  test('a batch asks for everything that is not loaded at once', async () => {
    await verbs.file('/f');
    const paths = ['/f', '/x', '/y', '/z'];
    const body = new wire.BatchGetStatusT(paths, wire.LoadType.ALWAYS);
    const port = master.send('BatchGetStatus', body);
    await master.fixture.until(() => loads.length === 4);
    expect(loads.map(({ path }) => path)).toEqual(paths);
    for (const load of loads) load.done();
    await master.fixture.until(() => port.ended);
    const { results } = port.replies[0]!.body as wire.BatchReplyT;
    expect(results.map(({ code }) => code)).toEqual([0, 5, 5, 5]);
  });

  test('83: ALWAYS asks the store before it lists; recursively, for each directory', async () => {
    for (const path of ['/t/a/f', '/t/b/f', '/t/b/c/f']) await verbs.file(path);
    for (const stream of [false, true]) {
      const body = new wire.ListStatusT('/t');
      Object.assign(body, { load: wire.LoadType.ALWAYS, recursive: true, pageSize: 2, stream });
      const port = master.send('ListStatus', body);
      const asked: string[] = [];
      while (!port.ended) {
        await master.fixture.until(() => loads.length > 0 || port.ended);
        for (const load of loads.splice(0)) {
          asked.push(load.path);
          load.done();
        }
        await nextTurn();
      }
      const entries = port.replies.flatMap(({ body: page }) => (page as wire.ListPageT).entries);
      if (stream) {
        // Where it has to wait, a stream sends what it has.
        expect(names(entries)).toEqual(['a', 'f', 'b', 'c', 'f', 'f']);
        expect(asked.sort()).toEqual(['/t', '/t', '/t/a', '/t/b', '/t/b/c']);
      } else {
        expect(names(entries)).toEqual(['a', 'f']);
      }
    }
  });

  test('83: only the first page of an ALWAYS listing asks the store', async () => {
    for (const path of ['/t/a/f', '/t/b/f', '/t/c']) await verbs.file(path);
    for (const recursive of [false, true]) {
      const asked: string[] = [];
      const seen: string[] = [];
      let cursor = new Uint8Array(0);
      for (let truncated = true; truncated; ) {
        const body = new wire.ListStatusT('/t');
        Object.assign(body, { load: wire.LoadType.ALWAYS, recursive, pageSize: 1, cursor });
        const port = master.send('ListStatus', body);
        while (!port.ended) {
          await master.fixture.until(() => loads.length > 0 || port.ended);
          for (const load of loads.splice(0)) {
            asked.push(load.path);
            load.done();
          }
          await nextTurn();
        }
        const page = port.replies[0]!.body as wire.ListPageT;
        seen.push(...names(page.entries));
        cursor = Uint8Array.from(page.cursor);
        truncated = page.truncated;
      }
      expect(seen).toEqual(recursive ? ['a', 'f', 'b', 'f', 'c'] : ['a', 'b', 'c']);
      expect(asked.filter((path) => path === '/t')).toHaveLength(2);
    }
  });
});
