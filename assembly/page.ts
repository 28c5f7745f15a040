/**
 * Reply frames with many FileInfos: a page of a listing, or the results of a batch. Rows are added
 * one directly after the other. Their number is known only at the end, so the head and the vector
 * of offsets are then written directly in front of them.
 *
 *   EXECUTOR.REPLY                       ROWS_BASE, a multiple of 8
 *  ┌───────┬──────────────┬─────────────┬─────────┬──────┬──────┬───┬──────────────────┬────────┐
 *  │ lists │   (unused)   │ head vector │ vtables │ row  │ row  │ … │ owners, groups   │ cursor │
 *  └───────┴──────────────┴─────────────┴─────────┴──────┴──────┴───┴──────────────────┴────────┘
 *                         ↑ pageFrame()
 * A row is a FileInfo with its name and path, or a Result with its FileInfo or its ErrorDetail.
 * Owners and groups are written once each, as far as a small direct-mapped table remembers: only
 * behind the rows, because offsets lead forwards. Room for them is set aside as rows are added;
 * the second pass meets the same ids in the same order, so it needs exactly what was set aside.
 *
 * Invariant: from begin to finish nothing else runs on this executor that writes a reply.
 */
import { EXEC } from './control';
import {
  INFO_PATH_BYTES,
  copyHeader,
  internedBytes,
  internedText,
  putText,
  textRoom,
} from './file-info';
import {
  EXECUTOR_REPLY,
  FRAME_BYTES_MAX,
  LIST_PAGE_ENTRIES_MAX,
  RECORD_GROUP,
  RECORD_NAME,
  RECORD_NAME_LEN,
  RECORD_OWNER,
  REPLY_BYTES,
} from './generated/layout';
import {
  FILE_INFO_GROUP_AT,
  FILE_INFO_INODE_AT,
  FILE_INFO_NAME_AT,
  FILE_INFO_OWNER_AT,
  FILE_INFO_PATH_PATH_AT,
  FILE_INFO_PATH_VTABLE,
  FILE_INFO_TABLE_BYTES,
  FILE_INFO_VTABLE,
  REFUSAL_VTABLE,
  REFUSED_RESULT_VTABLE,
  RESULT_VTABLE,
} from './generated/wire';

/** Of each row, and of each row's FileInfo (0: it has none), the address. */
const ROW_LIST: u32 = 0;
const INFO_LIST: u32 = LIST_PAGE_ENTRIES_MAX * 4;
/** The longest head with the longest vector fits between the lists and the rows. */
const ROWS_BASE: u32 = LIST_PAGE_ENTRIES_MAX * 12 + 256;
/** At the end of the region: id + 1 and address of the texts written last. */
const TEXT_TABLE_ROWS: u32 = 256;
const TEXT_TABLE: u32 = REPLY_BYTES - TEXT_TABLE_ROWS * 8;
/** Reserved for the end of a page. */
const CURSOR_ROOM: u32 = 8192;
const HEAD_ROOM: u32 = 128;

/** FileInfo, FileInfo with path, Result with info, Result with error, ErrorDetail: see there. */
const VTABLE_INFO: u32 = 0;
const VTABLE_INFO_PATH: u32 = 12;
const VTABLE_RESULT: u32 = 26;
const VTABLE_REFUSAL: u32 = 36;
const VTABLE_ERROR: u32 = 44;
const VTABLES_BYTES: u32 = 56;

let region: usize = 0;
let rows: usize = 0;
let at: usize = 0;
let count: u32 = 0;
/** Bytes reserved for the texts of owners and groups. */
let textsBytes: u32 = 0;
let frame: usize = 0;

/** Address of the frame that the last finish made. */
export function pageFrame(): usize {
  return frame;
}

export function pageCount(): u32 {
  return count;
}

export function beginPage(): void {
  region = EXEC + EXECUTOR_REPLY;
  rows = region + ROWS_BASE;
  memory.copy(rows + VTABLE_INFO, FILE_INFO_VTABLE, 12);
  memory.copy(rows + VTABLE_INFO_PATH, FILE_INFO_PATH_VTABLE, 14);
  memory.copy(rows + VTABLE_RESULT, RESULT_VTABLE, 10);
  memory.copy(rows + VTABLE_REFUSAL, REFUSED_RESULT_VTABLE, 8);
  memory.copy(rows + VTABLE_ERROR, REFUSAL_VTABLE, 8);
  store<u32>(rows, 0, VTABLES_BYTES - 4);
  at = rows + VTABLES_BYTES;
  count = 0;
  textsBytes = 0;
  memory.fill(region + TEXT_TABLE, 0, TEXT_TABLE_ROWS * 8);
}

/** Adds a FileInfo, with a path unless pathBytes is 0; false if the page is full. */
export function addInfo(record: usize, path: usize, pathBytes: u32): bool {
  const bytes = INFO_PATH_BYTES + textRoom(load<u8>(record, RECORD_NAME_LEN)) + textRoom(pathBytes);
  if (!hasRoom(bytes + roomForTexts(record))) return false;
  noteRow(at, at);
  putInfo(record, path, pathBytes);
  return true;
}

/** Adds a Result that has a FileInfo. */
export function addResult(record: usize): bool {
  const bytes = 8 + FILE_INFO_TABLE_BYTES + textRoom(load<u8>(record, RECORD_NAME_LEN));
  if (!hasRoom(bytes + roomForTexts(record))) return false;
  noteRow(at, at + 8);
  store<u32>(at, at - rows - VTABLE_RESULT, 0);
  store<u32>(at, 4, 4);
  at += 8;
  putInfo(record, 0, 0);
  return true;
}

