/**
 * Prefetches memory before its use, so that cache misses overlap: the core waits for many lines as
 * long as for one. The values read are not trusted.
 *
 *   places: │ – u64 │ hash u64 │ set, then slot u32 │ … 32 bytes each
 */
import { SET_TAGS } from './generated/layout';
import { tagOf } from './hash';
import { slotAt, slotBytesOf, waysWithTag } from './tier-set';

export const PLACE_BYTES: u32 = 32;
export const PLACE_HASH: usize = 8;
export const PLACE: usize = 16;

const LINE_BYTES: usize = 64;

/** The values read: kept, so that no optimiser removes the reads. */
export let touched: u32 = 0;

/**
 * The sets at the places, and in them the slots that have the hashes' tags. Set 0 is none: touching
 * it reads the memory's word 0, which costs nothing.
 */
export function touchPlaces(places: usize, count: u32): void {
  const end = places + count * PLACE_BYTES;
  // Loops of hardly more than loads: the more of them the core sees at once, the more overlap.
  let sum: u32 = 0;
  for (let at = places; at < end; at += PLACE_BYTES) {
    sum += load<u32>(load<u32>(at, PLACE), SET_TAGS);
  }
  touched = sum;
  for (let at = places; at < end; at += PLACE_BYTES) guessSlot(at);
  for (let at = places; at < end; at += PLACE_BYTES) touchSlot(load<u32>(at, PLACE));
}

/** Touches a whole slot with a short name. */
// @ts-ignore: decorator
@inline
export function touchSlot(slot: usize): void {
  touched +=
    load<u32>(slot) + load<u32>(slot + LINE_BYTES) + load<u32>(slot + 2 * LINE_BYTES);
}

/**
 * The slot in the set whose tag is that of the hash; the line of the set itself if there is none.
 */
function guessSlot(at: usize): void {
  const set: usize = load<u32>(at, PLACE);
  if (set == 0) return;
  const ways = waysWithTag(set, tagOf(load<u64>(at, PLACE_HASH)));
  if (ways != 0) store<u32>(at, slotAt(set, ctz<i32>(ways), slotBytesOf(set)), PLACE);
}
