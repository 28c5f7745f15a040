/**
 * apply: one sealed journal entry to tier 1. The same for live operation, replay and standbys.
 * Only the writer thread calls it, so it alone makes slots dirty, and only it moves the dirty
 * list, the dropped list, the DIRTY_ROWs and the retry window.
 *
 * Invariant: a slot is dirtied in the open epoch E (control EPOCH) by setting DIRTY_EPOCH to E and,
 *   if it was not E before, appending its address to list E & 1. So a slot enters one list once,
 *   and a list has as much room as there are slots. It may stand in the closed epoch's list too.
 * Invariant: a removed key stays as a dirty slot with record id 0 (tombstone) until it is flushed:
 *   only seq, parentId and name mean anything in it.
 * Invariant: the id of a REMOVE with DROP_ID is in the dropped list of the epoch, since its
 *   tombstone may be overwritten by a new inode of the same name before the flush.
 * Invariant: a PUT that moves and the REMOVE behind it are done with both sets held: nobody sees
 *   the inode twice or not at all. (Where their one set has no room, STRUCTURE_SEQ is odd.)
 * Invariant: STRUCTURE_SEQ is odd from the first change of a structural entry to its last, also
 *   while apply stands interrupted in between.
 * Invariant: a change is either done or not begun when apply stops at it.
 *
 * The entry's bounds are trusted: its CRC was checked, and this project wrote it.
 */
import { count, EXEC, raise64 } from './control';
import {
  APPLY_AT,
  APPLY_DONE,
  APPLY_MISS,
  APPLY_MISS_PARENT,
  APPLY_MISS_SET,
  APPLY_MISS_SET_SEQ,
  APPLY_NAME,
  APPLY_NAME_BYTES,
  APPLY_NO_ROOM,
  APPLY_SIDE,
  CHANGE_BYTES,
  CHANGE_FLAGS,
  CHANGE_KIND,
  CHANGE_PARENT,
  CHANGE_PAYLOAD,
  CHANGE_PUT,
  CHANGE_REMOVE,
  CHANGE_SIDE,
  CONTROL_BASE,
  CONTROL_ID_NEXT,
  CONTROL_STRUCTURE_SEQ,
  COUNTER_TIER1_MISSES,
  DROPPED_IDS_MAX,
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
  PUT_MOVES,
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
  SET_SLOTS,
  SLOT_RECORD,
} from './generated/layout';
import { appendDropped, droppedCount, makeDirty, raiseDirty, raiseSide } from './dirty';
import { hashKey64, tagOf } from './hash';
import { countChange } from './inode-count';
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

/** Structural entries in a row: readers are kept out from the first to the last. */
let held: bool = false;

export function holdStructure(hold: u32): void {
  if (held == (hold != 0)) return;
  held = hold != 0;
  atomic.add<u32>(CONTROL_BASE + CONTROL_STRUCTURE_SEQ, 1);
}

/** A move is half done for lack of room: walks are kept out until its entry is done. */
let halfMoved: bool = false;

/** `at` is 0, or the APPLY.AT at which the previous call stopped. */
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
    const moves = isMove(entry + offset);
    const status = moves ? applyMove(entry + offset, seq) : applyChange(entry + offset, seq);
    if (status != APPLY_DONE) {
      if (halfMoved) offset += changeBytes(entry + offset);
      store<u32>(EXEC + EXECUTOR_APPLY, offset, APPLY_AT);
      return status;
    }
    offset += changeBytes(entry + offset);
    if (moves) offset += changeBytes(entry + offset);
  }
  if (structural) atomic.add<u32>(CONTROL_BASE + CONTROL_STRUCTURE_SEQ, 1);
  if (halfMoved) endHalfMove();
  countInodes(entry, length);
  noteCall(entry, length, seq);
  return APPLY_DONE;
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
  const slot = holdRecord(record);
  if (slot == 0) return APPLY_NO_ROOM;
  writePut(slot, record, seq);
  releaseChanged(heldSet, heldSeq);
  return APPLY_DONE;
}

