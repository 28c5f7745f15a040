/**
 * apply: one sealed journal entry to tier 1. The same for live operation, replay and standbys.
 * Only the writer thread calls it, so it alone makes slots dirty, and only it moves the dirty
 * list, the dropped list, DIRTY_SEQ and the retry window.
 *
 * Invariant: a slot is dirtied in the open epoch E (control EPOCH) by setting DIRTY_EPOCH to E and,
 *   if it was not E before, appending its address to list E & 1. So a slot enters one list once,
 *   and a list has as much room as there are slots. It may stand in the closed epoch's list too.
 * Invariant: a removed key stays as a dirty slot with record id 0 (tombstone) until it is flushed:
 *   only seq, parentId and name mean anything in it.
 * Invariant: the id of a REMOVE with DROP_ID is in the dropped list of the epoch, since its
 *   tombstone may be overwritten by a new inode of the same name before the flush.
 * Invariant: STRUCTURE_SEQ is odd from the first change of a structural entry to its last, also
 *   while apply stands interrupted in between.
 * Invariant: a change is either done or not begun when apply stops at it.
 *
 * The entry's bounds are trusted: its CRC was checked, and this project wrote it.
 */
import {
  DIRTY_LIST_BASE,
  DIRTY_LIST_CAPACITY,
  DIRTY_SEQ_BASE,
  DIRTY_SEQ_COUNT,
  EXEC,
  raise64,
} from './control';
import {
  APPLY_AT,
  APPLY_MISS_PARENT,
  APPLY_MISS_SET,
  APPLY_MISS_SET_SEQ,
  APPLY_NAME,
  APPLY_NAME_BYTES,
  CHANGE_BYTES,
  CHANGE_FLAGS,
  CHANGE_KIND,
  CHANGE_PARENT,
  CHANGE_PAYLOAD,
  CHANGE_PUT,
  CHANGE_REMOVE,
  CHANGE_SIDE,
  CONTROL_BASE,
  CONTROL_DIRTY_COUNT,
  CONTROL_DROPPED_BASE,
  CONTROL_DROPPED_COUNT,
  CONTROL_EPOCH,
  CONTROL_ID_NEXT,
  CONTROL_STRUCTURE_SEQ,
  DROPPED_IDS_MAX,
  DROPPED_LIST_BYTES,
  ENTRY_CALL_ID,
  ENTRY_CHANGES,
  ENTRY_CLIENT_ID,
  ENTRY_LENGTH,
  ENTRY_OP,
  ENTRY_SEQ,
  ENTRY_TIME,
  EXECUTOR_APPLY,
  OP_STRUCTURAL,
  PARENT_CHILD_DELTA,
  PARENT_GRANDPARENT_ID,
  PARENT_ID,
  PARENT_MTIME,
  PARENT_NAME,
  PARENT_NAME_LEN,
  RECORD_ID,
  RECORD_LENGTH,
  RECORD_MTIME,
  RECORD_NAME,
  RECORD_NAME_LEN,
  RECORD_PARENT_ID,
  RECORD_SEQ,
  REMOVE_DROP_ID,
  REMOVE_ID,
  REMOVE_NAME,
  REMOVE_NAME_LEN,
  REMOVE_PARENT_ID,
  SIDE_KEY,
  SIDE_KEY_LEN,
  SIDE_KIND,
  SIDE_ORIGIN,
  SIDE_TRASH_TTL,
  SIDE_XATTR,
  SLOT_DIRTY_EPOCH,
  SLOT_RECORD,
} from './generated/layout';
import { hashKey64, tagOf } from './hash';
import { retryNote } from './retry';
import {
  claimWay,
  copyName,
  copyRecord,
  findWay,
  labelWay,
  releaseChanged,
  releaseSame,
  setOf,
  slotAt,
  slotBytesOf,
  takeSet,
} from './tier-set';

/** Values of src/kernel/exports.ts. */
const APPLY_DONE: i32 = 0;
const APPLY_MISSED: i32 = 1;
const APPLY_NO_ROOM: i32 = 2;
const APPLY_SIDE: i32 = 3;