/** Adds a Result that has a code, a reason and a path. */
export function addRefusal(
  code: u32, reason: usize, reasonBytes: u32, path: usize, pathBytes: u32,
): bool {
  if (!hasRoom(32 + textRoom(reasonBytes) + textRoom(pathBytes))) return false;
  noteRow(at, 0);
  store<u32>(at, at - rows - VTABLE_REFUSAL, 0);
  store<u32>(at, 8, 4);
  store<u32>(at, code, 8);
  const error = at + 12;
  store<u32>(error, error - rows - VTABLE_ERROR, 0);
  at = error + 12;
  store<u32>(error, at - error - 4, 4);
  at = putText(at, reason, reasonBytes);
  store<u32>(error, at - error - 8, 8);
  at = align8(putText(at, path, pathBytes));
  return true;
}

/** Writes texts and the vector of rows; returns the vector's address. */
export function putVector(): usize {
  putTexts();
  // The rows begin at a multiple of 8; the vector ends where they begin.
  const vector = rows - 4 - (count << 2);
  for (let i: u32 = 0; i < count; i++) {
    const slot = vector + 4 + (i << 2);
    store<u32>(slot, load<u32>(region + (i << 2), ROW_LIST) - u32(slot));
  }
  store<u32>(vector, count);
  return vector;
}

/** Appends a vector of bytes (a cursor) at the end; returns its address. */
export function putBytes(from: usize, bytes: u32): usize {
  const vector = at;
  at = putText(at, from, bytes);
  return vector;
}

/** The largest multiple of 8 that leaves `bytes` before the vector. */
export function headAt(vector: usize, bytes: u32): usize {
  return (vector - bytes) & ~7;
}

/** Ends the page: the frame begins at `start`. Returns its bytes. */
export function endPage(start: usize): u32 {
  frame = start;
  return u32(at - start);
}

// @ts-ignore: decorator
@inline
function hasRoom(bytes: u32): bool {
  const used = u32(at - rows) + textsBytes + (count << 2) + HEAD_ROOM + CURSOR_ROOM;
  return count < LIST_PAGE_ENTRIES_MAX && used + bytes + 8 <= FRAME_BYTES_MAX;
}

// @ts-ignore: decorator
@inline
function noteRow(row: usize, info: usize): void {
  store<u32>(region + (count << 2), row, ROW_LIST);
  store<u32>(region + (count << 2), info, INFO_LIST);
  count++;
}

function putInfo(record: usize, path: usize, pathBytes: u32): void {
  const info = at;
  const vtable = pathBytes == 0 ? VTABLE_INFO : VTABLE_INFO_PATH;
  store<u32>(info, info - rows - vtable, 0);
  copyHeader(record, info + FILE_INFO_INODE_AT);
  at = info + (pathBytes == 0 ? FILE_INFO_TABLE_BYTES : INFO_PATH_BYTES);
  store<u32>(info, at - info - FILE_INFO_NAME_AT, FILE_INFO_NAME_AT);
  at = putText(at, record + RECORD_NAME, load<u8>(record, RECORD_NAME_LEN));
  if (pathBytes != 0) {
    store<u32>(info, 0, FILE_INFO_PATH_PATH_AT + 4);
    store<u32>(info, at - info - FILE_INFO_PATH_PATH_AT, FILE_INFO_PATH_PATH_AT);
    at = putText(at, path, pathBytes);
  }
  at = align8(at);
  reserveText(load<u32>(record, RECORD_OWNER));
  reserveText(load<u32>(record, RECORD_GROUP));
}

/** Padding is zeros, so that no byte of an older reply is sent. */
function align8(end: usize): usize {
  if ((end & 7) == 0) return end;
  store<u32>(end, 0);
  return end + 4;
}

/** The most that is reserved for the texts of a record. */
// @ts-ignore: decorator
@inline
function roomForTexts(record: usize): u32 {
  const owner = load<u32>(record, RECORD_OWNER);
  const group = load<u32>(record, RECORD_GROUP);
  return textRoom(internedBytes(owner)) + textRoom(internedBytes(group));
}

// @ts-ignore: decorator
@inline
function textRow(id: u32): usize {
  return region + TEXT_TABLE + ((id & (TEXT_TABLE_ROWS - 1)) << 3);
}

function reserveText(id: u32): void {
  const row = textRow(id);
  if (load<u32>(row) == id + 1) return;
  store<u32>(row, id + 1);
  textsBytes += textRoom(internedBytes(id));
}

/** Second pass over the rows, with the table empty as at the start of the first pass. */
function putTexts(): void {
  memory.fill(region + TEXT_TABLE, 0, TEXT_TABLE_ROWS * 8);
  for (let i: u32 = 0; i < count; i++) {
    const info = load<u32>(region + (i << 2), INFO_LIST);
    if (info == 0) continue;
    const owner = load<u32>(info, FILE_INFO_INODE_AT + RECORD_OWNER);
    const group = load<u32>(info, FILE_INFO_INODE_AT + RECORD_GROUP);
    store<u32>(info, textOf(owner) - info - FILE_INFO_OWNER_AT, FILE_INFO_OWNER_AT);
    store<u32>(info, textOf(group) - info - FILE_INFO_GROUP_AT, FILE_INFO_GROUP_AT);
  }
}

/** Address of an interned text within the frame; appends it if it is not there yet. */
function textOf(id: u32): usize {
  const row = textRow(id);
  if (load<u32>(row) != id + 1) {
    store<u32>(row, id + 1);
    store<u32>(row, at, 4);
    at = putText(at, internedText(id), internedBytes(id));
  }
  return load<u32>(row, 4);
}
