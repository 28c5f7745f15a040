/**
 * Goal: each kind of change, each reason for which apply stops, and what else it keeps: DIRTY_SEQ,
 * ID_NEXT, dropped ids, the retry cache. Method: single entries in one thread.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { SET_WAYS } from '../../../../src/base/limits.js';
import { readU64 } from '../../../../src/base/word64.js';
import { ApplyStatus, FillStatus } from '../../../../src/master/memory/exports.js';
import {
  CONTROL,
  CONTROL_BASE,
  DROPPED_IDS_MAX,
  EXECUTOR,
  RETRY,
} from '../../../../src/master/memory/layout.js';
import { bytesOf, type EntryChange, record, TierHarness } from './tier-harness.js';

/** Of a set's ways. */
const LAST = SET_WAYS - 1;

let tier: TierHarness;
beforeEach(() => {
  tier = new TierHarness(64 * 1024);
});

const name = bytesOf('name');
const put = (fields: Parameters<typeof record>[0]): EntryChange => ({
  kind: 'put',
  record: record(fields),
});
const parent = (parentId: number, childDelta: number, mtimeMs = 0): EntryChange => ({
  kind: 'parent',
  grandparentId: 1,
  parentId,
  childDelta,
  mtimeMs,
  name,
});
const idNext = (): number => tier.kernel.load64(CONTROL_BASE + CONTROL.ID_NEXT);

/** Names whose slots share one set of a tier with few sets, more than fit. */
function fillSet(dirty: boolean): Uint8Array[] {
  const names = Array.from({ length: 2000 }, (_, i) => bytesOf(`k${i}`));
  const setOf = (of: Uint8Array): number => {
    tier.lookup1(7, of);
    return tier.missed.set;
  };
  const first = setOf(names[0]!);
  const same = names.filter((of) => setOf(of) === first).slice(0, SET_WAYS + 2);
  expect(same.length).toBe(SET_WAYS + 2);
  if (dirty)
    for (const of of same.slice(0, SET_WAYS))
      tier.apply([put({ parentId: 7, id: 1024, name: of })]);
  return same;
}

describe('PARENT', () => {
  it('counts children, raises mtime and never lowers it', () => {
    tier.apply([put({ id: 1024, length: 2, mtimeMs: 500 })]);
    tier.apply([parent(1024, 3, 600)]);
    expect(tier.lookup1(1, name)).toMatchObject({ length: 5, mtimeMs: 600, seq: 2 });
    tier.apply([parent(1024, -1, 100)]);
    expect(tier.lookup1(1, name)).toMatchObject({ length: 4, mtimeMs: 600, seq: 3 });
  });

  it('is skipped for another inode, for an absent one, and when the record has it already', () => {
    tier.apply([put({ id: 1024, length: 2 })]);
    tier.apply([parent(1025, 1)]);
    tier.apply([parent(1024, 1)], {}, 1);
    expect(tier.lookup1(1, name)).toMatchObject({ length: 2, seq: 1 });
    tier.apply([{ kind: 'remove', parentId: 1, name, id: 1024 }], {}, 2);
    tier.apply([parent(1024, 1)], {}, 3);
    expect(tier.lookup1(1, name)).toBeNull();
  });

  it('counts no child below zero', () => {
    tier.apply([put({ id: 1024, length: 1 })]);
    tier.apply([parent(1024, -5)]);
    expect(tier.lookup1(1, name)).toMatchObject({ length: 0 });
  });

  it('asks for the directory when tier 1 lacks it, and goes on where it stopped', () => {
    tier.seal(
      [put({ parentId: 1024, id: 1030 }), parent(1024, 1), put({ id: 9000, name: bytesOf('x') })],
      1,
    );
    expect(tier.kernel.apply(tier.entry, 0)).toBe(ApplyStatus.MISS);
    expect(tier.lookup1(1, bytesOf('x'))).toBeUndefined();
    tier.tier2.set('unused', bytesOf('x'));
    tier.putScratch(record({ id: 1024, length: 6 }));
    const { view } = tier.shared;
    const at = tier.base + EXECUTOR.APPLY;
    expect(readU64(view, at + 16)).toBe(1);
    const filled = tier.kernel.fill(
      view.getUint32(at + 4, true),
      view.getUint32(at + 8, true),
      tier.base + EXECUTOR.RECORD,
    );
    expect(filled).toBe(FillStatus.FILLED);
    expect(tier.kernel.apply(tier.entry, tier.stoppedAt)).toBe(ApplyStatus.DONE);
    expect(tier.lookup1(1, name)).toMatchObject({ length: 7, seq: 1 });
    expect(tier.lookup1(1, bytesOf('x'))).toMatchObject({ id: 9000 });
  });
});

