/** The bits of checkAccess. They stand apart, so that naming them does not load the client. */

/** Bits of a permission class, as in POSIX access(2). */
export const Access = { READ: 4, WRITE: 2, EXECUTE: 1 } as const;
