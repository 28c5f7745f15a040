/**
 * What the flusher must know of a change, and who reads tier 2: the dirty list and the dropped ids
 * of the open epoch, and DIRTY_SEQ. Only the writer's apply moves them: see tier-apply.ts.
 */
import { DIRTY_LIST_BASE, DIRTY_LIST_CAPACITY, DIRTY_SEQ_BASE, DIRTY_SEQ_COUNT } from './control';
import {
  CONTROL_BASE,
  CONTROL_DIRTY_COUNT,
  CONTROL_DROPPED_BASE,
  CONTROL_DROPPED_COUNT,
  CONTROL_EPOCH,
  DROPPED_LIST_BYTES,
  SIDE_KEY,
  SIDE_KEY_LEN,
  SIDE_KIND,
  SIDE_ORIGIN,
  SIDE_TRASH_TTL,
  SIDE_XATTR,
  SLOT_DIRTY_EPOCH,
} from './generated/layout';

/** 2^64 / golden ratio: spreads lines of consecutive ids over the table. */
const SPREAD: u64 = 0x9e3779b97f4a7c15;

/** Words of DIRTY_SEQ in a cache line. */
const LINE_WORDS: u32 = 8;

export function dirtySeq(id: f64): f64 {
  return f64(atomic.load<u64>(dirtyWord(u64(id))));
}

/** Pins a held slot until the open epoch is flushed. */
// @ts-ignore: decorator
@inline
export function makeDirty(slot: usize): void {
  const epoch = atomic.load<u32>(CONTROL_BASE + CONTROL_EPOCH);
  if (load<u32>(slot, SLOT_DIRTY_EPOCH) == epoch) return;
  const parity = epoch & 1;
  const counter = CONTROL_BASE + CONTROL_DIRTY_COUNT + (parity << 2);
  const count = atomic.load<u32>(counter);
  // Epoch 0 means clean; a list longer than there are slots means that one entered it twice.
  if (epoch == 0 || count >= DIRTY_LIST_CAPACITY) unreachable();
  store<u32>(DIRTY_LIST_BASE + ((parity * DIRTY_LIST_CAPACITY + count) << 2), u32(slot));
  store<u32>(slot, epoch, SLOT_DIRTY_EPOCH);
  atomic.store<u32>(counter, count + 1);
}

export function droppedCount(): u32 {
  const parity = atomic.load<u32>(CONTROL_BASE + CONTROL_EPOCH) & 1;
  return atomic.load<u32>(CONTROL_BASE + CONTROL_DROPPED_COUNT + (parity << 2));
}

export function appendDropped(id: u64): void {
  const parity = atomic.load<u32>(CONTROL_BASE + CONTROL_EPOCH) & 1;
  const counter = CONTROL_BASE + CONTROL_DROPPED_COUNT + (parity << 2);
  const count = atomic.load<u32>(counter);
  const list = load<u32>(CONTROL_BASE + CONTROL_DROPPED_BASE) + parity * DROPPED_LIST_BYTES;
  store<u64>(list + (count << 3), id);
  atomic.store<u32>(counter, count + 1);
}

/**
 * Which words a change raises, so that a reader of tier 2 knows when to wait for a flush:
 *   a listing of a directory asks its id: children come, go and change their attributes;
 *   a look-up by id, or of what hangs on an id (xattrs, origin), asks that id.
 */
// @ts-ignore: decorator
@inline
export function raiseDirty(id: u64, seq: u64): void {
  const word = dirtyWord(id);
  // Only this thread writes the table, so a plain look before the store is enough.
  if (load<u64>(word) < seq) atomic.store<u64>(word, seq);
}

/** Side records by inode id have a key of 8 bytes, little-endian. */
export function raiseSide(payload: usize, seq: u64): void {
  const kind = u32(load<u8>(payload, SIDE_KIND));
  if (kind != SIDE_XATTR && kind != SIDE_ORIGIN && kind != SIDE_TRASH_TTL) return;
  if (load<u16>(payload, SIDE_KEY_LEN) == 8) raiseDirty(load<u64>(payload, SIDE_KEY), seq);
}

/** Ids that follow each other share a line: new inodes come so. */
// @ts-ignore: decorator
@inline
function dirtyWord(id: u64): usize {
  const line = u32(((id / LINE_WORDS) * SPREAD) >> 32) * LINE_WORDS;
  return DIRTY_SEQ_BASE + (((line + u32(id % LINE_WORDS)) & (DIRTY_SEQ_COUNT - 1)) << 3);
}
