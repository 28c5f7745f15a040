/**
 * The layout of the one shared WebAssembly.Memory: the single table from which both sides are
 * made. TypeScript uses these constants; `npm run gen` writes assembly/generated/layout.ts from
 * them; LAYOUT_HASH is compiled into both and compared when a thread starts. Pure.
 *
 *   0         64 KiB    …
 *  ┌─────────┬─────────┬───────┬───────┬───────┬───────┬──────┬───────┬─────────┬────────┬────────┐
 *  │ AS data │ control │ execs │ rings │ locks │ dirty │ side │ retry │ strings │ mounts │ tier 1 │
 *  └─────────┴─────────┴───────┴───────┴───────┴───────┴──────┴───────┴─────────┴────────┴────────┘
 *
 * Every offset is in bytes. Bases that depend on the configuration stand as u32 words in the
 * control region (CONTROL.*_BASE …), written once by main before any other thread starts.
 */
import {
  FRAME_BYTES_MAX,
  PATH_DEPTH_MAX,
  SET_WAYS,
  SMALL_NAME_BYTES_MAX,
} from '../../base/limits.js';
import { RECORD_NAME } from './record.js';

/** Where the control region begins: behind the static data of the kernels. */
export const CONTROL_BASE = 65_536;

/**
 * Offsets inside the control region. First the words that never change after start, then the
 * words that do, each on a cache line of its own so that threads do not steal lines.
 */
