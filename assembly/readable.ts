/** What the kernels that answer whole calls may return without asking JavaScript. */
import {
  FLAG_HAS_XATTR,
  INODE_TYPE_DIRECTORY,
  INODE_TYPE_FILE,
  PERMIT_READ,
  RECORD_FLAGS,
  RECORD_PARENT_ID,
  RECORD_TYPE,
  TRASH_BIT,
} from './generated/layout';
import { permitsRecord } from './permission';

/**
 * True for a plain inode that the caller may read. Not for one with xattrs, which the slow path
 * may have to add, nor for one in the trash, nor for a type from the future.
 */
export function isReadable(record: usize, caller: usize): bool {
  const type = u32(load<u8>(record, RECORD_TYPE));
  if (type != INODE_TYPE_FILE && type != INODE_TYPE_DIRECTORY) return false;
  if ((load<u32>(record, RECORD_FLAGS) & FLAG_HAS_XATTR) != 0) return false;
  if ((load<u64>(record, RECORD_PARENT_ID) & TRASH_BIT) != 0) return false;
  return permitsRecord(record, caller, PERMIT_READ);
}
