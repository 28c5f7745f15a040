/**
 * What the flusher and readers of tier 2 must know of a change: the dirty list and the dropped ids
 * of the open epoch, and the table of DIRTY_ROWs. Only the writer's apply adds to them
 * (tier-apply.ts). The flusher empties those of an epoch that is in tier 2.
 *
 *   row of a directory    list of epoch E, 8 bytes an entry
 *  ┌─────┬───────────┐   ┌──────────┬──────────┬──────────┬──────────┬──
 *  │ seq │ newest: 3 │   │ slot ·0  │ slot ·   │ slot ·1  │ slot ·   │        newest 3 = entry 2,
 *  └─────┴───────────┘   └──────────┴──────────┴──────────┴──────────┴──      before it entry 0
 *
 * Invariant: an entry stands before the entries of its chain that follow it, so whoever walks a
 *   chain comes to an end, also while the list is filled anew below its feet.
 */
import { DIRTY_LIST_BASE, DIRTY_LIST_CAPACITY, DIRTY_ROW_BASE, DIRTY_ROW_COUNT } from './control';
import {
  CONTROL_BASE,
  CONTROL_DIRTY_COUNT,
  CONTROL_DROPPED_BASE,
  CONTROL_DROPPED_COUNT,
  CONTROL_EPOCH,
  DIRTY_ENTRY_BEFORE,
  DIRTY_ENTRY_BYTES,
  DIRTY_ENTRY_SLOT,
  DIRTY_ROW_BYTES,
  DIRTY_ROW_NEWEST,
  DROPPED_LIST_BYTES,
  INVARIANT_DIRTY_LIST_ROOM,
  RECORD_PARENT_ID,
  SIDE_KEY,
  SIDE_KEY_LEN,
  SIDE_KIND,
  SIDE_ORIGIN,
  SIDE_TRASH_TTL,
  SIDE_XATTR,
  SLOT_DIRTY_EPOCH,
  SLOT_RECORD,
} from './generated/layout';
import { invariant } from './invariant';

/** 2^64 / golden ratio: spreads lines of consecutive ids over the table. */
const SPREAD: u64 = 0x9e3779b97f4a7c15;

/** Rows of the table in a cache line. */
const LINE_ROWS: u32 = 4;

export function dirtySeq(id: f64): f64 {
  return f64(atomic.load<u64>(dirtyRow(u64(id))));
}

/** Pins a held slot, which already has its key, until the open epoch is flushed. */
// @ts-ignore: decorator
@inline
export function makeDirty(slot: usize): void {
  const epoch = atomic.load<u32>(CONTROL_BASE + CONTROL_EPOCH);
  if (load<u32>(slot, SLOT_DIRTY_EPOCH) == epoch) return;
  const parity = epoch & 1;
  const counter = CONTROL_BASE + CONTROL_DIRTY_COUNT + (parity << 2);
  const count = atomic.load<u32>(counter);
  // Epoch 0 means clean; a list with more entries than slots means that a slot entered it twice.
  invariant(epoch != 0 && count < DIRTY_LIST_CAPACITY, INVARIANT_DIRTY_LIST_ROOM, slot);
  const entry = dirtyEntry(parity, count);
  const newest = newestOf(load<u64>(slot + SLOT_RECORD, RECORD_PARENT_ID), parity);
  store<u32>(entry, u32(slot), DIRTY_ENTRY_SLOT);
  store<u32>(entry, load<u32>(newest), DIRTY_ENTRY_BEFORE);
  store<u32>(slot, epoch, SLOT_DIRTY_EPOCH);
  atomic.store<u32>(counter, count + 1);
  // Last: a reader of the chain finds whole entries.
  atomic.store<u32>(newest, count + 1);
}

/** Entry of a dirty list. */
// @ts-ignore: decorator
@inline
export function dirtyEntry(parity: u32, number: u32): usize {
  return DIRTY_LIST_BASE + (parity * DIRTY_LIST_CAPACITY + number) * DIRTY_ENTRY_BYTES;
}

/** The word with the beginning of the chain of a directory, and of others that share its row. */
// @ts-ignore: decorator
@inline
export function newestOf(directoryId: u64, parity: u32): usize {
  return dirtyRow(directoryId) + DIRTY_ROW_NEWEST + (parity << 2);
}

/** Called when the epoch is in tier 2. */
export function dropChains(parity: u32): void {
  const end = DIRTY_ROW_BASE + DIRTY_ROW_COUNT * DIRTY_ROW_BYTES;
  for (let row = DIRTY_ROW_BASE; row < end; row += DIRTY_ROW_BYTES) {
    atomic.store<u32>(row + DIRTY_ROW_NEWEST + (parity << 2), 0);
  }
}

export function droppedCount(): u32 {
  const parity = atomic.load<u32>(CONTROL_BASE + CONTROL_EPOCH) & 1;
  return atomic.load<u32>(CONTROL_BASE + CONTROL_DROPPED_COUNT + (parity << 2));
}

export function appendDropped(id: u64): void {
  const parity = atomic.load<u32>(CONTROL_BASE + CONTROL_EPOCH) & 1;
  const counter = CONTROL_BASE + CONTROL_DROPPED_COUNT + (parity << 2);
  const count = atomic.load<u32>(counter);
  const list = load<u32>(CONTROL_BASE + CONTROL_DROPPED_BASE) + parity * DROPPED_LIST_BYTES;
  store<u64>(list + (count << 3), id);
  atomic.store<u32>(counter, count + 1);
}

/**
 * Which seqs a change raises, so that a reader of tier 2 knows when to wait for a flush:
 *   a listing of a directory asks its id: children come, go and change their attributes;
 *   a look-up by id, or of what hangs on an id (xattrs, origin), asks that id.
 */
// @ts-ignore: decorator
@inline
export function raiseDirty(id: u64, seq: u64): void {
  const word = dirtyRow(id);
  // Only this thread writes the table, so a plain read before the store is enough.
  if (load<u64>(word) < seq) atomic.store<u64>(word, seq);
}

/** Side records by inode id have a key of 8 bytes, little-endian. */
export function raiseSide(payload: usize, seq: u64): void {
  const kind = u32(load<u8>(payload, SIDE_KIND));
  if (kind != SIDE_XATTR && kind != SIDE_ORIGIN && kind != SIDE_TRASH_TTL) return;
  if (load<u16>(payload, SIDE_KEY_LEN) == 8) raiseDirty(load<u64>(payload, SIDE_KEY), seq);
}

/** Consecutive ids share a line, because new inodes have consecutive ids. */
// @ts-ignore: decorator
@inline
function dirtyRow(id: u64): usize {
  const line = u32(((id / LINE_ROWS) * SPREAD) >> 32) * LINE_ROWS;
  const number = (line + u32(id % LINE_ROWS)) & (DIRTY_ROW_COUNT - 1);
  return DIRTY_ROW_BASE + number * DIRTY_ROW_BYTES;
}
