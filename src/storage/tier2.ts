/**
 * Tier 2: the whole namespace in one LMDB environment. Only the flusher writes (sorted, one
 * durable transaction per chunk); every executor reads through its own snapshot. Floor 1.
 *
 * | database | key                                   | value                                     |
 * |----------|---------------------------------------|-------------------------------------------|
 * | inodes   | parent id (order-preserving) + name   | compact record (assembly/codec.ts)         |
 * | ids      | id / 16 (order-preserving)            | keys in `inodes` of 16 ids (id-index.ts)   |
 * | side     | kind byte + key                       | value of the side record                   |
 * | calls    | seq of the first row u64 BE           | rows of the retry window                  |
 * | expiries | expiry ms u64 BE + id u64 BE          | nothing; a hint, checked against the inode |
 * | meta     | 'state'                               | Tier2State                                 |
 *
 * Invariant: `inodes`, `ids` and `side` hold every change with a seq up to meta.appliedSeq, and
 * may hold later ones; replay from there to the end of the journal gives the exact state.
 */
import { type Database, open, type RootDatabase } from 'lmdb';
import { IdIndex } from './id-index.js';

export type Tier2State = {
  /** Every journal entry up to this seq is contained. */
  readonly appliedSeq: number;
  readonly idNext: number;
};

export type Tier2Options = { readonly mapBytes: number; readonly readOnly?: boolean };

type Bytes = Uint8Array;

export class Tier2 {
  readonly inodes: Database<Bytes, Bytes>;
  readonly ids: IdIndex;
  readonly side: Database<Bytes, Bytes>;
  readonly expiries: Database<Bytes, Bytes>;
  readonly calls: Database<Bytes, Bytes>;
  readonly #meta: Database<Tier2State, string>;
  readonly #env: RootDatabase;

  constructor(path: string, options: Tier2Options) {
    this.#env = open({
      path,
      mapSize: options.mapBytes,
      maxDbs: 8,
      // Off: a commit returns only when it is on disk, since the journal is trimmed behind it.
      overlappingSync: false,
      noMemInit: true,
      readOnly: options.readOnly ?? false,
    });
    const table = (name: string): Database<Bytes, Bytes> =>
      this.#env.openDB<Bytes, Bytes>({ name, keyEncoding: 'binary', encoding: 'binary' });
    this.inodes = table('inodes');
    this.ids = new IdIndex(table('ids'));
    this.side = table('side');
    this.expiries = table('expiries');
    this.calls = table('calls');
    this.#meta = this.#env.openDB<Tier2State, string>({ name: 'meta', encoding: 'json' });
  }

  get state(): Tier2State | undefined {
    return this.#meta.get('state');
  }

  /** Inside transact() only. */
  putState(state: Tier2State): void {
    this.#meta.putSync('state', state);
  }

  /** Runs `write` in one transaction that is durable when this returns. */
  transact(write: () => void): void {
    this.#env.transactionSync(write);
  }

  /**
   * Gives this thread's snapshot back: the next read takes a new one, of the newest commit. The
   * binding does it at the end of each turn of the event loop; threads that block do it themselves,
   * or LMDB could use no freed page again and its file would grow with every flush.
   */
  releaseSnapshot(): void {
    this.#env.resetReadTxn();
  }

  /** Bytes of pages in use, free pages left out; and inodes stored. */
  stats(): { readonly bytes: number; readonly inodes: number } {
    const env = this.#env.getStats() as { pageSize?: number; lastPageNumber?: number };
    const inodes = this.inodes.getStats() as { entryCount?: number };
    return {
      bytes: (env.pageSize ?? 4096) * ((env.lastPageNumber ?? 0) + 1),
      inodes: inodes.entryCount ?? 0,
    };
  }

  /** Copies a consistent snapshot to a directory while others write. */
  async backup(path: string): Promise<void> {
    await this.#env.backup(path, true);
  }

  async close(): Promise<void> {
    await this.#env.close();
  }
}

/** Key of a side record: its kind (SIDE_* of base/entry-format), then the kind's own key. */
export function sideKey(kind: number, key: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(key.length + 1);
  bytes[0] = kind;
  bytes.set(key, 1);
  return bytes;
}

/** Key of an expiry hint: sorts by time, then id. Both below 2^53. */
export function expiryKey(expiryMs: number, id: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(expiryMs / 0x1_0000_0000));
  view.setUint32(4, expiryMs >>> 0);
  view.setUint32(8, Math.floor(id / 0x1_0000_0000));
  view.setUint32(12, id >>> 0);
  return bytes;
}
