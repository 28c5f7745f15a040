/**
 * The compact forms of tier 2. Keys sort, as bytes, by (id, name). Values leave out fields with
 * default values. A complete small file takes about 22 bytes of value; its record takes 96 + name.
 *
 *   id     ┌───┬──────────────────────────┐      key   ┌───────────┬──────┐
 *          │ n │ n bytes, big-endian      │            │ id parent │ name │
 *          └───┴──────────────────────────┘            └───────────┴──────┘
 *            n minimal: a longer id is a larger one, so n sorts before the digits
 *            A trash shadow's id is that of its directory and SHADOW_MARK, which no name begins
 *            with: what is deleted stays on the pages where it was, behind the children.
 *
 *   value    0         1 … 2      3            4 …                              last 4
 *          ┌─────────┬──────────┬────────────┬────┬─────┬───────┬──────────────┬────────┐
 *          │ version │ presence │ widths     │ id │ seq │ ctime │ those present │ CRC32C │
 *          │ = 2     │ u16      │ id | seq<<4│    │     │       │ in bit order  │ u32    │
 *          └─────────┴──────────┴────────────┴────┴─────┴───────┴──────────────┴────────┘
 *   CRC32C: of the key and of the value before it, so that neither a flipped bit nor a value that
 *   stands under another key is taken for a record: LMDB has no checksums of its own.
 *   id, seq: as many little-endian bytes as `widths` says (0 … 8), the fewest that hold them.
 *   ctime: 5 bytes, ms since 2020-01-01 (until 2054); 8 bytes, ms since 1970, if
 * PRESENCE_WIDE_TIME;
 *          4 bytes, s since 2020-01-01, if PRESENCE_SECONDS.
 *
 *   bit  0 directory   the type                      bit  8 group        u  else the same as owner
 *        1 wide time   ctime takes 8 bytes                9 mount id     u  else 1
 *        2 length      u  else 0                         10 replication  s  min, else 0
 *        3 mtime       s  minus ctime (1), else 0        11 replication  s  max, else -1
 *        4 ttl         s  else -1                        12 fingerprint  8 bytes, else 0
 *        5 block size  u  else 64 MiB, directory 0       13 owner        u  else 0
 *        6 mode        u  else 0644, directory 0755      14 seconds: of ctime and mtime
 *        7 flags       u  else COMPLETED, directory 0
 *   u = varint (7 bits a byte, lowest first), s = zigzag varint. Bit 15 is always 0.
 *   (1) in ms, or in s if PRESENCE_SECONDS: stores give whole seconds, and imports set ctime to
 * one.
 *   Everything round-trips exactly.
 *
 * NEVER change what version 2 means: data directories hold it. Another form is another version.
 * (Version 1 had no CRC.)
 */
import { crc32c } from './crc32c';
import {
  BLOCK_BYTES_DEFAULT,
  FLAG_COMPLETED,
  INODE_TYPE_DIRECTORY,
  INODE_TYPE_FILE,
  NAME_BYTES_MAX,
  PRESENCE_ALL,
  PRESENCE_BLOCK_SIZE,
  PRESENCE_DIRECTORY,
  PRESENCE_FINGERPRINT,
  PRESENCE_FLAGS,
  PRESENCE_GROUP,
  PRESENCE_LENGTH,
  PRESENCE_MODE,
  PRESENCE_MOUNT_ID,
  PRESENCE_MTIME,
  PRESENCE_OWNER,
  PRESENCE_REPLICATION_MAX,
  PRESENCE_REPLICATION_MIN,
  PRESENCE_SECONDS,
  PRESENCE_TTL,
  PRESENCE_WIDE_TIME,
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
  ROW_CRC_BYTES,
  ROW_MODE_DIRECTORY,
  ROW_MODE_FILE,
  ROW_MOUNT_ID,
  ROW_SECOND_BYTES,
  ROW_TIME_BASE,
  ROW_TIME_BYTES,
  ROW_VERSION,
  SHADOW_MARK,
  TRASH_BIT,
} from './generated/layout';
import {
  failed,
  getFixed,
  getSigned,
  getVarint,
  beginReading,
  atEnd,
  putFixed,
  putSigned,
  putVarint,
  widthOf,
} from './varint';

