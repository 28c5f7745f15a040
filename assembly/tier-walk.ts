/**
 * Look-ups in tier 1 without a lock: one name, or a whole path from the root; and fill, which
 * caches what a miss found in tier 2.
 *
 * Invariant: what lookup and walk copy out of a set is one state of it (the set's seqlock).
 * Invariant: a walk that ends with FOUND, ABSENT or NOT_DIRECTORY saw one state of the tree:
 *   STRUCTURE_SEQ was even when it began and is the same when it ends, and a rename keeps the
 *   word odd from its first change to its last.
 * Invariant: fill caches only into a set whose seq is that of the miss. A key that was changed
 *   after the miss changed its set, so a stale value of tier 2 is never cached.
 * Invariant: between calls WALK.RECORD is the record of node NEXT - 1; PARENT_RECORD that of the
 *   node before it, after FOUND only.
 *
 * Within a walk the two records take turns, so that nothing is copied twice: node i goes to
 * RECORD if DEPTH - i is even, else to PARENT_RECORD; the last node thus ends in RECORD.
 */
import {
  CONTROL_BASE,
  CONTROL_STRUCTURE_SEQ,
  COUNTER_TIER1_HITS,
  COUNTER_TIER1_MISSES,
  FILL_FILLED,
  FILL_NO_ROOM,
  FILL_RACED,
  INODE_TYPE_DIRECTORY,
  INVARIANT_FILL_OF_MISS,
  INVARIANT_KEY_ONCE,
  LOOKUP_ABSENT,
  LOOKUP_FOUND,
  LOOKUP_MISS,
  NODE_BYTES,
  NODE_EDGE_HASH,
  NODE_FLAGS,
  NODE_GROUP,
  NODE_ID,
  NODE_MODE,
  NODE_MOUNT_ID,
  NODE_OWNER,
  NODE_PARENT_ID,
  NODE_SEQ,
  NODE_TTL,
  NODE_TYPE,
  RECORD_FLAGS,
  RECORD_GROUP,
  RECORD_ID,
  RECORD_MODE,
  RECORD_MOUNT_ID,
  RECORD_NAME,
  RECORD_NAME_LEN,
  RECORD_OWNER,
  RECORD_PARENT_ID,
  RECORD_SEQ,
  RECORD_TTL,
  RECORD_TYPE,
  SLOT_DIRTY_EPOCH,
  SLOT_RECORD,
  WALK_ABSENT,
  WALK_COMPONENTS,
  WALK_DEPTH,
  WALK_FOUND,
  WALK_MISS,
  WALK_MISS_HASH,
  WALK_MISS_PARENT,
  WALK_MISS_SET,
  WALK_MISS_SET_SEQ,
  WALK_NEXT,
  WALK_NODES,
  WALK_NOT_DIRECTORY,
  WALK_PARENT_RECORD,
  WALK_PATH,
  WALK_RACED,
  WALK_RECORD,
  WALK_RETRIES,
  WALK_RETRIES_MAX,
  WALK_STRUCTURE_SEQ,
} from './generated/layout';
import { invariant } from './invariant';
import { count } from './control';
import { filterLacks } from './filter';
import { hashKey64, tagOf } from './hash';
import {
  claimWay,
  copyName,
  copyRecord,
  findWay,
  labelWay,
  releaseChanged,
  releaseSame,
  setOf,
  slotAt,
  slotBytesOf,
  stableSeq,
  stillAt,
  touchWay,
  tryTakeSet,
} from './tier-set';

/** An interrupted apply (a flush, a side record) keeps the word odd for milliseconds. */
const STRUCTURE_SPINS_MAX: u32 = 200;

/** The last look-up that missed; private to this instance, as all its globals. */
let missSet: usize = 0;
let missSetSeq: u32 = 0;

export function lookup(parent: f64, name: usize, nameBytes: u32, out: usize, walk: usize): i32 {
  const parentId = u64(parent);
  const hash = hashKey64(parentId, name, nameBytes);
  const status = readKey(parentId, name, nameBytes, hash, out);
  if (status == LOOKUP_MISS) noteMiss(walk, hash, parentId);
  else count(COUNTER_TIER1_HITS, 1);
  return status;
}

export function walk(walk: usize): i32 {
  while (true) {
    if (load<u32>(walk, WALK_NEXT) == 0 && !beginWalk(walk)) return WALK_RACED;
    const status = resolve(walk);
    if (walkStands(walk)) return status;
    store<u32>(walk, 0, WALK_NEXT);
    const retries = load<u32>(walk, WALK_RETRIES);
    if (retries >= WALK_RETRIES_MAX) return WALK_RACED;
    store<u32>(walk, retries + 1, WALK_RETRIES);
  }
}

