/**
 * Dirty slots as rows for tier 2, and the items by which they are sorted: for the flusher, which
 * stores them, and for calls that read a directory before that.
 */
import { encodeValue, putKey } from './codec';
import {
  BLOB_ID,
  BLOB_KEY,
  BLOB_KEY_BYTES,
  BLOB_SEQ,
  BLOB_SLOT,
  BLOB_VALUE_BYTES,
  INVARIANT_ROW_HAS_VALUE,
  RECORD_ID,
  RECORD_NAME,
  RECORD_NAME_LEN,
  RECORD_PARENT_ID,
  RECORD_SEQ,
  SLOT_RECORD,
  TRASH_BIT,
} from './generated/layout';
import { invariant } from './invariant';
import { copyRecord, setOfSlot, stableSeq, stillAt } from './tier-set';

/** More than any blob: key at most 9 + 255 bytes, value some 110. */
export const BLOB_BYTES_MAX: u32 = 1024;

/** Copies the slot's record as one state. */
export function copySlot(slot: usize, to: usize): void {
  const set = setOfSlot(slot);
  while (true) {
    const seq = stableSeq(set);
    const record = slot + SLOT_RECORD;
    copyRecord(record, to, load<u8>(record, RECORD_NAME_LEN));
    if (stillAt(set, seq)) return;
  }
}

/** Encodes the record of a slot at `blob`; returns the place of the next blob. */
export function putBlob(blob: usize, slot: usize, record: usize): usize {
  const id = load<u64>(record, RECORD_ID);
  const key = blob + BLOB_KEY;
  const name = record + RECORD_NAME;
  const nameBytes = u32(load<u8>(record, RECORD_NAME_LEN));
  const keyBytes = putKey(key, load<u64>(record, RECORD_PARENT_ID), name, nameBytes);
  const valueBytes = id == 0 ? 0 : encodeValue(key, keyBytes, record, key + keyBytes);
  // An empty value would mean "delete": a record without a type must never get this far.
  invariant(id == 0 || valueBytes != 0, INVARIANT_ROW_HAS_VALUE, slot);
  store<u32>(blob, u32(slot), BLOB_SLOT);
  store<u16>(blob, u16(keyBytes), BLOB_KEY_BYTES);
  store<u16>(blob, u16(valueBytes), BLOB_VALUE_BYTES);
  store<u64>(blob, load<u64>(record, RECORD_SEQ), BLOB_SEQ);
  store<u64>(blob, id, BLOB_ID);
  return (key + keyBytes + valueBytes + 7) & ~7;
}

export function putItem(item: usize, blob: usize, record: usize): void {
  store<u64>(item, sortedId(load<u64>(record, RECORD_PARENT_ID)));
  store<u64>(item, namePrefix(record + RECORD_NAME, load<u8>(record, RECORD_NAME_LEN)), 8);
  store<u64>(item, u64(blob), 16);
}

/** A number that sorts as the stored ids do: a shadow sorts after its directory. */
function sortedId(id: u64): u64 {
  return ((id & ~TRASH_BIT) << 1) | u64((id & TRASH_BIT) != 0);
}

/** The first eight bytes as a number that sorts as they do; short names are filled with zeros. */
function namePrefix(name: usize, nameBytes: u32): u64 {
  const bytes = bswap<u64>(load<u64>(name));
  if (nameBytes >= 8) return bytes;
  return nameBytes == 0 ? 0 : bytes & ~(u64.MAX_VALUE >> (u64(nameBytes) << 3));
}
