/**
 * Whole GetStatus calls from frame to frame, and the Reply frame that carries one FileInfo.
 *
 *   0      4              22                 40             72               184
 *  ┌──────┬──────────────┬─────────────────┬──────────────┬────────────────┬──────┬───────┬───────┐
 *  │ root │ vtable Reply │ vtable FileInfo │ table Reply  │ table FileInfo │ name │ owner │ group │
 *  └──────┴──────────────┴─────────────────┴──────────────┴────────────────┴──────┴───────┴───────┘
 *   Reply: 0 to vtable │ 4 body ↓ │ 8 call │ 16 seq │ 24 body type
 *
 * The first 40 bytes never differ. Group and owner share one string when they are the same text.
 */
import { EXEC } from './control';
import { copyHeader, internedBytes, internedText, openText, putText } from './file-info';
import {
  EXECUTOR_CALLER,
  EXECUTOR_REPLY,
  EXECUTOR_REQUEST,
  EXECUTOR_WALK_A,
  FLAG_CHILDREN_LOADED,
  FRAME_BYTES_MAX,
  NODE_BYTES,
  NODE_FLAGS,
  NODE_SEQ,
  RECORD_GROUP,
  RECORD_NAME,
  RECORD_NAME_LEN,
  RECORD_OWNER,
  RECORD_SEQ,
  SHOWN_MOUNT_PATH_BYTES,
  SHOWN_MOUNT_URI,
  SHOWN_MOUNT_URI_BYTES,
  WALK_ABSENT,
  WALK_DEPTH,
  WALK_FOUND,
  WALK_NEXT,
  WALK_NODES,
  WALK_PATH,
  WALK_PATH_BYTES,
  WALK_RECORD,
} from './generated/layout';
import {
  EMPTY_HEAD,
  EMPTY_HEAD_BODY_VTABLE,
  FILE_INFO_FULL_MOUNT_URI_AT,
  FILE_INFO_FULL_TABLE_BYTES,
  FILE_INFO_FULL_UFS_PATH_AT,
  FILE_INFO_GROUP_AT,
  FILE_INFO_INODE_AT,
  FILE_INFO_NAME_AT,
  FILE_INFO_OWNER_AT,
  FILE_INFO_PATH_PATH_AT,
  FILE_INFO_TABLE_BYTES,
  FULL_INFO_HEAD,
  GET_STATUS_LOAD_SLOT,
  GET_STATUS_PATH_SLOT,
  GET_STATUS_WITH_ATTRIBUTES_SLOT,
  INFO_HEAD,
  INFO_HEAD_BODY_VTABLE,
  LOAD_TYPE_ALWAYS,
  REPLY_BODY_EMPTY,
  REPLY_BODY_FILE_INFO,
  REQUEST_BODY_GET_STATUS,
} from './generated/wire';
import { shownMount } from './mounts';
import { cleanPath } from './path';
import { deniedAt } from './permission';
import { isReadable } from './readable';
import { putMissingReply } from './reply-missing';
import {
  openRequest,
  readByte,
  readText,
  requestBody,
  requestBodyType,
  requestCall,
  textAt,
  textBytes,
  isSound,
} from './request';
import { walk } from './tier-walk';

const SLASH: u8 = 0x2f;

const REPLY_TABLE: u32 = 40;
const INFO_TABLE: u32 = 72;

/** Bytes of the reply; below 0: the path does not exist; 0: the slow path must answer. */
export function serveGetStatus(requestBytes: u32): i32 {
  if (!openGetStatus(EXEC + EXECUTOR_REQUEST, requestBytes)) return 0;
  const block = EXEC + EXECUTOR_WALK_A;
  if (cleanPath(textAt, textBytes, block) < 0) return 0;
  const status = walk(block);
  if (status == WALK_ABSENT) return -serveMissing(block);
  if (status != WALK_FOUND || !mayPass(block, load<i32>(block, WALK_DEPTH) - 1)) return 0;
  const record = block + WALK_RECORD;
  if (!isReadable(record, EXEC + EXECUTOR_CALLER)) return 0;
  if (readByte(requestBody, GET_STATUS_WITH_ATTRIBUTES_SLOT) != 0) {
    const mount = shownMount(block);
    if (mount == 0) return 0;
    return i32(putFullReply(requestCall, block, mount, EXEC + EXECUTOR_REPLY));
  }
  const out = EXEC + EXECUTOR_REPLY;
  return i32(putInfoReply(requestCall, REPLY_BODY_FILE_INFO, record, walkSeq(), out));
}

