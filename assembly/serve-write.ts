/**
 * A whole write of the fast path, from its request frame to its entry in the ring, and from its
 * durable entry to the reply frame: creates of one new name, deletes and renames of one file. What
 * else there is to writes (xattrs, stores to ask, directories to move, refusals, waiting) is the
 * slow path's, src/master/ops, which gives the same entries for these; a test compares the two.
 *
 *   serveWrite:  parse ─▶ plan ─▶ take all locks ─▶ plan again ─▶ entry   (executor/call.ts)
 *   finishWrite: give the locks back ─▶ reply ─▶ ring space free
 *
 * Invariant: a serveWrite that does not return WRITE_PUBLISHED holds nothing and has published
 * nothing.
 */
import { EXEC } from './control';
import { planCreate, readCreate, writeCreate } from './create';
import { openEntry, publishEntry, ringAt } from './entry';
import {
  CALLER_RETRY_KEY,
  ENTRY_CALL_ID,
  ENTRY_LENGTH,
  ENTRY_SEQ,
  EXECUTOR_CALLER,
  EXECUTOR_RECORD,
  EXECUTOR_REPLY,
  EXECUTOR_REQUEST,
  EXECUTOR_RING_HEAD,
  EXECUTOR_WALK_A,
  EXECUTOR_WALK_B,
  EXECUTOR_WRITE,
  FRAME_BYTES_MAX,
  HELD_BYTES,
  HELD_LOCK_COUNT,
  HELD_LOCKS,
  HELD_RECORD,
  INVARIANT_RING_POSITIONS,
  OP_CREATE_DIRECTORY,
  OP_CREATE_FILE,
  OP_DELETE,
  OP_RENAME_FILE,
  RECORD_SEQ,
  WRITE_BODY_TYPE,
  WRITE_FREED,
  WRITE_LOCKS,
  WRITE_LOCKS_AGAIN,
  WRITE_PUBLISHED,
  WRITE_SESSION,
  WRITE_SLOW_PATH,
} from './generated/layout';
import { invariant } from './invariant';
import { lockBegin, lockCount, lockSeal, releaseAll, sameLocks, takeAll } from './locks';
import { mountsStand } from './mounts';
import { planRemove, readRemove, writeRemove } from './remove';
import { planRename, readRename, writeRename } from './rename';
import { putEmptyReply, putInfoReply } from './reply';
import { isSound, openRequest, requestBodyType, requestCall, requestSession } from './request';
import { retryFind, retryKeyOf } from './retry';
import { walkReset } from './tier-walk';
import { READY } from './write-plan';
import {
  REPLY_BODY_FILE_INFO,
  REQUEST_BODY_CREATE_DIRECTORY,
  REQUEST_BODY_CREATE_FILE,
  REQUEST_BODY_DELETE,
  REQUEST_BODY_RENAME,
} from './generated/wire';

/**
 * Number of the call whose request stands at EXECUTOR.REQUEST, with its kind at WRITE.BODY_TYPE; -1
 * if even that much of the frame is not sound.
 */
export function openCall(bytes: u32): f64 {
  if (bytes > FRAME_BYTES_MAX || !openRequest(EXEC + EXECUTOR_REQUEST, bytes)) return -1;
  store<u32>(EXEC + EXECUTOR_WRITE, requestBodyType, WRITE_BODY_TYPE);
  store<u32>(EXEC + EXECUTOR_WRITE, requestSession, WRITE_SESSION);
  return f64(requestCall);
}

export function serveWrite(bytes: u32, nowMs: f64): i32 {
  if (!mountsStand() || !readWrite(bytes)) return WRITE_SLOW_PATH;
  return goOnWriting(nowMs);
}

/** After a filled miss: as serveWrite of the same request, whose walks go on. */
export function goOnWriting(nowMs: f64): i32 {
  const first = EXEC + EXECUTOR_WRITE + WRITE_LOCKS;
  let status = planWith(first);
  if (status != READY) return status;
  if (!takeAll()) return WRITE_SLOW_PATH;
  const words = lockCount();
  const again = EXEC + EXECUTOR_WRITE + WRITE_LOCKS_AGAIN;
  walkReset(EXEC + EXECUTOR_WALK_A);
  if (requestBodyType == REQUEST_BODY_RENAME) walkReset(EXEC + EXECUTOR_WALK_B);
  status = planWith(again);
  if (status == READY) {
    const same = lockCount() == words && sameLocks(first, again, words);
    if (same && mountsStand() && !isRepeated() && writeEntry(first, words, u64(nowMs))) {
      return WRITE_PUBLISHED;
    }
    status = WRITE_SLOW_PATH;
  }
  releaseAll(first, words);
  return status;
}

