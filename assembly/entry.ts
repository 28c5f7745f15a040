/**
 * A journal entry built in the executor's own ring by a kernel (src/master/executor/entry-ring.ts
 * has the ring's picture, src/master/memory/entry-format.ts the entry's), with what its write holds
 * before it:
 *
 *   │ HELD: skip, locks, path │ entry header │ changes … │
 *   └─ position                                          └─ the new head
 *
 * Invariant: nobody sees any of it before publishEntry(); until then the ring's head stays.
 */
import { EXEC, EXECUTOR_INDEX, RING_BASE, RING_BYTES } from './control';
import {
  CALLER_RETRY_KEY,
  CHANGE_BYTES,
  CHANGE_KIND,
  CHANGE_PARENT,
  CHANGE_PAYLOAD,
  CHANGE_PUT,
  CHANGE_REMOVE,
  ENTRY_CALL_ID,
  ENTRY_CHANGES,
  ENTRY_CHANGE_COUNT,
  ENTRY_CLIENT_ID,
  ENTRY_CRC,
  ENTRY_LENGTH,
  ENTRY_OP,
  ENTRY_SALT,
  ENTRY_SEQ,
  ENTRY_TIME,
  EXECUTOR_CALLER,
  EXECUTOR_RING_HEAD,
  EXECUTOR_WRITE,
  HELD_BYTES,
  HELD_LOCKS,
  HELD_LOCK_COUNT,
  HELD_PATH_BYTES,
  HELD_RECORD,
  HELD_SKIP,
  NODE_BYTES,
  NODE_ID,
  NODE_PARENT_ID,
  PARENT_CHILD_DELTA,
  PARENT_GRANDPARENT_ID,
  PARENT_ID,
  PARENT_MTIME,
  PARENT_NAME,
  PARENT_NAME_LEN,
  RECORD_BYTES_MAX,
  RECORD_NAME,
  REMOVE_DROP_ID,
  REMOVE_ID,
  REMOVE_NAME,
  REMOVE_NAME_LEN,
  REMOVE_PARENT_ID,
  RING_SKIP,
  WALK_COMPONENTS,
  WALK_NODES,
  WALK_PATH,
  WALK_PATH_BYTES,
  WRITE_FREED,
  WRITE_POSITION,
} from './generated/layout';
import { requestBodyType } from './request';
import { retryKeyOf } from './retry';
import { copyName } from './tier-set';

/** More than any entry of these kernels: the header and five changes with the longest names. */
const ENTRY_ROOM: u32 = 48 + 5 * (8 + RECORD_BYTES_MAX);

/** The ring position of the entry that is being built, and its address. */
let position: u32 = 0;
let held: usize = 0;
let entry: usize = 0;
/** The address of the next change. */
let at: usize = 0;
let changes: u16 = 0;

/** Address of the ring's byte at a position. */
// @ts-ignore: decorator
@inline
export function ringAt(place: u32): usize {
  return RING_BASE + EXECUTOR_INDEX * RING_BYTES + (place & (RING_BYTES - 1));
}

/** Begins with `words` locks at `locks` and the path of the walk; false: the ring has no room. */
export function openEntry(
  locks: usize, words: u32, walk: usize, op: u32, call: u64, now: u64,
): bool {
  const pathBytes = load<u32>(walk, WALK_PATH_BYTES);
  const heldBytes = (HELD_LOCKS + (words << 2) + pathBytes + 7) & ~7;
  if (!reserve(heldBytes + ENTRY_ROOM)) return false;
  held = ringAt(position);
  store<u32>(held, RING_SKIP, HELD_SKIP);
  store<u32>(held, heldBytes, HELD_BYTES);
  store<u16>(held, u16(words), HELD_LOCK_COUNT);
  store<u16>(held, u16(pathBytes), HELD_PATH_BYTES);
  store<u16>(held, 0, HELD_RECORD);
  const list = held + HELD_LOCKS;
  for (let i: u32 = 0; i < words << 2; i += 4) store<u32>(list + i, load<u32>(locks + i));
  copyName(walk + WALK_PATH, list + (words << 2), pathBytes);
  entry = held + heldBytes;
  store<u32>(entry, 0, ENTRY_CRC);
  store<u64>(entry, 0, ENTRY_SEQ);
  store<u64>(entry, now, ENTRY_TIME);
  const key = load<u64>(EXEC + EXECUTOR_CALLER, CALLER_RETRY_KEY);
  store<u64>(entry, retryKeyOf(key, requestBodyType), ENTRY_CLIENT_ID);
  store<u64>(entry, call, ENTRY_CALL_ID);
  store<u16>(entry, u16(op), ENTRY_OP);
  store<u32>(entry, 0, ENTRY_SALT);
  at = entry + ENTRY_CHANGES;
  changes = 0;
  return true;
}