/** 2^64 / golden ratio: spreads consecutive ids over the table. */
const SPREAD: u64 = 0x9e3779b97f4a7c15;

/** `at` is 0, or where APPLY.AT says that the call before stopped. */
/** Structural entries follow each other: readers are kept out from the first to the last. */
let held: bool = false;

export function holdStructure(hold: u32): void {
  if (held == (hold != 0)) return;
  held = hold != 0;
  atomic.add<u32>(CONTROL_BASE + CONTROL_STRUCTURE_SEQ, 1);
}

export function apply(entry: usize, at: u32): i32 {
  const length = load<u32>(entry, ENTRY_LENGTH);
  const seq = load<u64>(entry, ENTRY_SEQ);
  const structural = !held && (load<u16>(entry, ENTRY_OP) & OP_STRUCTURAL) != 0;
  let offset = at;
  if (offset == 0) {
    if (structural) atomic.add<u32>(CONTROL_BASE + CONTROL_STRUCTURE_SEQ, 1);
    offset = ENTRY_CHANGES;
  }
  while (offset + CHANGE_PAYLOAD <= length) {
    const status = applyChange(entry + offset, seq);
    if (status != APPLY_DONE) {
      store<u32>(EXEC + EXECUTOR_APPLY, offset, APPLY_AT);
      return status;
    }
    offset += changeBytes(entry + offset);
  }
  if (structural) atomic.add<u32>(CONTROL_BASE + CONTROL_STRUCTURE_SEQ, 1);
  noteCall(entry, length, seq);
  return APPLY_DONE;
}

export function dirtySeq(id: f64): f64 {
  return f64(atomic.load<u64>(dirtyWord(u64(id))));
}

function applyChange(change: usize, seq: u64): i32 {
  const kind = u32(load<u8>(change, CHANGE_KIND));
  const payload = change + CHANGE_PAYLOAD;
  if (kind == CHANGE_PUT) return applyPut(payload, seq);
  if (kind == CHANGE_REMOVE) {
    return applyRemove(payload, (load<u8>(change, CHANGE_FLAGS) & REMOVE_DROP_ID) != 0, seq);
  }
  if (kind == CHANGE_PARENT) return applyParent(payload, seq);
  if (kind == CHANGE_SIDE) {
    raiseSide(payload, seq);
    return APPLY_SIDE;
  }
  return APPLY_DONE;
}

function applyPut(record: usize, seq: u64): i32 {
  const parentId = load<u64>(record, RECORD_PARENT_ID);
  const nameBytes = u32(load<u8>(record, RECORD_NAME_LEN));
  const slot = holdForWrite(parentId, record + RECORD_NAME, nameBytes);
  if (slot == 0) return APPLY_NO_ROOM;
  copyRecord(record, slot + SLOT_RECORD, nameBytes);
  store<u64>(slot + SLOT_RECORD, seq, RECORD_SEQ);
  makeDirty(slot);
  const id = load<u64>(record, RECORD_ID);
  raiseDirty(parentId, seq);
  raiseDirty(id, seq);
  raise64(CONTROL_BASE + CONTROL_ID_NEXT, id + 1);
  releaseChanged(heldSet, heldSeq);
  return APPLY_DONE;
}

function applyRemove(payload: usize, dropId: bool, seq: u64): i32 {
  const parentId = load<u64>(payload, REMOVE_PARENT_ID);
  const id = load<u64>(payload, REMOVE_ID);
  const nameBytes = load<u32>(payload, REMOVE_NAME_LEN);
  if (dropId && droppedCount() >= DROPPED_IDS_MAX) return APPLY_NO_ROOM;
  const slot = holdForWrite(parentId, payload + REMOVE_NAME, nameBytes);
  if (slot == 0) return APPLY_NO_ROOM;
  const record = slot + SLOT_RECORD;
  for (let i: u32 = 0; i < RECORD_NAME; i += 16) v128.store(record + i, i64x2.splat(0));
  store<u64>(record, seq, RECORD_SEQ);
  store<u64>(record, parentId, RECORD_PARENT_ID);
  store<u8>(record, u8(nameBytes), RECORD_NAME_LEN);
  copyName(payload + REMOVE_NAME, record + RECORD_NAME, nameBytes);
  makeDirty(slot);
  raiseDirty(parentId, seq);
  raiseDirty(id, seq);
  if (dropId) appendDropped(id);
  releaseChanged(heldSet, heldSeq);
  return APPLY_DONE;
}

