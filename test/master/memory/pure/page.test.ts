/**
 * Goal: listings and batches are framed without JavaScript objects, as generated code would read
 * them. Method: random records; every frame is verified, unpacked and compared.
 */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { FRAME_BYTES_MAX, LIST_PAGE_ENTRIES_MAX } from '../../../../src/base/limits.js';
import { CALLER } from '../../../../src/master/memory/layout.js';
import { INODE_TYPE_DIRECTORY } from '../../../../src/master/memory/record.js';
import {
  encodeKey,
  encodeValue,
  type RecordFields,
} from '../../../../src/master/memory/twin/codec.js';
import * as wire from '../../../../src/wire/generated/index.js';
import { bytesOf, complete, wireRecord } from './any-record.js';
import { caller, kernel, put, renew, scratch, shared } from './kernel-fixture.js';
import {
  cache,
  infoOf,
  intern,
  openReply,
  packRequest,
  receive,
  roundTrip,
} from './wire-fixture.js';

const { RequestBody, ReplyBody } = wire;
const TEXTS = ['', ...Array.from({ length: 300 }, (_, i) => `user${i}`), 'x'.repeat(255)];
const text = new TextEncoder();
const CURSOR = scratch + 65_536;

/** Owners that share rows of the kernel's table of texts (256 rows). */
const row = fc
  .tuple(wireRecord, fc.constantFrom(1, 2, 257, 258, 301), fc.constantFrom(0, 2, 258))
  .map(([fields, owner, group]) => ({ ...fields, owner, group }));

function add(fields: RecordFields, path = ''): number {
  put(scratch, bytesOf(fields));
  const pathBytes = put(scratch + 4096, text.encode(path));
  return kernel.listAdd(scratch, scratch + 4096, pathBytes);
}

beforeAll(() => {
  renew();
  intern(TEXTS);
});

describe('list', () => {
  test('pages of any records read as they were added', () => {
    const path = fc.constantFrom('', '/p', '/some/longer/path');
    const rows = fc.array(fc.tuple(row, path), { maxLength: 12 });
    const ends = fc.record({
      more: fc.boolean(),
      truncated: fc.boolean(),
      fileCount: fc.constantFrom(-1, 0, 7),
      cursor: fc.uint8Array({ maxLength: 20 }),
    });
    fc.assert(
      fc.property(rows, ends, fc.maxSafeNat(), (entries, end, seq) => {
        kernel.listBegin();
        for (const [fields, name] of entries) expect(add(fields, name)).toBe(1);
        put(CURSOR, end.cursor);
        const bytes = kernel.listFinish(
          3,
          seq,
          Number(end.more),
          Number(end.truncated),
          end.fileCount,
          CURSOR,
          end.cursor.length,
        );
        const page = new wire.ListPageT(
          entries.map(([fields, name]) => infoOf(fields, TEXTS, name === '' ? null : name)),
          end.cursor,
          end.truncated,
          end.fileCount,
        );
        const expected = new wire.ReplyT(3, 0, null, end.more, seq, ReplyBody.ListPage, page);
        expect(kernel.pageCount()).toBe(entries.length);
        expect(kernel.pageFrame() % 8).toBe(0);
        expect(openReply(kernel.pageFrame(), bytes)).toEqual(roundTrip(expected));
      }),
      { numRuns: 300 },
    );
  });

  test('takes rows as tier 2 holds them', () => {
    kernel.listBegin();
    const key = encodeKey(complete.parentId, complete.name);
    const value = encodeValue(complete);
    put(scratch, key);
    put(scratch + 512, value);
    const addPair = () => kernel.listAddPair(scratch, key.length, scratch + 512, value.length);
    expect(addPair()).toBe(1);
    shared.u8[scratch + 512] = 9;
    expect(addPair()).toBe(-1);
    const bytes = kernel.listFinish(1, 2, 0, 0, 1, 0, 0);
    const { body } = openReply(kernel.pageFrame(), bytes);
    expect(body).toEqual(
      new wire.ListPageT([infoOf(complete, TEXTS)], new Uint8Array(0), false, 1),
    );
  });

  test('shares the texts of owners, and ends a page at its limits', () => {
    kernel.listBegin();
    let added = 0;
    while (add({ ...complete, id: BigInt(added + 1), owner: 301, group: 301 }) === 1) added++;
    expect(added).toBe(LIST_PAGE_ENTRIES_MAX);
    const small = kernel.listFinish(1, 2, 1, 1, -1, 0, 0);
    expect(small).toBeLessThan(LIST_PAGE_ENTRIES_MAX * 160);

    kernel.listBegin();
    added = 0;
    const path = `/${'long/'.repeat(100)}`;
    while (add({ ...complete, owner: 301, group: 45 + 256 * (added % 2) }, path) === 1) added++;
    put(CURSOR, new Uint8Array(8000));
    const bytes = kernel.listFinish(1, 2, 1, 1, -1, CURSOR, 8000);
    expect(added).toBeGreaterThan(800);
    expect(bytes).toBeLessThanOrEqual(FRAME_BYTES_MAX);
    expect(bytes).toBeGreaterThan(FRAME_BYTES_MAX * 0.98);
    const page = openReply(kernel.pageFrame(), bytes).body as wire.ListPageT;
    expect(page.entries).toHaveLength(added);
    expect(page.entries.at(-1)!.owner).toBe(TEXTS[301]);
    expect(page.cursor).toHaveLength(8000);
  });
});