/** 2020-01-01T00:00:00Z in ms. */
const SECOND: u64 = 1000;

export function encodeId(id: f64, out: usize): u32 {
  return putId(out, u64(id));
}

export function encodeKey(parentId: f64, name: usize, nameBytes: u32, out: usize): u32 {
  return putKey(out, u64(parentId), name, nameBytes);
}

export function putKey(out: usize, parentId: u64, name: usize, nameBytes: u32): u32 {
  const used = putId(out, parentId);
  memory.copy(out + used, name, nameBytes);
  return used + nameBytes;
}

export function putId(out: usize, id: u64): u32 {
  const directory = id & ~TRASH_BIT;
  const width = widthOf(directory);
  store<u8>(out, width);
  for (let i: u32 = 0; i < width; i++) {
    store<u8>(out + 1 + i, u8(directory >> (u64(width - 1 - i) << 3)));
  }
  if (id == directory) return 1 + width;
  store<u8>(out + 1 + width, SHADOW_MARK);
  return 2 + width;
}

/** Bytes of the value under this key; 0 if the record is neither a file nor a directory. */
export function encodeValue(key: usize, keyBytes: u32, record: usize, out: usize): u32 {
  const type = u32(load<u8>(record, RECORD_TYPE));
  if (type != INODE_TYPE_FILE && type != INODE_TYPE_DIRECTORY) return 0;
  const presence = presenceOf(record, type == INODE_TYPE_DIRECTORY);
  const id = load<u64>(record, RECORD_ID);
  const seq = load<u64>(record, RECORD_SEQ);
  const ctime = load<u64>(record, RECORD_CTIME);
  store<u8>(out, ROW_VERSION);
  store<u16>(out, presence, 1);
  store<u8>(out, widthOf(id) | (widthOf(seq) << 4), 3);
  let at = putFixed(out + 4, id, widthOf(id));
  at = putFixed(at, seq, widthOf(seq));
  const seconds = (presence & PRESENCE_SECONDS) != 0;
  if (presence & PRESENCE_WIDE_TIME) at = putFixed(at, ctime, 8);
  else if (seconds) at = putFixed(at, (ctime - ROW_TIME_BASE) / SECOND, ROW_SECOND_BYTES);
  else at = putFixed(at, ctime - ROW_TIME_BASE, ROW_TIME_BYTES);
  if (presence & PRESENCE_LENGTH) at = putVarint(at, load<u64>(record, RECORD_LENGTH));
  if (presence & PRESENCE_MTIME) {
    const later = i64(load<u64>(record, RECORD_MTIME) - ctime);
    at = putSigned(at, seconds ? later / i64(SECOND) : later);
  }
  if (presence & PRESENCE_TTL) at = putSigned(at, load<u64>(record, RECORD_TTL));
  if (presence & PRESENCE_BLOCK_SIZE) at = putVarint(at, load<u64>(record, RECORD_BLOCK_SIZE));
  if (presence & PRESENCE_MODE) at = putVarint(at, load<u16>(record, RECORD_MODE));
  if (presence & PRESENCE_FLAGS) at = putVarint(at, load<u32>(record, RECORD_FLAGS));
  if (presence & PRESENCE_GROUP) at = putVarint(at, load<u32>(record, RECORD_GROUP));
  if (presence & PRESENCE_MOUNT_ID) at = putVarint(at, load<u32>(record, RECORD_MOUNT_ID));
  if (presence & PRESENCE_REPLICATION_MIN) {
    at = putSigned(at, load<i16>(record, RECORD_REPLICATION_MIN));
  }
  if (presence & PRESENCE_REPLICATION_MAX) {
    at = putSigned(at, load<i16>(record, RECORD_REPLICATION_MAX));
  }
  if (presence & PRESENCE_FINGERPRINT) at = putFixed(at, load<u64>(record, RECORD_FINGERPRINT), 8);
  if (presence & PRESENCE_OWNER) at = putVarint(at, load<u32>(record, RECORD_OWNER));
  const sum = crc32c(out, u32(at - out), crc32c(key, keyBytes, 0));
  store<u32>(at, sum);
  return u32(at - out) + ROW_CRC_BYTES;
}

