/**
 * The ring from the writer to the flusher for side records: names, mounts, xattrs, origins. They
 * do not fit tier-1 slots, so they wait here for the transaction of their epoch.
 *
 *   [u32 bytes, padded to 8][kind u8][remove u8][key length u16][value length u32][key][value] …
 *
 * A length of RING_WRAP says that the rest up to the end is unused. Positions count bytes ever
 * written, modulo 2^32. Invariant: SIDE_HEAD - SIDE_TAIL <= SIDE_BYTES.
 */
import { assert, invariant } from '../../base/assert.js';
import {
  SIDE_KEY,
  SIDE_KEY_LEN,
  SIDE_KIND,
  SIDE_REMOVE,
  SIDE_VALUE_LEN,
} from '../memory/entry-format.js';
import { CONTROL } from '../memory/layout.js';
import type { SharedMemory } from '../memory/shared-memory.js';

const LENGTH_BYTES = 8;
const RING_WRAP = 0xffff_ffff;

export type SideRecord = {
  readonly kind: number;
  readonly key: Uint8Array;
  /** Null: the record goes. */
  readonly value: Uint8Array | null;
};

/** The writer's end. */
export class SideRingWriter {
  readonly #shared: SharedMemory;
  readonly #base: number;
  readonly #bytes: number;

  constructor(shared: SharedMemory) {
    this.#shared = shared;
    this.#base = shared.fixed(CONTROL.SIDE_BASE);
    this.#bytes = shared.fixed(CONTROL.SIDE_BYTES);
  }

  /** False: no room until the flusher has taken some. */
  push(record: SideRecord): boolean {
    const { view, u8 } = this.#shared;
    const valueBytes = record.value?.length ?? 0;
    const bytes = (LENGTH_BYTES + SIDE_KEY + record.key.length + valueBytes + 7) & ~7;
    const head = this.#shared.load(CONTROL.SIDE_HEAD);
    const used = (head - this.#shared.load(CONTROL.SIDE_TAIL)) >>> 0;
    invariant(used <= this.#bytes, 'the side ring holds no more than its bytes', head, used);
    assert(bytes <= this.#bytes, 'a side record fits the ring');
    const toEnd = this.#bytes - (head % this.#bytes);
    const skip = toEnd < bytes ? toEnd : 0;
    if (used + skip + bytes > this.#bytes) return false;
    if (skip > 0) view.setUint32(this.#base + (head % this.#bytes), RING_WRAP, true);
    const at = this.#base + ((head + skip) % this.#bytes);
    view.setUint32(at, bytes, true);
    const body = at + LENGTH_BYTES;
    view.setUint8(body + SIDE_KIND, record.kind);
    view.setUint8(body + SIDE_REMOVE, record.value === null ? 1 : 0);
    view.setUint16(body + SIDE_KEY_LEN, record.key.length, true);
    view.setUint32(body + SIDE_VALUE_LEN, valueBytes, true);
    u8.set(record.key, body + SIDE_KEY);
    if (record.value !== null) u8.set(record.value, body + SIDE_KEY + record.key.length);
    this.#shared.store(CONTROL.SIDE_HEAD, (head + skip + bytes) >>> 0);
    return true;
  }
}

/** The flusher's end: all records up to `end`, in order; then `release(end)` after the commit. */
export function* readSideRing(shared: SharedMemory, end: number): Iterable<SideRecord> {
  const base = shared.fixed(CONTROL.SIDE_BASE);
  const ring = shared.fixed(CONTROL.SIDE_BYTES);
  let at = shared.load(CONTROL.SIDE_TAIL);
  const waiting = (end - at) >>> 0;
  invariant(waiting <= ring, 'only what is in the side ring is read', at, end);
  while (at !== end) {
    const offset = base + (at % ring);
    const bytes = shared.view.getUint32(offset, true);
    if (bytes === RING_WRAP) {
      at = (at + (ring - (at % ring))) >>> 0;
      continue;
    }
    const isWhole = bytes > 0 && bytes % 8 === 0 && bytes <= (end - at) >>> 0;
    invariant(isWhole, 'a side record is written to its end', at, bytes);
    yield readSide(shared, offset + LENGTH_BYTES);
    at = (at + bytes) >>> 0;
  }
}

export function releaseSideRing(shared: SharedMemory, end: number): void {
  const [head, tail] = [shared.load(CONTROL.SIDE_HEAD), shared.load(CONTROL.SIDE_TAIL)];
  const isOrdered = (end - tail) >>> 0 <= (head - tail) >>> 0;
  invariant(isOrdered, 'only what was written to the side ring is released', tail, end);
  shared.store(CONTROL.SIDE_TAIL, end);
}

/** A side record in the form of memory/entry-format.ts, at a byte offset; its bytes are copied. */
export function readSide(shared: SharedMemory, at: number): SideRecord {
  const keyBytes = shared.view.getUint16(at + SIDE_KEY_LEN, true);
  const valueBytes = shared.view.getUint32(at + SIDE_VALUE_LEN, true);
  const key = shared.u8.slice(at + SIDE_KEY, at + SIDE_KEY + keyBytes);
  const from = at + SIDE_KEY + keyBytes;
  return {
    kind: shared.u8[at + SIDE_KIND]!,
    key,
    value: shared.u8[at + SIDE_REMOVE] === 1 ? null : shared.u8.slice(from, from + valueBytes),
  };
}
