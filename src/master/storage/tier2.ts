/**
 * Tier 2: the whole namespace in one LMDB environment. Only the flusher writes (sorted, one
 * durable transaction per chunk); every executor reads through its own snapshot.
 *
 * | database | key                                   | value                                     |
 * |----------|---------------------------------------|-------------------------------------------|
 * | inodes   | parent id (order-preserving) + name   | compact record (assembly/codec.ts)         |
 * | ids      | id / 16 (order-preserving)            | keys in `inodes` of 16 ids (id-index.ts)   |
 * | side     | kind byte + key                       | value of the side record                   |
 * | calls    | seq of the first row u64 BE           | rows of the retry window                  |
 * | expiries | expiry / minute + id / 16             | expiries of 16 ids (expiry-index.ts)       |
 * | meta     | 'state', 'cluster'                    | Tier2State as JSON; the cluster's id       |
 * |          | 'import'                              | of an import that is not finished, JSON    |
 *
 * Every row ends with a checksum over key and value: in `inodes` the kernels' (codec.ts), in the
 * others SealedTable's. LMDB itself has none: page-check.ts looks at its pages.
 *
 * Invariant: `inodes`, `ids` and `side` hold every change with a seq up to meta.appliedSeq, and
 * may hold later ones; replay from there to the end of the journal gives the exact state.
 */
