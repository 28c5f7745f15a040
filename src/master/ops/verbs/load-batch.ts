/**
 * LoadBatch: one page of a store's listing becomes children of its directory; names that exist
 * already stay as they are, and those that the store has otherwise are told. Not a call of users:
 * background work submits it, never while it waits for the store. The last batch of a directory
 * also notes that its children are loaded.
 *
 * What the store still keeps of a renamed or deleted inode (ORIGIN_BACK) must not come back under
 * its old name. Those rows are in tier 2 only once flushed; but an unflushed departure leaves a
 * tombstone in tier 1. So a name that tier 1 does not know at all is decided at once, and only one
 * that tier 1 knows to be absent may have to wait for a flush.
 *
 * Locks:   READ of the directory and WRITE of the edge of each name; the last batch WRITE_INODE of
 *          the directory, which excludes whatever changes its children.
 * Entries: one: PUT of each new inode; PARENT, or in the last batch PUT of the directory.
 */

import { BLOCK_BYTES_DEFAULT } from '../../../base/limits.js';
import { Code, StatusError } from '../../../base/status.js';
import { readU64 } from '../../../base/word64.js';
import { fingerprint, type UfsStatus } from '../../../stores/ufs.js';
import { Mutation } from '../../executor/call.js';
import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import type { LockList } from '../../lock/lock-list.js';
import { Side } from '../../lock/lock-table.js';
import { PUT_NEW } from '../../memory/entry-format.js';
import { LookupStatus } from '../../memory/exports.js';
import { EXECUTOR } from '../../memory/layout.js';
import { Op } from '../../memory/op-codes.js';
import * as R from '../../memory/record.js';
import { type RecordFields, readRecord } from '../../memory/record-fields.js';
import { lockRead, lockWriteInode } from '../../path/lock-pattern.js';
import { ForeignNames } from '../mechanism/key-owner.js';
import { isAsKnown, isOfStore } from './of-store.js';

const DIRECTORY_MODE = 0o777;
const FILE_MODE = 0o666;
const ENTRY_ROOM_BASE = 2048;
/** Header of a change, a record, and its padding. */
const CHANGE_ROOM = 112;
/** Flushes that a batch waits for before it yields to calls that keep changing the directory. */
const FLUSH_WAITS_MAX = 8;

export type LoadBatchOptions = {
  /** Path and id of the directory: another directory that has the path by now gets no entries. */
  readonly path: Uint8Array;
  readonly directoryId: number;
  /** Where the store has the directory. */
  readonly storePath: string;
  readonly entries: readonly UfsStatus[];
  /** Nothing of the directory comes after these. */
  readonly last: boolean;
};

export type LoadedDirectory = { readonly name: string; readonly id: number };

export type LoadedBatch = {
  readonly added: number;
  /** All directories among the entries, also those that were there before. */
  readonly directories: readonly LoadedDirectory[];
  /** Inodes whose state in the store differs from the known one. */
  readonly others: readonly RecordFields[];
};

const encoder = new TextEncoder();

/** Bytes that an entry needs at most for a child of this name. */
export const loadRoom = (name: string): number => CHANGE_ROOM + name.length * 3;

export class LoadBatch extends Mutation {
  readonly name = 'load';
  protected readonly op = Op.LOAD;
  protected override room: number;
  readonly #options: LoadBatchOptions;
  readonly #names: readonly Uint8Array[];
  readonly #done: (batch: LoadedBatch) => void;
  readonly #failed: (error: StatusError) => void;
  #flushWaits = 0;
  #result: LoadedBatch = { added: 0, directories: [], others: [] };

  constructor(
    caller: Caller,
    options: LoadBatchOptions,
    done: (batch: LoadedBatch) => void,
    failed: (error: StatusError) => void,
  ) {
    super(caller, 0);
    this.#options = options;
    this.#names = options.entries.map(({ name }) => encoder.encode(name));
    this.#done = done;
    this.#failed = failed;
    this.room = options.entries.reduce((sum, { name }) => sum + loadRoom(name), ENTRY_ROOM_BASE);
  }