export const CONTROL = {
  MAGIC: 0,
  LAYOUT_HASH: 4,
  EXECUTOR_COUNT: 8,
  EXECUTOR_BASE: 12,
  RING_BASE: 16,
  RING_BYTES: 20,
  LOCK_WRITER_BASE: 24,
  LOCK_TICKET_BASE: 28,
  LOCK_COLUMN_BASE: 32,
  LOCK_STRIPE_COUNT: 36,
  DIRTY_ROW_BASE: 40,
  DIRTY_ROW_COUNT: 44,
  DIRTY_LIST_BASE: 48,
  DIRTY_LIST_CAPACITY: 52,
  SIDE_BASE: 56,
  SIDE_BYTES: 60,
  RETRY_BASE: 64,
  RETRY_COUNT: 68,
  STRING_INDEX_BASE: 72,
  STRING_BLOB_BASE: 76,
  STRING_BLOB_BYTES: 80,
  MOUNT_BASE: 84,
  MOUNT_BYTES: 88,
  SMALL_BASE: 92,
  SMALL_SET_COUNT: 96,
  LARGE_BASE: 100,
  LARGE_SET_COUNT: 104,
  FLUSH_ARENA_BASE: 108,
  FLUSH_ARENA_BYTES: 112,
  DROPPED_BASE: 116,
  RETRY_INDEX_BASE: 120,
  /** u32. Younger answers are evicted only for lack of room. */
  RETRY_WINDOW_MS: 124,

  /** u32. Odd while a structural entry (rename, permission of a directory) is being applied. */
  STRUCTURE_SEQ: 128,
  /** u32. Next ticket of a parked lock request; 0 is never given out. */
  LOCK_TICKET_NEXT: 192,
  /** u32. Counts lock releases while anybody is parked: parked executors watch it. */
  LOCK_RELEASES: 256,
  /** u32. Number of executors that have parked operations. */
  LOCK_PARKED: 260,
  /** u32. The open dirty epoch; only the writer changes it. Starts at 1. */
  EPOCH: 320,
  /** u32. The last epoch whose slots are all in tier 2, durably. Only the flusher changes it. */
  EPOCH_FLUSHED: 384,
  /** u32. Slots of the closed epoch whose rows are in tier 2. */
  FLUSH_PUT: 388,
  /** u32 × 2. Entries in the dirty list of even and odd epochs. */
  DIRTY_COUNT: 448,
  /** u32 × 2. Ids in the dropped list of even and odd epochs. */
  DROPPED_COUNT: 456,
  /** u64. Last seq that was fully applied when the newest closed epoch was closed. */
  CLOSED_SEQ: 464,
  /** u32. Side-ring position when the newest closed epoch was closed. */
  CLOSED_SIDE: 472,
  /** u64. RETRY_HEAD when the newest closed epoch was closed. */
  CLOSED_RETRY: 480,
  /** u32. Number of tier-2 commits; readers renew their snapshot when it moved. */
  TIER2_VERSION: 512,
  /** u64. Last seq that tier 1 shows in full. */
  APPLIED_SEQ: 576,
  /** u64. Last seq that the journal holds durably. */
  DURABLE_SEQ: 584,
  /** u64. Every change with a seq up to this one is in tier 2. */
  FLUSHED_SEQ: 640,
  /** u64. Next free inode id. */
  ID_NEXT: 704,
  /** u64. Seq of the last change of the mount table. */
  MOUNT_SEQ: 768,
  /** u32. Seqlock over the mount blob, and its bytes. */
  MOUNT_VERSION: 776,
  MOUNT_USED: 780,
  /** u32. Interned strings so far; index 0 is the empty string; and bytes of their blob. */
  STRING_COUNT: 832,
  STRING_USED: 836,
  /** u32 a row, and the day that they are of: what clients took of the new names. */
  NAME_SHARE_BASE: 840,
  NAME_SHARE_DAY: 844,
  /** u32. The writer sleeps on it; whoever filled a ring adds one and notifies. */
  WRITER_BELL: 896,
  /** u32. 1 while the writer sleeps or is about to: ringing is needed only then. */
  WRITER_ASLEEP: 900,
  /** u32. The flusher sleeps on it. */
  FLUSHER_BELL: 960,
  /** u32. Non-zero: somebody waits for a flush; the flusher does not wait for its interval. */
  FLUSH_WANTED: 964,
  /** u32 each. The flusher asks the writer to close the epoch; it is asked to trim now. */
  CLOSE_WANTED: 968,
  TRIM_WANTED: 972,
  /** u32. A value of State (master/state). */
  STATE: 1024,
  /** u32. Bits of ReadOnly (base/state.ts). Non-zero: mutations are refused. */
  READ_ONLY: 1028,
  /** u32. Bit per claimed executor. */
  EXECUTOR_CLAIMS: 1032,
  /** u32. Open connections of all ports; the grants of bytes that their threads have. */
  CONNECTIONS: 1036,
  HELD_GRANTS: 1040,
  /** u32. Bits of OpeningGate. */
  OPENING: 1044,
  /** u32. Side ring: bytes ever written by the writer / read by the flusher, modulo 2^32. */
  SIDE_HEAD: 1088,
  SIDE_TAIL: 1152,
  /** u64 counters of the writer and flusher, for admin report. */
  STAT_ENTRIES: 1216,
  STAT_BATCHES: 1224,
  STAT_WAL_BYTES: 1232,
  STAT_SYNC_NS: 1240,
  STAT_FLUSHES: 1248,
  STAT_FLUSHED_SLOTS: 1256,
  STAT_FLUSH_NS: 1264,
  STAT_ROOM_WAITS: 1272,
  STAT_SEGMENTS: 1280,
  STAT_JOURNAL_BYTES: 1288,
  /** u64. Rows ever added to the retry window; only the writer changes it. */
  RETRY_HEAD: 1600,
  /** u64. Rows evicted before their time, and the age in ms of the youngest of them. */
  RETRY_EARLY: 1608,
  RETRY_EARLY_MS: 1616,
  /** u64. RETRY_HEAD when the rows of earlier processes had been loaded. */
  RETRY_LOADED: 1624,
  /** u64. Entries from this seq on are not trimmed, because somebody copies them. 0 = nobody. */
  JOURNAL_KEEP_SEQ: 1664,
  /** The filter of tier 2's keys (assembly/filter.ts), set before start; 0 blocks = none. */
  FILTER_BASE: 1728,
  FILTER_BLOCK_COUNT: 1732,
  /** u32, set before start. Non-zero: expensive checks run (ORCHARD_INVARIANTS). */
  CHECKED: 1736,
  /** u32. Odd: the filter holds every key of tier 2. Even: some may be missing. */
  FILTER_STATE: 1792,
  /** u64. About the number of different keys in it; only the flusher changes it. */
  FILTER_KEYS: 1800,
  /** Counters of the executors (layout-counters.ts). */
  COUNTER_BASE: 1856,
  /** u64, by main. Free bytes of the fuller disk under the data directory. */
  DISK_FREE_BYTES: 1864,
  /** u64 × 4, by the writer. Inodes as of APPLIED_SEQ: files, directories, each in the trash. */
  INODES: 1920,
  /** The same when the newest closed epoch was closed. */
  CLOSED_INODES: 1984,
} as const;

