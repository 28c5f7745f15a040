/**
 * The filter of tier 2's keys (a blocked Bloom filter). It recognises most absent names, for one
 * cache line instead of a look-up in LMDB and a slot of tier 1. Creates look for names that are
 * new, and deletes look for namesakes in the trash.
 *
 *   hash ─▶ one block of 64 bytes ─▶ PROBES of its 512 bits: one that is clear says "not there"
 *
 * Only the flusher's thread changes it. With copyDirty every key goes in before the commit that
 * puts its row; no key goes out. When it is too full, it is cleared between two flushes and filled
 * again from tier 2 (src/master/tier/key-filter.ts).
 *
 * Invariant: while FILTER_STATE is odd, every key with a row in tier 2 is in the filter. A row that
 *   comes later went through a slot of tier 1; who reads a set and does not find a key that left it
 *   for tier 2 sees also the bits that were set before.
 * Invariant: the state changes before the first bit is cleared: who read a clear bit and then still
 *   sees the odd state from before may believe it.
 */
import { keyParentId, readKey } from './codec';
import { FILTER_BASE, FILTER_BLOCK_COUNT } from './control';
import {
  CONTROL_BASE,
  CONTROL_FILTER_KEYS,
  CONTROL_FILTER_STATE,
  FILTER_BLOCK_BYTES,
  PAGE_BYTES,
  PAGE_HEADER_BYTES,
  PAGE_LOWER_AT,
  PAGE_NODE_HEADER_BYTES,
  PAGE_NODE_KEY_BYTES_AT,
} from './generated/layout';
import { hashKey64 } from './hash';
import { fence } from './tier-set';

/** With eight bits a key one absent name in forty is not recognised; with 16 bits, one in 400. */
const PROBES: u32 = 6;
const PROBE_BITS: u64 = 9;
/** Hashes again, so that the bits do not follow from the block. */
const SPREAD: u64 = 0x9fb21c651e98df25;

/** True: no row of tier 2 has a key with this hash. */
// @ts-ignore: decorator
@inline
export function filterLacks(hash: u64): bool {
  if (FILTER_BLOCK_COUNT == 0) return false;
  const state = atomic.load<u32>(CONTROL_BASE + CONTROL_FILTER_STATE);
  if ((state & 1) == 0 || holds(hash)) return false;
  fence();
  return atomic.load<u32>(CONTROL_BASE + CONTROL_FILTER_STATE) == state;
}

export function filterAdd(hash: u64): void {
  if (FILTER_BLOCK_COUNT == 0) return;
  if (setBits(hash)) atomic.add<u64>(CONTROL_BASE + CONTROL_FILTER_KEYS, 1);
}

/** False: the bits were already set. */
// @ts-ignore: decorator
@inline
function setBits(hash: u64): bool {
  if (holds(hash)) return false;
  const block = blockOf(hash);
  let bits = bitsOf(hash);
  for (let i: u32 = 0; i < PROBES; i++) {
    const at = block + wordOf(bits);
    store<u32>(at, load<u32>(at) | bitOf(bits));
    bits >>= PROBE_BITS;
  }
  return true;
}

/** From here on it calls no name absent until filterComplete(). */
export function filterClear(): void {
  const state = atomic.load<u32>(CONTROL_BASE + CONTROL_FILTER_STATE);
  if ((state & 1) != 0) atomic.store<u32>(CONTROL_BASE + CONTROL_FILTER_STATE, state + 1);
  // Memory that was never written is zero, and has no pages yet.
  if (atomic.load<u64>(CONTROL_BASE + CONTROL_FILTER_KEYS) == 0) return;
  memory.fill(FILTER_BASE, 0, FILTER_BLOCK_COUNT * FILTER_BLOCK_BYTES);
  atomic.store<u64>(CONTROL_BASE + CONTROL_FILTER_KEYS, 0);
}

/**
 * The keys of a leaf page of tier 2 (src/master/storage/page-format.ts has its layout), `at`
 * aligned to 8, with room for their hashes behind it. Returns their number, or -1 if it is no page
 * as LMDB writes them.
 *
 * Each key's block is a miss of all caches. They are read in a loop of their own, which is short
 * enough for many misses to be under way at once.
 */
export function filterAddLeaf(at: usize): i32 {
  const offsets = u32(load<u16>(at + PAGE_LOWER_AT));
  if (offsets > PAGE_BYTES - PAGE_HEADER_BYTES) return -1;
  const hashes = at + PAGE_BYTES;
  let count: u32 = 0;
  for (let next: u32 = 0; next < offsets; next += 2) {
    const node = PAGE_HEADER_BYTES + u32(load<u16>(at + PAGE_HEADER_BYTES + next));
    const key = node + PAGE_NODE_HEADER_BYTES;
    if (key > PAGE_BYTES) return -1;
    const keyBytes = u32(load<u16>(at + node + PAGE_NODE_KEY_BYTES_AT));
    if (key + keyBytes > PAGE_BYTES) return -1;
    const nameAt = readKey(at + key, keyBytes);
    // A damaged key belongs to nobody, and is left out.
    if (nameAt == 0) continue;
    const hash = hashKey64(keyParentId, at + key + nameAt, keyBytes - nameAt);
    store<u64>(hashes + (count << 3), hash);
    count++;
  }
  const end = hashes + (count << 3);
  let seen: u32 = 0;
  for (let i = hashes; i < end; i += 8) seen |= load<u32>(blockOf(load<u64>(i)));
  // Stored, or the compiler would remove the loads above.
  store<u32>(end, seen);
  let added: u32 = 0;
  for (let i = hashes; i < end; i += 8) added += u32(setBits(load<u64>(i)));
  atomic.add<u64>(CONTROL_BASE + CONTROL_FILTER_KEYS, added);
  return offsets >> 1;
}

/** Adds a key as tier 2 has it; a damaged one belongs to nobody, and is left out. */
export function filterAddKey(key: usize, keyBytes: u32): void {
  const nameAt = readKey(key, keyBytes);
  if (nameAt != 0) filterAdd(hashKey64(keyParentId, key + nameAt, keyBytes - nameAt));
}

export function filterComplete(): void {
  const state = atomic.load<u32>(CONTROL_BASE + CONTROL_FILTER_STATE);
  if ((state & 1) == 0) atomic.store<u32>(CONTROL_BASE + CONTROL_FILTER_STATE, state + 1);
}

// @ts-ignore: decorator
@inline
function holds(hash: u64): bool {
  const block = blockOf(hash);
  let bits = bitsOf(hash);
  for (let i: u32 = 0; i < PROBES; i++) {
    if ((load<u32>(block + wordOf(bits)) & bitOf(bits)) == 0) return false;
    bits >>= PROBE_BITS;
  }
  return true;
}

// @ts-ignore: decorator
@inline
function blockOf(hash: u64): usize {
  return FILTER_BASE + u32(((hash >> 32) * u64(FILTER_BLOCK_COUNT)) >> 32) * FILTER_BLOCK_BYTES;
}

// @ts-ignore: decorator
@inline
function bitsOf(hash: u64): u64 {
  return ((hash ^ (hash >> 31)) * SPREAD) >> 10;
}

/** Offset in the block of the word that the lowest nine bits name … */
// @ts-ignore: decorator
@inline
function wordOf(bits: u64): usize {
  return usize((bits >> 5) & 15) << 2;
}

/** … and the bit in it. */
// @ts-ignore: decorator
@inline
function bitOf(bits: u64): u32 {
  return 1 << (u32(bits) & 31);
}