function presenceOf(record: usize, directory: bool): u32 {
  const owner = load<u32>(record, RECORD_OWNER);
  const ctime = load<u64>(record, RECORD_CTIME);
  let presence: u32 = directory ? PRESENCE_DIRECTORY : 0;
  if ((ctime - ROW_TIME_BASE) >> (8 * ROW_TIME_BYTES)) presence |= PRESENCE_WIDE_TIME;
  if (load<u64>(record, RECORD_LENGTH) != 0) presence |= PRESENCE_LENGTH;
  const later = i64(load<u64>(record, RECORD_MTIME) - ctime);
  if (later != 0) presence |= PRESENCE_MTIME;
  const wholeSeconds = (ctime - ROW_TIME_BASE) % SECOND == 0 && later % i64(SECOND) == 0;
  if (wholeSeconds && !(presence & PRESENCE_WIDE_TIME)) presence |= PRESENCE_SECONDS;
  if (load<i64>(record, RECORD_TTL) != -1) presence |= PRESENCE_TTL;
  if (load<u64>(record, RECORD_BLOCK_SIZE) != blockSizeOf(directory)) {
    presence |= PRESENCE_BLOCK_SIZE;
  }
  if (u32(load<u16>(record, RECORD_MODE)) != modeOf(directory)) presence |= PRESENCE_MODE;
  if (load<u32>(record, RECORD_FLAGS) != flagsOf(directory)) presence |= PRESENCE_FLAGS;
  if (load<u32>(record, RECORD_GROUP) != owner) presence |= PRESENCE_GROUP;
  if (load<u32>(record, RECORD_MOUNT_ID) != ROW_MOUNT_ID) presence |= PRESENCE_MOUNT_ID;
  if (load<i16>(record, RECORD_REPLICATION_MIN) != 0) presence |= PRESENCE_REPLICATION_MIN;
  if (load<i16>(record, RECORD_REPLICATION_MAX) != -1) presence |= PRESENCE_REPLICATION_MAX;
  if (load<u64>(record, RECORD_FINGERPRINT) != 0) presence |= PRESENCE_FINGERPRINT;
  if (owner != 0) presence |= PRESENCE_OWNER;
  return presence;
}

/** Bytes of the record (header and name); 0 if key and value were not written by encode*. */
export function decodeRecord(
  key: usize, keyBytes: u32, value: usize, valueBytes: u32, out: usize,
): u32 {
  if (valueBytes < 4 + ROW_CRC_BYTES) return 0;
  const bytes = valueBytes - ROW_CRC_BYTES;
  if (crc32c(value, bytes, crc32c(key, keyBytes, 0)) != load<u32>(value + bytes)) return 0;
  const nameAt = readKey(key, keyBytes);
  if (nameAt == 0) return 0;
  const nameBytes = keyBytes - nameAt;
  store<u64>(out, keyParentId, RECORD_PARENT_ID);
  store<u8>(out, nameBytes, RECORD_NAME_LEN);
  if (!decodeValue(value, bytes, out)) return 0;
  memory.copy(out + RECORD_NAME, key + nameAt, nameBytes);
  return RECORD_NAME + nameBytes;
}

/** Offset of the name in the key that readKey() read last. */
export let keyParentId: u64 = 0;

/** Offset of the name in a key, its parent in keyParentId; 0 if putKey has not written it. */
export function readKey(key: usize, keyBytes: u32): u32 {
  if (keyBytes == 0) return 0;
  const idBytes = u32(load<u8>(key));
  if (idBytes > 8 || keyBytes < 1 + idBytes) return 0;
  if (idBytes > 0 && load<u8>(key, 1) == 0) return 0;
  let parentId: u64 = 0;
  for (let i: u32 = 1; i <= idBytes; i++) parentId = (parentId << 8) | load<u8>(key + i);
  if ((parentId & TRASH_BIT) != 0) return 0;
  let nameAt: u32 = 1 + idBytes;
  if (nameAt < keyBytes && load<u8>(key + nameAt) == SHADOW_MARK) {
    parentId |= TRASH_BIT;
    nameAt++;
  }
  if (keyBytes - nameAt > NAME_BYTES_MAX) return 0;
  keyParentId = parentId;
  return nameAt;
}

