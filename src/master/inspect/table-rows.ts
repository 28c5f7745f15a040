/** The stored rows of one table of tier 2, a batch at a time. */
import type { Database } from 'lmdb';
import { assert } from '../../base/assert.js';
import { APPEND, putRow } from '../storage/put-row.js';
import type { TableName, Tier2 } from '../storage/tier2.js';

const ANYWHERE = {} as const;

export type Row = { readonly key: Uint8Array; readonly value: Uint8Array };

type Table = Database<Uint8Array, Uint8Array>;

/** Bytes of one batch: extended attributes may be long. */
const BATCH_BYTES_MAX = 4 * 1024 * 1024;

export type Batch = {
  readonly rows: readonly Row[];
  /** The batch ends at `limit`: there may be more rows after its last key. */
  readonly isLast: boolean;
};

/** Rows after the key `after`: `limit` of them, or fewer long ones. They are copies. */
export function rowsFrom(
  table: Table,
  after: Uint8Array | undefined,
  limit: number,
  end?: Uint8Array,
): Batch {
  const range = table.getRange({
    ...(after !== undefined && { start: after, exclusiveStart: true }),
    ...(end !== undefined && { end }),
    limit,
  });
  const rows: Row[] = [];
  let bytes = 0;
  for (const { key, value } of range) {
    rows.push({ key, value });
    bytes += key.length + value.length;
    if (bytes >= BATCH_BYTES_MAX) return { rows, isLast: false };
  }
  return { rows, isLast: rows.length < limit };
}

/** All rows, in batches; rows that are written before the cursor meanwhile are not seen. */
export function* allRows(table: Table, batchRows = 4096): Iterable<readonly Row[]> {
  let after: Uint8Array | undefined;
  for (;;) {
    const { rows, isLast } = rowsFrom(table, after, batchRows);
    if (rows.length > 0) yield rows;
    if (isLast) return;
    after = rows.at(-1)!.key;
  }
}

/** Writes captured rows, which come in the order of their keys: they are appended. */
export class RowWriter {
  readonly #tier2: Tier2;
  readonly #onDisorder: (table: TableName, key: Uint8Array) => void;
  readonly #last = new Map<TableName, Uint8Array>();

  /** `onDisorder`: called for a key that is not after the previous one, as in a damaged page. */
  constructor(tier2: Tier2, onDisorder: (table: TableName, key: Uint8Array) => void) {
    this.#tier2 = tier2;
    this.#onDisorder = onDisorder;
  }

  write(table: TableName, rows: readonly Row[]): void {
    this.#tier2.transact(() => {
      let last = this.#last.get(table);
      for (const { key, value } of rows) {
        const isBehind = last === undefined || Buffer.compare(last, key) < 0;
        if (!isBehind) this.#onDisorder(table, key);
        const isPut = putRow(this.#tier2.tables[table], key, value, isBehind ? APPEND : ANYWHERE);
        assert(isPut, 'rows of a table that was empty are behind each other');
        if (isBehind) last = key;
      }
      if (last !== undefined) this.#last.set(table, last);
    });
  }
}
