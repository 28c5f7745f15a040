/**
 * One tier-1 set: its seqlock, how to find a key in it, and which way is evicted (CLOCK).
 *
 *   0     4      8    16             48       64
 *  ┌─────┬──────┬────┬──────────────┬────────┬────────┬────────┬──
 *  │ seq │ hand │    │ tag u16 × 16 │ ref×16 │ slot 0 │ slot 1 │ …
 *  └─────┴──────┴────┴──────────────┴────────┴────────┴────────┴──
 *
 * Invariant: seq is even = stable, odd = held. Whoever changes tags, slots or dirty epochs holds
 *   the set: the writer's apply, an executor's fill, the flusher's markClean. They release it with
 *   seq + 2, or with the old seq if nothing was changed.
 * Invariant: readers write nothing but the REF byte of the way they used, and only when it is
 *   clear. A REF byte that lands after its way was given away costs one CLOCK round, no more.
 * Invariant: a name up to SMALL_NAME_BYTES_MAX is only ever in the small table, a longer one only
 *   in the large table, so one set decides whether a key is cached.
 * Invariant: a dirty slot (DIRTY_EPOCH != 0) is not evicted and keeps its key.
 *
 * Memory order: every access to seq is sequentially consistent; a fence stands between a reader's
 * copy and its second look at seq, since a plain load may otherwise sink below an atomic one.
 */
import { count, EXEC, LARGE_BASE, SMALL_BASE } from './control';
import {
  COUNTER_TIER1_EVICTIONS,
  EXECUTOR_FENCE,
  LARGE_SET_BYTES,
  LARGE_SLOT_BYTES,
  RECORD_ID,
  RECORD_NAME,
  RECORD_NAME_LEN,
  RECORD_PARENT_ID,
  SET_HAND,
  SET_REF,
  SET_SLOTS,
  SET_TAGS,
  SET_WAYS,
  SLOT_DIRTY_EPOCH,
  SLOT_RECORD,
  SMALL_NAME_BYTES_MAX,
  SMALL_SET_BYTES,
  SMALL_SLOT_BYTES,
} from './generated/layout';
import { largeSetOf, smallSetOf } from './hash';

/** Spins before a thread lets the holder of a set run: the holder was descheduled. */
const SPINS_MAX: u32 = 2000;
/** How long it then sleeps; nobody wakes it. */
const YIELD_NS: i64 = 20_000;

// @ts-ignore: decorator
@inline
export function setOf(hash: u64, nameBytes: u32): usize {
  return nameBytes <= SMALL_NAME_BYTES_MAX ? smallSetOf(hash) : largeSetOf(hash);
}

// @ts-ignore: decorator
@inline
export function slotBytesOf(set: usize): u32 {
  return set < LARGE_BASE ? SMALL_SLOT_BYTES : LARGE_SLOT_BYTES;
}

// @ts-ignore: decorator
@inline
export function slotAt(set: usize, way: i32, slotBytes: u32): usize {
  return set + SET_SLOTS + u32(way) * slotBytes;
}

/** The set of a slot: dirty lists hold only slots. */
export function setOfSlot(slot: usize): usize {
  return slot < LARGE_BASE
    ? slot - ((slot - SMALL_BASE) % SMALL_SET_BYTES)
    : slot - ((slot - LARGE_BASE) % LARGE_SET_BYTES);
}

/** The seq of the set when nobody holds it. */
// @ts-ignore: decorator
@inline
export function stableSeq(set: usize): u32 {
  const seq = atomic.load<u32>(set);
  return (seq & 1) == 0 ? seq : awaitStable(set);
}

/** True if nobody changed the set since `stableSeq` gave `seq`: the copy is one state. */
// @ts-ignore: decorator
@inline
export function stillAt(set: usize, seq: u32): bool {
  fence();
  return atomic.load<u32>(set) == seq;
}

/**
 * Keeps the loads before it above those after it. It is an atomic add on a private word, because
 * this release of the compiler writes an atomic.fence that does not validate ("cannot be
 * unordered").
 */
// @ts-ignore: decorator
@inline
export function fence(): void {
  atomic.add<u32>(EXEC + EXECUTOR_FENCE, 0);
}

/** Holds the set for a change; returns the even seq to release it with. */
export function takeSet(set: usize): u32 {
  while (true) {
    const seq = stableSeq(set);
    if (tryTakeSet(set, seq)) return seq;
  }
}

/** Holds the set if it is still at `seq`, which must be even. */
// @ts-ignore: decorator
@inline
export function tryTakeSet(set: usize, seq: u32): bool {
  return atomic.cmpxchg<u32>(set, seq, seq + 1) == seq;
}

/** Releases a set that was changed: readers that looked meanwhile look again. */
// @ts-ignore: decorator
@inline
export function releaseChanged(set: usize, seq: u32): void {
  atomic.store<u32>(set, seq + 2);
}

/** Releases a set that is unchanged: what others have read of it stays valid. */
// @ts-ignore: decorator
@inline
export function releaseSame(set: usize, seq: u32): void {
  atomic.store<u32>(set, seq);
}

