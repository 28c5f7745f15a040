/**
 * Prefetches the parts of tier 1 that apply will need for the next entries of a batch (touch.ts).
 * Each change needs a set and a slot that are in no cache, and apply would wait for one after the
 * other.
 *
 * The entries ahead may be anything: nobody has checked those of a replayed journal yet. So nothing
 * is read beyond `end`, and an entry that makes no sense ends the look.
 */
import { EXEC } from './control';
import {
  CHANGE_BYTES,
  CHANGE_KIND,
  CHANGE_PARENT,
  CHANGE_PAYLOAD,
  CHANGE_PUT,
  CHANGE_REMOVE,
  ENTRY_CHANGES,
  ENTRY_LENGTH,
  EXECUTOR_REQUEST,
  NAME_BYTES_MAX,
  PARENT_GRANDPARENT_ID,
  PARENT_NAME,
  PARENT_NAME_LEN,
  RECORD_NAME,
  RECORD_NAME_LEN,
  RECORD_PARENT_ID,
  REMOVE_NAME,
  REMOVE_NAME_LEN,
  REMOVE_PARENT_ID,
} from './generated/layout';
import { hashKey64 } from './hash';
import { setOf } from './tier-set';
import { PLACE, PLACE_BYTES, PLACE_HASH, touchPlaces } from './touch';

/** As many misses as a core can have under way at once, and some more. */
const CHANGES_MAX: u32 = 24;

/** Touches some entries from `from` on, at least one; returns where they end: at most at `end`. */
export function touchAhead(from: usize, end: usize): usize {
  let count: u32 = 0;
  let entry = from;
  while (entry + ENTRY_CHANGES <= end && count < CHANGES_MAX) {
    const length = load<u32>(entry, ENTRY_LENGTH);
    if (length < ENTRY_CHANGES || length > u32(end - entry)) break;
    let offset: u32 = ENTRY_CHANGES;
    while (offset + CHANGE_PAYLOAD <= length && count < CHANGES_MAX) {
      const bytes = load<u32>(entry + offset, CHANGE_BYTES);
      if (bytes > length - offset - CHANGE_PAYLOAD) break;
      if (putPlace(count, entry + offset)) count++;
      offset += CHANGE_PAYLOAD + ((bytes + 7) & ~7);
    }
    entry += length;
  }
  touchPlaces(EXEC + EXECUTOR_REQUEST, count);
  return max<usize>(entry, min<usize>(from + 1, end));
}

/** The set of a change's key; false if it has no key, or makes no sense. */
// @ts-ignore: decorator
@inline
function putPlace(index: u32, change: usize): bool {
  const kind = u32(load<u8>(change, CHANGE_KIND));
  const payload = change + CHANGE_PAYLOAD;
  let parentId: u64 = 0;
  let name: usize = 0;
  let nameBytes: u32 = 0;
  if (kind == CHANGE_PUT) {
    parentId = load<u64>(payload, RECORD_PARENT_ID);
    name = payload + RECORD_NAME;
    nameBytes = load<u8>(payload, RECORD_NAME_LEN);
  } else if (kind == CHANGE_REMOVE) {
    parentId = load<u64>(payload, REMOVE_PARENT_ID);
    name = payload + REMOVE_NAME;
    nameBytes = load<u32>(payload, REMOVE_NAME_LEN);
  } else if (kind == CHANGE_PARENT) {
    parentId = load<u64>(payload, PARENT_GRANDPARENT_ID);
    name = payload + PARENT_NAME;
    nameBytes = load<u32>(payload, PARENT_NAME_LEN);
  } else {
    return false;
  }
  if (nameBytes > NAME_BYTES_MAX) return false;
  const hash = hashKey64(parentId, name, nameBytes);
  const place = EXEC + EXECUTOR_REQUEST + index * PLACE_BYTES;
  store<u64>(place, hash, PLACE_HASH);
  store<u32>(place, u32(setOf(hash, nameBytes)), PLACE);
  return true;
}
