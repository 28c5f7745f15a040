/**
 * Sorts the flusher's items by (parent id, name): the byte order of their tier-2 keys. Merge sort,
 * bottom-up, between two buffers; runs of RUN items are made by insertion first.
 *
 *   item: parent id as it sorts u64 │ first 8 bytes of the name, big-endian │ blob address u64
 *   blob: see base/layout-dirty.ts
 *
 * Nearly all comparisons end in the first sixteen bytes, without a look at the key itself.
 */

import { BLOB_KEY, BLOB_KEY_BYTES } from './generated/layout';

export const ITEM_BYTES: u32 = 24;
const RUN: u32 = 8;

/** Returns the buffer in which the sorted items stand: `items` or `spare`. */
export function sortItems(items: usize, spare: usize, count: u32): usize {
  for (let start: u32 = 0; start < count; start += RUN) {
    sortRun(items + start * ITEM_BYTES, min<u32>(RUN, count - start));
  }
  let from = items;
  let to = spare;
  for (let width = RUN; width < count; width <<= 1) {
    for (let start: u32 = 0; start < count; start += width << 1) {
      const middle = min<u32>(start + width, count);
      merge(from, to, start, middle, min<u32>(middle + width, count));
    }
    const swap = from;
    from = to;
    to = swap;
  }
  return from;
}

function merge(from: usize, to: usize, start: u32, middle: u32, end: u32): void {
  let left = from + start * ITEM_BYTES;
  let right = from + middle * ITEM_BYTES;
  const leftEnd = right;
  const rightEnd = from + end * ITEM_BYTES;
  let out = to + start * ITEM_BYTES;
  while (left < leftEnd && right < rightEnd) {
    if (isLess(right, left)) {
      copyItem(right, out);
      right += ITEM_BYTES;
    } else {
      copyItem(left, out);
      left += ITEM_BYTES;
    }
    out += ITEM_BYTES;
  }
  for (; left < leftEnd; left += ITEM_BYTES, out += ITEM_BYTES) copyItem(left, out);
  for (; right < rightEnd; right += ITEM_BYTES, out += ITEM_BYTES) copyItem(right, out);
}

function sortRun(run: usize, count: u32): void {
  for (let i: u32 = 1; i < count; i++) {
    for (let at = run + i * ITEM_BYTES; at > run && isLess(at, at - ITEM_BYTES); at -= ITEM_BYTES) {
      swapItems(at, at - ITEM_BYTES);
    }
  }
}

// @ts-ignore: decorator
@inline
function isLess(a: usize, b: usize): bool {
  const parentA = load<u64>(a);
  const parentB = load<u64>(b);
  if (parentA != parentB) return parentA < parentB;
  const prefixA = load<u64>(a, 8);
  const prefixB = load<u64>(b, 8);
  if (prefixA != prefixB) return prefixA < prefixB;
  return isKeyLess(load<u32>(a, 16), load<u32>(b, 16));
}

/** Names may hold zero bytes, so equal prefixes say nothing about lengths: compare the keys. */
function isKeyLess(blobA: usize, blobB: usize): bool {
  const bytesA = u32(load<u16>(blobA, BLOB_KEY_BYTES));
  const bytesB = u32(load<u16>(blobB, BLOB_KEY_BYTES));
  return compareBytes(blobA + BLOB_KEY, bytesA, blobB + BLOB_KEY, bytesB) < 0;
}

/** Negative, 0 or positive, as tier 2 orders its keys. */
export function compareBytes(a: usize, bytesA: u32, b: usize, bytesB: u32): i32 {
  const shared = min<u32>(bytesA, bytesB);
  for (let i: u32 = 0; i < shared; i++) {
    const byteA = i32(load<u8>(a + i));
    const byteB = i32(load<u8>(b + i));
    if (byteA != byteB) return byteA - byteB;
  }
  return i32(bytesA) - i32(bytesB);
}

// @ts-ignore: decorator
@inline
function copyItem(from: usize, to: usize): void {
  store<u64>(to, load<u64>(from));
  store<u64>(to, load<u64>(from, 8), 8);
  store<u64>(to, load<u64>(from, 16), 16);
}

function swapItems(a: usize, b: usize): void {
  for (let i: usize = 0; i < ITEM_BYTES; i += 8) {
    const word = load<u64>(a + i);
    store<u64>(a + i, load<u64>(b + i));
    store<u64>(b + i, word);
  }
}
