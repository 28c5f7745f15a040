/**
 * Keeps the numbers of inodes while entries are applied. Its twin src/master/memory/inode-counts.ts
 * says why the entry alone decides.
 */
import {
  CHANGE_FLAGS,
  CHANGE_KIND,
  CHANGE_PAYLOAD,
  CHANGE_PUT,
  CHANGE_REMOVE,
  CONTROL_BASE,
  CONTROL_INODES,
  INODE_TYPE_DIRECTORY,
  PUT_CROSSES,
  PUT_NEW,
  RECLAIM_ID,
  RECORD_PARENT_ID,
  RECORD_TYPE,
  REMOVE_DIRECTORY,
  REMOVE_DROP_ID,
  REMOVE_PARENT_ID,
  TRASH_BIT,
} from './generated/layout';

/** Counts one change of an applied entry. */
export function countChange(change: usize): void {
  const kind = u32(load<u8>(change, CHANGE_KIND));
  const flags = u32(load<u8>(change, CHANGE_FLAGS));
  const payload = change + CHANGE_PAYLOAD;
  if (kind == CHANGE_PUT) {
    if ((flags & (PUT_NEW | PUT_CROSSES)) == 0) return;
    const isDirectory = load<u8>(payload, RECORD_TYPE) == INODE_TYPE_DIRECTORY;
    const word = wordOf(load<u64>(payload, RECORD_PARENT_ID), isDirectory);
    atomic.add<u64>(word, 1);
    // The other side of the same type is two words further.
    if ((flags & PUT_CROSSES) != 0) atomic.sub<u64>(word ^ 16, 1);
  } else if (kind == CHANGE_REMOVE && (flags & REMOVE_DROP_ID) != 0) {
    const isDirectory = (flags & REMOVE_DIRECTORY) != 0;
    atomic.sub<u64>(wordOf(load<u64>(payload, REMOVE_PARENT_ID), isDirectory), 1);
  }
}

// @ts-ignore: decorator
@inline
function wordOf(parentId: u64, isDirectory: bool): usize {
  const hidden = parentId >= TRASH_BIT || parentId == u64(RECLAIM_ID);
  return CONTROL_BASE + CONTROL_INODES + (u32(hidden) << 4) + (u32(isDirectory) << 3);
}