/** Changes only a directory that tier 1 has; one that it lacks is first read from tier 2. */
function applyParent(payload: usize, seq: u64): i32 {
  const grandparentId = load<u64>(payload, PARENT_GRANDPARENT_ID);
  const id = load<u64>(payload, PARENT_ID);
  const name = payload + PARENT_NAME;
  const nameBytes = load<u32>(payload, PARENT_NAME_LEN);
  const hash = hashKey64(grandparentId, name, nameBytes);
  const set = setOf(hash, nameBytes);
  const slotBytes = slotBytesOf(set);
  // Held also for the look: executors evict, and the slot must be the same one when it is changed.
  const setSeq = takeSet(set);
  const way = findWay(set, slotBytes, tagOf(hash), grandparentId, name, nameBytes);
  if (way < 0) {
    releaseSame(set, setSeq);
    const at = EXEC + EXECUTOR_APPLY;
    store<u32>(at, u32(set), APPLY_MISS_SET);
    store<u32>(at, setSeq, APPLY_MISS_SET_SEQ);
    store<u32>(at, nameBytes, APPLY_NAME_BYTES);
    store<u64>(at, grandparentId, APPLY_MISS_PARENT);
    copyName(name, at + APPLY_NAME, nameBytes);
    return APPLY_MISSED;
  }
  const slot = slotAt(set, way, slotBytes);
  const record = slot + SLOT_RECORD;
  // Absent (id 0) or another inode by now, or this entry is in the record already: nothing to do.
  if (load<u64>(record, RECORD_ID) != id || load<u64>(record, RECORD_SEQ) >= seq) {
    releaseSame(set, setSeq);
    return APPLY_DONE;
  }
  const children = load<i64>(record, RECORD_LENGTH) + i64(load<i32>(payload, PARENT_CHILD_DELTA));
  store<i64>(record, max<i64>(children, 0), RECORD_LENGTH);
  const mtime = max<i64>(load<i64>(record, RECORD_MTIME), load<i64>(payload, PARENT_MTIME));
  store<i64>(record, mtime, RECORD_MTIME);
  store<u64>(record, seq, RECORD_SEQ);
  makeDirty(slot);
  // A listing of the grandparent shows this directory's count and mtime.
  raiseDirty(grandparentId, seq);
  raiseDirty(id, seq);
  releaseChanged(set, setSeq);
  return APPLY_DONE;
}

/** The set that holdForWrite holds, and the seq to release it with. */
let heldSet: usize = 0;
let heldSeq: u32 = 0;

/** The slot of a key, made for it if need be, its set held; 0 and nothing held without room. */
// @ts-ignore: decorator
@inline
function holdForWrite(parentId: u64, name: usize, nameBytes: u32): usize {
  const hash = hashKey64(parentId, name, nameBytes);
  const set = setOf(hash, nameBytes);
  const slotBytes = slotBytesOf(set);
  const tag = tagOf(hash);
  const seq = takeSet(set);
  let way = findWay(set, slotBytes, tag, parentId, name, nameBytes);
  if (way < 0) {
    way = claimWay(set, slotBytes);
    if (way < 0) {
      releaseSame(set, seq);
      return 0;
    }
    labelWay(set, way, tag);
  }
  heldSet = set;
  heldSeq = seq;
  return slotAt(set, way, slotBytes);
}