/** A block of the filter of tier 2's keys: one cache line. */
export const FILTER_BLOCK_BYTES = 64;
export const CONTROL_BYTES = 4096;
export const CONTROL_MAGIC = 0x0cc4a2d1;

/** One tier-1 set: a header line, then SET_WAYS slots. */
export const SET = {
  /** u32. Seqlock: odd while somebody changes the set. */
  SEQ: 0,
  /** u32. CLOCK hand. */
  HAND: 4,
  /** u16 × SET_WAYS. Upper part of the key's hash, never 0 for a used way; 0 = the way is free. */
  TAGS: 16,
  /** u8 × SET_WAYS. Referenced since the hand passed. Written only when it is clear. */
  REF: 48,
  SLOTS: 64,
} as const;

/** One slot of a set. */
export const SLOT = {
  /** u32. Epoch in which the slot was last made dirty; 0 = clean. Dirty slots are pinned. */
  DIRTY_EPOCH: 0,
  /** u32. Reserved, 0. */
  RESERVED: 4,
  /** The record (base/record.ts); id 0 = the name is known to be absent. */
  RECORD: 8,
} as const;
export const SMALL_SLOT_BYTES = SLOT.RECORD + RECORD_NAME + SMALL_NAME_BYTES_MAX;
export const LARGE_SLOT_BYTES = SLOT.RECORD + RECORD_NAME + 256;
export const SMALL_SET_BYTES = SET.SLOTS + SET_WAYS * SMALL_SLOT_BYTES;
export const LARGE_SET_BYTES = SET.SLOTS + SET_WAYS * LARGE_SLOT_BYTES;

/** Bytes kept for one whole record in private scratch. */
export const RECORD_BYTES_MAX = RECORD_NAME + 256;

/** One resolved component of a walk; node 0 is the root. */
export const NODE = {
  ID: 0,
  PARENT_ID: 8,
  /** u64 hash of (parent id, name): also what the edge's lock stripe is taken from. */
  EDGE_HASH: 16,
  FLAGS: 24,
  MODE: 28,
  TYPE: 30,
  OWNER: 32,
  GROUP: 36,
  MOUNT_ID: 40,
  RESERVED: 44,
  SEQ: 48,
  TTL: 56,
} as const;
export const NODE_BYTES = 64;

/** One walk along a path: private to its executor. */
export const WALK = {
  PATH_BYTES: 0,
  /** u32. Components of the cleaned path; 0 = the root. */
  DEPTH: 4,
  /** u32. Index of the next node to resolve; DEPTH + 1 when the whole path is there. */
  NEXT: 8,
  /** u32. Set and its seq at a miss: what fill() compares. */
  MISS_SET: 12,
  MISS_SET_SEQ: 16,
  /** u32. STRUCTURE_SEQ when the walk began. */
  STRUCTURE_SEQ: 20,
  /** u64 hash and parent of the key that was missing. */
  MISS_HASH: 24,
  MISS_PARENT: 32,
  /** u32. Times the walk was begun anew because of a structural change. */
  RETRIES: 40,
  /** u32 × (depth + 1): offset in PATH | length << 16. Entry 0 is the root's empty name. */
  COMPONENTS: 64,
  NODES: 64 + 1088,
  PATH: 64 + 1088 + (PATH_DEPTH_MAX + 1) * NODE_BYTES,
  /** The whole record of the last node resolved, and of the one before it. */
  RECORD: 64 + 1088 + (PATH_DEPTH_MAX + 1) * NODE_BYTES + 4352,
  PARENT_RECORD: 64 + 1088 + (PATH_DEPTH_MAX + 1) * NODE_BYTES + 4352 + RECORD_BYTES_MAX,
} as const;
export const WALK_BYTES = align(WALK.PARENT_RECORD + RECORD_BYTES_MAX, 64);

