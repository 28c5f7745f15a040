/**
 * The tables of layout.ts that both sides must agree on, in the order in which they are generated,
 * and the hash by which each thread sees that they do. Pure.
 */

import { SET_WAYS } from '../../base/limits.js';
import {
  APPLY,
  CALLER,
  CALLER_BYTES,
  CHANGES_BYTES,
  CONTROL,
  CONTROL_BASE,
  DROPPED_IDS_MAX,
  DROPPED_LIST_BYTES,
  EXECUTOR,
  EXECUTOR_BYTES,
  FILTER_BLOCK_BYTES,
  HELD,
  LARGE_SET_BYTES,
  LARGE_SLOT_BYTES,
  NODE,
  NODE_BYTES,
  RECORD_BYTES_MAX,
  REPLY_BYTES,
  RETRY,
  RETRY_BYTES,
  SET,
  SHOWN_MOUNT,
  SHOWN_MOUNT_BYTES,
  SHOWN_MOUNTS_MAX,
  SLOT,
  SMALL_SET_BYTES,
  SMALL_SLOT_BYTES,
  WALK,
  WALK_BYTES,
  WRITE,
  WRITE_LOCKS_MAX,
  WRITE_MOUNTS_MAX,
} from './layout.js';
import {
  BLOB,
  DIRTY_ENTRY,
  DIRTY_ENTRY_BYTES,
  DIRTY_ROW,
  DIRTY_ROW_BYTES,
} from './layout-dirty.js';

export const LAYOUT_TABLES = {
  CONTROL,
  SET,
  SLOT,
  NODE,
  WALK,
  CALLER,
  WRITE,
  SHOWN_MOUNT,
  HELD,
  EXECUTOR,
  APPLY,
  BLOB,
  DIRTY_ROW,
  DIRTY_ENTRY,
  RETRY,
} as const;
export const LAYOUT_SCALARS = {
  CONTROL_BASE,
  FILTER_BLOCK_BYTES,
  SET_WAYS,
  SMALL_SLOT_BYTES,
  LARGE_SLOT_BYTES,
  SMALL_SET_BYTES,
  LARGE_SET_BYTES,
  RECORD_BYTES_MAX,
  NODE_BYTES,
  WALK_BYTES,
  CALLER_BYTES,
  WRITE_LOCKS_MAX,
  WRITE_MOUNTS_MAX,
  SHOWN_MOUNTS_MAX,
  SHOWN_MOUNT_BYTES,
  EXECUTOR_BYTES,
  REPLY_BYTES,
  CHANGES_BYTES,
  DIRTY_ROW_BYTES,
  DIRTY_ENTRY_BYTES,
  RETRY_BYTES,
  DROPPED_IDS_MAX,
  DROPPED_LIST_BYTES,
} as const;

/** FNV-1a over the text of all tables: differs whenever any offset differs. */
export const LAYOUT_HASH = hashText(JSON.stringify([LAYOUT_TABLES, LAYOUT_SCALARS]));

function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  return hash >>> 0;
}
