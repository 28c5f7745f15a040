/** When an inode expires: by its ttl, or in the trash by its retention. Pure. */
import { RECLAIM_ID, TRASH_BIT } from './record.js';
import type { RecordFields } from './record-fields.js';

/** Absolute milliseconds; undefined = never. */
export function expiryOf(inode: RecordFields): number | undefined {
  if (inode.parentId === RECLAIM_ID || inode.ttlMs < 0) return undefined;
  return inode.parentId >= TRASH_BIT ? inode.ttlMs : inode.ctimeMs + inode.ttlMs;
}