/** Adds a PUT; returns the address for its record, which has a name of this length. */
export function putRecord(nameBytes: u32, flags: u32): usize {
  return change(CHANGE_PUT, flags, RECORD_NAME + nameBytes);
}

/** The reply shows this record. */
export function showRecord(record: usize): void {
  store<u16>(held, u16(record - entry), HELD_RECORD);
}

/** Adds the REMOVE of a key. */
export function putRemove(
  parentId: u64, id: u64, name: usize, nameBytes: u32, dropId: bool,
): void {
  const flags = dropId ? REMOVE_DROP_ID : 0;
  const payload = change(CHANGE_REMOVE, flags, REMOVE_NAME + nameBytes);
  store<u64>(payload, parentId, REMOVE_PARENT_ID);
  store<u64>(payload, id, REMOVE_ID);
  store<u64>(payload, nameBytes, REMOVE_NAME_LEN);
  copyName(name, payload + REMOVE_NAME, nameBytes);
}

/** Adds the PARENT of the directory at node `index` of a walk. */
export function putParent(walk: usize, index: u32, now: u64, delta: i32): void {
  const node = walk + WALK_NODES + index * NODE_BYTES;
  const component = load<u32>(walk + WALK_COMPONENTS + (index << 2));
  const nameBytes = component >> 16;
  const payload = change(CHANGE_PARENT, 0, PARENT_NAME + nameBytes);
  store<u64>(payload, load<u64>(node, NODE_PARENT_ID), PARENT_GRANDPARENT_ID);
  store<u64>(payload, load<u64>(node, NODE_ID), PARENT_ID);
  store<u64>(payload, now, PARENT_MTIME);
  store<i32>(payload, delta, PARENT_CHILD_DELTA);
  store<u32>(payload, nameBytes, PARENT_NAME_LEN);
  copyName(walk + WALK_PATH + (component & 0xffff), payload + PARENT_NAME, nameBytes);
}

/** Shows the entry to the writer, and its position to JavaScript. */
export function publishEntry(): void {
  store<u32>(entry, u32(at - entry), ENTRY_LENGTH);
  store<u16>(entry, changes, ENTRY_CHANGE_COUNT);
  store<u32>(EXEC + EXECUTOR_WRITE, position, WRITE_POSITION);
  // The entry's bytes are plain stores: this store makes them visible before the new head.
  atomic.store<u32>(EXEC + EXECUTOR_RING_HEAD, position + u32(at - held));
}

/** Sets `position` to a place with `room` contiguous bytes; false if the ring has none now. */
function reserve(room: u32): bool {
  const head = atomic.load<u32>(EXEC + EXECUTOR_RING_HEAD);
  const tail = RING_BYTES - (head & (RING_BYTES - 1));
  const skip = tail < room ? tail : 0;
  const used = head - load<u32>(EXEC + EXECUTOR_WRITE, WRITE_FREED);
  if (used + skip + room > RING_BYTES) return false;
  if (skip > 0) {
    store<u32>(ringAt(head), RING_SKIP, HELD_SKIP);
    store<u32>(ringAt(head), skip, HELD_BYTES);
  }
  position = head + skip;
  return true;
}

/** Writes a change's header and padding; returns where its payload goes. */
function change(kind: u32, flags: u32, payloadBytes: u32): usize {
  const payload = at + CHANGE_PAYLOAD;
  store<u32>(at, kind | (flags << 8), CHANGE_KIND);
  store<u32>(at, payloadBytes, CHANGE_BYTES);
  const padded = (payloadBytes + 7) & ~7;
  // Before the payload, whose last bytes then overwrite this word.
  store<u64>(payload + padded - 8, 0);
  at = payload + padded;
  changes++;
  return payload;
}