/** Pins a held slot until the open epoch is flushed. */
// @ts-ignore: decorator
@inline
function makeDirty(slot: usize): void {
  const epoch = atomic.load<u32>(CONTROL_BASE + CONTROL_EPOCH);
  if (load<u32>(slot, SLOT_DIRTY_EPOCH) == epoch) return;
  const parity = epoch & 1;
  const counter = CONTROL_BASE + CONTROL_DIRTY_COUNT + (parity << 2);
  const count = atomic.load<u32>(counter);
  // Epoch 0 means clean; a list longer than there are slots means that one entered it twice.
  if (epoch == 0 || count >= DIRTY_LIST_CAPACITY) unreachable();
  store<u32>(DIRTY_LIST_BASE + ((parity * DIRTY_LIST_CAPACITY + count) << 2), u32(slot));
  store<u32>(slot, epoch, SLOT_DIRTY_EPOCH);
  atomic.store<u32>(counter, count + 1);
}

function droppedCount(): u32 {
  const parity = atomic.load<u32>(CONTROL_BASE + CONTROL_EPOCH) & 1;
  return atomic.load<u32>(CONTROL_BASE + CONTROL_DROPPED_COUNT + (parity << 2));
}

function appendDropped(id: u64): void {
  const parity = atomic.load<u32>(CONTROL_BASE + CONTROL_EPOCH) & 1;
  const counter = CONTROL_BASE + CONTROL_DROPPED_COUNT + (parity << 2);
  const count = atomic.load<u32>(counter);
  const list = load<u32>(CONTROL_BASE + CONTROL_DROPPED_BASE) + parity * DROPPED_LIST_BYTES;
  store<u64>(list + (count << 3), id);
  atomic.store<u32>(counter, count + 1);
}

/**
 * Which words a change raises, so that a reader of tier 2 knows when to wait for a flush:
 *   a listing of a directory asks its id: children come, go and change their attributes;
 *   a look-up by id, or of what hangs on an id (xattrs, origin), asks that id.
 */
// @ts-ignore: decorator
@inline
function raiseDirty(id: u64, seq: u64): void {
  const word = dirtyWord(id);
  // Only this thread writes the table, so a plain look before the store is enough.
  if (load<u64>(word) < seq) atomic.store<u64>(word, seq);
}

/** Side records by inode id have a key of 8 bytes, little-endian. */
function raiseSide(payload: usize, seq: u64): void {
  const kind = u32(load<u8>(payload, SIDE_KIND));
  if (kind != SIDE_XATTR && kind != SIDE_ORIGIN && kind != SIDE_TRASH_TTL) return;
  if (load<u16>(payload, SIDE_KEY_LEN) == 8) raiseDirty(load<u64>(payload, SIDE_KEY), seq);
}

// @ts-ignore: decorator
@inline
function dirtyWord(id: u64): usize {
  return DIRTY_SEQ_BASE + ((u32((id * SPREAD) >> 32) & (DIRTY_SEQ_COUNT - 1)) << 3);
}

/** Notes the call's answer: the id of the first inode that the entry puts. */
function noteCall(entry: usize, length: u32, seq: u64): void {
  const clientId = load<u64>(entry, ENTRY_CLIENT_ID);
  if (clientId == 0) return;
  let inodeId: u64 = 0;
  let offset = ENTRY_CHANGES;
  while (offset + CHANGE_PAYLOAD <= length) {
    if (load<u8>(entry + offset, CHANGE_KIND) == CHANGE_PUT) {
      inodeId = load<u64>(entry + offset + CHANGE_PAYLOAD, RECORD_ID);
      break;
    }
    offset += changeBytes(entry + offset);
  }
  const timeMs = load<i64>(entry, ENTRY_TIME);
  retryNote(clientId, load<u64>(entry, ENTRY_CALL_ID), seq, inodeId, timeMs);
}

/** Bytes of a change with its header and padding. */
// @ts-ignore: decorator
@inline
function changeBytes(change: usize): u32 {
  return CHANGE_PAYLOAD + ((load<u32>(change, CHANGE_BYTES) + 7) & ~7);
}
