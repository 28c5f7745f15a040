/**
 * Sorts the flusher's items by (parent id, name): the byte order of their tier-2 keys. Merge sort,
 * bottom-up, between two buffers; runs of RUN items are made by insertion first.
 *
 *   item: parent id as it sorts u64 │ first 8 bytes of the name, big-endian │ blob address u64
 *   blob: 24 bytes of head (key bytes u16 at 4), then the key
 *
 * Nearly all comparisons end in the first sixteen bytes, without a look at the key itself.
 */

export const ITEM_BYTES: u32 = 24;
const RUN: u32 = 8;
const KEY_BYTES: usize = 4;
const KEY: usize = 24;

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

/** Names may hold zero bytes, so equal prefixes say nothing about lengths: the keys decide. */
function isKeyLess(blobA: usize, blobB: usize): bool {
  const bytesA = u32(load<u16>(blobA, KEY_BYTES));
  const bytesB = u32(load<u16>(blobB, KEY_BYTES));
  const shared = min<u32>(bytesA, bytesB);
  for (let i: u32 = 0; i < shared; i++) {
    const byteA = load<u8>(blobA + KEY + i);
    const byteB = load<u8>(blobB + KEY + i);
    if (byteA != byteB) return byteA < byteB;
  }
  return bytesA < bytesB;
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