describe('room', () => {
  it('refuses a put, a remove and a fill when every way is dirty, and changes nothing', () => {
    const names = fillSet(true);
    tier.seal([put({ parentId: 7, id: 1050, name: names[SET_WAYS]! })], 50);
    expect(tier.kernel.apply(tier.entry, 0)).toBe(ApplyStatus.NO_ROOM);
    tier.seal([{ kind: 'remove', parentId: 7, id: 1, name: names[SET_WAYS]!, dropId: true }], 51);
    expect(tier.kernel.apply(tier.entry, 0)).toBe(ApplyStatus.NO_ROOM);
    expect(tier.droppedIds(1)).toEqual([]);
    expect(tier.lookup1(7, names[SET_WAYS]!)).toBeUndefined();
    const { set, seq } = tier.missed;
    tier.putScratch(record({ parentId: 7, id: 1050, name: names[SET_WAYS]! }));
    const scratch = tier.base + EXECUTOR.RECORD;
    expect(tier.kernel.fill(set, seq, scratch)).toBe(FillStatus.NO_ROOM);
    tier.flush();
    // The flush changed neither keys nor records, so what was read before it is still true.
    expect(tier.kernel.fill(set, seq, scratch)).toBe(FillStatus.FILLED);
    for (const of of names.slice(0, SET_WAYS))
      expect(tier.lookup(7, of)).toMatchObject({ id: 1024 });
  });

  it('gives up ways that nobody used before those that were', () => {
    const names = fillSet(true);
    tier.flush();
    for (const of of names.slice(0, LAST)) tier.lookup1(7, of);
    tier.apply([put({ parentId: 7, id: 1050, name: names[SET_WAYS]! })]);
    for (const of of names.slice(0, LAST)) expect(tier.lookup1(7, of)).toMatchObject({ id: 1024 });
    expect(tier.lookup1(7, names[LAST]!)).toBeUndefined();
  });

  it('gives up names known to be absent although they were asked for', () => {
    const names = fillSet(false);
    for (const of of names.slice(0, LAST)) tier.apply([put({ parentId: 7, id: 1024, name: of })]);
    tier.flush();
    expect(tier.lookup(7, names[LAST]!)).toBeNull();
    for (const of of names.slice(0, SET_WAYS)) tier.lookup1(7, of);
    tier.apply([put({ parentId: 7, id: 1050, name: names[SET_WAYS]! })]);
    tier.apply([put({ parentId: 7, id: 1050, name: names[SET_WAYS]! })]);
    expect(tier.lookup1(7, names[LAST]!)).toBeUndefined();
    for (const of of names.slice(0, LAST)) expect(tier.lookup1(7, of)).toMatchObject({ id: 1024 });
  });
});

