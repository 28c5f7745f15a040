/**
 * ListPage replies without an object per entry: JavaScript drives the scan and calls for each
 * record; the frame grows in EXECUTOR.REPLY (page.ts).
 *
 *   0      4              22                 40            72               96|100
 *  ┌──────┬──────────────┬─────────────────┬─────────────┬────────────────┬────────┬──────────┐
 *  │ root │ vtable Reply │ vtable ListPage │ table Reply │ table ListPage │ vector │ rows …   │
 *  └──────┴──────────────┴─────────────────┴─────────────┴────────────────┴────────┴──────────┘
 *   Reply:    0 to vtable │ 4 body ↓ │ 8 call │ 16 seq │ 24 body type │ 25 more
 *   ListPage: 0 to vtable │ 4 entries ↓ │ 8 file count │ 16 cursor ↓ │ 20 truncated
 */
import { decodeRecord } from './codec';
import { EXEC } from './control';
import { EXECUTOR_RECORD } from './generated/layout';
import {
  LIST_HEAD,
  LIST_HEAD_BODY_VTABLE,
  LIST_PAGE_CURSOR_SLOT,
  REPLY_BODY_LIST_PAGE,
} from './generated/wire';
import { addInfo, beginPage, endPage, headAt, putBytes, putVector } from './page';

const HEAD_BYTES: u32 = 96;
const REPLY_TABLE: u32 = 40;
const PAGE_TABLE: u32 = 72;

const GARBAGE: i32 = -1;

export function listBegin(): void {
  beginPage();
}

/** 1, or 0 if the page is full: then the record belongs to the next page. */
export function listAdd(record: usize, path: usize, pathBytes: u32): i32 {
  return addInfo(record, path, pathBytes) ? 1 : 0;
}

/** The same from the bytes of tier 2, through EXECUTOR.RECORD; -1 if they are not a record. */
export function listAddPair(key: usize, keyBytes: u32, value: usize, valueBytes: u32): i32 {
  const record = EXEC + EXECUTOR_RECORD;
  if (decodeRecord(key, keyBytes, value, valueBytes, record) == 0) return GARBAGE;
  return addInfo(record, 0, 0) ? 1 : 0;
}

export function listFinish(
  callId: f64, seq: f64, more: u32, truncated: u32, fileCount: f64,
  cursor: usize, cursorBytes: u32,
): u32 {
  const vector = putVector();
  const out = headAt(vector, HEAD_BYTES);
  memory.copy(out, LIST_HEAD, 40);
  const reply = out + REPLY_TABLE;
  const page = out + PAGE_TABLE;
  store<u32>(reply, REPLY_TABLE - 4, 0);
  store<u32>(reply, PAGE_TABLE - REPLY_TABLE - 4, 4);
  store<u64>(reply, u64(callId), 8);
  store<u64>(reply, u64(seq), 16);
  store<u64>(reply, REPLY_BODY_LIST_PAGE | (more != 0 ? 256 : 0), 24);
  store<u32>(page, PAGE_TABLE - LIST_HEAD_BODY_VTABLE, 0);
  store<u32>(page, vector - page - 4, 4);
  store<i64>(page, i64(fileCount), 8);
  store<u64>(page, u64(truncated != 0) << 32, 16);
  if (vector > page + 24) store<u32>(page, 0, 24);
  if (cursorBytes == 0) store<u16>(out, 0, LIST_HEAD_BODY_VTABLE + LIST_PAGE_CURSOR_SLOT);
  else store<u32>(page, putBytes(cursor, cursorBytes) - page - 16, 16);
  return endPage(out);
}
