/**
 * From an inode id to the key of its record in `inodes`: the index by which an id becomes a path.
 * Ids are given out in their order, so a flush of new files has long runs of them: sixteen share
 * one row, which is a sixteenth of the puts, and new rows are appended. Floor 1.
 *
 *   key    id / 16, order-preserving: [n][n bytes big-endian, minimal]
 *   value  for each id of the block that is there, by rising slot:
 *          [slot u8 = id % 16][key bytes u16 LE][key in `inodes`]
 *
 * NEVER change: data directories hold it. Only the flusher writes, inside its transactions.
 */
import type { Database } from 'lmdb';

export const IDS_PER_ROW = 16;
const HEADER_BYTES = 3;
const APPEND = { append: true } as const;
const NOTHING = Buffer.alloc(0);

/** `key` null: the id is gone. */
export type IdChange = { readonly id: number; readonly key: Uint8Array | null };

export class IdIndex {
  readonly #rows: Database<Uint8Array, Uint8Array>;
  /** No stored row has a larger block number; -1 = not looked yet. */
  #lastBlock = -1;

  constructor(rows: Database<Uint8Array, Uint8Array>) {
    this.#rows = rows;
  }

  /** The key of the inode's record, copied; undefined if the id is not there. */
  get(id: number): Uint8Array | undefined {
    const row = this.#rows.getBinary(blockKey(Math.floor(id / IDS_PER_ROW)));
    if (row === undefined) return undefined;
    const { at, bytes } = find(row, id % IDS_PER_ROW);
    if (bytes === 0) return undefined;
    return new Uint8Array(row.subarray(at + HEADER_BYTES, at + bytes));
  }

  /** All ids that are there, rising. */
  *all(): Iterable<number> {
    for (const { key, value } of this.#rows.getRange()) {
      const block = key.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
      for (let at = 0; at < value.length; ) {
        yield block * IDS_PER_ROW + value[at]!;
        at += HEADER_BYTES + (value[at + 1]! | (value[at + 2]! << 8));
      }
    }
  }

  /** Inside a transaction. Sorts the changes by id; of two for one id, the later one holds. */
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

  #writeBlock(block: number, changes: readonly IdChange[], first: number, last: number): void {
    if (this.#lastBlock < 0) this.#lastBlock = this.#findLastBlock();
    const key = blockKey(block);
    if (block > this.#lastBlock) {
      const row = rowOf(NOTHING, changes, first, last);
      if (row.length === 0) return;
      this.#rows.putSync(key, row, APPEND);
      this.#lastBlock = block;
      return;
    }
    const row = rowOf(this.#rows.getBinary(key) ?? NOTHING, changes, first, last);
    if (row.length === 0) this.#rows.removeSync(key);
    else this.#rows.putSync(key, row);
  }

  #findLastBlock(): number {
    for (const key of this.#rows.getKeys({ reverse: true, limit: 1 })) {
      return key.subarray(1).reduce((block, byte) => block * 256 + byte, 0);
    }
    return 0;
  }
}

/** The row after the changes first … last - 1, which rise by id. */
function rowOf(
  row: Uint8Array,
  changes: readonly IdChange[],
  first: number,
  last: number,
): Uint8Array {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (let i = first; i < last; i++) {
    const { id, key } = changes[i]!;
    if (i + 1 < last && changes[i + 1]!.id === id) continue;
    const slot = id % IDS_PER_ROW;
    const { at, bytes } = find(row, slot);
    if (at > from) parts.push(row.subarray(from, at));
    if (key !== null) parts.push(Uint8Array.of(slot, key.length & 0xff, key.length >> 8), key);
    from = at + bytes;
  }
  if (from < row.length) parts.push(row.subarray(from));
  return Buffer.concat(parts);
}

/** Where the slot stands in a row, and its bytes; 0 bytes: where it would stand. */
function find(row: Uint8Array, slot: number): { at: number; bytes: number } {
  let at = 0;
  while (at < row.length && row[at]! < slot) {
    at += HEADER_BYTES + (row[at + 1]! | (row[at + 2]! << 8));
  }
  const there = at < row.length && row[at] === slot;
  const bytes = there ? HEADER_BYTES + (row[at + 1]! | (row[at + 2]! << 8)) : 0;
  return { at, bytes };
}

/** Sorts as the number does; below 2^53. */
function blockKey(block: number): Uint8Array {
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
