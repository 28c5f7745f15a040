/**
 * Applies journal entries directly to an LMDB environment, without tier 1. This makes a captured
 * copy exact (capture.ts). It is written separately from the kernels' apply(), so that the two
 * check each other: the kernels replay a backup at the next start, and the digests must agree.
 */

import {
  type Change,
  decodeEntry,
  type ParentChange,
  type RemoveChange,
  type SideChange,
} from '../journal/entry-decode.js';
import { SIDE_EXPIRY_DONE, SIDE_STRING } from '../memory/entry-format.js';
import { expiryOf } from '../memory/expiry.js';
import type { RecordFields } from '../memory/record-fields.js';
import { type ExpiryChange, expiryOfKey } from '../storage/expiry-index.js';
import type { IdChange } from '../storage/id-index.js';
import { sideKey, type Tier2 } from '../storage/tier2.js';
import { sideRange } from '../tier/shared-tables.js';
import type { RecordCodec } from './record-codec.js';

export class Replay {
  readonly #tier2: Tier2;
  readonly #codec: RecordCodec;
  #ids: IdChange[] = [];
  #expiries: ExpiryChange[] = [];
  #nameCount: number | undefined;
  /** One more than the largest id that was put. */
  idNext = 0;

  constructor(tier2: Tier2, codec: RecordCodec) {
    this.#tier2 = tier2;
    this.#codec = codec;
  }

  /** Applies the consecutive entries in `bytes`, in one transaction. */
  apply(bytes: Uint8Array): void {
    this.#tier2.transact(() => {
      for (let at = 0; at < bytes.length; ) {
        const entry = decodeEntry(bytes, at);
        for (const change of entry.changes) this.#change(change, entry.seq);
        at += entry.bytes;
      }
      this.#tier2.ids.write(this.#ids);
      this.#tier2.expiries.write(this.#expiries);
      this.#ids = [];
      this.#expiries = [];
    });
  }

  #change(change: Change, seq: number): void {
    if (change.kind === 'put') this.#put({ ...change.record, seq });
    else if (change.kind === 'remove') this.#remove(change);
    else if (change.kind === 'parent') this.#parent(change, seq);
    else this.#side(change);
  }

  #remove({ parentId, name, id, dropId }: RemoveChange): void {
    this.#tier2.inodes.removeSync(this.#codec.keyOf(parentId, name));
    if (dropId) this.#ids.push({ id, key: null });
  }

  #put(record: RecordFields): void {
    const key = this.#codec.keyOf(record.parentId, record.name);
    this.#tier2.inodes.putSync(key, this.#codec.valueOf(key, record));
    this.#ids.push({ id: record.id, key });
    this.idNext = Math.max(this.idNext, record.id + 1);
    const expiryMs = expiryOf(record);
    if (expiryMs === undefined || !Number.isSafeInteger(expiryMs)) return;
    this.#expiries.push({ expiryMs, id: record.id, isDue: true });
  }

  #parent({ grandparentId, parentId, name, childDelta, mtimeMs }: ParentChange, seq: number): void {
    const key = this.#codec.keyOf(grandparentId, name);
    const value = this.#tier2.inodes.get(key);
    const found = value && this.#codec.fields(key, value);
    if (found === undefined || found.id !== parentId || found.seq >= seq) return;
    const length = Math.max(0, found.length + childDelta);
    const changed = { ...found, length, mtimeMs: Math.max(found.mtimeMs, mtimeMs), seq };
    this.#tier2.inodes.putSync(key, this.#codec.valueOf(key, changed));
  }

  #side({ sideKind, key, value }: SideChange): void {
    const { side } = this.#tier2;
    const row = Buffer.from(sideKey(sideKind, key));
    if (sideKind === SIDE_EXPIRY_DONE) {
      this.#expiries.push({ ...expiryOfKey(key), isDue: false });
    } else if (sideKind === SIDE_STRING) this.#name(row);
    else if (value === null) side.removeSync(row);
    else side.putSync(row, Buffer.from(value));
  }

  /** Names are numbered in the order in which the journal gives them. */
  #name(row: Buffer): void {
    const { side } = this.#tier2;
    this.#nameCount ??= [...sideRange(this.#tier2, SIDE_STRING)].length;
    if (side.get(row) !== undefined) return;
    const value = Buffer.alloc(4);
    value.writeUInt32LE(++this.#nameCount);
    side.putSync(row, value);
  }
}
