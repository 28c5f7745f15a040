/** delete of one file, into the trash or for good: see serve-write.ts. */
import { EXEC } from './control';
import { putParent, putRecord, putRemove } from './entry';
import {
  EXECUTOR_WALK_A,
  EXECUTOR_WALK_B,
  EXECUTOR_WRITE,
  FLAG_HAS_ORIGIN,
  FLAG_HAS_XATTR,
  LOOKUP_ABSENT,
  LOOKUP_MISS,
  PUT_CROSSES,
  RECORD_FLAGS,
  RECORD_ID,
  RECORD_NAME,
  RECORD_NAME_LEN,
  RECORD_PARENT_ID,
  RECORD_TTL,
  TRASH_BIT,
  WALK_DEPTH,
  WALK_RECORD,
  WRITE_MISS_A,
  WRITE_MISS_TRASH,
  WRITE_RETENTION,
  WRITE_SLOW_PATH,
} from './generated/layout';
import {
  DELETE_ALLUXIO_ONLY_SLOT,
  DELETE_PATH_SLOT,
  DELETE_SKIP_TRASH_SLOT,
} from './generated/wire';
import { lockWriteEdge } from './locks';
import { cleanPath } from './path';
import { readByte, readText, requestBody, textAt, textBytes } from './request';
import { copyRecord } from './tier-set';
import { lookup } from './tier-walk';
import { READY, walkToOld } from './write-plan';

let toTrash: bool = false;

export function readRemove(): bool {
  const retention = load<i64>(EXEC + EXECUTOR_WRITE, WRITE_RETENTION);
  toTrash =
    retention > 0 &&
    readByte(requestBody, DELETE_SKIP_TRASH_SLOT) == 0 &&
    readByte(requestBody, DELETE_ALLUXIO_ONLY_SLOT) == 0;
  if (!readText(requestBody, DELETE_PATH_SLOT)) return false;
  return cleanPath(textAt, textBytes, EXEC + EXECUTOR_WALK_A) > 0;
}

export function planRemove(): i32 {
  const walk = EXEC + EXECUTOR_WALK_A;
  let status = walkToOld(walk, WRITE_MISS_A);
  if (status != READY) return status;
  const record = walk + WALK_RECORD;
  // Its ttl would have to be kept for an undelete, or its row of the expiry index removed.
  if (load<i64>(record, RECORD_TTL) >= 0) return WRITE_SLOW_PATH;
  if (toTrash) {
    status = findNamesake(record);
    if (status != READY) return status;
  } else if ((load<u32>(record, RECORD_FLAGS) & (FLAG_HAS_XATTR | FLAG_HAS_ORIGIN)) != 0) {
    return WRITE_SLOW_PATH;
  }
  lockWriteEdge(walk);
  return READY;
}

export function writeRemove(now: u64): void {
  const walk = EXEC + EXECUTOR_WALK_A;
  const old = walk + WALK_RECORD;
  const nameBytes = u32(load<u8>(old, RECORD_NAME_LEN));
  const parentId = load<u64>(old, RECORD_PARENT_ID);
  putRemove(parentId, load<u64>(old, RECORD_ID), old + RECORD_NAME, nameBytes, !toTrash);
  if (toTrash) {
    const record = putRecord(nameBytes, PUT_CROSSES);
    copyRecord(old, record, nameBytes);
    store<u64>(record, parentId + TRASH_BIT, RECORD_PARENT_ID);
    store<u64>(record, now + load<u64>(EXEC + EXECUTOR_WRITE, WRITE_RETENTION), RECORD_TTL);
  }
  putParent(walk, load<u32>(walk, WALK_DEPTH) - 1, now, -1);
}

/** READY if the directory's trash has no inode of that name, which would have to leave it. */
function findNamesake(record: usize): i32 {
  const scratch = EXEC + EXECUTOR_WALK_B;
  const trash = f64(load<u64>(record, RECORD_PARENT_ID) + TRASH_BIT);
  const nameBytes = u32(load<u8>(record, RECORD_NAME_LEN));
  const status = lookup(trash, record + RECORD_NAME, nameBytes, scratch + WALK_RECORD, scratch);
  if (status == LOOKUP_MISS) return WRITE_MISS_TRASH;
  return status == LOOKUP_ABSENT ? READY : WRITE_SLOW_PATH;
}