/** Sets every field of the record except those of the key. */
function decodeValue(value: usize, bytes: u32, out: usize): bool {
  if (load<u8>(value) != ROW_VERSION) return false;
  const presence = u32(load<u16>(value, 1));
  const widths = u32(load<u8>(value, 3));
  if (presence & ~PRESENCE_ALL || (widths & 15) > 8 || widths >> 4 > 8) return false;
  const directory = (presence & PRESENCE_DIRECTORY) != 0;
  beginReading(value + 4, value + bytes);
  store<u64>(out, getFixed(widths & 15), RECORD_ID);
  store<u64>(out, getFixed(widths >> 4), RECORD_SEQ);
  const seconds = (presence & PRESENCE_SECONDS) != 0;
  if (seconds && presence & PRESENCE_WIDE_TIME) return false;
  let ctime: u64 = 0;
  if (presence & PRESENCE_WIDE_TIME) ctime = getFixed(8);
  else if (seconds) ctime = getFixed(ROW_SECOND_BYTES) * SECOND + ROW_TIME_BASE;
  else ctime = getFixed(ROW_TIME_BYTES) + ROW_TIME_BASE;
  store<u64>(out, ctime, RECORD_CTIME);
  store<u8>(out, directory ? INODE_TYPE_DIRECTORY : INODE_TYPE_FILE, RECORD_TYPE);
  store<u64>(out, presence & PRESENCE_LENGTH ? getVarint(64) : 0, RECORD_LENGTH);
  const later = presence & PRESENCE_MTIME ? getSigned(64) : 0;
  store<u64>(out, (seconds ? later * i64(SECOND) : later) + ctime, RECORD_MTIME);
  store<u64>(out, presence & PRESENCE_TTL ? getSigned(64) : u64(-1), RECORD_TTL);
  const blockSize = presence & PRESENCE_BLOCK_SIZE ? getVarint(64) : blockSizeOf(directory);
  store<u64>(out, blockSize, RECORD_BLOCK_SIZE);
  store<u16>(out, u32(presence & PRESENCE_MODE ? getVarint(16) : modeOf(directory)), RECORD_MODE);
  const flags = u32(presence & PRESENCE_FLAGS ? getVarint(32) : flagsOf(directory));
  store<u32>(out, flags, RECORD_FLAGS);
  const group = presence & PRESENCE_GROUP ? u32(getVarint(32)) : 0;
  const mountId = presence & PRESENCE_MOUNT_ID ? u32(getVarint(32)) : ROW_MOUNT_ID;
  store<u32>(out, mountId, RECORD_MOUNT_ID);
  const replicationMin = presence & PRESENCE_REPLICATION_MIN ? u16(getSigned(16)) : 0;
  store<u16>(out, replicationMin, RECORD_REPLICATION_MIN);
  const replicationMax = presence & PRESENCE_REPLICATION_MAX ? u16(getSigned(16)) : u16(-1);
  store<u16>(out, replicationMax, RECORD_REPLICATION_MAX);
  store<u64>(out, presence & PRESENCE_FINGERPRINT ? getFixed(8) : 0, RECORD_FINGERPRINT);
  const owner = presence & PRESENCE_OWNER ? u32(getVarint(32)) : 0;
  store<u32>(out, owner, RECORD_OWNER);
  store<u32>(out, presence & PRESENCE_GROUP ? group : owner, RECORD_GROUP);
  return !failed() && atEnd();
}

// @ts-ignore: decorator
@inline
function blockSizeOf(directory: bool): u64 {
  return directory ? 0 : BLOCK_BYTES_DEFAULT;
}

// @ts-ignore: decorator
@inline
function modeOf(directory: bool): u32 {
  return directory ? ROW_MODE_DIRECTORY : ROW_MODE_FILE;
}

// @ts-ignore: decorator
@inline
function flagsOf(directory: bool): u32 {
  return directory ? 0 : FLAG_COMPLETED;
}
