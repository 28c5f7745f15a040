/**
 * Maps an inode id to the key of its record in `inodes`; with it an id becomes a path. Ids are
 * given out in order, so a flush of new files has long runs of them. Sixteen ids share one row, so
 * a flush writes a sixteenth of the rows, and appends new ones.
 *
 *   key    id / 16, order-preserving: [n][n bytes big-endian, minimal]
 *   value  for each id of the block that is there, by rising slot, its key in `inodes`:
 *          [slot u8 = id % 16, | 0x80 if `end`][begin u8][end u8][rest: varint, 1 or 2 bytes][…]
 *          begin, end: so many bytes are as at the beginning and the end of the key before it in
 *          the row; between them stands the rest
 *
 * Files made one after the other mostly stand in one directory under similar names, so that a key
 * takes some 6 bytes here instead of 20.
 *
 * NEVER change: data directories hold it, each row with its checksum behind it (sealed-table.ts).
 * Only the flusher writes, inside its transactions.
 */
import { assert } from '../../base/assert.js';
import { NAME_BYTES_MAX } from '../../base/limits.js';
import { APPEND } from './put-row.js';
import type { SealedTable } from './sealed-table.js';

export const IDS_PER_ROW = 16;
/** An id of up to 8 bytes behind its width, and a name. */
const KEY_BYTES_MAX = 9 + NAME_BYTES_MAX;
/** In the byte of the slot: how many bytes the ends share comes behind it. */
const HAS_END = 0x80;
/** From so many bytes on the length of a rest takes two bytes. */
const LONG_REST = 0x80;
const NOTHING = Buffer.alloc(0);

/** `key` null: the id is gone. */
export type IdChange = { readonly id: number; readonly key: Uint8Array | null };

export const isSameIdRow = (a: number, b: number): boolean =>
  Math.floor(a / IDS_PER_ROW) === Math.floor(b / IDS_PER_ROW);

export class IdIndex {
  readonly #rows: SealedTable;
  readonly #writer = new IdRowWriter();
  /** The row that is being rewritten; the writer may still refer to its keys. */
  readonly #old = new IdRow();
  readonly #read = new IdRow();
  /** No stored row has a larger block number; -1 = not read yet. */
  #lastBlock = -1;
  /** The block that append() collects; -1 = none. */
  #appending = -1;

  constructor(rows: SealedTable) {
    this.#rows = rows;
  }

  /** The key of the inode's record, copied; undefined if the id is not there. */
  get(id: number): Uint8Array | undefined {
    const row = this.#rows.get(blockKey(Math.floor(id / IDS_PER_ROW)));
    return row === undefined ? undefined : this.#read.open(row).key(id % IDS_PER_ROW);
  }

  /** The keys of the ids of one row, by slot; for callers that ask for many ids in order. */
  keysOfBlock(block: number): readonly (Uint8Array | undefined)[] {
    const row = this.#rows.get(blockKey(block));
    return row === undefined ? [] : this.#read.open(row).keys();
  }

  /** All existing ids, in rising order. */
  *all(): Iterable<number> {
    const row = new IdRow();
    for (const { key, value } of this.#rows.getRange()) {
      const block = key.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
      row.open(value);
      for (let slot = 0; slot < IDS_PER_ROW; slot++) {
        if (row.has(slot)) yield block * IDS_PER_ROW + slot;
      }
    }
  }

  /** How many ids there are, without their keys. */
  count(): number {
    let count = 0;
    for (const { value } of this.#rows.getRange()) {
      for (let at = 0; at < value.length; count++) {
        const low = value[at + 2]!;
        const isLong = low >= LONG_REST;
        at += isLong ? 4 + ((low & 0x7f) | (value[at + 3]! << 7)) : 3 + low;
      }
    }
    return count;
  }