/** The caller: written by JS when the session changes, read by the permission kernels. */
export const CALLER = {
  USER: 0,
  /** u32. 1 = superuser or member of the supergroup, or permissions are off. */
  SUPER: 4,
  GROUP_COUNT: 8,
  /** u32 × CALLER_GROUPS_MAX. */
  GROUPS: 12,
  /** u64. callerKeyOf() of executor/retry-key.ts; 0 = calls that are never repeated. */
  RETRY_KEY: 272,
} as const;
export const CALLER_BYTES = 320;

/** Locks of one write that a kernel takes; a write with more takes the slow path. */
export const WRITE_LOCKS_MAX = 128;
/** Mounts with numbers below have a bit in WRITE.WRITABLE; writes elsewhere take the slow path. */
export const WRITE_MOUNTS_MAX = 1024;

/** Facts for the kernels that do whole writes. Only the executor's own thread touches it. */
export const WRITE = {
  /** u32. Ring bytes that may be overwritten: completed up to this position. */
  FREED: 0,
  /** u32. Where the write that was published last begins in the ring. */
  POSITION: 4,
  /** u32. Bits taken from default modes. */
  UMASK: 8,
  /** u32. MOUNT_VERSION for which READ_ONLY and SHOWN_MOUNTS hold; odd = none. */
  MOUNT_VERSION: 12,
  /** i64, ms. How long deleted inodes can be brought back; 0 = not at all. */
  RETENTION: 16,
  /** u32. Kind of the request that openCall() has looked at, and its session. */
  BODY_TYPE: 24,
  SESSION: 28,
  /** A bit per mount number: mounted read-only. */
  READ_ONLY: 32,
  /** u32 each: lock words as of lock/lock-list, as planned first and as planned under them. */
  LOCKS: 32 + WRITE_MOUNTS_MAX / 8,
  LOCKS_AGAIN: 32 + WRITE_MOUNTS_MAX / 8 + WRITE_LOCKS_MAX * 4,
} as const;
const WRITE_BYTES = WRITE.LOCKS_AGAIN + WRITE_LOCKS_MAX * 4;
/** Of an executor's block. */
const SHOWN_MOUNTS = align(512 + WRITE_BYTES, 64);

/** Mounts that the kernels can show: number n stands in row n % SHOWN_MOUNTS_MAX, or nowhere. */
export const SHOWN_MOUNTS_MAX = 64;
export const SHOWN_MOUNT_BYTES = 1024;
/** A mount as GetStatus shows it; valid as long as WRITE.MOUNT_VERSION is. */
export const SHOWN_MOUNT = {
  /** u32. 0 = the row is free. */
  ID: 0,
  /** u32. Bytes of a path before the slash that leads below the mount point: 0 for the root. */
  PATH_BYTES: 4,
  URI_BYTES: 8,
  URI: 12,
} as const;

/** Where the walks begin in an executor's block. */
const WALKS = SHOWN_MOUNTS + SHOWN_MOUNTS_MAX * SHOWN_MOUNT_BYTES;

/**
 * A write of a kernel in a ring: the locks it holds and its path stand before its entry, as bytes
 * that the writer passes over.
 */
