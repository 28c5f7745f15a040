/**
 * The bytes of one journal entry: the same in an executor's ring, in the WAL and on a standby.
 * Entries are state changes, never requests. The kernels and their twins read this format too.
 *
 *   0     4        8     16     24         32       40   42            44     48
 *  ┌─────┬────────┬─────┬──────┬──────────┬────────┬────┬─────────────┬──────┬───────────┐
 *  │ crc │ length │ seq │ time │ clientId │ callId │ op │ changeCount │ salt │ changes … │
 *  └─────┴────────┴─────┴──────┴──────────┴────────┴────┴─────────────┴──────┴───────────┘
 *  crc = CRC32C of the bytes 4 .. length. length is a multiple of 8, the padding is zeros.
 *
 *  A change, at a multiple of 8:  kind u8 │ flags u8 │ reserved u16 │ bytes u32 │ payload │ padding
 *
 * clientId and callId are numbers below 2^53, as every u64 here. seq, salt and crc are zero until
 * the writer thread seals the entry.
 * NEVER renumber: journals hold these bytes.
 */

export const ENTRY_CRC = 0;
export const ENTRY_LENGTH = 4;
export const ENTRY_SEQ = 8;
export const ENTRY_TIME = 16;
export const ENTRY_CLIENT_ID = 24;
export const ENTRY_CALL_ID = 32;
export const ENTRY_OP = 40;
export const ENTRY_CHANGE_COUNT = 42;
/** u32. Salt of the WAL segment: old content of a recycled segment never matches it. */
export const ENTRY_SALT = 44;
/** Where the changes begin; also the bytes of the header. */
export const ENTRY_CHANGES = 48;

/** Bit of an op: readers of the tree must not see half of it (rename, permission change). */
export const OP_STRUCTURAL = 0x8000;
/**
 * Ops from here on (without OP_STRUCTURAL) exist only in the local journal
 * (journal/local/segment.ts).
 */
export const OP_WAL_FIRST = 0x7f00;
/** Stands before every batch; clientId holds the last seq that was durable when it was written. */
export const OP_WAL_MARK = 0x7f01;
/** Ends a segment; seq is the one that the next segment begins with. */
export const OP_WAL_END = 0x7f02;

export const CHANGE_KIND = 0;
export const CHANGE_FLAGS = 1;
export const CHANGE_BYTES = 4;
/** Where the payload begins; also the bytes of a change's header. */
export const CHANGE_PAYLOAD = 8;

/** Payload: a record (record.ts). Absolute upsert of its key; apply sets its seq. */
export const CHANGE_PUT = 1;
/** The key becomes absent. */
export const CHANGE_REMOVE = 2;
/** Guarded by seq: a directory's child count and mtime. */
export const CHANGE_PARENT = 3;
/** A side record: string, mount, xattrs, origin. */
export const CHANGE_SIDE = 4;

/** Flag of CHANGE_REMOVE: the id leaves the id index too. */
export const REMOVE_DROP_ID = 1;
/** Flag of a CHANGE_REMOVE that drops the id: the inode was a directory. Only counts use it. */
export const REMOVE_DIRECTORY = 2;
/**
 * Flag of CHANGE_PUT: the change behind it is the REMOVE of the key that the inode leaves, and
 * nobody sees one without the other.
 */
export const PUT_MOVES = 1;
/** Flag of CHANGE_PUT: the inode is new. Only counts use it. */
export const PUT_NEW = 2;
/** Flag of CHANGE_PUT: the inode enters or leaves the trash. Only counts use it. */
export const PUT_CROSSES = 4;

/** Payload of CHANGE_REMOVE. */
export const REMOVE_PARENT_ID = 0;
export const REMOVE_ID = 8;
export const REMOVE_NAME_LEN = 16;
export const REMOVE_NAME = 24;

/** Payload of CHANGE_PARENT: the directory at key (grandparentId, name). */
export const PARENT_GRANDPARENT_ID = 0;
/** The id that must be found there; otherwise the change is skipped. */
export const PARENT_ID = 8;
export const PARENT_MTIME = 16;
export const PARENT_CHILD_DELTA = 24;
export const PARENT_NAME_LEN = 28;
export const PARENT_NAME = 32;

/** Payload of CHANGE_SIDE. */
export const SIDE_KIND = 0;
export const SIDE_REMOVE = 1;
export const SIDE_KEY_LEN = 2;
export const SIDE_VALUE_LEN = 4;
export const SIDE_KEY = 8;

/** Interned string: id -> text. */
export const SIDE_STRING = 1;
export const SIDE_MOUNT = 2;
/** Extended attributes by inode id. */
export const SIDE_XATTR = 3;
/** The place of an inode's data in its store, when that is not its path; by inode id. */
export const SIDE_ORIGIN = 4;
/** The reverse: mount id and store path -> the inode whose data the store keeps there. */
export const SIDE_ORIGIN_BACK = 5;
/** A checked row of the expiry index, which may go; key as in storage/tier2. */
export const SIDE_EXPIRY_DONE = 6;
/** The ttl that an inode had before it was deleted, by inode id. */
export const SIDE_TRASH_TTL = 7;

/** Stands in place of an entry's CRC in an executor's ring: skip `length` bytes. */
export const RING_SKIP = 0xffff_ffff;