  protected plan(executor: Executor, locks: LockList): void {
    const { walkA, locks: table } = executor;
    executor.resolve(walkA, this.#options.path);
    if (!walkA.found || walkA.id(walkA.depth) !== this.#options.directoryId) throw moved(this);
    this.#placeNames(executor);
    if (this.#options.last) {
      lockWriteInode(walkA, table, locks);
      return;
    }
    lockRead(walkA, table, locks);
    const hash = executor.base + EXECUTOR.KEY;
    for (const { at, bytes } of this.#placedNames(executor)) {
      executor.kernel.hashKey(this.#options.directoryId, at, bytes, hash);
      locks.add(table.edgeStripe(executor.shared.view.getUint32(hash, true), Side.LEAF), true);
    }
  }

  protected execute(executor: Executor): boolean {
    const { ring, walkA: walk } = executor;
    const directory = readRecord(executor.shared.view, walk.record);
    const added = this.#putMissing(executor, directory);
    const { last } = this.#options;
    const isLoaded = (directory.flags & R.FLAG_CHILDREN_LOADED) !== 0;
    if (added === 0 && (!last || isLoaded)) {
      this.#done(this.#result);
      return false;
    }
    if (last) {
      const flags = directory.flags | R.FLAG_CHILDREN_LOADED;
      ring.entry.putFields({ ...directory, flags, length: directory.length + added });
    } else {
      // Older than any time: nobody changed the directory.
      const never = Number.MIN_SAFE_INTEGER;
      ring.entry.parent(directory.parentId, directory.id, never, added, directory.name);
    }
    return true;
  }

  override complete(): void {
    this.#done(this.#result);
  }

  protected repeat(): void {
    this.#done(this.#result);
  }

  fail(error: StatusError): void {
    this.#failed(error);
  }

  describe(): string {
    return new TextDecoder().decode(this.#options.path);
  }

  /** Adds PUTs of the names that do not exist; returns how many. */
  #putMissing(executor: Executor, directory: RecordFields): number {
    const { entries } = this.#options;
    const { shared, ring } = executor;
    const owners = entries.map((status) => ownersOf(executor, status));
    const foreign = new ForeignNames(executor, directory.mountId, this.#options.storePath);
    const directories: LoadedDirectory[] = [];
    const others: RecordFields[] = [];
    const out = executor.walkB.record;
    let added = 0;
    let i = 0;
    for (const { at, bytes } of this.#placedNames(executor)) {
      const status = entries[i]!;
      const owner = owners[i]!;
      const name = this.#names[i++]!;
      if (this.#exists(executor, at, bytes, out)) {
        if (shared.u8[out + R.RECORD_TYPE] === R.INODE_TYPE_DIRECTORY) {
          directories.push({ name: status.name, id: readU64(shared.view, out + R.RECORD_ID) });
        }
        const known = readRecord(shared.view, out);
        if (isOfStore(known) && !isAsKnown(status, known)) others.push(known);
        continue;
      }
      if (foreign.has(status.name)) continue;
      const id = executor.takeId();
      const fields = inodeOf(status, { directory, id, name, owner, executor });
      ring.entry.putFields(fields, PUT_NEW);
      if (status.type === 'directory') directories.push({ name: status.name, id });
      added++;
    }
    this.#result = { added, directories, others };
    return added;
  }

  /** Parks if the name may have left the directory so recently that tier 2 does not know yet. */
  #exists(executor: Executor, at: number, bytes: number, out: number): boolean {
    const { kernel, reader, walkB } = executor;
    const { directoryId } = this.#options;
    const status = kernel.lookup(directoryId, at, bytes, out, walkB.at);
    if (status === LookupStatus.FOUND) return true;
    if (status === LookupStatus.MISS) return reader.lookup(directoryId, at, bytes, out, walkB.at);
    if (kernel.dirtySeq(directoryId) > executor.flushedSeq) {
      if (++this.#flushWaits > FLUSH_WAITS_MAX) throw tooBusy(this);
      executor.awaitTier2(directoryId);
    }
    return false;
  }

  /** Names stand one behind the other where requests do; nothing else uses that here. */
  #placeNames(executor: Executor): void {
    let at = executor.base + EXECUTOR.REQUEST;
    for (const name of this.#names) {
      executor.shared.u8.set(name, at);
      at += name.length;
    }
  }

  *#placedNames(executor: Executor): Iterable<{ at: number; bytes: number }> {
    let at = executor.base + EXECUTOR.REQUEST;
    for (const { length: bytes } of this.#names) {
      yield { at, bytes };
      at += bytes;
    }
  }
}

type Owners = { readonly owner: number; readonly group: number };

export function ownersOf(executor: Executor, status: UfsStatus): Owners {
  const { superuser, supergroup } = executor.options;
  return {
    owner: executor.intern(status.owner ?? superuser),
    group: executor.intern(status.group ?? supergroup),
  };
}

export function inodeOf(
  status: UfsStatus,
  at: {
    readonly directory: Pick<RecordFields, 'id' | 'mountId' | 'flags'>;
    readonly id: number;
    readonly name: Uint8Array;
    readonly owner: Owners;
    readonly executor: Executor;
  },
): RecordFields {
  const file = status.type === 'file';
  const now = Date.now();
  const pinned = at.directory.flags & R.FLAG_PINNED;
  return {
    seq: 0,
    parentId: at.directory.id,
    id: at.id,
    length: file ? status.length : 0,
    mtimeMs: status.mtimeMs ?? now,
    // A time to live counts from when the inode was added to the namespace.
    ctimeMs: now,
    ttlMs: -1,
    blockSize: file ? BLOCK_BYTES_DEFAULT : 0,
    mode: status.mode ?? (file ? FILE_MODE : DIRECTORY_MODE) & ~at.executor.options.umask,
    type: file ? R.INODE_TYPE_FILE : R.INODE_TYPE_DIRECTORY,
    flags: R.FLAG_COMPLETED | R.FLAG_PERSISTED | pinned,
    ...at.owner,
    mountId: at.directory.mountId,
    replicationMin: 0,
    replicationMax: -1,
    fingerprint: fingerprint(status),
    name: at.name,
  };
}

function moved(batch: LoadBatch): StatusError {
  const path = batch.describe();
  return new StatusError(Code.NOT_FOUND, `"${path}" was moved while it was being loaded.`, {
    path,
    hint: 'Load it again under its new name.',
  });
}

function tooBusy(batch: LoadBatch): StatusError {
  const path = batch.describe();
  return new StatusError(Code.UNAVAILABLE, `"${path}" changes too fast to be loaded.`, {
    path,
    hint: 'Try again when fewer files are being renamed or deleted there.',
  });
}
