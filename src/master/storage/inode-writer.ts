/**
 * Puts and removes rows of `inodes` that stand one after the other in one buffer, without a view
 * for each key and value; views are a quarter of the cost of a put. Inside a transaction.
 *
 * Why another handle of the database: see inode-scan.ts. This one takes for a key where it stands,
 * and for a value what the binding takes from encoders: a buffer with `start` and `end`.
 */
import type { Database, DatabaseOptions, RootDatabase } from 'lmdb';
import { assert } from '../../base/assert.js';
import type { Tier2 } from './tier2.js';

type Span = Buffer & { start: number; end: number };

export class InodeWriter {
  readonly #handle: Database<Uint8Array, number>;
  #rows: Span = Object.assign(Buffer.alloc(0), { start: 0, end: 0 });
  #keyBytes = 0;

  constructor(tier2: Tier2) {
    // Any handle of an environment can open others; the typings allow it only for the root's.
    const environment = tier2.inodes as unknown as RootDatabase;
    this.#handle = environment.openDB<Uint8Array, number>({
      name: 'inodes',
      encoding: 'binary',
      keyEncoder: {
        writeKey: (keyAt: number, target: Uint8Array, start: number): number => {
          const rows = this.#rows;
          for (let i = 0; i < this.#keyBytes; i++) target[start + i] = rows[keyAt + i]!;
          return start + this.#keyBytes;
        },
        readKey: () => assert(false, 'this handle only writes'),
      },
    } as unknown as DatabaseOptions & { name: string });
  }

  /** The following calls are about rows in this buffer, which begins where its memory begins. */
  open(rows: Buffer): void {
    assert(rows.byteOffset === 0, 'LMDB counts from where the memory begins');
    this.#rows = Object.assign(rows, { start: 0, end: 0 });
  }

  /** The value stands behind its key. */
  put(keyAt: number, keyBytes: number, valueBytes: number): void {
    assert(keyBytes > 0 && valueBytes > 0, 'a row has a key and a value');
    assert(keyAt + keyBytes + valueBytes <= this.#rows.length, 'a row ends within the buffer');
    this.#keyBytes = keyBytes;
    this.#rows.start = keyAt + keyBytes;
    this.#rows.end = keyAt + keyBytes + valueBytes;
    this.#handle.putSync(keyAt, this.#rows);
  }

  remove(keyAt: number, keyBytes: number): void {
    assert(keyBytes > 0, 'a row has a key');
    this.#keyBytes = keyBytes;
    this.#handle.removeSync(keyAt);
  }
}
