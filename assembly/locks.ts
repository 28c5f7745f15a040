/**
 * The locks of a write that a kernel does completely: the same words as in src/master/lock, taken
 * in the same way, without tickets. A write that is stopped here holds nothing and takes the slow
 * path, which parks.
 *
 *   lockBegin(list)  lockWriteEdge(walk) …  lockSeal()  takeAll()  …  releaseAll()
 *
 * Invariant: a sealed list has strictly ascending stripes; one wanted both ways is for writing.
 * Memory order and fairness: the argument in src/master/lock/lock-table.ts holds here word by word.
 */
import {
  count as tally,
  EXECUTOR_INDEX,
  EXECUTOR_COUNT,
  LOCK_COLUMN_BASE,
  LOCK_STRIPE_COUNT,
  LOCK_TICKET_BASE,
  LOCK_WRITER_BASE,
} from './control';
import {
  CONTROL_BASE,
  CONTROL_LOCK_PARKED,
  CONTROL_LOCK_RELEASES,
  COUNTER_LOCK_CONFLICTS,
  INVARIANT_READ_LOCK_HELD,
  INVARIANT_WRITE_LOCK_HELD,
  LOCK_SIDE_DIRECTORY,
  LOCK_SIDE_LEAF,
  NODE_BYTES,
  NODE_EDGE_HASH,
  NODE_ID,
  WALK_DEPTH,
  WALK_NEXT,
  WALK_NODES,
  WRITE_LOCKS_MAX,
} from './generated/layout';
import { invariant } from './invariant';

let list: usize = 0;
let count: u32 = 0;

export function lockCount(): u32 {
  return count;
}

/** Begins a list of u32 words at an address with room for WRITE_LOCKS_MAX of them. */
export function lockBegin(at: usize): void {
  list = at;
  count = 0;
}

/** WRITE_EDGE of src/master/path/lock-pattern.ts, of an edge to what is no directory. */
export function lockWriteEdge(walk: usize): void {
  const edge = min<u32>(load<u32>(walk, WALK_NEXT), load<u32>(walk, WALK_DEPTH));
  let node = walk + WALK_NODES;
  for (let i: u32 = 0; i < edge; i++, node += NODE_BYTES) {
    if (i > 0) add(edgeStripe(load<u32>(node, NODE_EDGE_HASH), LOCK_SIDE_DIRECTORY), 0);
    add(inodeStripe(load<u64>(node, NODE_ID), LOCK_SIDE_DIRECTORY), 0);
  }
  add(edgeStripe(load<u32>(node, NODE_EDGE_HASH), LOCK_SIDE_LEAF), 1);
}

/** Sorts and merges; false if the list has outgrown its room. */
export function lockSeal(): bool {
  if (count > WRITE_LOCKS_MAX) return false;
  for (let i: u32 = 1; i < count; i++) {
    const word = wordAt(list, i);
    let j = i;
    for (; j > 0 && wordAt(list, j - 1) > word; j--) putWord(list, j, wordAt(list, j - 1));
    putWord(list, j, word);
  }
  let kept: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const word = wordAt(list, i);
    // Readers sort first, so a later word of the same stripe can only be stronger.
    if (kept > 0 && wordAt(list, kept - 1) >> 1 == word >> 1) kept--;
    putWord(list, kept++, word);
  }
  count = kept;
  return true;
}

export function sameLocks(a: usize, b: usize, words: u32): bool {
  for (let i: u32 = 0; i < words; i++) if (wordAt(a, i) != wordAt(b, i)) return false;
  return true;
}

/** Takes all of the sealed list, or nothing. */
export function takeAll(): bool {
  for (let i: u32 = 0; i < count; i++) {
    const word = wordAt(list, i);
    const stripe = word >> 1;
    // An older call waits for this stripe; a call that never waited is younger.
    if (atomic.load<u32>(LOCK_TICKET_BASE + (stripe << 2)) != 0) return stepBack(i, i);
    if ((word & 1) == 0) {
      atomic.add<u32>(columnOf(stripe), 1);
      if (atomic.load<u32>(LOCK_WRITER_BASE + (stripe << 2)) == 0) continue;
      atomic.sub<u32>(columnOf(stripe), 1);
      return stepBack(i, i + 1);
    }
    const writer: usize = LOCK_WRITER_BASE + (stripe << 2);
    if (atomic.cmpxchg<u32>(writer, 0, EXECUTOR_INDEX + 1) != 0) return stepBack(i, i);
    if (!hasReaders(stripe)) continue;
    atomic.store<u32>(writer, 0);
    return stepBack(i, i + 1);
  }
  return true;
}

