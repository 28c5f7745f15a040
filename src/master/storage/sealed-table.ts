/**
 * A table of tier 2 whose rows carry a checksum, since LMDB has none: `ids`, `side`, `expiries`
 * and `meta`. (Rows of `inodes` have the same kind of sum, written and checked by the kernels.)
 *
 *   stored value:  ┌───────┬──────────────────────────────┐
 *                  │ value │ CRC32C of key and value, u32 │
 *                  └───────┴──────────────────────────────┘
 *
 * Invariant: a value that is given out has the sum that its writer gave it, under its own key.
 */
import type { Database, PutOptions, RangeOptions } from 'lmdb';
import { assert } from '../../base/assert.js';
import { crc32c } from '../../base/crc32c.js';
import { damagedRow } from './damage.js';
import { putRow } from './put-row.js';

type Bytes = Uint8Array;
type Range = Pick<RangeOptions, 'start' | 'end' | 'reverse' | 'limit'>;

const SUM_BYTES = 4;

export class SealedTable {
  readonly #name: string;
  readonly #rows: Database<Bytes, Bytes>;

  constructor(name: string, rows: Database<Bytes, Bytes>) {
    this.#name = name;
    this.#rows = rows;
  }

  /** A copy of the value; undefined if there is no such row. Throws DATA_LOSS on a damaged one. */
  get(key: Bytes): Bytes | undefined {
    const row = this.#rows.getBinary(key);
    return row === undefined ? undefined : this.#open(key, row);
  }

  *getRange(range: Range = {}): Iterable<{ readonly key: Bytes; readonly value: Bytes }> {
    for (const { key, value } of this.#rows.getRange(range)) {
      yield { key, value: this.#open(key, value) };
    }
  }

  *getKeys(range: Range = {}): Iterable<Bytes> {
    for (const { key } of this.getRange(range)) yield key;
  }

  /** Inside a transaction. */
  putSync(key: Bytes, value: Bytes, options: PutOptions = {}): void {
    assert(key.length > 0, 'a row has a key');
    const row = Buffer.allocUnsafe(value.length + SUM_BYTES);
    row.set(value);
    row.writeUInt32LE(sumOf(key, value), value.length);
    assert(putRow(this.#rows, key, row, options), 'a row that is appended is behind all others');
  }

  /** Inside a transaction. */
  removeSync(key: Bytes): void {
    this.#rows.removeSync(key);
  }

  #open(key: Bytes, row: Bytes): Bytes {
    if (!isSealed(key, row)) throw damagedRow(this.#name, key);
    return new Uint8Array(sealedValue(row));
  }
}

/** The value of a row as it is stored, whose sum is right. */
export const sealedValue = (row: Bytes): Bytes => row.subarray(0, row.length - SUM_BYTES);

/** Whether a row, as it is stored, has the sum that its writer gave it. */
export function isSealed(key: Bytes, row: Bytes): boolean {
  const bytes = row.length - SUM_BYTES;
  if (bytes < 0) return false;
  const sum = new DataView(row.buffer, row.byteOffset + bytes, SUM_BYTES).getUint32(0, true);
  return sum === sumOf(key, row.subarray(0, bytes));
}

function sumOf(key: Bytes, value: Bytes): number {
  return crc32c(value, 0, value.length, crc32c(key, 0, key.length));
}
