/**
 * Bits of an inode's flags, on the wire and in every record. NEVER renumber: data directories hold
 * them.
 */

/** File: no longer being written. */
export const FLAG_COMPLETED = 1;
/** Kept in the workers' caches. */
export const FLAG_PINNED = 2;
/** The store has it. */
export const FLAG_PERSISTED = 4;
/** Directory: the root of a mount. */
export const FLAG_MOUNT_POINT = 8;
/** Directory: the store's children have been loaded. */
export const FLAG_CHILDREN_LOADED = 16;
/** A side record XATTR exists for the id. */
export const FLAG_HAS_XATTR = 32;
/** When the ttl runs out, free the cached copies instead of deleting. */
export const FLAG_TTL_FREE = 64;
/** The store keeps the data under another key than the path says: side record ORIGIN. */
export const FLAG_HAS_ORIGIN = 128;
/** When the ttl runs out, delete from the namespace but not from the store. */
export const FLAG_TTL_DELETE_ALLUXIO = 256;