// @ts-ignore: decorator
@inline
function holdRecord(record: usize): usize {
  const nameBytes = u32(load<u8>(record, RECORD_NAME_LEN));
  return holdForWrite(load<u64>(record, RECORD_PARENT_ID), record + RECORD_NAME, nameBytes);
}

/** Applies a PUT to a held slot. */
function writePut(slot: usize, record: usize, seq: u64): void {
  copyRecord(record, slot + SLOT_RECORD, load<u8>(record, RECORD_NAME_LEN));
  store<u64>(slot + SLOT_RECORD, seq, RECORD_SEQ);
  makeDirty(slot);
  const id = load<u64>(record, RECORD_ID);
  raiseDirty(load<u64>(record, RECORD_PARENT_ID), seq);
  raiseDirty(id, seq);
  raise64(CONTROL_BASE + CONTROL_ID_NEXT, id + 1);
}

function applyRemove(payload: usize, dropId: bool, seq: u64): i32 {
  const parentId = load<u64>(payload, REMOVE_PARENT_ID);
  const id = load<u64>(payload, REMOVE_ID);
  const nameBytes = load<u32>(payload, REMOVE_NAME_LEN);
  if (dropId && droppedCount() >= DROPPED_IDS_MAX) return APPLY_NO_ROOM;
  const slot = holdForWrite(parentId, payload + REMOVE_NAME, nameBytes);
  if (slot == 0) return APPLY_NO_ROOM;
  writeTombstone(slot, payload, seq);
  if (dropId) appendDropped(id);
  releaseChanged(heldSet, heldSeq);
  return APPLY_DONE;
}

/** Applies a REMOVE to a held slot: leaves the tombstone for this payload. */
function writeTombstone(slot: usize, payload: usize, seq: u64): void {
  const parentId = load<u64>(payload, REMOVE_PARENT_ID);
  const nameBytes = load<u32>(payload, REMOVE_NAME_LEN);
  const record = slot + SLOT_RECORD;
  for (let i: u32 = 0; i < RECORD_NAME; i += 16) v128.store(record + i, i64x2.splat(0));
  store<u64>(record, seq, RECORD_SEQ);
  store<u64>(record, parentId, RECORD_PARENT_ID);
  store<u8>(record, u8(nameBytes), RECORD_NAME_LEN);
  copyName(payload + REMOVE_NAME, record + RECORD_NAME, nameBytes);
  makeDirty(slot);
  raiseDirty(parentId, seq);
  raiseDirty(load<u64>(payload, REMOVE_ID), seq);
}

/** True for a PUT that moves; a REMOVE follows it. */
// @ts-ignore: decorator
@inline
function isMove(change: usize): bool {
  if (load<u8>(change, CHANGE_KIND) != CHANGE_PUT) return false;
  return (load<u8>(change, CHANGE_FLAGS) & PUT_MOVES) != 0;
}

/** Only the writer holds two sets, and no holder of one waits for another: no deadlock. */
function applyMove(put: usize, seq: u64): i32 {
  const record = put + CHANGE_PAYLOAD;
  const remove = put + changeBytes(put) + CHANGE_PAYLOAD;
  const slot = holdRecord(record);
  if (slot == 0) return APPLY_NO_ROOM;
  const set = heldSet;
  const setSeq = heldSeq;
  const isNew = heldIsNew;
  const name = remove + REMOVE_NAME;
  const nameBytes = load<u32>(remove, REMOVE_NAME_LEN);
  const parentId = load<u64>(remove, REMOVE_PARENT_ID);
  const hash = hashKey64(parentId, name, nameBytes);
  if (setOf(hash, nameBytes) == set) {
    // Before the other way is chosen, which must not be this one.
    writePut(slot, record, seq);
    const other = findOrClaim(set, hash, parentId, name, nameBytes);
    if (other == 0) beginHalfMove();
    else writeTombstone(other, remove, seq);
    releaseChanged(set, setSeq);
    return other == 0 ? APPLY_NO_ROOM : APPLY_DONE;
  }
  const other = holdForWrite(parentId, name, nameBytes);
  if (other == 0) {
    // The record of the way was evicted for a record that is not there yet.
    if (isNew) labelWay(set, i32((slot - set - SET_SLOTS) / slotBytesOf(set)), 0);
    releaseChanged(set, setSeq);
    return APPLY_NO_ROOM;
  }
  writePut(slot, record, seq);
  writeTombstone(other, remove, seq);
  releaseChanged(set, setSeq);
  releaseChanged(heldSet, heldSeq);
  return APPLY_DONE;
}