describe('batch', () => {
  const root = { ...complete, name: new Uint8Array(0), parentId: 0n, id: 1n, owner: 1, group: 2 };
  const file = (i: number): RecordFields => ({
    ...complete,
    parentId: 1n,
    id: BigInt(2000 + i),
    seq: BigInt(100 + i),
    owner: 1,
    group: 2,
    name: text.encode(`file-${i}`),
  });
  const ask = (paths: string[]) =>
    receive(packRequest(RequestBody.BatchGetStatus, new wire.BatchGetStatusT(paths)));

  beforeAll(() => {
    cache({ ...root, type: INODE_TYPE_DIRECTORY, mode: 0o755, seq: 5n });
    for (let i = 0; i < 40; i++) cache(file(i));
    shared.view.setUint32(caller + CALLER.SUPER, 1, true);
  });

  test('answers all paths from tier 1, in their order', () => {
    const order = Array.from({ length: 100 }, (_, i) => (i * 7) % 40);
    const bytes = kernel.serveBatchGetStatus(ask(order.map((i) => `/file-${i}`)));
    const results = order.map((i) => new wire.ResultT(0, null, infoOf(file(i), TEXTS)));
    const body = new wire.BatchReplyT(results);
    const expected = new wire.ReplyT(77, 0, null, false, 139, ReplyBody.BatchReply, body);
    expect(openReply(kernel.pageFrame(), bytes)).toEqual(roundTrip(expected));
  });

  test('leaves a batch with any other path to the slow path', () => {
    expect(kernel.serveBatchGetStatus(ask(['/file-1', '/missing', '/file-2']))).toBe(0);
    expect(kernel.serveBatchGetStatus(ask(['/file-1', 'file-2']))).toBe(0);
    expect(kernel.serveBatchGetStatus(ask(Array.from({ length: 1025 }, () => '/')))).toBe(0);
    expect(kernel.serveGetStatus(ask(['/file-1']))).toBe(0);
    expect(kernel.serveBatchGetStatus(ask(['/file-1']))).toBeGreaterThan(0);
    expect(kernel.serveBatchGetStatus(ask([]))).toBeGreaterThan(0);
  });

  test('the slow path mixes infos and refusals', () => {
    kernel.batchBegin();
    put(scratch, bytesOf(file(3)));
    expect(kernel.batchAdd(scratch)).toBe(1);
    const reason = put(scratch + 1024, text.encode('no such file'));
    const path = put(scratch + 2048, text.encode('/gone/é'));
    const refuse = () => kernel.batchAddError(5, scratch + 1024, reason, scratch + 2048, path);
    expect(refuse()).toBe(1);
    expect(kernel.batchAdd(scratch)).toBe(1);
    const bytes = kernel.batchFinish(8, 9);
    const info = infoOf(file(3), TEXTS);
    const body = new wire.BatchReplyT([
      new wire.ResultT(0, null, info),
      new wire.ResultT(5, new wire.ErrorDetailT('no such file', '/gone/é'), null),
      new wire.ResultT(0, null, info),
    ]);
    const expected = new wire.ReplyT(8, 0, null, false, 9, ReplyBody.BatchReply, body);
    expect(openReply(kernel.pageFrame(), bytes)).toEqual(roundTrip(expected));
  });

  test('mutated batches give 0 or a sound reply', () => {
    const sound = packRequest(
      RequestBody.BatchGetStatus,
      new wire.BatchGetStatusT(['/file-1', '/file-22', '/']),
    );
    const change = fc.tuple(fc.nat({ max: sound.length - 1 }), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 3 }), (changes) => {
        const frame = sound.slice();
        for (const [at, byte] of changes) frame[at] = byte;
        const bytes = kernel.serveBatchGetStatus(receive(frame));
        if (bytes !== 0) openReply(kernel.pageFrame(), bytes);
      }),
      { numRuns: 5000 },
    );
  });
});
