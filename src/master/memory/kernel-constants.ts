/** Numbers, other than offsets, that both the kernels and TypeScript know. Pure. */

/** Permission bits of one class of a mode: owner, group or other. POSIX's own numbers. */
export const Bits = { READ: 4, WRITE: 2, EXECUTE: 1 } as const;

/** Bits of a mode. POSIX's own numbers. */
export const MODE = { MAX: 0o7777, SETGID: 0o2000, STICKY: 0o1000 } as const;

/** Halves of the table of locks: lock/lock-table.ts says why there are two. */
export const LOCK_SIDE = { DIRECTORY: 0, LEAF: 1 } as const;

/** The number of a user or group whose name is not stored. */
export const STRING_UNKNOWN = 0xffff_ffff;

/** Clients whose new names are counted; a power of two. */
export const NAME_SHARE_ROWS = 4096;
