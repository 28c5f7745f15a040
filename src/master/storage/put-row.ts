/**
 * A put that returns whether it stored the row. LMDB answers false when the options forbid a put (a
 * key that is not after all others, or exists already); the binding's types leave that out.
 */
import type { Database, PutOptions } from 'lmdb';

/** After all keys of the table, or not at all. */
export const APPEND: PutOptions = { append: true };
/** Without replacing a row, or not at all. */
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