export function walkStands(walk: usize): bool {
  // Sequentially consistent, after every copy of the walk: see the fence in stillAt.
  return (
    atomic.load<u32>(CONTROL_BASE + CONTROL_STRUCTURE_SEQ) == load<u32>(walk, WALK_STRUCTURE_SEQ)
  );
}

export function walkReset(walk: usize): void {
  store<u32>(walk, 0, WALK_NEXT);
  store<u32>(walk, 0, WALK_RETRIES);
}

export function walkTake(walk: usize, record: usize): bool {
  const next = load<u32>(walk, WALK_NEXT);
  if (next > load<u32>(walk, WALK_DEPTH) || load<u64>(record, RECORD_ID) == 0) return false;
  if (next > 0) copyWhole(walk + WALK_RECORD, walk + WALK_PARENT_RECORD);
  copyWhole(record, walk + WALK_RECORD);
  const hash = hashKey64(
    load<u64>(record, RECORD_PARENT_ID), record + RECORD_NAME, load<u8>(record, RECORD_NAME_LEN),
  );
  storeNode(walk, next, record, hash);
  store<u32>(walk, next + 1, WALK_NEXT);
  return true;
}

/** The record that says that a name does not exist, for fill(). */
export function absentRecord(parent: f64, name: usize, nameBytes: u32, out: usize): void {
  for (let i: u32 = 0; i < RECORD_NAME; i += 16) v128.store(out + i, i64x2.splat(0));
  store<u64>(out, u64(parent), RECORD_PARENT_ID);
  store<u8>(out, u8(nameBytes), RECORD_NAME_LEN);
  copyName(name, out + RECORD_NAME, nameBytes);
}

export function fill(set: usize, setSeq: u32, record: usize): i32 {
  const parentId = load<u64>(record, RECORD_PARENT_ID);
  const nameBytes = u32(load<u8>(record, RECORD_NAME_LEN));
  const name = record + RECORD_NAME;
  const hash = hashKey64(parentId, name, nameBytes);
  // A record for another set than the one that missed is a bug of the caller, never a race.
  invariant(setOf(hash, nameBytes) == set, INVARIANT_FILL_OF_MISS, set);
  if ((setSeq & 1) != 0 || !tryTakeSet(set, setSeq)) return FILL_RACED;
  const slotBytes = slotBytesOf(set);
  const tag = tagOf(hash);
  const way = claimWay(set, slotBytes);
  if (way < 0) {
    releaseSame(set, setSeq);
    return FILL_NO_ROOM;
  }
  // It missed at setSeq and nothing has changed since, so a second copy of the key is impossible.
  const known = findWay(set, slotBytes, tag, parentId, name, nameBytes);
  invariant(known < 0, INVARIANT_KEY_ONCE, set);
  const slot = slotAt(set, way, slotBytes);
  labelWay(set, way, tag);
  copyRecord(record, slot + SLOT_RECORD, nameBytes);
  store<u32>(slot, 0, SLOT_DIRTY_EPOCH);
  releaseChanged(set, setSeq);
  return FILL_FILLED;
}

/**
 * Copies the record of a key to `out` if tier 1 has it; a miss is noted in missSet, missSetSeq.
 * What neither tier 1 nor the filter has is absent as of the second look at the set's seq.
 */
// @ts-ignore: decorator
@inline
function readKey(parentId: u64, name: usize, nameBytes: u32, hash: u64, out: usize): i32 {
  const set = setOf(hash, nameBytes);
  const slotBytes = slotBytesOf(set);
  const tag = tagOf(hash);
  while (true) {
    const seq = stableSeq(set);
    const way = findWay(set, slotBytes, tag, parentId, name, nameBytes);
    if (way < 0) {
      if (!stillAt(set, seq)) continue;
      if (filterLacks(hash)) return LOOKUP_ABSENT;
      missSet = set;
      missSetSeq = seq;
      return LOOKUP_MISS;
    }
    const record = slotAt(set, way, slotBytes) + SLOT_RECORD;
    const present = load<u64>(record, RECORD_ID) != 0;
    if (present) copyRecord(record, out, nameBytes);
    if (!stillAt(set, seq)) continue;
    touchWay(set, way);
    return present ? LOOKUP_FOUND : LOOKUP_ABSENT;
  }
}

/** Notes the structure's seq; false if a structural entry stays half applied. */
function beginWalk(walk: usize): bool {
  for (let spins: u32 = 0; spins < STRUCTURE_SPINS_MAX; spins++) {
    const seq = atomic.load<u32>(CONTROL_BASE + CONTROL_STRUCTURE_SEQ);
    if ((seq & 1) != 0) continue;
    store<u32>(walk, seq, WALK_STRUCTURE_SEQ);
    return true;
  }
  return false;
}

