/**
 * Writes the rows of an import to tier 2: all rows since the last checkpoint, and the checkpoint,
 * in one durable transaction. It runs in a thread of its own (main/import-thread.ts).
 *
 * Most rows sort after all existing keys and are appended, which costs a third. Only tier 2 knows
 * which ones: rows of a target older than its neighbours do not, nor do rows below a trash. So each
 * key is compared with the last one, and the result of each put is checked.
 *
 * Invariant: what tier 2 holds of an import is exactly what its checkpoint says, whenever the
 *   process or the machine dies.
 */
import { Code, StatusError } from '../../base/status.js';
import type { IdChange } from '../storage/id-index.js';
import { APPEND, INSERT, putRow } from '../storage/put-row.js';
import { sideKey, type Tier2, type Tier2State } from '../storage/tier2.js';
import { HEAD, type RowBlock } from './row-encoder.js';

/** Rows of one transaction when an import is dropped. */
const DROP_ROWS = 100_000;

export type Commit = {
  readonly blocks: readonly RowBlock[];
  /** Ids from here on are of files, and rise from row to row. */
  readonly fileFirst: number;
  /** The state to go on from. */
  readonly checkpoint: unknown;
};

export type SideRow = {
  readonly kind: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
};

/** Makes an import visible, all at once. */
export type Finish = {
  /** The target's record, and others above it that change. */
  readonly records: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[];
  readonly sides: readonly SideRow[];
  readonly state: Tier2State;
};

export class RowWriter {
  readonly #tier2: Tier2;
  /** No key of `inodes` sorts after it; read again in each transaction. */
  #last: Uint8Array = new Uint8Array(0);

  constructor(tier2: Tier2) {
    this.#tier2 = tier2;
  }

  commit({ blocks, fileFirst, checkpoint }: Commit): void {
    const tier2 = this.#tier2;
    tier2.transact(() => {
      const directories: IdChange[] = [];
      this.#last = lastKey(tier2);
      for (const block of blocks) this.#putBlock(block, fileFirst, directories);
      tier2.ids.finishAppend();
      tier2.ids.write(directories);
      tier2.putPendingImport(checkpoint);
    });
  }

  finish({ records, sides, state }: Finish): void {
    const tier2 = this.#tier2;
    tier2.transact(() => {
      for (const { key, value } of records) tier2.inodes.putSync(key, value);
      for (const side of sides) tier2.side.putSync(sideKey(side.kind, side.key), side.value);
      tier2.putState(state);
      tier2.putPendingImport(undefined);
    });
  }

  #putBlock(block: RowBlock, fileFirst: number, directories: IdChange[]): void {
    const { inodes, ids } = this.#tier2;
    const { heads, count } = block;
    const bytes = Buffer.from(block.bytes.buffer);
    let at = 0;
    for (let row = 0; row < count; row++) {
      const head = heads[row]!;
      const keyBytes = head & HEAD.KEY_MASK;
      const valueAt = at + keyBytes;
      const end = valueAt + ((head >>> HEAD.VALUE_SHIFT) & HEAD.VALUE_MASK);
      const key = bytes.subarray(at, valueAt);
      const value = bytes.subarray(valueAt, end);
      const isLast = Buffer.compare(key, this.#last) > 0;
      if (isLast) this.#last = key;
      if (!putRow(inodes, key, value, isLast ? APPEND : INSERT)) throw taken(key);
      const id = block.ids[row]!;
      if (id >= fileFirst) ids.append(id, bytes, at, keyBytes);
      else directories.push({ id, key });
      at = end;
    }
  }
}

function lastKey({ inodes }: Tier2): Uint8Array {
  for (const key of inodes.getKeys({ reverse: true, limit: 1 })) return Buffer.from(key);
  return new Uint8Array(0);
}

/** Thrown within the transaction, so that nothing of it stays. */
const taken = (key: Uint8Array): StatusError =>
  new StatusError(
    Code.DATA_LOSS,
    `Tier 2 has a row at the key of an imported inode, ${Buffer.from(key).toString('hex')}.`,
    {
      hint: 'Drop the import (orchard admin import --drop), and look: orchard admin verify --data',
    },
  );

/**
 * Removes the rows of an import that is given up: all children of the target and of directories
 * with a number of the import's, and all its ids.
 */
export function dropRows(tier2: Tier2, rows: DroppedRows): number {
  let count = 0;
  for (const [start, end] of rows.keys) {
    for (;;) {
      tier2.releaseSnapshot();
      const keys = [...tier2.inodes.getKeys({ start, end, limit: DROP_ROWS })].map((key) =>
        Buffer.from(key),
      );
      if (keys.length === 0) break;
      tier2.transact(() => {
        for (const key of keys) tier2.inodes.removeSync(key);
      });
      count += keys.length;
    }
  }
  for (let dropped = 1; dropped > 0; ) {
    tier2.releaseSnapshot();
    tier2.transact(() => {
      dropped = tier2.ids.dropFrom(rows.idFirst, DROP_ROWS);
    });
  }
  tier2.transact(() => tier2.putPendingImport(undefined));
  return count;
}

export type DroppedRows = {
  /** Ranges of keys of `inodes`, without their ends. */
  readonly keys: readonly (readonly [Uint8Array, Uint8Array])[];
  /** This id and all above. */
  readonly idFirst: number;
};
