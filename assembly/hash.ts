/**
 * The 64-bit hash of an edge's key, which selects the tier-1 set, the tag within the set, and the
 * lock stripe. It is never stored on disk, but all threads must agree on it: same module, same
 * hash.
 *
 *    63                      32 31                       0
 *  ┌──────────────────────────┬──────────────────────────┐
 *  │ tag (its lowest bit set) │ set, by multiply-shift   │
 *  └──────────────────────────┴──────────────────────────┘
 *
 * Eight bytes a step. The last step overlaps the one before it, so that nothing after the name is
 * read. The length is part of the seed, so the overlap never makes two names alike.
 */
import { LARGE_BASE, LARGE_SET_COUNT, SMALL_BASE, SMALL_SET_COUNT } from './control';
import { LARGE_SET_BYTES, SMALL_SET_BYTES } from './generated/layout';

/** Odd constants with half their bits set: golden ratio, and two of the primes of xxHash. */
const SEED: u64 = 0x9e3779b97f4a7c15;
const PRIME_A: u64 = 0xc2b2ae3d27d4eb4f;
const PRIME_B: u64 = 0x9fb21c651e98df25;

// @ts-ignore: decorator
@inline
export function hashKey64(parentId: u64, name: usize, len: u32): u64 {
  let hash = (parentId + SEED) * PRIME_A + u64(len) * PRIME_B;
  hash ^= hash >> 32;
  if (len >= 8) {
    const last = name + len - 8;
    while (name < last) {
      hash = step(hash, load<u64>(name));
      name += 8;
    }
    hash = step(hash, load<u64>(last));
  } else if (len >= 4) {
    hash = step(hash, u64(load<u32>(name)) | (u64(load<u32>(name + len - 4)) << 32));
  } else if (len > 0) {
    const bytes =
      u64(load<u8>(name)) | (u64(load<u8>(name + (len >> 1))) << 8) |
      (u64(load<u8>(name + len - 1)) << 16);
    hash = step(hash, bytes);
  }
  return finish(hash);
}

/** Address of the set of a short name. */
// @ts-ignore: decorator
@inline
export function smallSetOf(hash: u64): usize {
  return SMALL_BASE + pick(hash, SMALL_SET_COUNT) * SMALL_SET_BYTES;
}

/** Address of the set of a name longer than SMALL_NAME_BYTES_MAX. */
// @ts-ignore: decorator
@inline
export function largeSetOf(hash: u64): usize {
  return LARGE_BASE + pick(hash, LARGE_SET_COUNT) * LARGE_SET_BYTES;
}

/** Never 0: tag 0 marks a free way. */
// @ts-ignore: decorator
@inline
export function tagOf(hash: u64): u32 {
  return u32(hash >> 48) | 1;
}

export function hashKey(parentId: f64, name: usize, nameBytes: u32, out: usize): void {
  store<u64>(out, hashKey64(u64(parentId), name, nameBytes));
}

/** 0 <= result < count, for any count: the hash as a fraction of 2^32, times count. */
// @ts-ignore: decorator
@inline
function pick(hash: u64, count: u32): u32 {
  return u32((u64(u32(hash)) * u64(count)) >> 32);
}

// @ts-ignore: decorator
@inline
function step(hash: u64, chunk: u64): u64 {
  return rotl<u64>(hash ^ (chunk * PRIME_B), 29) * PRIME_A + SEED;
}

// @ts-ignore: decorator
@inline
function finish(hash: u64): u64 {
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  hash = (hash ^ (hash >> 29)) * 0xc4ceb9fe1a85ec53;
  return hash ^ (hash >> 32);
}