  /** Inside a transaction. Sorts the changes by id; of two for one id, the later one counts. */
  write(changes: IdChange[]): void {
    changes.sort((a, b) => a.id - b.id);
    for (let first = 0; first < changes.length; ) {
      const block = Math.floor(changes[first]!.id / IDS_PER_ROW);
      const end = (block + 1) * IDS_PER_ROW;
      let last = first + 1;
      while (last < changes.length && changes[last]!.id < end) last++;
      this.#writeBlock(block, changes, first, last);
      first = last;
    }
  }

  /**
   * Inside a transaction: ids of new inodes, rising, each above all that are there. The key stays
   * where it is until the next call. finishAppend() ends it, in the same transaction.
   */
  append(id: number, source: Uint8Array, at: number, bytes: number): void {
    const block = Math.floor(id / IDS_PER_ROW);
    if (block !== this.#appending) {
      this.finishAppend();
      this.#appending = block;
      this.#writer.begin();
      const old = this.#openOld(block);
      for (let slot = 0; slot < IDS_PER_ROW; slot++) {
        if (old.has(slot)) old.addTo(this.#writer, slot);
      }
    }
    this.#writer.add(id % IDS_PER_ROW, source, at, bytes);
  }

  finishAppend(): void {
    const block = this.#appending;
    if (block < 0) return;
    this.#appending = -1;
    this.#put(block);
  }

  #writeBlock(block: number, changes: readonly IdChange[], first: number, last: number): void {
    const old = this.#openOld(block);
    this.#writer.begin();
    for (let slot = 0, i = first; slot < IDS_PER_ROW; slot++) {
      if (i === last || changes[i]!.id % IDS_PER_ROW !== slot) {
        if (old.has(slot)) old.addTo(this.#writer, slot);
        continue;
      }
      while (i + 1 < last && changes[i + 1]!.id % IDS_PER_ROW === slot) i++;
      const { key } = changes[i++]!;
      if (key !== null) this.#writer.add(slot, key, 0, key.length);
    }
    if (this.#writer.bytes > 0) this.#put(block);
    else if (!this.#isNew(block)) this.#rows.removeSync(blockKey(block));
  }

  /** The stored row; most rows are of ids that did not exist before. */
  #openOld(block: number): IdRow {
    const row = this.#isNew(block) ? undefined : this.#rows.get(blockKey(block));
    return this.#old.open(row ?? NOTHING);
  }

  /** Inside a transaction: removes rows of this id, the first of its row, and of those above. */
  dropFrom(id: number, limit: number): number {
    const start = blockKey(Math.floor(id / IDS_PER_ROW));
    const keys = [...this.#rows.getKeys({ start, limit })].map((key) => Buffer.from(key));
    for (const key of keys) this.#rows.removeSync(key);
    this.#lastBlock = -1;
    return keys.length;
  }

  #put(block: number): void {
    if (this.#isNew(block)) this.#rows.putSync(blockKey(block), this.#writer.row, APPEND);
    else this.#rows.putSync(blockKey(block), this.#writer.row);
    this.#lastBlock = Math.max(this.#lastBlock, block);
  }

  #isNew(block: number): boolean {
    if (this.#lastBlock < 0) this.#lastBlock = this.#findLastBlock();
    return block > this.#lastBlock;
  }

  #findLastBlock(): number {
    for (const key of this.#rows.getKeys({ reverse: true, limit: 1 })) {
      return key.subarray(1).reduce((block, byte) => block * 256 + byte, 0);
    }
    return 0;
  }
}

/** The keys of one row, in one buffer that the next row takes over. */
class IdRow {
  readonly #bytes = new Uint8Array(IDS_PER_ROW * KEY_BYTES_MAX);
  /** By slot: how many bytes; 0 = the id is not there. They stand at slot × KEY_BYTES_MAX. */
  readonly #lengths = new Uint16Array(IDS_PER_ROW);

  open(row: Uint8Array): this {
    const bytes = this.#bytes;
    this.#lengths.fill(0);
    let before = 0;
    let beforeBytes = 0;
    for (let at = 0; at < row.length; ) {
      const slot = row[at++]!;
      const begin = row[at++]!;
      const end = (slot & HAS_END) === 0 ? 0 : row[at++]!;
      const low = row[at++]!;
      const rest = low < LONG_REST ? low : (low & 0x7f) | (row[at++]! << 7);
      const key = (slot & ~HAS_END) * KEY_BYTES_MAX;
      let to = key;
      for (let i = 0; i < begin; i++) bytes[to++] = bytes[before + i]!;
      for (let i = 0; i < rest; i++) bytes[to++] = row[at++]!;
      for (let i = beforeBytes - end; i < beforeBytes; i++) bytes[to++] = bytes[before + i]!;
      before = key;
      beforeBytes = to - key;
      this.#lengths[slot & ~HAS_END] = beforeBytes;
    }
    return this;
  }

  has(slot: number): boolean {
    return this.#lengths[slot]! > 0;
  }

  addTo(writer: IdRowWriter, slot: number): void {
    writer.add(slot, this.#bytes, slot * KEY_BYTES_MAX, this.#lengths[slot]!);
  }

  /** Copied; undefined = the id is not there. */
  key(slot: number): Uint8Array | undefined {
    const at = slot * KEY_BYTES_MAX;
    const bytes = this.#lengths[slot]!;
    return bytes === 0 ? undefined : this.#bytes.slice(at, at + bytes);
  }

  /** By slot. */
  keys(): (Uint8Array | undefined)[] {
    return Array.from(this.#lengths, (_, slot) => this.key(slot));
  }
}

/** Builds one row; keys come by rising slot. What it gives is good until the next begin(). */
export class IdRowWriter {
  readonly #row = Buffer.alloc(IDS_PER_ROW * (5 + KEY_BYTES_MAX));
  #end = 0;
  #before: Uint8Array = NOTHING;
  #beforeAt = 0;
  #beforeBytes = 0;

  /** Bytes of the row so far; 0: it holds no id. */
  get bytes(): number {
    return this.#end;
  }

  get row(): Buffer {
    return this.#row.subarray(0, this.#end);
  }

  begin(): void {
    this.#end = 0;
    this.#beforeBytes = 0;
  }

  /** The key stands in `source`, and stays there unchanged until the next add() or begin(). */
  add(slot: number, source: Uint8Array, at: number, bytes: number): void {
    assert(bytes > 0 && bytes <= KEY_BYTES_MAX, 'a key is an id and a name');
    assert(slot >= 0 && slot < IDS_PER_ROW, 'an id has a slot in its row');
    const row = this.#row;
    const most = Math.min(bytes, this.#beforeBytes, 0xff);
    const before = this.#before;
    let begin = 0;
    while (begin < most && source[at + begin] === before[this.#beforeAt + begin]) begin++;
    const last = at + bytes - 1;
    const beforeLast = this.#beforeAt + this.#beforeBytes - 1;
    let end = 0;
    while (begin + end < most && source[last - end] === before[beforeLast - end]) end++;
    // This costs one byte.
    if (end < 2) end = 0;
    const rest = bytes - begin - end;
    let to = this.#end;
    row[to++] = end > 0 ? slot | HAS_END : slot;
    row[to++] = begin;
    if (end > 0) row[to++] = end;
    if (rest < LONG_REST) {
      row[to++] = rest;
    } else {
      row[to++] = LONG_REST | (rest & 0x7f);
      row[to++] = rest >> 7;
    }
    for (let i = at + begin; i < at + begin + rest; i++) row[to++] = source[i]!;
    this.#end = to;
    this.#before = source;
    this.#beforeAt = at;
    this.#beforeBytes = bytes;
  }
}

/** The key of a row. Sorts as the number does; below 2^53. */
export function blockKey(block: number): Uint8Array {
  assert(Number.isSafeInteger(block) && block >= 0, 'a row is of ids below 2^53');
  let width = 0;
  for (let rest = block; rest > 0; rest = Math.floor(rest / 256)) width++;
  const key = new Uint8Array(1 + width);
  key[0] = width;
  let rest = block;
  for (let i = width; i > 0; i--) {
    key[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return key;
}
