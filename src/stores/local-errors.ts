/** From the codes of the operating system to what a caller of a store may see. Pure. */
import { Code, StatusError } from '../base/status.js';

/** The error code of a failed system call, '' for anything else. */
export const systemCode = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** The path does not exist; other errors mean that this could not be found out. */
export const isAbsent = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes(systemCode(error));

export function explainLocal(error: unknown, uri: string): StatusError {
  const code = systemCode(error);
  switch (code) {
    case 'ENOENT':
    case 'ELOOP':
      return new StatusError(Code.NOT_FOUND, `${uri} does not exist in the store.`, {
        hint: 'List its parent to see what is there.',
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new StatusError(
        Code.PERMISSION_DENIED,
        `The store refuses access to ${uri} (${code}).`,
        {
          hint: 'Give the user of the master rights on it, or mount it read-only.',
        },
      );
    case 'EISDIR':
    case 'ENOTDIR':
    case 'ENOTEMPTY':
    case 'EEXIST':
    case 'ENAMETOOLONG':
    case 'EINVAL':
    case 'EILSEQ':
      return new StatusError(
        Code.INVALID_ARGUMENT,
        `${uri} is of the wrong kind for this call (${code}).`,
        {
          hint: 'Check whether it, and each part of its path, is a file or a directory.',
        },
      );
    case 'ENOSPC':
    case 'EDQUOT':
      return new StatusError(Code.RESOURCE_EXHAUSTED, `No space left for ${uri} (${code}).`, {
        hint: 'Free space in the store or raise the quota.',
      });
    default:
      return new StatusError(
        Code.UNAVAILABLE,
        `The store failed at ${uri} (${code || 'unknown'}).`,
        {
          hint: 'Check the file system and its mount on the machine of the master.',
        },
      );
  }
}