/** Bytes of the reply frame at EXECUTOR.REPLY. */
export function finishWrite(position: u32): u32 {
  const held = ringAt(position);
  const freed = load<u32>(EXEC + EXECUTOR_WRITE, WRITE_FREED);
  const head = atomic.load<u32>(EXEC + EXECUTOR_RING_HEAD);
  invariant(position - freed < head - freed, INVARIANT_RING_POSITIONS, position);
  const heldBytes = load<u32>(held, HELD_BYTES);
  releaseAll(held + HELD_LOCKS, load<u16>(held, HELD_LOCK_COUNT));
  const entry = held + heldBytes;
  const call = load<u64>(entry, ENTRY_CALL_ID);
  const seq = load<u64>(entry, ENTRY_SEQ);
  const shown = u32(load<u16>(held, HELD_RECORD));
  const out = EXEC + EXECUTOR_REPLY;
  let bytes: u32 = 0;
  if (shown == 0) {
    bytes = putEmptyReply(call, seq, out);
  } else {
    store<u64>(entry + shown, seq, RECORD_SEQ);
    bytes = putInfoReply(call, REPLY_BODY_FILE_INFO, entry + shown, seq, out);
  }
  const end = position + heldBytes + load<u32>(entry, ENTRY_LENGTH);
  store<u32>(EXEC + EXECUTOR_WRITE, end, WRITE_FREED);
  return bytes;
}

function readWrite(bytes: u32): bool {
  if (bytes > FRAME_BYTES_MAX || !openRequest(EXEC + EXECUTOR_REQUEST, bytes)) return false;
  let isPlain = false;
  if (requestBodyType == REQUEST_BODY_CREATE_FILE) isPlain = readCreate(true);
  else if (requestBodyType == REQUEST_BODY_CREATE_DIRECTORY) isPlain = readCreate(false);
  else if (requestBodyType == REQUEST_BODY_DELETE) isPlain = readRemove();
  else if (requestBodyType == REQUEST_BODY_RENAME) isPlain = readRename();
  return isPlain && isSound();
}

function planWith(locks: usize): i32 {
  lockBegin(locks);
  let status = WRITE_SLOW_PATH;
  if (requestBodyType == REQUEST_BODY_DELETE) status = planRemove();
  else if (requestBodyType == REQUEST_BODY_RENAME) status = planRename();
  else status = planCreate();
  return status == READY && !lockSeal() ? WRITE_SLOW_PATH : status;
}

/** The call was applied before: the slow path gives its first answer. */
function isRepeated(): bool {
  const callerKey = load<u64>(EXEC + EXECUTOR_CALLER, CALLER_RETRY_KEY);
  const key = retryKeyOf(callerKey, requestBodyType);
  if (key == 0 || requestCall == 0) return false;
  return retryFind(f64(key), f64(requestCall), EXEC + EXECUTOR_RECORD);
}

function writeEntry(locks: usize, words: u32, now: u64): bool {
  const walk = EXEC + EXECUTOR_WALK_A;
  if (!openEntry(locks, words, walk, opOf(), requestCall, now)) return false;
  if (requestBodyType == REQUEST_BODY_DELETE) writeRemove(now);
  else if (requestBodyType == REQUEST_BODY_RENAME) writeRename(now);
  else writeCreate(now);
  publishEntry();
  return true;
}

function opOf(): u32 {
  if (requestBodyType == REQUEST_BODY_CREATE_FILE) return OP_CREATE_FILE;
  if (requestBodyType == REQUEST_BODY_CREATE_DIRECTORY) return OP_CREATE_DIRECTORY;
  return requestBodyType == REQUEST_BODY_DELETE ? OP_DELETE : OP_RENAME_FILE;
}
