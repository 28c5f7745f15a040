/**
 * Which inodes expire when: by expiry in buckets of a minute, then by id. A row is a hint that is
 * checked against the inode. Inodes that are deleted together have neighbouring ids and expire
 * together, so sixteen share one row, as in the id index.
 *
 *   key    bucket u40 big-endian = expiry / 65,536 ms, then the key of the ids' row (id-index.ts)
 *   value  for each id of the row that is due, by rising slot:
 *          [slot u8 = id % 16][ms into the bucket u16, little-endian]
 *
 * An id stands once in a row: of two expiries in one bucket the later written one counts, and the
 * other is ignored. NEVER change: data directories hold this format, each row followed by its
 * checksum (sealed-table.ts). Only the flusher writes, inside its transactions.
 */
import { blockKey, IDS_PER_ROW, isSameIdRow } from './id-index.js';
import type { SealedTable } from './sealed-table.js';

const BUCKET_MS = 65_536;
const BUCKET_BYTES = 5;
const ENTRY_BYTES = 3;

/** Both below 2^53. */
export type Expiry = { readonly expiryMs: number; readonly id: number };
/** `isDue` false: the id leaves the row. */
export type ExpiryChange = Expiry & { readonly isDue: boolean };

export class ExpiryIndex {
  readonly #rows: SealedTable;

  constructor(rows: SealedTable) {
    this.#rows = rows;
  }

  has({ expiryMs, id }: Expiry): boolean {
    const row = this.#rows.get(rowKey(expiryMs, id));
    return row !== undefined && timesOf(row)[id % IDS_PER_ROW] === expiryMs % BUCKET_MS;
  }

  /** What is due up to `nowMs`, in the order of the rows; from behind `after` on. */
  *due(nowMs: number, after?: Expiry): Iterable<Expiry> {
    const start = after === undefined ? new Uint8Array(0) : rowKey(after.expiryMs, after.id);
    let from = after === undefined ? 0 : (after.id % IDS_PER_ROW) + 1;
    const end = bucketKey(Math.floor(nowMs / BUCKET_MS) + 1);
    for (const { key, value } of this.#rows.getRange({ start, end })) {
      if (after !== undefined && Buffer.compare(key, start) !== 0) from = 0;
      const bucketMs = numberOf(key.subarray(0, BUCKET_BYTES)) * BUCKET_MS;
      const first = numberOf(key.subarray(BUCKET_BYTES + 1)) * IDS_PER_ROW;
      for (const [slot, ms] of timesOf(value).entries()) {
        const isThere = ms !== undefined && slot >= from && bucketMs + ms <= nowMs;
        if (isThere) yield { expiryMs: bucketMs + ms, id: first + slot };
      }
    }
  }

  /**
   * Inside a transaction. Sorts the changes by row; of two for one id in a row the later counts.
   */
  write(changes: ExpiryChange[]): void {
    changes.sort((a, b) => bucketOf(a) - bucketOf(b) || blockOf(a) - blockOf(b));
    for (let first = 0; first < changes.length; ) {
      const change = changes[first]!;
      let last = first + 1;
      while (last < changes.length && isSameExpiryRow(changes[last]!, change)) last++;
      this.#writeRow(rowKey(change.expiryMs, change.id), changes, first, last);
      first = last;
    }
  }

  #writeRow(key: Uint8Array, changes: ExpiryChange[], first: number, last: number): void {
    const old = this.#rows.get(key);
    const times = timesOf(old ?? new Uint8Array(0));
    for (let i = first; i < last; i++) {
      const { expiryMs, id, isDue } = changes[i]!;
      const slot = id % IDS_PER_ROW;
      if (isDue) times[slot] = expiryMs % BUCKET_MS;
      else if (times[slot] === expiryMs % BUCKET_MS) times[slot] = undefined;
    }
    const row = rowOf(times);
    if (row.length > 0) this.#rows.putSync(key, row);
    else if (old !== undefined) this.#rows.removeSync(key);
  }
}

const bucketOf = ({ expiryMs }: Expiry): number => Math.floor(expiryMs / BUCKET_MS);
const blockOf = ({ id }: Expiry): number => Math.floor(id / IDS_PER_ROW);
export const isSameExpiryRow = (a: Expiry, b: Expiry): boolean =>
  isSameIdRow(a.id, b.id) && bucketOf(a) === bucketOf(b);

/** Milliseconds into the bucket, by slot; undefined: not there. */
function timesOf(row: Uint8Array): (number | undefined)[] {
  const times = Array<number | undefined>(IDS_PER_ROW).fill(undefined);
  for (let at = 0; at < row.length; at += ENTRY_BYTES) {
    times[row[at]!] = row[at + 1]! | (row[at + 2]! << 8);
  }
  return times;
}

function rowOf(times: readonly (number | undefined)[]): Uint8Array {
  const row = new Uint8Array(IDS_PER_ROW * ENTRY_BYTES);
  let end = 0;
  for (const [slot, ms] of times.entries()) {
    if (ms === undefined) continue;
    row[end++] = slot;
    row[end++] = ms;
    row[end++] = ms >> 8;
  }
  return row.subarray(0, end);
}

function rowKey(expiryMs: number, id: number): Uint8Array {
  const block = blockKey(Math.floor(id / IDS_PER_ROW));
  const key = new Uint8Array(BUCKET_BYTES + block.length);
  key.set(bucketKey(Math.floor(expiryMs / BUCKET_MS)));
  key.set(block, BUCKET_BYTES);
  return key;
}

function bucketKey(bucket: number): Uint8Array {
  const key = new Uint8Array(BUCKET_BYTES);
  key[0] = Math.floor(bucket / 2 ** 32);
  new DataView(key.buffer).setUint32(1, bucket >>> 0);
  return key;
}

const numberOf = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => sum * 256 + byte, 0);

/** The key under which the journal says that an expiry is done: expiry u64, id u64, big-endian. */
export function expiryKey({ expiryMs, id }: Expiry): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(expiryMs / 2 ** 32));
  view.setUint32(4, expiryMs >>> 0);
  view.setUint32(8, Math.floor(id / 2 ** 32));
  view.setUint32(12, id >>> 0);
  return bytes;
}

export function expiryOfKey(key: Uint8Array): Expiry {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
  const word = (at: number): number => view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4);
  return { expiryMs: word(0), id: word(8) };
}
