/**
 * The flusher's side of tier 1: dirty slots of a closed epoch out, sorted by their tier-2 key, and
 * clean again after the commit. Only the flusher's thread calls it, for one epoch at a time.
 *
 *   arena: │ rows │ items │ items │ record │ blobs … │
 *   row:   slot, seq low, seq high, key address, key bytes, value bytes, id low, id high (u32 each)
 *   item:  parent id as it sorts u64, first 8 bytes of the name big-endian u64, blob address u64
 *   blob:  see base/layout-dirty.ts
 *
 * A slot is copied as it is now, which may be newer than the epoch. It must be: a PARENT change of
 * a newer epoch counts on the record below it, and leaving the slot out would lose what the epoch
 * itself did to it. Replay from the epoch's last seq gives the same state from either.
 *
 * Invariant: a slot in the list of closed epoch E holds the same key until markClean: it is dirty
 *   with E or a later epoch, and dirty slots are never evicted.
 * Invariant: markClean cleans only slots whose DIRTY_EPOCH is still E. One that was dirtied again
 *   stands in the open epoch's list; cleaned, it could be dirtied a second time in that epoch and
 *   would enter that list twice. Since E was closed when it was copied, DIRTY_EPOCH = E also
 *   says that nothing changed since; the record's seq alone does not, because an entry that waited
 *   for room half applied goes on with the same seq.
 */
import { FLUSH_ARENA_BASE, FLUSH_ARENA_BYTES } from './control';
import { dirtyEntry, dropChains } from './dirty';
import { filterAdd } from './filter';
import { hashKey64 } from './hash';
import {
  BLOB_ID,
  BLOB_KEY,
  BLOB_KEY_BYTES,
  BLOB_SEQ,
  BLOB_SLOT,
  BLOB_VALUE_BYTES,
  CONTROL_BASE,
  CONTROL_DIRTY_COUNT,
  CONTROL_DROPPED_COUNT,
  CONTROL_EPOCH,
  DIRTY_ENTRY_BYTES,
  INVARIANT_EPOCH_CLOSED,
  RECORD_BYTES_MAX,
  RECORD_ID,
  RECORD_NAME,
  RECORD_NAME_LEN,
  RECORD_PARENT_ID,
  SLOT_DIRTY_EPOCH,
} from './generated/layout';
import { invariant } from './invariant';
import { ITEM_BYTES, sortItems } from './item-sort';
import { BLOB_BYTES_MAX, copySlot, putBlob, putItem } from './slot-row';
import { releaseSame, setOfSlot, takeSet } from './tier-set';
import { touchSlot } from './touch';

const ROW_BYTES: u32 = 32;
/** Slots that are read ahead, so that their misses overlap. */
const AHEAD: u32 = 16;
/** Rows for which room is kept: a row with its items takes 80 bytes, its blob about 80 more. */
const BYTES_PER_ROW: u32 = 160;

/** From the last copyDirty: room for two lists of items, which its rows no longer need. */
let itemsAt: usize = 0;
let spareAt: usize = 0;
/** The epoch of the last copyDirty, for markClean. */
let copiedEpoch: u32 = 0;

export function copyDirty(epoch: u32, from: u32, count: u32): u32 {
  // The list of an open epoch still grows, and its slots still change.
  const open = atomic.load<u32>(CONTROL_BASE + CONTROL_EPOCH);
  invariant(epoch != open, INVARIANT_EPOCH_CLOSED, epoch);
  copiedEpoch = epoch;
  const listed = atomic.load<u32>(counterOf(CONTROL_DIRTY_COUNT, epoch));
  if (from >= listed) return 0;
  const rows = min<u32>(min<u32>(count, listed - from), FLUSH_ARENA_BYTES / BYTES_PER_ROW);
  const items = FLUSH_ARENA_BASE + rows * ROW_BYTES;
  const spare = items + rows * ITEM_BYTES;
  const record = spare + rows * ITEM_BYTES;
  const end = FLUSH_ARENA_BASE + FLUSH_ARENA_BYTES - BLOB_BYTES_MAX;
  const list = dirtyEntry(epoch & 1, from);
  let blob: usize = (record + RECORD_BYTES_MAX + 7) & ~7;
  let taken: u32 = 0;
  for (; taken < rows && blob <= end; taken++) {
    const entry = list + taken * DIRTY_ENTRY_BYTES;
    if (taken % AHEAD == 0) touchAll(entry, DIRTY_ENTRY_BYTES, min<u32>(AHEAD, rows - taken));
    const slot = load<u32>(entry);
    copySlot(slot, record);
    addToFilter(record);
    const next = putBlob(blob, slot, record);
    putItem(items + taken * ITEM_BYTES, blob, record);
    blob = next;
  }
  itemsAt = items;
  spareAt = spare;
  const sorted = sortItems(items, spare, taken);
  for (let i: u32 = 0; i < taken; i++) {
    putRow(FLUSH_ARENA_BASE + i * ROW_BYTES, load<u32>(sorted + i * ITEM_BYTES, 16));
  }
  return taken;
}

