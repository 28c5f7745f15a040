/** What may be asked of checkAccess; apart, so that who only names the bits loads no client. */

/** Bits of a permission class, as in POSIX access(2). */
export const Access = { READ: 4, WRITE: 2, EXECUTE: 1 } as const;