/** An absent name does not exist at all if the directory above has all names from its store. */
function serveMissing(block: usize): i32 {
  const above = i32(min<u32>(load<u32>(block, WALK_NEXT), load<u32>(block, WALK_DEPTH))) - 1;
  if (above < 0 || !mayPass(block, above)) return 0;
  const flags = load<u32>(block + WALK_NODES + u32(above) * NODE_BYTES, NODE_FLAGS);
  if ((flags & FLAG_CHILDREN_LOADED) == 0) return 0;
  const path = block + WALK_PATH;
  const bytes = load<u32>(block, WALK_PATH_BYTES);
  return i32(putMissingReply(requestCall, path, bytes, EXEC + EXECUTOR_REPLY));
}

// @ts-ignore: decorator
@inline
function mayPass(block: usize, above: i32): bool {
  return deniedAt(block, above, EXEC + EXECUTOR_CALLER) < 0;
}

/** True for a GetStatus that does not ask the store; its path is at textAt. */
function openGetStatus(frame: usize, bytes: u32): bool {
  if (bytes > FRAME_BYTES_MAX || !openRequest(frame, bytes)) return false;
  if (requestBodyType != REQUEST_BODY_GET_STATUS) return false;
  if (readByte(requestBody, GET_STATUS_LOAD_SLOT) >= LOAD_TYPE_ALWAYS) return false;
  return readText(requestBody, GET_STATUS_PATH_SLOT) && isSound();
}

/** The newest change that the walk saw: any state at or after it gives the same answer. */
function walkSeq(): u64 {
  const block = EXEC + EXECUTOR_WALK_A;
  let node = block + WALK_NODES;
  const end = node + (load<u32>(block, WALK_DEPTH) + 1) * NODE_BYTES;
  let seq: u64 = 0;
  for (; node < end; node += NODE_BYTES) seq = max<u64>(seq, load<u64>(node, NODE_SEQ));
  return seq;
}

export function encodeInfoReply(
  callId: f64, body: u32, record: usize, out: usize, seq: f64,
): u32 {
  return putInfoReply(u64(callId), body, record, u64(seq), out);
}

/** At most 976 bytes: head and tables, then three texts of at most 255 bytes. */
export function putInfoReply(
  call: u64, body: u32, record: usize, seq: u64, out: usize,
): u32 {
  putTables(INFO_HEAD, call, body, record, seq, out);
  return u32(putNames(out + INFO_TABLE, out + INFO_TABLE + FILE_INFO_TABLE_BYTES, record) - out);
}

/** With the path of the walk, and its place in the store of its mount (SHOWN_MOUNT). */
function putFullReply(call: u64, walk: usize, mount: usize, out: usize): u32 {
  const record = walk + WALK_RECORD;
  putTables(FULL_INFO_HEAD, call, REPLY_BODY_FILE_INFO, record, walkSeq(), out);
  const info = out + INFO_TABLE;
  const path = walk + WALK_PATH;
  const pathBytes = load<u32>(walk, WALK_PATH_BYTES);
  let at = putNames(info, info + FILE_INFO_FULL_TABLE_BYTES, record);
  store<u32>(info, u32(at - info) - FILE_INFO_PATH_PATH_AT, FILE_INFO_PATH_PATH_AT);
  at = putText(at, path, pathBytes);
  store<u32>(info, u32(at - info) - FILE_INFO_FULL_UFS_PATH_AT, FILE_INFO_FULL_UFS_PATH_AT);
  at = putStorePath(at, path, pathBytes, mount);
  store<u32>(info, u32(at - info) - FILE_INFO_FULL_MOUNT_URI_AT, FILE_INFO_FULL_MOUNT_URI_AT);
  at = putText(at, mount + SHOWN_MOUNT_URI, load<u32>(mount, SHOWN_MOUNT_URI_BYTES));
  return u32(at - out);
}