describe('what apply keeps besides', () => {
  it('raises the words of the directories and ids that a change touches, and never lowers', () => {
    tier.apply([put({ parentId: 5, id: 1024 })], {}, 10);
    expect([5, 1024, 6].map((id) => tier.kernel.dirtySeq(id))).toEqual([10, 10, 0]);
    tier.apply([put({ parentId: 1, id: 1025 })], {}, 11);
    tier.apply([parent(1025, 1)], {}, 12);
    expect([1, 1025, 5].map((id) => tier.kernel.dirtySeq(id))).toEqual([12, 12, 10]);
    tier.apply([{ kind: 'remove', parentId: 5, id: 1024, name }], {}, 13);
    expect([5, 1024].map((id) => tier.kernel.dirtySeq(id))).toEqual([13, 13]);
    tier.apply([put({ parentId: 5, id: 1024 })], {}, 2);
    expect(tier.kernel.dirtySeq(5)).toBe(13);
  });

  it('raises the word of the id that a side record hangs on', () => {
    const key = new Uint8Array(8);
    new DataView(key.buffer).setBigUint64(0, 77_000n, true);
    tier.seal([{ kind: 'side', sideKind: 3, key }], 9);
    expect(tier.kernel.apply(tier.entry, 0)).toBe(ApplyStatus.SIDE);
    expect(tier.kernel.dirtySeq(77_000)).toBe(9);
  });

  it('hands out no id that an entry has put', () => {
    tier.apply([put({ id: 5000 })]);
    expect(idNext()).toBe(5001);
    tier.apply([put({ id: 1500, parentId: 2 ** 52 + 9000 })]);
    expect(idNext()).toBe(5001);
  });

  it('remembers dropped ids of an epoch although the name is taken again', () => {
    tier.apply([put({ id: 1024 })]);
    tier.apply([{ kind: 'remove', parentId: 1, name, id: 1024, dropId: true }]);
    tier.apply([put({ id: 1025 })]);
    tier.apply([{ kind: 'remove', parentId: 1, name, id: 1025, dropId: false }]);
    expect([tier.droppedIds(1), tier.droppedIds(2)]).toEqual([[1024], []]);
    const epoch = tier.close();
    tier.apply([{ kind: 'remove', parentId: 1, name, id: 1026, dropId: true }]);
    expect([tier.droppedIds(epoch), tier.droppedIds(epoch + 1)]).toEqual([[1024], [1026]]);
    tier.kernel.dropEpoch(epoch);
    expect([tier.droppedIds(epoch), tier.droppedIds(epoch + 1)]).toEqual([[], [1026]]);
  });

  it('asks for a flush when an epoch has dropped as many ids as it may', () => {
    for (let i = 0; i < DROPPED_IDS_MAX; i++) {
      tier.seal([{ kind: 'remove', parentId: 1, name, id: 2000 + i, dropId: true }], i + 1);
      expect(tier.kernel.apply(tier.entry, 0)).toBe(ApplyStatus.DONE);
    }
    tier.seal([{ kind: 'remove', parentId: 1, name, id: 1, dropId: true }], 70_000);
    expect(tier.kernel.apply(tier.entry, 0)).toBe(ApplyStatus.NO_ROOM);
    tier.flush();
    expect(tier.kernel.apply(tier.entry, tier.stoppedAt)).toBe(ApplyStatus.DONE);
    expect(tier.droppedIds(2)).toEqual([1]);
  });
});

describe('the retry cache', () => {
  const find = (clientId: number, callId: number): number[] | undefined => {
    if (tier.kernel.retryFind(clientId, callId, tier.out) === 0) return undefined;
    const { view } = tier.shared;
    const at = tier.out;
    return [RETRY.CLIENT_ID, RETRY.CALL_ID, RETRY.SEQ, RETRY.INODE_ID].map((o) =>
      readU64(view, at + o),
    );
  };

  it('finds a call with its seq and first inode, and no other', () => {
    tier.apply([parent(1, 0), put({ id: 1024 }), put({ id: 1025 })], { clientId: 8, callId: 3 });
    tier.apply([{ kind: 'remove', parentId: 1, name, id: 1024 }], { clientId: 8, callId: 4 });
    tier.apply([put({ id: 1026 })], { clientId: 0, callId: 5 });
    expect(find(8, 3)).toEqual([8, 3, 1, 1024]);
    expect(find(8, 4)).toEqual([8, 4, 2, 0]);
    expect([find(8, 5), find(0, 5), find(3, 8)]).toEqual([undefined, undefined, undefined]);
  });

  it('keeps exactly the newest calls, and counts those that gave way before their time', () => {
    const rows = tier.shared.fixed(CONTROL.RETRY_COUNT);
    tier.shared.store(CONTROL.RETRY_WINDOW_MS, 1000);
    const last = 40 * rows + 3;
    for (let call = 1; call <= last; call++) {
      tier.apply([put({ id: 1024 })], { clientId: 1 + (call % 3), callId: call }, call);
    }
    const found = Array.from({ length: last }, (_, i) => find(1 + ((i + 1) % 3), i + 1)?.[2]);
    const newest = Array.from({ length: rows }, (_, i) => last - rows + 1 + i);
    expect(found.filter((seq) => seq !== undefined)).toEqual(newest);
    const early = tier.kernel.load64(CONTROL_BASE + CONTROL.RETRY_EARLY);
    expect(early).toBe(last - rows);
  });
});
