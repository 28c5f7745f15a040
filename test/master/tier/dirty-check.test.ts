/** What the flusher holds tier 1 and its rings against: each check finds the fault it is for. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SharedStateError } from '../../../src/base/assert.js';
import { CONTROL } from '../../../src/master/memory/layout.js';
import { DIRTY_ENTRY_BYTES } from '../../../src/master/memory/layout-dirty.js';
import type { SharedMemory } from '../../../src/master/memory/shared-memory.js';
import { DirtyCheck } from '../../../src/master/tier/dirty-check.js';
import {
  readSideRing,
  releaseSideRing,
  SideRingWriter,
} from '../../../src/master/tier/side-ring.js';
import { Namespace } from '../ops/mutations/namespace.js';

let names: Namespace;
let shared: SharedMemory;
beforeEach(async () => {
  names = new Namespace();
  ({ shared } = names.fixture);
  for (const path of ['/a', '/b', `/${'c'.repeat(80)}`]) await names.mkdir(path);
});
afterEach(() => names.close());

describe('dirty slots', () => {
  let check: DirtyCheck;
  let epoch: number;
  let count: number;
  let list: number;
  beforeEach(() => {
    check = new DirtyCheck(shared);
    epoch = shared.load(CONTROL.EPOCH);
    names.fixture.closeEpoch();
    count = CONTROL.DIRTY_COUNT + (epoch & 1) * 4;
    const capacity = shared.fixed(CONTROL.DIRTY_LIST_CAPACITY);
    list = shared.fixed(CONTROL.DIRTY_LIST_BASE) + (epoch & 1) * capacity * DIRTY_ENTRY_BYTES;
  });

  it('are those of the list, and none when it is flushed', async () => {
    check.before(epoch);
    // The writer goes on: what is dirtied anew stands in both lists.
    await names.mkdir('/a/d');
    check.before(epoch);
    expect(() => check.after(epoch)).toThrow(/a flushed epoch leaves no dirty slot/);
    names.fixture.flush();
    check.after(epoch);
  });

  it('that the list does not have', () => {
    shared.add(count, -1);
    expect(() => check.before(epoch)).toThrow(/what is dirty stands in the list/);
    shared.add(count, 1);
  });

  it('that are fewer than none', () => {
    const was = shared.load(count);
    shared.store(count, -1);
    expect(() => check.before(epoch)).toThrow(/no more slots are dirty than there are/);
    shared.store(count, was);
  });

  it.each([
    ['twice', 0, /stands in a dirty list once/],
    ['between two slots', 8, /begins where slots do/],
    ['outside of tier 1', -(2 ** 31), /is one of tier 1/],
  ])('in the list %s', (_, by, says) => {
    const [first, second] = [list, list + DIRTY_ENTRY_BYTES];
    const was = shared.view.getUint32(second, true);
    shared.view.setUint32(second, shared.view.getUint32(first, true) + by, true);
    expect(() => check.before(epoch)).toThrow(says);
    shared.view.setUint32(second, was, true);
  });

  it('in the list that are clean', () => {
    const slot = shared.view.getUint32(list, true);
    shared.view.setUint32(slot, 0, true);
    expect(() => check.before(epoch)).toThrow(/what is listed is dirty/);
    shared.view.setUint32(slot, epoch, true);
  });
});

describe('the side ring', () => {
  const record = { kind: 1, key: new Uint8Array(8), value: new Uint8Array(100) };

  it('is not written beyond its bytes, nor freed before it was written', () => {
    const writer = new SideRingWriter(shared);
    expect(writer.push(record)).toBe(true);
    const tail = shared.load(CONTROL.SIDE_TAIL);
    const head = shared.load(CONTROL.SIDE_HEAD);
    expect(() => releaseSideRing(shared, head + 8)).toThrow(SharedStateError);
    expect(() => [...readSideRing(shared, tail - 8)]).toThrow(/only what is in the side ring/);
    shared.store(CONTROL.SIDE_TAIL, head + 8);
    expect(() => writer.push(record)).toThrow(/holds no more than its bytes/);
    shared.store(CONTROL.SIDE_TAIL, tail);
    shared.view.setUint32(shared.fixed(CONTROL.SIDE_BASE) + (tail % 2 ** 20), 4, true);
    expect(() => [...readSideRing(shared, head)]).toThrow(/written to its end/);
    releaseSideRing(shared, head);
  });
});
