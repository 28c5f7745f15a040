/**
 * A put that tells whether it put: what its options forbid (a key that is not behind all others,
 * one that is there already) LMDB answers with false, and the typings of its binding leave it out.
 */
import type { Database, PutOptions } from 'lmdb';

/** Behind all keys of the table, or not at all. */
export const APPEND: PutOptions = { append: true };
/** In the place of no other row, or not at all. */
export const INSERT: PutOptions = { noOverwrite: true };

/** Inside a transaction. */
export function putRow(
  rows: Database<Uint8Array, Uint8Array>,
  key: Uint8Array,
  value: Uint8Array,
  options: PutOptions,
): boolean {
  const done: unknown = rows.putSync(key, value, options);
  return done === true;
}