/** Resolves from NEXT on until the path ends or something stops it. */
function resolve(walk: usize): i32 {
  const depth = load<u32>(walk, WALK_DEPTH);
  let next = load<u32>(walk, WALK_NEXT);
  // The first name of a resumed walk is the one that missed before.
  const first: u32 = next == 0 ? 0 : next + 1;
  // RECORD and PARENT_RECORD alternate from here: node NEXT - 1 goes to the one whose turn it is.
  if (next > 0 && ((depth - (next - 1)) & 1) != 0) {
    copyWhole(walk + WALK_RECORD, walk + WALK_PARENT_RECORD);
  }
  let parentId: u64 = next == 0 ? 0 : load<u64>(nodeAt(walk, next - 1), NODE_ID);
  let status = WALK_FOUND;
  for (; next <= depth; next++) {
    if (next > 0 && load<u8>(nodeAt(walk, next - 1), NODE_TYPE) != INODE_TYPE_DIRECTORY) {
      status = WALK_NOT_DIRECTORY;
      break;
    }
    const component = load<u32>(walk + WALK_COMPONENTS + (next << 2));
    const name = walk + WALK_PATH + (component & 0xffff);
    const nameBytes = component >> 16;
    const hash = hashKey64(parentId, name, nameBytes);
    const record = walk + (((depth - next) & 1) == 0 ? WALK_RECORD : WALK_PARENT_RECORD);
    const found = readKey(parentId, name, nameBytes, hash, record);
    if (found != LOOKUP_FOUND) {
      status = found == LOOKUP_MISS ? WALK_MISS : WALK_ABSENT;
      storeStop(walk, next, parentId, hash);
      if (found == LOOKUP_MISS) noteMiss(walk, hash, parentId);
      break;
    }
    storeNode(walk, next, record, hash);
    parentId = load<u64>(record, RECORD_ID);
  }
  store<u32>(walk, next, WALK_NEXT);
  const known: u32 = next + (status == WALK_ABSENT ? 1 : 0);
  if (known > first) count(COUNTER_TIER1_HITS, f64(known - first));
  if (next > 0 && ((depth - (next - 1)) & 1) != 0) {
    copyWhole(walk + WALK_PARENT_RECORD, walk + WALK_RECORD);
  }
  return status;
}

// @ts-ignore: decorator
@inline
function nodeAt(walk: usize, index: u32): usize {
  return walk + WALK_NODES + index * NODE_BYTES;
}

// @ts-ignore: decorator
@inline
function storeNode(walk: usize, index: u32, record: usize, hash: u64): void {
  const node = nodeAt(walk, index);
  store<u64>(node, load<u64>(record, RECORD_ID), NODE_ID);
  store<u64>(node, load<u64>(record, RECORD_PARENT_ID), NODE_PARENT_ID);
  store<u64>(node, hash, NODE_EDGE_HASH);
  store<u32>(node, load<u32>(record, RECORD_FLAGS), NODE_FLAGS);
  store<u16>(node, load<u16>(record, RECORD_MODE), NODE_MODE);
  store<u8>(node, load<u8>(record, RECORD_TYPE), NODE_TYPE);
  store<u32>(node, load<u32>(record, RECORD_OWNER), NODE_OWNER);
  store<u32>(node, load<u32>(record, RECORD_GROUP), NODE_GROUP);
  store<u32>(node, load<u32>(record, RECORD_MOUNT_ID), NODE_MOUNT_ID);
  store<u64>(node, load<u64>(record, RECORD_SEQ), NODE_SEQ);
  store<u64>(node, load<u64>(record, RECORD_TTL), NODE_TTL);
}

/** The node at which the walk stopped has no inode, but an edge to lock: creates need its hash. */
function storeStop(walk: usize, index: u32, parentId: u64, hash: u64): void {
  const node = nodeAt(walk, index);
  store<u64>(node, 0, NODE_ID);
  store<u64>(node, parentId, NODE_PARENT_ID);
  store<u64>(node, hash, NODE_EDGE_HASH);
}

function noteMiss(walk: usize, hash: u64, parentId: u64): void {
  count(COUNTER_TIER1_MISSES, 1);
  store<u32>(walk, u32(missSet), WALK_MISS_SET);
  store<u32>(walk, missSetSeq, WALK_MISS_SET_SEQ);
  store<u64>(walk, hash, WALK_MISS_HASH);
  store<u64>(walk, parentId, WALK_MISS_PARENT);
}

function copyWhole(from: usize, to: usize): void {
  copyRecord(from, to, load<u8>(from, RECORD_NAME_LEN));
}