/** The way that holds the key, or -1. Exact only while the set is held or still at its seq. */
// @ts-ignore: decorator
@inline
export function findWay(
  set: usize, slotBytes: u32, tag: u32, parentId: u64, name: usize, nameBytes: u32,
): i32 {
  let ways = waysWithTag(set, tag);
  while (ways != 0) {
    const way = ctz<i32>(ways);
    const record = slotAt(set, way, slotBytes) + SLOT_RECORD;
    if (
      load<u64>(record + RECORD_PARENT_ID) == parentId &&
      load<u8>(record + RECORD_NAME_LEN) == u8(nameBytes) &&
      equalBytes(record + RECORD_NAME, name, nameBytes)
    ) {
      return way;
    }
    ways &= ways - 1;
  }
  return -1;
}

/**
 * A way that may be overwritten, or -1 if every way is dirty. The set is held. Free ways first;
 * then CLOCK over the clean ones: a way that was used since the hand passed gets another round,
 * unless it only says that a name is absent.
 */
export function claimWay(set: usize, slotBytes: u32): i32 {
  const free = waysWithTag(set, 0);
  if (free != 0) return ctz<i32>(free);
  const hand = load<u32>(set + SET_HAND);
  let clean = -1;
  for (let step: u32 = 0; step < SET_WAYS; step++) {
    const way = i32((hand + step) & (SET_WAYS - 1));
    const slot = slotAt(set, way, slotBytes);
    if (load<u32>(slot + SLOT_DIRTY_EPOCH) != 0) continue;
    const referenced = load<u8>(set + SET_REF + way) != 0;
    if (!referenced || load<u64>(slot + SLOT_RECORD + RECORD_ID) == 0) {
      clean = way;
      break;
    }
    // Its second round has begun: the next pass of the hand evicts it if nobody used it again.
    store<u8>(set + SET_REF + way, 0);
    if (clean < 0) clean = way;
  }
  if (clean < 0) return -1;
  store<u32>(set + SET_HAND, u32(clean) + 1);
  count(COUNTER_TIER1_EVICTIONS, 1);
  return clean;
}

/** Gives a way to the key with this tag. The set is held; the slot's record is set next. */
// @ts-ignore: decorator
@inline
export function labelWay(set: usize, way: i32, tag: u32): void {
  store<u16>(set + SET_TAGS + (u32(way) << 1), tag);
  store<u8>(set + SET_REF + way, 0);
}

/** Notes that the way was used. */
// @ts-ignore: decorator
@inline
export function touchWay(set: usize, way: i32): void {
  // Written only when clear, so that the header line of a hot set stays shared among the threads.
  if (load<u8>(set + SET_REF + way) == 0) store<u8>(set + SET_REF + way, 1);
}

/** Copies the record of a name of this length, and nothing after it. */
// @ts-ignore: decorator
@inline
export function copyRecord(from: usize, to: usize, nameBytes: u32): void {
  v128.store(to, v128.load(from), 0);
  v128.store(to, v128.load(from, 16), 16);
  v128.store(to, v128.load(from, 32), 32);
  v128.store(to, v128.load(from, 48), 48);
  v128.store(to, v128.load(from, 64), 64);
  v128.store(to, v128.load(from, 80), 80);
  copyName(from + RECORD_NAME, to + RECORD_NAME, nameBytes);
}

/** Copies `bytes` bytes; eight at a time, the last eight overlapping those before. */
// @ts-ignore: decorator
@inline
export function copyName(from: usize, to: usize, bytes: u32): void {
  if (bytes >= 8) {
    const last = bytes - 8;
    for (let i: u32 = 0; i < last; i += 8) store<u64>(to + i, load<u64>(from + i));
    store<u64>(to + last, load<u64>(from + last));
  } else {
    for (let i: u32 = 0; i < bytes; i++) store<u8>(to + i, load<u8>(from + i));
  }
}

// @ts-ignore: decorator
@inline
function equalBytes(a: usize, b: usize, bytes: u32): bool {
  if (bytes >= 8) {
    const last = bytes - 8;
    for (let i: u32 = 0; i < last; i += 8) {
      if (load<u64>(a + i) != load<u64>(b + i)) return false;
    }
    return load<u64>(a + last) == load<u64>(b + last);
  }
  if (bytes >= 4) {
    const last = bytes - 4;
    return load<u32>(a) == load<u32>(b) && load<u32>(a + last) == load<u32>(b + last);
  }
  for (let i: u32 = 0; i < bytes; i++) {
    if (load<u8>(a + i) != load<u8>(b + i)) return false;
  }
  return true;
}

/** Bit per way whose tag is `tag`: two compares of eight tags each. */
// @ts-ignore: decorator
@inline
export function waysWithTag(set: usize, tag: u32): i32 {
  const wanted = i16x8.splat(i16(tag));
  const low = i16x8.bitmask(i16x8.eq(v128.load(set + SET_TAGS), wanted));
  const high = i16x8.bitmask(i16x8.eq(v128.load(set + SET_TAGS, 16), wanted));
  return low | (high << 8);
}

function awaitStable(set: usize): u32 {
  let spins: u32 = 0;
  while (true) {
    const seq = atomic.load<u32>(set);
    if ((seq & 1) == 0) return seq;
    // A holder needs a few instructions; one that takes longer has lost its core.
    if (++spins % SPINS_MAX == 0) atomic.wait<i32>(set, seq, YIELD_NS);
  }
}