/** The mount's uri, a slash unless it ends with one, and what the path has below the mount. */
function putStorePath(at: usize, path: usize, pathBytes: u32, mount: usize): usize {
  const uriBytes = load<u32>(mount, SHOWN_MOUNT_URI_BYTES);
  const uri = mount + SHOWN_MOUNT_URI;
  const skipped = load<u32>(mount, SHOWN_MOUNT_PATH_BYTES) + 1;
  if (pathBytes <= skipped) return putText(at, uri, uriBytes);
  const slash: u32 = uriBytes > 0 && load<u8>(uri + uriBytes - 1) == SLASH ? 0 : 1;
  const rest = pathBytes - skipped;
  const end = openText(at, uriBytes + slash + rest);
  memory.copy(at + 4, uri, uriBytes);
  if (slash != 0) store<u8>(at + 4 + uriBytes, SLASH);
  memory.copy(at + 4 + uriBytes + slash, path + skipped, rest);
  return end;
}

/** Everything except the texts. */
function putTables(
  head: usize, call: u64, body: u32, record: usize, seq: u64, out: usize,
): void {
  v128.store(out, v128.load(head));
  v128.store(out, v128.load(head, 16), 16);
  store<u64>(out, load<u64>(head, 32), 32);
  const reply = out + REPLY_TABLE;
  const info = out + INFO_TABLE;
  store<u32>(reply, REPLY_TABLE - 4, 0);
  store<u32>(reply, INFO_TABLE - REPLY_TABLE - 4, 4);
  store<u64>(reply, call, 8);
  store<u64>(reply, seq == 0 ? load<u64>(record, RECORD_SEQ) : seq, 16);
  store<u64>(reply, body, 24);
  store<u32>(info, INFO_TABLE - INFO_HEAD_BODY_VTABLE, 0);
  copyHeader(record, info + FILE_INFO_INODE_AT);
  // A record in the ring has no seq yet: it gets the seq of its entry.
  if (load<u64>(record, RECORD_SEQ) == 0) store<u64>(info, seq, FILE_INFO_INODE_AT + RECORD_SEQ);
}

/** Name, owner and group of the FileInfo at `info`, from `at` on; returns where they end. */
function putNames(info: usize, from: usize, record: usize): usize {
  let at = from;
  store<u32>(info, at - (info + FILE_INFO_NAME_AT), FILE_INFO_NAME_AT);
  at = putText(at, record + RECORD_NAME, load<u8>(record, RECORD_NAME_LEN));
  const owner = load<u32>(record, RECORD_OWNER);
  const group = load<u32>(record, RECORD_GROUP);
  const ownerText = at;
  store<u32>(info, at - (info + FILE_INFO_OWNER_AT), FILE_INFO_OWNER_AT);
  at = putText(at, internedText(owner), internedBytes(owner));
  const groupText = owner == group ? ownerText : at;
  store<u32>(info, groupText - (info + FILE_INFO_GROUP_AT), FILE_INFO_GROUP_AT);
  return owner == group ? at : putText(at, internedText(group), internedBytes(group));
}

/** Success with nothing to report but its seq. */
export function putEmptyReply(call: u64, seq: u64, out: usize): u32 {
  v128.store(out, v128.load(EMPTY_HEAD));
  v128.store(out, v128.load(EMPTY_HEAD, 16), 16);
  store<u64>(out, load<u64>(EMPTY_HEAD, 32), 32);
  const reply = out + REPLY_TABLE;
  store<u32>(reply, REPLY_TABLE - 4);
  store<u32>(reply, INFO_TABLE - REPLY_TABLE - 4, 4);
  store<u64>(reply, call, 8);
  store<u64>(reply, seq, 16);
  store<u64>(reply, REPLY_BODY_EMPTY, 24);
  store<u32>(out + INFO_TABLE, INFO_TABLE - EMPTY_HEAD_BODY_VTABLE);
  return INFO_TABLE + 4;
}