/** Releases `words` locks from `at`, and notifies parked executors. */
export function releaseAll(at: usize, words: u32): void {
  putBack(at, words);
  if (atomic.load<u32>(CONTROL_BASE + CONTROL_LOCK_PARKED) == 0) return;
  atomic.add<u32>(CONTROL_BASE + CONTROL_LOCK_RELEASES, 1);
}

/** Releases the first `taken`; the first `seen` were held for a moment in which others saw it. */
function stepBack(taken: u32, seen: u32): bool {
  tally(COUNTER_LOCK_CONFLICTS, 1);
  putBack(list, taken);
  let told = false;
  for (let i: u32 = 0; i < seen; i++) {
    const mark: usize = LOCK_TICKET_BASE + ((wordAt(list, i) >> 1) << 2);
    // Read after the stripe was released: a call that marks it after this look tries it after that.
    const ticket = atomic.load<u32>(mark);
    if (ticket != 0 && atomic.cmpxchg<u32>(mark, ticket, 0) == ticket) told = true;
  }
  if (told) atomic.add<u32>(CONTROL_BASE + CONTROL_LOCK_RELEASES, 1);
  return false;
}

function putBack(at: usize, words: u32): void {
  for (let i: u32 = 0; i < words; i++) {
    const word = wordAt(at, i);
    const stripe = word >> 1;
    // The stores return the old values, so checking them is free.
    if ((word & 1) == 0) {
      const readers = i32(atomic.sub<u32>(columnOf(stripe), 1));
      invariant(readers > 0, INVARIANT_READ_LOCK_HELD, stripe);
    } else {
      const owner = atomic.xchg<u32>(LOCK_WRITER_BASE + (stripe << 2), 0);
      invariant(owner == EXECUTOR_INDEX + 1, INVARIANT_WRITE_LOCK_HELD, stripe);
    }
  }
}

function hasReaders(stripe: u32): bool {
  let column: usize = LOCK_COLUMN_BASE + (stripe << 2);
  let readers: u32 = 0;
  for (let i: u32 = 0; i < EXECUTOR_COUNT; i++, column += LOCK_STRIPE_COUNT << 2) {
    readers += atomic.load<u32>(column);
  }
  return readers != 0;
}

/** This executor's count of readers. */
// @ts-ignore: decorator
@inline
function columnOf(stripe: u32): usize {
  return LOCK_COLUMN_BASE + ((EXECUTOR_INDEX * LOCK_STRIPE_COUNT + stripe) << 2);
}

// @ts-ignore: decorator
@inline
function edgeStripe(hashLow: u32, side: u32): u32 {
  return onSide(hashLow ^ (hashLow >> 15), side);
}

// @ts-ignore: decorator
@inline
function inodeStripe(id: u64, side: u32): u32 {
  let hash = (u32(id) ^ u32(id >> 32)) * 0x9e3779b1;
  hash ^= hash >> 16;
  return onSide(hash ^ (hash >> 7), side);
}

// @ts-ignore: decorator
@inline
function onSide(hash: u32, side: u32): u32 {
  const half = LOCK_STRIPE_COUNT >> 1;
  return (hash & (half - 1)) + side * half;
}

// @ts-ignore: decorator
@inline
function add(stripe: u32, write: u32): void {
  if (count < WRITE_LOCKS_MAX) putWord(list, count, (stripe << 1) | write);
  count++;
}

// @ts-ignore: decorator
@inline
function wordAt(at: usize, index: u32): u32 {
  return load<u32>(at + (index << 2));
}

// @ts-ignore: decorator
@inline
function putWord(at: usize, index: u32, word: u32): void {
  store<u32>(at + (index << 2), word);
}
