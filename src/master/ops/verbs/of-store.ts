/**
 * Which inodes only repeat their store, and so may follow it. Inodes that only the namespace has
 * never do: an incomplete file, one that is not in the store, a mount point, a moved inode (its
 * data has another key). Pure.
 */
import { isFingerprintOf, type UfsStatus } from '../../../stores/ufs.js';
import * as R from '../../memory/record.js';
import type { RecordFields } from '../../memory/record-fields.js';

const NEEDED = R.FLAG_COMPLETED | R.FLAG_PERSISTED;
const LOOKED_AT = NEEDED | R.FLAG_MOUNT_POINT | R.FLAG_HAS_ORIGIN;

export const isOfStore = ({ flags }: Pick<RecordFields, 'flags'>): boolean =>
  (flags & LOOKED_AT) === NEEDED;

/** Whether the store still has the known state. */
export function isAsKnown(
  status: UfsStatus,
  { type, fingerprint }: Pick<RecordFields, 'type' | 'fingerprint'>,
): boolean {
  const isDirectory = type === R.INODE_TYPE_DIRECTORY;
  if ((status.type === 'directory') !== isDirectory) return false;
  return isDirectory || isFingerprintOf(status, fingerprint);
}
