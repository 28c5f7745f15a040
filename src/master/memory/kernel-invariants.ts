/**
 * The invariants that the kernels check in shared memory. Kernels know them only by number, and
 * stop at the first broken one. Pure.
 */
export const INVARIANT = {
  READ_LOCK_HELD: 0,
  WRITE_LOCK_HELD: 1,
  DIRTY_LIST_ROOM: 2,
  ROW_HAS_VALUE: 3,
  EPOCH_CLOSED: 4,
  FILL_OF_MISS: 5,
  KEY_ONCE: 6,
  RING_POSITIONS: 7,
} as const;

const texts: Readonly<Record<keyof typeof INVARIANT, string>> = {
  READ_LOCK_HELD: 'a read lock that is released is held by this executor',
  WRITE_LOCK_HELD: 'a write lock that is released is held by this executor',
  DIRTY_LIST_ROOM: 'a slot enters the dirty list of an epoch once',
  ROW_HAS_VALUE: 'what is flushed with an inode has a value',
  EPOCH_CLOSED: 'only a closed epoch is copied for the flush',
  FILL_OF_MISS: 'a record is cached in the set that missed it',
  KEY_ONCE: 'a key stands in tier 1 once',
  RING_POSITIONS: 'what is completed is in the ring: behind what is freed, before its end',
};

export const invariantText = (number: number): string => Object.values(texts)[number] ?? 'unknown';
