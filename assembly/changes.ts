/**
 * The changes of a directory's children that tier 2 lacks: the dirty slots below it, as sorted rows
 * for tier 2. Merged with tier 2's rows they give the directory as it is, without waiting for a
 * flush.
 *
 *   CHANGES: │ blob address u32 × ITEMS_MAX │ items │ items │ record │ blobs … │
 *
 * The caller has renewed its snapshot of tier 2 at TIER2_VERSION v, and drops its result if the
 * version has changed afterwards. Then nothing is missing: a slot that was dirty when the snapshot
 * was taken keeps its key until after the next commit, and that moves the version.
 */
import { EXEC } from './control';
import { dirtyEntry, newestOf } from './dirty';
import {
  BLOB_KEY,
  BLOB_KEY_BYTES,
  CHANGES_BYTES,
  DIRTY_ENTRY_BEFORE,
  DIRTY_ENTRY_SLOT,
  EXECUTOR_CHANGES,
  RECORD_BYTES_MAX,
  RECORD_NAME,
  RECORD_NAME_LEN,
  RECORD_PARENT_ID,
} from './generated/layout';
import { ITEM_BYTES, compareBytes, sortItems } from './item-sort';
import { BLOB_BYTES_MAX, copySlot, putBlob, putItem } from './slot-row';
import { fence } from './tier-set';

/** With more changes, waiting for a flush is cheaper than collecting them for every page. */
const ITEMS_MAX: u32 = 1024;
/** Entries to look at: others may share the row, and an entry may stand in both lists. */
const STEPS_MAX: u32 = 4096;
const TOO_MANY: i32 = -1;

let items: usize = 0;
let record: usize = 0;
let blob: usize = 0;
let count: u32 = 0;
let steps: u32 = 0;

/**
 * Those with names behind `from` (isAfter = 0: that name itself too). Returns how many; the
 * addresses of their blobs stand at CHANGES. -1: there are too many.
 */
export function collectChanges(
  directoryId: f64, from: usize, fromBytes: u32, isAfter: u32,
): i32 {
  const out = EXEC + EXECUTOR_CHANGES;
  items = out + (ITEMS_MAX << 2);
  const spare = items + ITEMS_MAX * ITEM_BYTES;
  record = spare + ITEMS_MAX * ITEM_BYTES;
  blob = (record + RECORD_BYTES_MAX + 7) & ~7;
  count = 0;
  steps = 0;
  const id = u64(directoryId);
  const least = isAfter != 0 ? 1 : 0;
  for (let parity: u32 = 0; parity < 2; parity++) {
    if (!followChain(parity, id, from, fromBytes, least)) return TOO_MANY;
  }
  fence();
  return i32(listBlobs(sortItems(items, spare, count), out));
}

/** False if there are too many. */
function followChain(parity: u32, id: u64, from: usize, fromBytes: u32, least: i32): bool {
  const end = EXEC + EXECUTOR_CHANGES + CHANGES_BYTES - BLOB_BYTES_MAX;
  let number = atomic.load<u32>(newestOf(id, parity));
  while (number != 0) {
    if (++steps > STEPS_MAX) return false;
    const entry = dirtyEntry(parity, number - 1);
    const slot = load<u32>(entry, DIRTY_ENTRY_SLOT);
    number = load<u32>(entry, DIRTY_ENTRY_BEFORE);
    copySlot(slot, record);
    if (load<u64>(record, RECORD_PARENT_ID) != id) continue;
    const nameBytes = u32(load<u8>(record, RECORD_NAME_LEN));
    if (compareBytes(record + RECORD_NAME, nameBytes, from, fromBytes) < least) continue;
    if (count == ITEMS_MAX || blob > end) return false;
    putItem(items + count++ * ITEM_BYTES, blob, record);
    blob = putBlob(blob, slot, record);
  }
  return true;
}

/** Each key once: for a slot in both lists, the last copy counts. */
function listBlobs(sorted: usize, out: usize): u32 {
  let listed: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const next = load<u32>(sorted + i * ITEM_BYTES, 16);
    if (listed != 0 && isSameKey(load<u32>(out + ((listed - 1) << 2)), next)) listed--;
    store<u32>(out + (listed++ << 2), next);
  }
  return listed;
}

function isSameKey(blobA: usize, blobB: usize): bool {
  const bytes = u32(load<u16>(blobA, BLOB_KEY_BYTES));
  if (bytes != u32(load<u16>(blobB, BLOB_KEY_BYTES))) return false;
  return compareBytes(blobA + BLOB_KEY, bytes, blobB + BLOB_KEY, bytes) == 0;
}
