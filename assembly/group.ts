/**
 * Resolves up to GROUP_PATHS_MAX paths at once, level by level, so that their cache misses overlap.
 * In a namespace far larger than the processor's caches, a look-up mostly waits for the header of
 * its set and then for its slot. The core waits for many lines as long as for one.
 *
 *   for each level:  hash all ─▶ touch all headers ─▶ guess the ways, touch all slots ─▶ look up
 *
 * Touching (touch.ts) believes nothing; only lookup() gives records. Answers are those of
 * walk(): one state of the tree (STRUCTURE_SEQ even and unmoved), directories that the caller may
 * search, a last inode that the caller may read. A member for which that fails is dropped.
 *
 * Scratch, behind the page that is being built in EXECUTOR.REPLY:
 *
 *   MEMBERS: per path  0 parent id │ 8 hash │ 16 set, then slot │ 20 depth, -1 = dropped │ 24 seq
 *   BLOCKS:  per path a WALK block: its PATH and COMPONENTS from cleanPath, its RECORD from here
 */
import { EXEC } from './control';
import {
  CONTROL_BASE,
  CONTROL_STRUCTURE_SEQ,
  EXECUTOR_CALLER,
  EXECUTOR_REPLY,
  FRAME_BYTES_MAX,
  INODE_TYPE_DIRECTORY,
  LOOKUP_FOUND,
  PERMIT_EXECUTE,
  RECORD_ID,
  RECORD_SEQ,
  RECORD_TYPE,
  WALK_BYTES,
  WALK_COMPONENTS,
  WALK_PATH,
  WALK_RECORD,
} from './generated/layout';
import { hashKey64 } from './hash';
import { cleanPath } from './path';
import { permitsRecord } from './permission';
import { isReadable } from './readable';
import { setOf } from './tier-set';
import { lookup } from './tier-walk';
import { PLACE, PLACE_BYTES, PLACE_HASH, touchPlaces } from './touch';

export const GROUP_PATHS_MAX: u32 = 16;

const MEMBER_BYTES = PLACE_BYTES;
const MEMBER_PARENT: usize = 0;
const MEMBER_HASH = PLACE_HASH;
const MEMBER_PLACE = PLACE;
const MEMBER_DEPTH: usize = 20;
const MEMBER_SEQ: usize = 24;
/** Behind the largest page and its lists (page.ts). */
const MEMBERS: u32 = EXECUTOR_REPLY + FRAME_BYTES_MAX + 131_072;
const BLOCKS: u32 = MEMBERS + 4096;

let deepest: i32 = 0;

/** Record of member `index` after resolveGroup. */
export function groupRecord(index: u32): usize {
  return blockOf(index) + WALK_RECORD;
}

/** Newest change among all that the path of member `index` depends on. */
export function groupSeq(index: u32): u64 {
  return load<u64>(memberOf(index), MEMBER_SEQ);
}

export function groupBegin(): void {
  deepest = 0;
}

/** Sets the path of member `index`; an empty path drops the member. */
export function groupPath(index: u32, path: usize, bytes: u32): void {
  const depth = cleanPath(path, bytes, blockOf(index));
  const member = memberOf(index);
  store<u64>(member, 0, MEMBER_PARENT);
  store<u32>(member, 0, MEMBER_PLACE);
  store<i32>(member, max<i32>(depth, -1), MEMBER_DEPTH);
  store<u64>(member, 0, MEMBER_SEQ);
  deepest = max<i32>(deepest, depth);
}

function groupDrop(index: u32): void {
  store<u32>(memberOf(index), 0, MEMBER_PLACE);
  store<i32>(memberOf(index), -1, MEMBER_DEPTH);
}

/** False if the member was dropped: then its record is invalid. */
export function groupHas(index: u32): bool {
  return load<i32>(memberOf(index), MEMBER_DEPTH) >= 0;
}

/** Resolves all members; may drop some. False: the tree changed, so all results are invalid. */
export function resolveGroup(count: u32): bool {
  const structure = atomic.load<u32>(CONTROL_BASE + CONTROL_STRUCTURE_SEQ);
  if ((structure & 1) != 0) return false;
  for (let level: i32 = 0; level <= deepest; level++) {
    touchLevel(count, level);
    for (let i: u32 = 0; i < count; i++) {
      if (load<i32>(memberOf(i), MEMBER_DEPTH) >= level && !resolveName(i, level)) groupDrop(i);
    }
  }
  return atomic.load<u32>(CONTROL_BASE + CONTROL_STRUCTURE_SEQ) == structure;
}

function touchLevel(count: u32, level: i32): void {
  for (let i: u32 = 0; i < count; i++) {
    const member = memberOf(i);
    if (load<i32>(member, MEMBER_DEPTH) < level) {
      // No name to look up: it touches word 0 of the memory, which costs nothing.
      store<u32>(member, 0, MEMBER_PLACE);
      continue;
    }
    const component = componentOf(i, level);
    const name = blockOf(i) + WALK_PATH + (component & 0xffff);
    const hash = hashKey64(load<u64>(member, MEMBER_PARENT), name, component >> 16);
    store<u64>(member, hash, MEMBER_HASH);
    store<u32>(member, setOf(hash, component >> 16), MEMBER_PLACE);
  }
  touchPlaces(EXEC + MEMBERS, count);
}

/** Looks up one name; false unless it exists and the caller may pass through it, or read it. */
function resolveName(index: u32, level: i32): bool {
  const member = memberOf(index);
  const block = blockOf(index);
  const record = block + WALK_RECORD;
  const component = componentOf(index, level);
  const name = block + WALK_PATH + (component & 0xffff);
  const parentId = f64(load<u64>(member, MEMBER_PARENT));
  if (lookup(parentId, name, component >> 16, record, block) != LOOKUP_FOUND) return false;
  const seq = load<u64>(record, RECORD_SEQ);
  store<u64>(member, max<u64>(seq, load<u64>(member, MEMBER_SEQ)), MEMBER_SEQ);
  const caller = EXEC + EXECUTOR_CALLER;
  if (level == load<i32>(member, MEMBER_DEPTH)) return isReadable(record, caller);
  if (load<u8>(record, RECORD_TYPE) != INODE_TYPE_DIRECTORY) return false;
  if (!permitsRecord(record, caller, PERMIT_EXECUTE)) return false;
  store<u64>(member, load<u64>(record, RECORD_ID), MEMBER_PARENT);
  return true;
}

// @ts-ignore: decorator
@inline
function memberOf(index: u32): usize {
  return EXEC + MEMBERS + index * MEMBER_BYTES;
}

// @ts-ignore: decorator
@inline
function blockOf(index: u32): usize {
  return EXEC + BLOCKS + index * WALK_BYTES;
}

// @ts-ignore: decorator
@inline
function componentOf(index: u32, level: i32): u32 {
  return load<u32>(blockOf(index) + (level << 2), WALK_COMPONENTS);
}