/**
 * The first `count` rows of the last copyDirty that hold an inode, by rising id: at the address
 * that is returned stands how many (u32), then their numbers (u32 each).
 */
export function orderByIds(count: u32): usize {
  let found: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const row = FLUSH_ARENA_BASE + i * ROW_BYTES;
    const id = load<u64>(row, 24);
    if (id == 0 || load<u32>(row, 20) == 0) continue;
    const item = itemsAt + found++ * ITEM_BYTES;
    store<u64>(item, id);
    store<u64>(item, u64(i), 8);
  }
  const sorted = sortItems(itemsAt, spareAt, found);
  const out = sorted == itemsAt ? spareAt : itemsAt;
  store<u32>(out, found);
  for (let i: u32 = 0; i < found; i++) {
    store<u32>(out + 4 + (i << 2), load<u32>(sorted + i * ITEM_BYTES, 8));
  }
  return out;
}

export function markClean(count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const row = FLUSH_ARENA_BASE + i * ROW_BYTES;
    if (i % AHEAD == 0) touchAll(row, ROW_BYTES, min<u32>(AHEAD, count - i));
    const slot = load<u32>(row);
    // Only the writer changes it, away from this epoch and never back: a changed value is final.
    if (atomic.load<u32>(slot, SLOT_DIRTY_EPOCH) != copiedEpoch) continue;
    const set = setOfSlot(slot);
    const seq = takeSet(set);
    if (load<u32>(slot, SLOT_DIRTY_EPOCH) == copiedEpoch) store<u32>(slot, 0, SLOT_DIRTY_EPOCH);
    // No key and no record changed, so copies and misses of readers stay valid.
    releaseSame(set, seq);
  }
}

/** Touches the slots whose addresses stand from `at` on, each `step` bytes after the previous. */
function touchAll(at: usize, step: u32, count: u32): void {
  for (let i: u32 = 0; i < count; i++) touchSlot(load<u32>(at + i * step));
}

export function dropEpoch(epoch: u32): void {
  if (atomic.load<u32>(counterOf(CONTROL_DIRTY_COUNT, epoch)) != 0) dropChains(epoch & 1);
  atomic.store<u32>(counterOf(CONTROL_DIRTY_COUNT, epoch), 0);
  atomic.store<u32>(counterOf(CONTROL_DROPPED_COUNT, epoch), 0);
}

// @ts-ignore: decorator
@inline
function counterOf(counters: u32, epoch: u32): usize {
  return CONTROL_BASE + counters + ((epoch & 1) << 2);
}

/** The filter gets a key before tier 2 has it. */
function addToFilter(record: usize): void {
  if (load<u64>(record, RECORD_ID) == 0) return;
  const nameBytes = u32(load<u8>(record, RECORD_NAME_LEN));
  filterAdd(hashKey64(load<u64>(record, RECORD_PARENT_ID), record + RECORD_NAME, nameBytes));
}

function putRow(row: usize, blob: usize): void {
  store<u32>(row, load<u32>(blob, BLOB_SLOT));
  store<u64>(row, load<u64>(blob, BLOB_SEQ), 4);
  store<u32>(row, u32(blob) + BLOB_KEY, 12);
  store<u32>(row, u32(load<u16>(blob, BLOB_KEY_BYTES)), 16);
  store<u32>(row, u32(load<u16>(blob, BLOB_VALUE_BYTES)), 20);
  store<u64>(row, load<u64>(blob, BLOB_ID), 24);
}