export const HELD = {
  /** u32 RING_SKIP, and the bytes of all this: as memory/entry-format has it. */
  SKIP: 0,
  BYTES: 4,
  /** u16. */
  LOCK_COUNT: 8,
  /** u16. */
  PATH_BYTES: 10,
  /** u16. Offset in the entry of the record that the reply shows; 0 = it shows none. */
  RECORD: 12,
  /** u32 each; the path behind them. */
  LOCKS: 16,
} as const;

/** Where what scans need begins. */
const ROW = WALKS + 2 * WALK_BYTES + RECORD_BYTES_MAX + 2624 + 3 * FRAME_BYTES_MAX;

/** One executor's block: shared words first, private scratch behind them. */
export const EXECUTOR = {
  /** u32. Doorbell: the executor sleeps on it (Atomics.wait or waitAsync). */
  BELL: 0,
  /** u32. 1 while the executor sleeps: ringing is needed only then. */
  ASLEEP: 4,
  /** u32. Non-zero: it waits for a flush barrier / for a lock. */
  WAITS_FLUSH: 8,
  WAITS_LOCK: 12,
  /** u32. Bytes ever put into its ring (by it) … */
  RING_HEAD: 64,
  /** … and taken out (by the writer), modulo 2^32. */
  RING_TAIL: 128,
  /** u32. Entries of this executor applied so far: completions are first in, first out. */
  COMPLETED: 132,
  CALLER: 192,
  /** u32. The tail of CALLER: a word that only this thread touches, for the kernels' fence. */
  FENCE: 504,
  /** Facts for the kernels that do whole writes: see WRITE. */
  WRITE: 512,
  /** See SHOWN_MOUNT. */
  SHOWN_MOUNTS,
  WALK_A: WALKS,
  WALK_B: WALKS + WALK_BYTES,
  /** One record with its name, for look-ups and fills. */
  RECORD: WALKS + 2 * WALK_BYTES,
  /** A key or a value of tier 2 while it is read or written. */
  KEY: WALKS + 2 * WALK_BYTES + RECORD_BYTES_MAX,
  VALUE: WALKS + 2 * WALK_BYTES + RECORD_BYTES_MAX + 512,
  /**
   * apply(): where it stopped. u32 change offset, then the key it misses: parent u64, len, name.
   */
  APPLY: WALKS + 2 * WALK_BYTES + RECORD_BYTES_MAX + 1536,
  /** The request frame, as it came, and the reply that is being built. */
  REQUEST: WALKS + 2 * WALK_BYTES + RECORD_BYTES_MAX + 2560,
  REPLY: WALKS + 2 * WALK_BYTES + RECORD_BYTES_MAX + 2560 + FRAME_BYTES_MAX + 64,
  /** The next row of tier 2 in a scan, which stays there while others come before it. */
  ROW_KEY: ROW,
  ROW_VALUE: ROW + 512,
  /** The results of collectChanges(): first the u32 addresses of blobs. */
  CHANGES: ROW + 1536,
} as const;
export const REPLY_BYTES = 2 * FRAME_BYTES_MAX;
export const CHANGES_BYTES = 256 * 1024;
export const EXECUTOR_BYTES = align(EXECUTOR.CHANGES + CHANGES_BYTES, 4096);

/** Fields of EXECUTOR.APPLY. */
export const APPLY = {
  /** u32. Offset, in the entry, of the change that apply() stopped at; 0 = begin. */
  AT: 0,
  MISS_SET: 4,
  MISS_SET_SEQ: 8,
  NAME_BYTES: 12,
  MISS_PARENT: 16,
  NAME: 24,
} as const;

/** One row of the retry window (assembly/retry.ts); TIME is that of the journal's entry. */
export const RETRY = { CLIENT_ID: 0, CALL_ID: 8, SEQ: 16, INODE_ID: 24, TIME: 32 } as const;
export const RETRY_BYTES = 40;

/** Ids that one epoch E can drop (u64 each; list E & 1). Full, the writer asks for a flush. */
export const DROPPED_IDS_MAX = 65_536;
export const DROPPED_LIST_BYTES = DROPPED_IDS_MAX * 8;

function align(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}
