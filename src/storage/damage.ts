/**
 * What is said when a row of tier 2 is not what was written: the row, the path if somebody asked
 * for one, and what to do. Found when the row is read, by its checksum; never served. Floor 1.
 */
import { Code, StatusError } from '../base/status.js';

const HINT =
  'The disk has changed what was written: stop the master, copy the data directory, and restore ' +
  'it from a backup. docs/RECOVERY.md says more.';

/** A row of `inodes`: the key is an id and a name (assembly/codec.ts), or was. */
export function damagedInode(key: Uint8Array, path?: string): StatusError {
  const idBytes = Math.min(key[0] ?? 0, 8);
  let parentId = 0;
  for (let i = 1; i <= idBytes; i++) parentId = parentId * 256 + (key[i] ?? 0);
  const name = new TextDecoder().decode(new Uint8Array(key).subarray(1 + idBytes));
  return damage(`the record of "${name}" in directory ${parentId}`, path);
}

export function damagedRow(table: string, key: Uint8Array): StatusError {
  return damage(`row ${Buffer.from(key).toString('hex')} of "${table}"`);
}

function damage(what: string, path?: string): StatusError {
  const reason = `The stored metadata is damaged: ${what} does not match its checksum.`;
  return new StatusError(Code.DATA_LOSS, reason, {
    hint: HINT,
    ...(path === undefined ? {} : { path }),
  });
}
