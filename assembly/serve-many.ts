/**
 * Many GetStatus calls that arrived together, each a frame of its own, as one group (group.ts).
 *
 *   SERVE_ROWS, one row per request, filled by JavaScript:       filled here:
 *   ┌────────────────────┬─────────────────┐                   ┌──────────────────┬──────────────┐
 *   │ 0 request, address │ 4 request bytes │                   │ 8 reply, address │ 12 its bytes │
 *   └────────────────────┴─────────────────┘                   └──────────────────┴──────────────┘
 *
 * Replies stand in EXECUTOR.REPLY one behind the other. Bytes 0 = this one needs the long way.
 * All requests of one call are from the one caller at EXECUTOR.CALLER.
 */
import { EXEC } from './control';
import { EXECUTOR_REPLY, FRAME_BYTES_MAX } from './generated/layout';
import {
  GROUP_PATHS_MAX,
  groupBegin,
  groupDrop,
  groupHas,
  groupPath,
  groupRecord,
  groupSeq,
  resolveGroup,
} from './group';
import { INFO_REPLY_BYTES_MAX, REPLY_FILE_INFO, openGetStatus, putInfoReply } from './reply';
import { requestCall, textAt, textBytes } from './request';

const ROWS_MAX: u32 = FRAME_BYTES_MAX / INFO_REPLY_BYTES_MAX;
const ROW_BYTES: u32 = 32;
const ROW_REQUEST: usize = 0;
const ROW_REQUEST_BYTES: usize = 4;
const ROW_REPLY: usize = 8;
const ROW_REPLY_BYTES: usize = 12;
/** u64. The call's number, between its request and its reply. */
const ROW_CALL: usize = 16;
/** Between the largest page and the scratch of group.ts. */
const ROWS: u32 = EXECUTOR_REPLY + FRAME_BYTES_MAX + 65_536;

/** Address of the first row; a row takes 32 bytes. */
export function serveRows(): usize {
  return EXEC + ROWS;
}

/** Rows that one serveMany takes. */
export function serveRowsMax(): u32 {
  return ROWS_MAX;
}

/** Returns how many were answered. */
export function serveMany(count: u32): u32 {
  if (count > ROWS_MAX) return 0;
  let out: usize = EXEC + EXECUTOR_REPLY;
  let served: u32 = 0;
  for (let first: u32 = 0; first < count; first += GROUP_PATHS_MAX) {
    const members = min<u32>(count - first, GROUP_PATHS_MAX);
    openMembers(first, members);
    const stands = resolveGroup(members);
    for (let i: u32 = 0; i < members; i++) {
      const row = rowAt(first + i);
      store<u32>(row, 0, ROW_REPLY_BYTES);
      if (!stands || !groupHas(i)) continue;
      const call = load<u64>(row, ROW_CALL);
      const bytes = putInfoReply(call, REPLY_FILE_INFO, groupRecord(i), groupSeq(i), out);
      store<u32>(row, out, ROW_REPLY);
      store<u32>(row, bytes, ROW_REPLY_BYTES);
      out = (out + bytes + 7) & ~7;
      served++;
    }
  }
  return served;
}

function openMembers(first: u32, count: u32): void {
  groupBegin();
  for (let i: u32 = 0; i < count; i++) {
    const row = rowAt(first + i);
    if (openGetStatus(load<u32>(row, ROW_REQUEST), load<u32>(row, ROW_REQUEST_BYTES))) {
      store<u64>(row, requestCall, ROW_CALL);
      groupPath(i, textAt, textBytes);
    } else {
      groupDrop(i);
    }
  }
}

// @ts-ignore: decorator
@inline
function rowAt(index: u32): usize {
  return EXEC + ROWS + index * ROW_BYTES;
}
