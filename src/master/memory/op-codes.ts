/**
 * The cause of a journal entry, for dumps, metrics and standbys. apply() looks only at
 * OP_STRUCTURAL. NEVER renumber: journals hold these.
 */
import { OP_STRUCTURAL } from './entry-format.js';

export const Op = {
  INTERN: 1,
  BOOTSTRAP: 2,
  CREATE_FILE: 10,
  COMPLETE_FILE: 11,
  CREATE_DIRECTORY: 12,
  DELETE: 13,
  SET_ATTRIBUTE: 14,
  RECLAIM: 15,
  LOAD: 16,
  FORGET: 17,
  /** Stands for an entry that `orchard admin journal repair` gave up (journal/repair.ts). */
  LOST: 18,
  /** Of a file to a new name: two keys change as one, and no path through a directory. */
  RENAME_FILE: 23,
  /** A create over a file: at every moment the path has the old inode or the new one. */
  REPLACE_FILE: 24 | OP_STRUCTURAL,
  RENAME: 20 | OP_STRUCTURAL,
  UNDELETE: 21 | OP_STRUCTURAL,
  SET_PERMISSION: 22 | OP_STRUCTURAL,
  MOUNT: 30 | OP_STRUCTURAL,
  UNMOUNT: 31 | OP_STRUCTURAL,
  UPDATE_MOUNT: 32,
} as const;
export type Op = (typeof Op)[keyof typeof Op];
