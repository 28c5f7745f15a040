/** createFile and createDirectory of one name in an existing directory: see serve-write.ts. */
import { EXEC } from './control';
import { putParent, putRecord, showRecord } from './entry';
import {
  BLOCK_BYTES_DEFAULT,
  CALLER_GROUPS,
  CALLER_GROUP_COUNT,
  CALLER_USER,
  CONTROL_BASE,
  CONTROL_ID_NEXT,
  EXECUTOR_CALLER,
  EXECUTOR_WALK_A,
  EXECUTOR_WRITE,
  FLAG_CHILDREN_LOADED,
  FLAG_COMPLETED,
  FLAG_PINNED,
  FLAG_TTL_DELETE_ALLUXIO,
  FLAG_TTL_FREE,
  INODE_TYPE_DIRECTORY,
  INODE_TYPE_FILE,
  MODE_MAX,
  MODE_SETGID,
  NODE_FLAGS,
  NODE_GROUP,
  NODE_ID,
  NODE_MODE,
  NODE_MOUNT_ID,
  PUT_NEW,
  RECORD_BLOCK_SIZE,
  RECORD_CTIME,
  RECORD_FINGERPRINT,
  RECORD_FLAGS,
  RECORD_GROUP,
  RECORD_ID,
  RECORD_LENGTH,
  RECORD_MODE,
  RECORD_MOUNT_ID,
  RECORD_MTIME,
  RECORD_NAME,
  RECORD_NAME_LEN,
  RECORD_OWNER,
  RECORD_PARENT_ID,
  RECORD_REPLICATION_MAX,
  RECORD_REPLICATION_MIN,
  RECORD_SEQ,
  RECORD_TTL,
  RECORD_TYPE,
  STRING_UNKNOWN,
  TTL_MS_MAX,
  WALK_COMPONENTS,
  WALK_DEPTH,
  WALK_PATH,
  WHOLE_MAX,
  WRITE_MISS_A,
  WRITE_SLOW_PATH,
  WRITE_UMASK,
} from './generated/layout';
import {
  CREATE_DIRECTORY_MODE_SLOT,
  CREATE_DIRECTORY_TTL_ACTION_SLOT,
  CREATE_DIRECTORY_TTL_MS_SLOT,
  CREATE_DIRECTORY_XATTRS_SLOT,
  CREATE_DIRECTORY_XATTR_PROPAGATION_SLOT,
  CREATE_FILE_BLOCK_SIZE_SLOT,
  CREATE_FILE_MODE_SLOT,
  CREATE_FILE_PATH_SLOT,
  CREATE_FILE_REPLICATION_MAX_SLOT,
  CREATE_FILE_REPLICATION_MIN_SLOT,
  CREATE_FILE_TTL_ACTION_SLOT,
  CREATE_FILE_TTL_MS_SLOT,
  CREATE_FILE_XATTRS_SLOT,
  CREATE_FILE_XATTR_PROPAGATION_SLOT,
} from './generated/wire';
import { lockWriteEdge } from './locks';
import { cleanPath } from './path';
import {
  hasField,
  readByte,
  readI16,
  readI32,
  readI64,
  readText,
  requestBody,
  textAt,
  textBytes,
} from './request';
import { copyName } from './tier-set';
import { READY, nodeOf, walkToNew } from './write-plan';


let isFile: bool = false;
let mode: i32 = 0;
let blockSize: i64 = 0;
let ttl: i64 = 0;
let ttlFlags: u32 = 0;
let replicationMin: i32 = 0;
let replicationMax: i32 = 0;

/**
 * Reads the options; false for what only the slow path does or refuses: nothing passes here that
 * src/wire/field-rules.ts does not allow.
 */
export function readCreate(file: bool): bool {
  isFile = file;
  const xattrs = file ? CREATE_FILE_XATTRS_SLOT : CREATE_DIRECTORY_XATTRS_SLOT;
  if (hasField(requestBody, xattrs)) return false;
  mode = readI32(requestBody, file ? CREATE_FILE_MODE_SLOT : CREATE_DIRECTORY_MODE_SLOT, -1);
  if (mode < -1 || mode > i32(MODE_MAX)) return false;
  blockSize = file ? readI64(requestBody, CREATE_FILE_BLOCK_SIZE_SLOT, BLOCK_BYTES_DEFAULT) : 0;
  if (file && blockSize < 1) return false;
  if (blockSize > i64(WHOLE_MAX)) return false;
  ttl = readI64(requestBody, file ? CREATE_FILE_TTL_MS_SLOT : CREATE_DIRECTORY_TTL_MS_SLOT, -1);
  if (ttl < -1 || ttl > i64(TTL_MS_MAX)) return false;
  const actionSlot = file ? CREATE_FILE_TTL_ACTION_SLOT : CREATE_DIRECTORY_TTL_ACTION_SLOT;
  const action = readByte(requestBody, actionSlot);
  if (action > 2) return false;
  const propagation = file
    ? CREATE_FILE_XATTR_PROPAGATION_SLOT
    : CREATE_DIRECTORY_XATTR_PROPAGATION_SLOT;
  if (readByte(requestBody, propagation) > 1) return false;
  ttlFlags = action == 0 ? 0 : action == 1 ? FLAG_TTL_FREE : FLAG_TTL_DELETE_ALLUXIO;
  replicationMin = 0;
  if (file) {
    replicationMin = max<i32>(readI16(requestBody, CREATE_FILE_REPLICATION_MIN_SLOT, -1), 0);
  }
  replicationMax = file ? readI16(requestBody, CREATE_FILE_REPLICATION_MAX_SLOT, -1) : -1;
  if (replicationMax < -1 || (replicationMax >= 0 && replicationMax < replicationMin)) return false;
  if (!readText(requestBody, CREATE_FILE_PATH_SLOT)) return false;
  return cleanPath(textAt, textBytes, EXEC + EXECUTOR_WALK_A) > 0;
}

