/**
 * A master that cannot write (state.ts has the reasons) refuses every mutation, of users and of its
 * own duties, in one place: Mutation.attempt. Reads go on.
 */
import { Code, StatusError } from '../../base/status.js';
import { CONTROL } from '../memory/layout.js';
import type { SharedMemory } from '../memory/shared-memory.js';

export const isReadOnly = (shared: SharedMemory): boolean => shared.load(CONTROL.READ_ONLY) !== 0;

/** `path`: what the refused call was about. */
export const readOnlyRefusal = (path: string): StatusError =>
  new StatusError(
    Code.FAILED_PRECONDITION,
    'The master is read-only: its disk is full, or less is free than ORCHARD_DISK_RESERVE_BYTES.',
    {
      path,
      hint:
        "Free disk space under the master's data directory (`orchard admin report` shows how " +
        'much); it then goes on by itself.',
    },
  );
