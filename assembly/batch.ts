/**
 * BatchReply frames: one Result per path, in the order of the request. serveBatchGetStatus answers
 * a whole batch from tier 1; when any path needs the slow path, JavaScript resolves all of them and
 * writes the same frame with batchBegin … batchFinish.
 *
 *   0      4              22                   40            72                 80|84
 *  ┌──────┬──────────────┬───────────────────┬─────────────┬──────────────────┬────────┬────────┐
 *  │ root │ vtable Reply │ vtable BatchReply │ table Reply │ table BatchReply │ vector │ rows … │
 *  └──────┴──────────────┴───────────────────┴─────────────┴──────────────────┴────────┴────────┘
 *   Reply:      0 to vtable │ 4 body ↓ │ 8 call │ 16 seq │ 24 body type
 *   BatchReply: 0 to vtable │ 4 results ↓
 */
import { EXEC } from './control';
import { BATCH_PATHS_MAX, EXECUTOR_REQUEST, FRAME_BYTES_MAX } from './generated/layout';
import {
  GROUP_PATHS_MAX,
  groupBegin,
  groupHas,
  groupPath,
  groupRecord,
  groupSeq,
  resolveGroup,
} from './group';
import {
  BATCH_GET_STATUS_LOAD_SLOT,
  BATCH_GET_STATUS_PATHS_SLOT,
  BATCH_GET_STATUS_WITH_ATTRIBUTES_SLOT,
  BATCH_HEAD,
  BATCH_HEAD_BODY_VTABLE,
  LOAD_TYPE_ALWAYS,
  REPLY_BODY_BATCH_REPLY,
  REQUEST_BODY_BATCH_GET_STATUS,
} from './generated/wire';
import { addRefusal, addResult, beginPage, endPage, headAt, putVector } from './page';
import {
  isSound,
  openRequest,
  readByte,
  readElement,
  readOffsets,
  requestBody,
  requestBodyType,
  requestCall,
  textAt,
  textBytes,
} from './request';

const HEAD_BYTES: u32 = 80;
const REPLY_TABLE: u32 = 40;
const BATCH_TABLE: u32 = 72;

export function batchBegin(): void {
  beginPage();
}

/** 1, or 0 if the frame is full. */
export function batchAdd(record: usize): u32 {
  return addResult(record) ? 1 : 0;
}

export function batchAddError(
  code: u32, reason: usize, reasonBytes: u32, path: usize, pathBytes: u32,
): u32 {
  return addRefusal(code, reason, reasonBytes, path, pathBytes) ? 1 : 0;
}

export function batchFinish(callId: f64, seq: f64): u32 {
  return finish(u64(callId), u64(seq));
}

export function serveBatchGetStatus(requestBytes: u32): u32 {
  if (requestBytes > FRAME_BYTES_MAX) return 0;
  if (!openRequest(EXEC + EXECUTOR_REQUEST, requestBytes)) return 0;
  if (requestBodyType != REQUEST_BODY_BATCH_GET_STATUS) return 0;
  if (readByte(requestBody, BATCH_GET_STATUS_LOAD_SLOT) >= LOAD_TYPE_ALWAYS) return 0;
  if (readByte(requestBody, BATCH_GET_STATUS_WITH_ATTRIBUTES_SLOT) != 0) return 0;
  const paths = readOffsets(requestBody, BATCH_GET_STATUS_PATHS_SLOT);
  const count = textBytes;
  if (paths == 0 || count > BATCH_PATHS_MAX || !isSound()) return 0;
  beginPage();
  let seq: u64 = 0;
  for (let i: u32 = 0; i < count; i += GROUP_PATHS_MAX) {
    const members = min<u32>(count - i, GROUP_PATHS_MAX);
    groupBegin();
    for (let j: u32 = 0; j < members; j++) {
      if (!readElement(paths + ((i + j) << 2))) return 0;
      groupPath(j, textAt, textBytes);
    }
    if (!resolveGroup(members)) return 0;
    for (let j: u32 = 0; j < members; j++) {
      if (!groupHas(j) || !addResult(groupRecord(j))) return 0;
      seq = max<u64>(seq, groupSeq(j));
    }
  }
  return finish(requestCall, seq);
}

function finish(call: u64, seq: u64): u32 {
  const vector = putVector();
  const out = headAt(vector, HEAD_BYTES);
  memory.copy(out, BATCH_HEAD, 40);
  const reply = out + REPLY_TABLE;
  const batch = out + BATCH_TABLE;
  store<u32>(reply, REPLY_TABLE - 4, 0);
  store<u32>(reply, BATCH_TABLE - REPLY_TABLE - 4, 4);
  store<u64>(reply, call, 8);
  store<u64>(reply, seq, 16);
  store<u64>(reply, REPLY_BODY_BATCH_REPLY, 24);
  store<u32>(batch, BATCH_TABLE - BATCH_HEAD_BODY_VTABLE, 0);
  store<u32>(batch, vector - batch - 4, 4);
  if (vector > batch + 8) store<u32>(batch, 0, 8);
  return endPage(out);
}