export function planCreate(): i32 {
  const walk = EXEC + EXECUTOR_WALK_A;
  if (load<u32>(EXEC + EXECUTOR_CALLER, CALLER_USER) == STRING_UNKNOWN) return WRITE_SLOW_PATH;
  const status = walkToNew(walk, WRITE_MISS_A);
  if (status != READY) return status;
  const parent = nodeOf(walk, load<u32>(walk, WALK_DEPTH) - 1);
  if (groupOf(parent) == STRING_UNKNOWN) return WRITE_SLOW_PATH;
  lockWriteEdge(walk);
  return READY;
}

export function writeCreate(now: u64): void {
  const walk = EXEC + EXECUTOR_WALK_A;
  const depth = load<u32>(walk, WALK_DEPTH);
  const parent = nodeOf(walk, depth - 1);
  const component = load<u32>(walk + WALK_COMPONENTS + (depth << 2));
  const nameBytes = component >> 16;
  const record = putRecord(nameBytes, PUT_NEW);
  const inherits = u32(load<u16>(parent, NODE_MODE)) & MODE_SETGID;
  const type = isFile ? INODE_TYPE_FILE : INODE_TYPE_DIRECTORY;
  const flags = (load<u32>(parent, NODE_FLAGS) & FLAG_PINNED) | ttlFlags |
    (isFile ? 0 : FLAG_COMPLETED | FLAG_CHILDREN_LOADED);
  store<u64>(record, 0, RECORD_SEQ);
  store<u64>(record, load<u64>(parent, NODE_ID), RECORD_PARENT_ID);
  store<u64>(record, atomic.add<u64>(CONTROL_BASE + CONTROL_ID_NEXT, 1), RECORD_ID);
  store<u64>(record, 0, RECORD_LENGTH);
  store<u64>(record, now, RECORD_MTIME);
  store<u64>(record, now, RECORD_CTIME);
  store<i64>(record, ttl, RECORD_TTL);
  store<i64>(record, blockSize, RECORD_BLOCK_SIZE);
  store<u16>(record, u16(modeBits() | (isFile ? 0 : inherits)), RECORD_MODE);
  store<u8>(record, u8(type), RECORD_TYPE);
  store<u8>(record, u8(nameBytes), RECORD_NAME_LEN);
  store<u32>(record, flags, RECORD_FLAGS);
  store<u32>(record, load<u32>(EXEC + EXECUTOR_CALLER, CALLER_USER), RECORD_OWNER);
  store<u32>(record, groupOf(parent), RECORD_GROUP);
  store<u32>(record, load<u32>(parent, NODE_MOUNT_ID), RECORD_MOUNT_ID);
  store<i16>(record, i16(replicationMin), RECORD_REPLICATION_MIN);
  store<i16>(record, i16(replicationMax), RECORD_REPLICATION_MAX);
  store<u64>(record, 0, RECORD_FINGERPRINT);
  copyName(walk + WALK_PATH + (component & 0xffff), record + RECORD_NAME, nameBytes);
  showRecord(record);
  putParent(walk, depth - 1, now, 1);
}

function modeBits(): u32 {
  if (mode >= 0) return u32(mode);
  return (isFile ? 0o666 : 0o777) & ~load<u32>(EXEC + EXECUTOR_WRITE, WRITE_UMASK);
}

/** The caller's first group; the directory's under setgid or for a caller without groups. */
function groupOf(parent: usize): u32 {
  const caller = EXEC + EXECUTOR_CALLER;
  const inherits = (u32(load<u16>(parent, NODE_MODE)) & MODE_SETGID) != 0;
  if (inherits || load<u32>(caller, CALLER_GROUP_COUNT) == 0) {
    return load<u32>(parent, NODE_GROUP);
  }
  return load<u32>(caller, CALLER_GROUPS);
}
