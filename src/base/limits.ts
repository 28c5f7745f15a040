/**
 * Every limit of the system, each with its unit in the name, and the relations between them,
 * asserted when the module loads. Imports nothing but assert.
 */
import { assert } from './assert.js';

/** The largest number up to which JavaScript represents every whole number: 2^53 - 1. */
export const WHOLE_MAX = 9_007_199_254_740_991;

/** Longest name of one edge, in bytes of UTF-8: the limit of POSIX file systems. */
export const NAME_BYTES_MAX = 255;
/** Longest cleaned path, bytes of UTF-8, as PATH_MAX. */
export const PATH_BYTES_MAX = 4096;
/** Deepest path, in components, the root not counted. */
export const PATH_DEPTH_MAX = 256;

/** One WebSocket frame or HTTP body on /rpc. */
export const FRAME_BYTES_MAX = 1 << 20;
/** Paths in one batch call. */
export const BATCH_PATHS_MAX = 1024;
/** Entries in one page of a listing. */
export const LIST_PAGE_ENTRIES_MAX = 4096;
export const LIST_PAGE_ENTRIES_DEFAULT = 1000;
/** Entries of the trash that one call lists. */
export const TRASH_ENTRIES_MAX = 1000;

/** One journal entry with its header. A batch with more changes is split into several entries. */
export const ENTRY_BYTES_MAX = 1 << 18;
/** Value of one xattr and all xattrs of one inode together. */
export const XATTR_BYTES_MAX = 65_536;
export const XATTR_NAME_BYTES_MAX = 255;
/** Extended attributes that one request may carry. */
export const XATTR_COUNT_MAX = 1024;

/**
 * Times lie within this many milliseconds of 1970, as in JavaScript: about half a million years.
 */
export const TIME_MS_MAX = 8_640_000_000_000_000;
/** A time to live, added to the present, must give a valid time. */
export const TTL_MS_MAX = 4_503_599_627_370_496;
/** A record stores replication in 16 bits with a sign. */
export const REPLICATION_MAX = 32_767;
/** Bytes of a path as the client sends it, before it is cleaned. */
export const PATH_INPUT_BYTES_MAX = 65_536;
/** Numbers of the sessions that a connection carries: small integers of the engine. */
export const SESSION_NUMBER_MAX = 2_147_483_647;
/** Bytes of the name by which a client introduces itself. */
export const CLIENT_NAME_BYTES_MAX = 255;
/** Options of one mount, bytes of a key and of a value. */
export const MOUNT_OPTIONS_MAX = 256;
export const OPTION_KEY_BYTES_MAX = 255;
export const OPTION_VALUE_BYTES_MAX = 16_384;
/** Bytes of the address of a store. */
export const URI_BYTES_MAX = 4096;

/** Executor blocks: every thread of the master that works on the shared memory has one. */
export const EXECUTOR_COUNT_MAX = 32;
/** Blocks of main, the writer and the flusher: every master has these. */
export const OWN_EXECUTOR_COUNT = 3;
/** RPC and background threads together: they have the other blocks. */
export const POOL_THREADS_MAX = EXECUTOR_COUNT_MAX - OWN_EXECUTOR_COUNT;
/** Distinct user and group names the master can hold. */
export const INTERNED_COUNT_MAX = 65_536;
/** Bytes of one user or group name. */
export const INTERNED_BYTES_MAX = 255;
/** Groups of one caller that are checked; POSIX systems allow 65,536, NFS 16. */
export const CALLER_GROUPS_MAX = 64;

/** Slots of one tier-1 set, as the ways of a CPU cache. */
export const SET_WAYS = 16;
/** Names up to this many bytes live in small slots, longer ones in large slots. */
export const SMALL_NAME_BYTES_MAX = 56;

/** A walk that raced with renames this often falls back to READ locks. */
export const WALK_RETRIES_MAX = 32;

export const BLOCK_BYTES_DEFAULT = 64 * 1024 * 1024;

assert(NAME_BYTES_MAX <= 255, 'a record stores the length of its name in one byte');
assert(PATH_BYTES_MAX < 65_536, 'component offsets are 16 bits');
assert(SMALL_NAME_BYTES_MAX % 8 === 0, 'slots stay aligned to 8 bytes');
assert(ENTRY_BYTES_MAX < FRAME_BYTES_MAX, 'what came in one frame may take several entries');
