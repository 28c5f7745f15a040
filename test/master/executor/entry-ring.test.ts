/**
 * Goal: whatever is published is read once, in order and unharmed, until it is freed; the ring
 * says no rather than overwrite. Method: random entries against a queue, with the writer's way of
 * reading, also where positions wrap around 2^32.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Code } from '../../../src/base/status.js';
import { EntryRing } from '../../../src/master/executor/entry-ring.js';
import { decodeEntry } from '../../../src/master/journal/entry-decode.js';
import { ENTRY_CRC, ENTRY_LENGTH, RING_SKIP } from '../../../src/master/memory/entry-format.js';
import { CONTROL, EXECUTOR } from '../../../src/master/memory/layout.js';
import type { SharedMemory } from '../../../src/master/memory/shared-memory.js';
import { lockMemory } from '../lock/lock-kit.js';

const RING_BYTES = 1 << 16;
const SIDE = 9;

function openRing(shared: SharedMemory, position: number): EntryRing {
  const base = shared.executorBase(0);
  Atomics.store(shared.i32, (base + EXECUTOR.RING_HEAD) >> 2, position | 0);
  Atomics.store(shared.i32, (base + EXECUTOR.RING_TAIL) >> 2, position | 0);
  return new EntryRing(shared, 0);
}

/** As Writer takes entries: from tail to head, passing over what fills up the end. */
function take(shared: SharedMemory): number[] {
  const base = shared.executorBase(0);
  const ring = shared.fixed(CONTROL.RING_BASE);
  const head = Atomics.load(shared.i32, (base + EXECUTOR.RING_HEAD) >> 2) >>> 0;
  let tail = Atomics.load(shared.i32, (base + EXECUTOR.RING_TAIL) >> 2) >>> 0;
  const offsets: number[] = [];
  while (tail !== head) {
    const at = ring + (tail & (RING_BYTES - 1));
    if (shared.view.getUint32(at + ENTRY_CRC, true) !== RING_SKIP) offsets.push(at);
    tail = (tail + shared.view.getUint32(at + ENTRY_LENGTH, true)) >>> 0;
  }
  Atomics.store(shared.i32, (base + EXECUTOR.RING_TAIL) >> 2, tail | 0);
  return offsets;
}

type Published = { readonly position: number; readonly callId: number; readonly bytes: number };

function expectWhole(shared: SharedMemory, ring: EntryRing, entry: Published): void {
  const at = ring.offsetOf(entry.position);
  const length = shared.view.getUint32(at + ENTRY_LENGTH, true);
  const [change] = decodeEntry(shared.u8.slice(at, at + length), 0).changes;
  const value = change?.kind === 'side' ? change.value : null;
  expect(value).not.toBeNull();
  // Not toEqual: element by element it takes minutes.
  expect(Buffer.alloc(entry.bytes, entry.callId).equals(value!)).toBe(true);
}

type Move = { readonly bytes: number; readonly spare: number } | 'take' | 'free';
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ bytes: fc.nat({ max: 6000 }), spare: fc.nat({ max: 20_000 }) }),
  },
  { weight: 3, arbitrary: fc.constant('take' as const) },
  { weight: 5, arbitrary: fc.constant('free' as const) },
);

describe('EntryRing', () => {
  it.each([0, 2 ** 32 - 3 * RING_BYTES, 2 ** 31 - RING_BYTES])(
    'keeps entries from position %i on',
    (from) => {
      const shared = lockMemory(1);
      fc.assert(
        fc.property(fc.array(move, { maxLength: 150, size: 'max' }), (moves) => {
          const ring = openRing(shared, from >>> 0);
          const published: Published[] = [];
          let taken = 0;
          for (const [callId, one] of moves.entries()) {
            if (one === 'free') {
              if (taken === 0) continue;
              taken--;
              ring.free(published.shift()!.position);
            } else if (one === 'take') {
              const offsets = take(shared);
              expect(offsets).toEqual(
                published.slice(taken).map(({ position }) => ring.offsetOf(position)),
              );
              taken = published.length;
            } else if (ring.begin(1, 2, callId, 3, one.bytes + 200 + one.spare)) {
              ring.entry.side(SIDE, new Uint8Array(4), new Uint8Array(one.bytes).fill(callId));
              published.push({ position: ring.publish(), callId, bytes: one.bytes });
            } else {
              expect(published.length, 'an empty ring has room').toBeGreaterThan(0);
            }
          }
          for (const entry of published) expectWhole(shared, ring, entry);
        }),
        { numRuns: 60 },
      );
    },
  );

  it('an entry that outgrows its room is refused, and the next one begins anew', () => {
    const shared = lockMemory(1);
    const ring = openRing(shared, 0);
    expect(ring.begin(1, 2, 3, 4, 1024)).toBe(true);
    expect(() => ring.entry.side(SIDE, new Uint8Array(4), new Uint8Array(2000))).toThrow(
      expect.objectContaining({ code: Code.RESOURCE_EXHAUSTED }),
    );
    expect(ring.begin(1, 2, 5, 4, 1024)).toBe(true);
    ring.entry.side(SIDE, new Uint8Array(4), new Uint8Array(8));
    ring.publish();
    expect(take(shared)).toHaveLength(1);
  });

  it('who takes over an executor goes on where the one before stopped', () => {
    const shared = lockMemory(1);
    const first = openRing(shared, 0);
    first.begin(1, 2, 3, 4, 1024);
    first.entry.side(SIDE, new Uint8Array(4), new Uint8Array(100));
    const position = first.publish();
    const second = new EntryRing(shared, 0);
    second.begin(1, 2, 4, 4, 1024);
    second.entry.side(SIDE, new Uint8Array(4), new Uint8Array(100));
    expect(second.publish()).toBeGreaterThan(position);
    expect(take(shared)).toHaveLength(2);
  });
});
