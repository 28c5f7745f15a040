/** rename of one file to a new name within its mount: see serve-write.ts. */
import { EXEC } from './control';
import { putParent, putRecord, putRemove } from './entry';
import {
  EXECUTOR_WALK_A,
  EXECUTOR_WALK_B,
  NODE_ID,
  NODE_MOUNT_ID,
  PUT_MOVES,
  RECORD_ID,
  RECORD_NAME,
  RECORD_NAME_LEN,
  RECORD_PARENT_ID,
  WALK_COMPONENTS,
  WALK_DEPTH,
  WALK_PATH,
  WALK_RECORD,
  WRITE_MISS_A,
  WRITE_MISS_B,
  WRITE_SLOW_PATH,
} from './generated/layout';
import { RENAME_SOURCE_SLOT, RENAME_TARGET_SLOT } from './generated/wire';
import { lockWriteEdge } from './locks';
import { cleanPath } from './path';
import { readText, requestBody, textAt, textBytes } from './request';
import { copyName, copyRecord } from './tier-set';
import { walkStands } from './tier-walk';
import { READY, nodeOf, walkToNew, walkToOld } from './write-plan';

export function readRename(): bool {
  if (!readText(requestBody, RENAME_SOURCE_SLOT)) return false;
  if (cleanPath(textAt, textBytes, EXEC + EXECUTOR_WALK_A) <= 0) return false;
  if (!readText(requestBody, RENAME_TARGET_SLOT)) return false;
  return cleanPath(textAt, textBytes, EXEC + EXECUTOR_WALK_B) > 0;
}

export function planRename(): i32 {
  const source = EXEC + EXECUTOR_WALK_A;
  const target = EXEC + EXECUTOR_WALK_B;
  let status = walkToOld(source, WRITE_MISS_A);
  if (status != READY) return status;
  status = walkToNew(target, WRITE_MISS_B);
  if (status != READY) return status;
  // If a directory was moved between two walks, they see two states.
  if (!walkStands(source)) return WRITE_SLOW_PATH;
  const from = load<u32>(nodeOf(source, load<u32>(source, WALK_DEPTH)), NODE_MOUNT_ID);
  const into = load<u32>(nodeOf(target, load<u32>(target, WALK_DEPTH) - 1), NODE_MOUNT_ID);
  if (from != into) return WRITE_SLOW_PATH;
  lockWriteEdge(source);
  lockWriteEdge(target);
  return READY;
}

export function writeRename(now: u64): void {
  const source = EXEC + EXECUTOR_WALK_A;
  const target = EXEC + EXECUTOR_WALK_B;
  const old = source + WALK_RECORD;
  const sourceDepth = load<u32>(source, WALK_DEPTH);
  const targetDepth = load<u32>(target, WALK_DEPTH);
  const component = load<u32>(target + WALK_COMPONENTS + (targetDepth << 2));
  const nameBytes = component >> 16;
  const parentId = load<u64>(nodeOf(target, targetDepth - 1), NODE_ID);
  const oldParentId = load<u64>(old, RECORD_PARENT_ID);
  const record = putRecord(nameBytes, PUT_MOVES);
  copyRecord(old, record, 0);
  store<u64>(record, parentId, RECORD_PARENT_ID);
  store<u8>(record, u8(nameBytes), RECORD_NAME_LEN);
  copyName(target + WALK_PATH + (component & 0xffff), record + RECORD_NAME, nameBytes);
  const oldBytes = u32(load<u8>(old, RECORD_NAME_LEN));
  putRemove(oldParentId, load<u64>(old, RECORD_ID), old + RECORD_NAME, oldBytes, false);
  if (oldParentId == parentId) {
    putParent(source, sourceDepth - 1, now, 0);
  } else {
    putParent(source, sourceDepth - 1, now, -1);
    putParent(target, targetDepth - 1, now, 1);
  }
}
