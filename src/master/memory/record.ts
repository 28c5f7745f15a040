/**
 * The bytes of one inode record: edge and inode in one. The same bytes stand in shared memory
 * (tier-1 slots), in the journal (PUT changes) and in the `Inode` struct on the wire.
 *
 *   0     8          16   24       32      40      48    56          64     66     67
 *  ┌─────┬──────────┬────┬────────┬───────┬───────┬─────┬───────────┬──────┬──────┬─────────┐
 *  │ seq │ parentId │ id │ length │ mtime │ ctime │ ttl │ blockSize │ mode │ type │ nameLen │
 *  └─────┴──────────┴────┴────────┴───────┴───────┴─────┴───────────┴──────┴──────┴─────────┘
 *   68      72      76      80        84               86               88            96
 *  ┌───────┬───────┬───────┬─────────┬────────────────┬────────────────┬─────────────┬──────┐
 *  │ flags │ owner │ group │ mountId │ replicationMin │ replicationMax │ fingerprint │ name │
 *  └───────┴───────┴───────┴─────────┴────────────────┴────────────────┴─────────────┴──────┘
 *
 * Little-endian. The key is (parentId, name). Ids are u64 below 2^53, so that JS holds them as
 * numbers. Invariant: id 0 = the key is absent.
 * Every numeric export is also generated as a constant of the kernels: none may be negative.
 * NEVER renumber: data directories hold these bytes.
 */

export * from '../../wire/inode-flags.js';

/** u64. Journal seq of the entry that last changed the record. */
export const RECORD_SEQ = 0;
/** u64. Id of the directory, | TRASH_BIT when it stands in that directory's trash shadow. */
export const RECORD_PARENT_ID = 8;
/** u64. 0 = absent. */
export const RECORD_ID = 16;
/** u64. File: bytes; directory: number of children. */
export const RECORD_LENGTH = 24;
/** i64, ms since 1970. Last modification. */
export const RECORD_MTIME = 32;
/** i64, ms since 1970. Creation. */
export const RECORD_CTIME = 40;
/** i64. Duration in ms after creation, -1 = none; in the trash: the absolute ms of its expiry. */
export const RECORD_TTL = 48;
/** u64. Block size in bytes. */
export const RECORD_BLOCK_SIZE = 56;
/** u16. POSIX permission bits with sticky, setgid, setuid. */
export const RECORD_MODE = 64;
/** u8. One of INODE_TYPE_*. */
export const RECORD_TYPE = 66;
/** u8. Bytes of the name. */
export const RECORD_NAME_LEN = 67;
/** u32. Bits of FLAG_*. */
export const RECORD_FLAGS = 68;
/** u32. Interned user name. */
export const RECORD_OWNER = 72;
/** u32. Interned group name. */
export const RECORD_GROUP = 76;
/** u32. The mount that the inode belongs to. */
export const RECORD_MOUNT_ID = 80;
/** i16. */
export const RECORD_REPLICATION_MIN = 84;
/** i16. -1 = no upper bound. */
export const RECORD_REPLICATION_MAX = 86;
/** u64. Hash of the store object's ETag, mtime and length; 0 = none. */
export const RECORD_FINGERPRINT = 88;
/** Where the name begins; also the bytes of the header. */
export const RECORD_NAME = 96;

export const INODE_TYPE_ABSENT = 0;
export const INODE_TYPE_FILE = 1;
export const INODE_TYPE_DIRECTORY = 2;

/** The root directory: key (0, ""). */
export const ROOT_ID = 1;
/** Hidden directory of what waits to be reclaimed; names are 8-byte big-endian ids. */
export const RECLAIM_ID = 2;
/** Ids below are reserved. */
export const ID_FIRST_FREE = 1024;
/** 2^52: set in a parent id, it names the trash shadow of that directory. */
export const TRASH_BIT = 4_503_599_627_370_496;
/** Parents of deleted inodes: a trash shadow, or RECLAIM_ID. */
export const isHiddenParent = (parentId: number): boolean =>
  parentId >= TRASH_BIT || parentId === RECLAIM_ID;
/** In keys of tier 2, before the names of a trash shadow: no other name begins with it. */
export const SHADOW_MARK = 0xff;