function beginHalfMove(): void {
  halfMoved = true;
  if (!held) atomic.add<u32>(CONTROL_BASE + CONTROL_STRUCTURE_SEQ, 1);
}

function endHalfMove(): void {
  halfMoved = false;
  if (!held) atomic.add<u32>(CONTROL_BASE + CONTROL_STRUCTURE_SEQ, 1);
}

/** Changes only a directory that tier 1 has; a missing one is first read from tier 2. */
function applyParent(payload: usize, seq: u64): i32 {
  const grandparentId = load<u64>(payload, PARENT_GRANDPARENT_ID);
  const id = load<u64>(payload, PARENT_ID);
  const name = payload + PARENT_NAME;
  const nameBytes = load<u32>(payload, PARENT_NAME_LEN);
  const hash = hashKey64(grandparentId, name, nameBytes);
  const set = setOf(hash, nameBytes);
  const slotBytes = slotBytesOf(set);
  // Held during the look too: executors evict, and the slot must stay the same until the change.
  const setSeq = takeSet(set);
  const way = findWay(set, slotBytes, tagOf(hash), grandparentId, name, nameBytes);
  if (way < 0) {
    releaseSame(set, setSeq);
    count(COUNTER_TIER1_MISSES, 1);
    const at = EXEC + EXECUTOR_APPLY;
    store<u32>(at, u32(set), APPLY_MISS_SET);
    store<u32>(at, setSeq, APPLY_MISS_SET_SEQ);
    store<u32>(at, nameBytes, APPLY_NAME_BYTES);
    store<u64>(at, grandparentId, APPLY_MISS_PARENT);
    copyName(name, at + APPLY_NAME, nameBytes);
    return APPLY_MISS;
  }
  const slot = slotAt(set, way, slotBytes);
  const record = slot + SLOT_RECORD;
  // Absent (id 0), another inode, or this entry is already in the record: nothing to do.
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
/** The slot did not have the key before. */
let heldIsNew: bool = false;

/** The slot of a key, made for it if need be, its set held; 0 and nothing held without room. */
// @ts-ignore: decorator
@inline
function holdForWrite(parentId: u64, name: usize, nameBytes: u32): usize {
  const hash = hashKey64(parentId, name, nameBytes);
  const set = setOf(hash, nameBytes);
  const seq = takeSet(set);
  const slot = findOrClaim(set, hash, parentId, name, nameBytes);
  if (slot == 0) {
    releaseSame(set, seq);
    return 0;
  }
  heldSet = set;
  heldSeq = seq;
  return slot;
}

/** The slot of a key in its held set, made for it if need be; 0 without room. */
// @ts-ignore: decorator
@inline
function findOrClaim(
  set: usize, hash: u64, parentId: u64, name: usize, nameBytes: u32,
): usize {
  const slotBytes = slotBytesOf(set);
  const tag = tagOf(hash);
  let way = findWay(set, slotBytes, tag, parentId, name, nameBytes);
  heldIsNew = way < 0;
  if (way < 0) {
    way = claimWay(set, slotBytes);
    if (way < 0) return 0;
    labelWay(set, way, tag);
  }
  return slotAt(set, way, slotBytes);
}

/** Called once for each entry, even if apply was interrupted. */
function countInodes(entry: usize, length: u32): void {
  let offset = ENTRY_CHANGES;
  while (offset + CHANGE_PAYLOAD <= length) {
    countChange(entry + offset);
    offset += changeBytes(entry + offset);
  }
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
