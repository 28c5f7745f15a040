/**
 * The message for a damaged row of tier 2: the row, the path if the caller gave one, and what to
 * do. The checksum shows the damage when the row is read; the row is never served.
 */

import { Code, StatusError } from '../../base/status.js';
import { TRASH_BIT } from '../memory/record.js';
import { splitKey } from './inode-key.js';

const HINT =
  'The disk has changed what was written: stop the master, copy the data directory, and restore ' +
  'it from a backup. docs/RECOVERY.md says more.';

/** A row of `inodes`: the key is, or was, an id and a name (assembly/codec.ts). */
export function damagedInode(key: Uint8Array, path?: string): StatusError {
  const { parentId, name } = splitKey(key);
  const inTrash = parentId >= TRASH_BIT;
  const where = inTrash
    ? `the trash of directory ${parentId - TRASH_BIT}`
    : `directory ${parentId}`;
  return damage(`the record of "${new TextDecoder().decode(name)}" in ${where}`, path);
}

export function damagedRow(table: string, key: Uint8Array): StatusError {
  return damage(`row ${Buffer.from(key).toString('hex')} of "${table}"`);
}

/** A page of tier 2's file is not the page that belongs there (page-format.ts). */
export function damagedPage(number: number): StatusError {
  return new StatusError(
    Code.DATA_LOSS,
    `The stored metadata is damaged: page ${number} is none of those that lead to it.`,
    { hint: HINT },
  );
}

function damage(what: string, path?: string): StatusError {
  const reason = `The stored metadata is damaged: ${what} does not match its checksum.`;
  return new StatusError(Code.DATA_LOSS, reason, {
    hint: HINT,
    ...(path === undefined ? {} : { path }),
  });
}