import { chmodSync, statfsSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { assert } from '../../base/assert.js';
import { Code, StatusError } from '../../base/status.js';
import type { InodeCounts } from '../memory/inode-counts.js';
import type { OpeningGate } from '../memory/opening-gate.js';
import { ROOT_ID } from '../memory/record.js';
import { ExpiryIndex } from './expiry-index.js';
import { IdIndex } from './id-index.js';
import { SealedTable } from './sealed-table.js';
import { refuseNarrowSpace, refuseOddFiles } from './tier2-place.js';

export type Tier2State = {
  /** Every journal entry up to this seq is contained. */
  readonly appliedSeq: number;
  readonly idNext: number;
  /** As of appliedSeq; absent where an older version wrote it. */
  readonly inodes?: InodeCounts;
};

export type Tier2Options = {
  readonly mapBytes: number;
  readonly readOnly?: boolean;
  /** Commits do not wait for the disk: for copies that are thrown away. */
  readonly noSync?: boolean;
  /** Keys are looked up here and there: whoever opens it first in a process decides. */
  readonly isRandom?: boolean;
  /** Of the process's other threads that open it. */
  readonly gate?: OpeningGate;
};

type Bytes = Uint8Array;

/** Names of all tables; a file with another one is damaged. */
export const TABLES = ['inodes', 'ids', 'side', 'calls', 'expiries', 'meta'] as const;
/** Those that hold the namespace. */
export type TableName = Exclude<(typeof TABLES)[number], 'meta'>;

const { errno } = constants;
/** LMDB's file in a directory of tier 2. */
export const dataFile = (directory: string): string => join(directory, 'data.mdb');

/** LMDB writes at most so much at once. */
const SHORT_WRITE_BYTES = 16 * 1024 * 1024;
const encoder = new TextEncoder();
const STATE_KEY = encoder.encode('state');
const IMPORT_KEY = encoder.encode('import');
const CLUSTER_KEY = encoder.encode('cluster');

type Opened = {
  readonly env: RootDatabase;
  readonly tables: Readonly<Record<(typeof TABLES)[number], Database<Bytes, Bytes>>>;
};

function openAlone(path: string, options: Tier2Options): Opened {
  options.gate?.enter();
  try {
    return openAll(path, options);
  } finally {
    options.gate?.leave();
  }
}

function openAll(path: string, options: Tier2Options): Opened {
  const env = open({
    path,
    mapSize: options.mapBytes,
    maxDbs: 8,
    // Off: a commit returns only when it is on disk, since the journal is trimmed behind it.
    overlappingSync: false,
    noMemInit: true,
    readOnly: options.readOnly ?? false,
    noSync: options.noSync ?? false,
    // The typings leave it out.
    ...({ noReadAhead: options.isRandom ?? false } as object),
  });
  if (options.readOnly !== true) keepPrivate(path);
  const table = (name: string): Database<Bytes, Bytes> =>
    env.openDB<Bytes, Bytes>({ name, keyEncoding: 'binary', encoding: 'binary' });
  const tables = Object.fromEntries(TABLES.map((name) => [name, table(name)]));
  return { env, tables: tables as Opened['tables'] };
}

export class Tier2 {
  readonly inodes: Database<Bytes, Bytes>;
  readonly ids: IdIndex;
  readonly side: SealedTable;
  readonly expiries: ExpiryIndex;
  readonly calls: SealedTable;
  /** The rows as they are stored, for whoever copies or checks all of them. */
  readonly tables: Readonly<Record<TableName, Database<Bytes, Bytes>>>;
  readonly #meta: SealedTable;
  readonly #env: RootDatabase;
  readonly #path: string;

  constructor(path: string, options: Tier2Options) {
    this.#path = path;
    refuseOddFiles(path);
    refuseNarrowSpace(path, options.mapBytes);
    const { env, tables } = openAlone(path, options);
    const { inodes, ids, side, expiries, calls } = tables;
    this.#env = env;
    this.inodes = inodes;
    this.tables = { inodes, ids, side, expiries, calls };
    this.ids = new IdIndex(new SealedTable('ids', ids));
    this.side = new SealedTable('side', side);
    this.expiries = new ExpiryIndex(new SealedTable('expiries', expiries));
    this.calls = new SealedTable('calls', calls);
    this.#meta = new SealedTable('meta', tables.meta);
  }

  get state(): Tier2State | undefined {
    const state = this.#meta.get(STATE_KEY);
    return state && (JSON.parse(new TextDecoder().decode(state)) as Tier2State);
  }

  /** Of a bulk import that is not finished: nobody else may write as long as there is one. */
  get pendingImport(): unknown {
    const state = this.#meta.get(IMPORT_KEY);
    return state && JSON.parse(new TextDecoder().decode(state));
  }

  /** Inside transact() only; undefined: it is finished. */
  putPendingImport(state: unknown): void {
    if (state === undefined) this.#meta.removeSync(IMPORT_KEY);
    else this.#meta.putSync(IMPORT_KEY, encoder.encode(JSON.stringify(state)));
  }

  /** Inside transact() only. */
  putState(state: Tier2State): void {
    assert(state.appliedSeq >= 0, 'a seq counts entries');
    assert(state.idNext > ROOT_ID, 'the root has its id');
    this.#meta.putSync(STATE_KEY, encoder.encode(JSON.stringify(state)));
  }

  /**
   * Makes the metadata that of a cluster for good, or refuses what is another's: tier 2 of one
   * directory under the journal of another would be a namespace that never was. Called at start,
   * before anybody else writes.
   */
  claim(clusterId: string): void {
    const found = this.#meta.get(CLUSTER_KEY);
    if (found === undefined) {
      this.transact(() => this.#meta.putSync(CLUSTER_KEY, encoder.encode(clusterId)));
      return;
    }
    const owner = new TextDecoder().decode(found);
    if (owner === clusterId) return;
    throw new StatusError(
      Code.FAILED_PRECONDITION,
      `The metadata in meta/ is of cluster ${owner}, the data directory of ${clusterId}.`,
      { hint: 'Put back the meta/ that belongs to this data directory, or restore a backup.' },
    );
  }

  /** Runs `write` in one transaction that is durable when this returns. */
  transact(write: () => void): void {
    this.#env.transactionSync(write);
  }

  /**
   * Whether an error of transact() says that the disk is full. LMDB reports a write that came out
   * short as EIO, so that is believed when next to nothing is free.
   */
  isDiskFull(error: unknown): boolean {
    const code = Math.abs(Number((error as { code?: unknown } | null)?.code));
    if (code === errno.ENOSPC || code === errno.EDQUOT) return true;
    if (code !== errno.EIO) return false;
    const { bavail, bsize } = statfsSync(this.#path);
    return bavail * bsize < SHORT_WRITE_BYTES;
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

  /** LMDB's file. */
  get file(): string {
    return dataFile(this.#path);
  }

  /** Copies a consistent snapshot to a directory while others write. */
  async backup(path: string): Promise<void> {
    await this.#env.backup(path, true);
  }

  async close(): Promise<void> {
    await this.#env.close();
  }
}

/** LMDB makes its files readable for all, and they hold secrets of stores. */
function keepPrivate(directory: string): void {
  for (const name of ['data.mdb', 'lock.mdb']) {
    const file = join(directory, name);
    if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
  }
}

/** Key of a side record: its kind (SIDE_* of memory/entry-format), then the kind's own key. */
export function sideKey(kind: number, key: Uint8Array): Uint8Array {
  assert(kind > 0 && kind <= 0xff, 'the kind of a side record is a byte');
  const bytes = new Uint8Array(key.length + 1);
  bytes[0] = kind;
  bytes.set(key, 1);
  return bytes;
}
