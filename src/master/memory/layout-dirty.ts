/**
 * The part of the layout (layout.ts) that brings changes to tier 2, and to readers of tier 2 before
 * they are there: assembly/dirty.ts, assembly/slot-row.ts. Pure.
 */

/**
 * Row of a directory or id (hashed) in the table at DIRTY_ROW_BASE. The slots of an epoch whose
 * records hang below such a directory form a chain through its dirty list.
 */
export const DIRTY_ROW = {
  /** u64. Seq of the last change. */
  SEQ: 0,
  /** u32 × 2, by epoch & 1. Number of the chain's newest entry in the dirty list, + 1; 0 = none. */
  NEWEST: 8,
} as const;
export const DIRTY_ROW_BYTES = 16;
/** One entry of a dirty list: u32 the slot, u32 the number of the chain's entry before it, + 1. */
export const DIRTY_ENTRY = { SLOT: 0, BEFORE: 4 } as const;
export const DIRTY_ENTRY_BYTES = 8;

/** A row for tier 2 as kernels make it of a slot: this head, the key, the value. */
export const BLOB = {
  SLOT: 0,
  /** u16. Bytes of the key. */
  KEY_BYTES: 4,
  /** u16. Bytes of the value; 0 = the name no longer exists. */
  VALUE_BYTES: 6,
  /** u64. */
  SEQ: 8,
  /** u64. Id of the inode. */
  ID: 16,
  KEY: 24,
} as const;
