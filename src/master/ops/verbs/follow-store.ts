/**
 * FollowStore: an inode takes the state of its store: other content, another type, or nothing. Not
 * a call of users: background work submits it after it asked the store, with the state of the inode
 * that it read *before* it asked. If the inode changed meanwhile, above all by a write through the
 * master, the answer is outdated. Then nothing changes, which is success.
 *
 * New content is a new inode, as in Alluxio, so nothing kept by the old id is mistaken for it.
 * Attributes that users gave the file (mode, owner, xattrs, pin, ttl) stay. A directory must be
 * empty.
 *
 * Locks:   WRITE_EDGE: waits for every operation below a directory.
 * Entries: one: REMOVE (of a directory also PUT for reclaim), PUT of the new inode, PARENT.
 */

import { fingerprint, type UfsStatus } from '../../../stores/ufs.js';
import type { Sink } from '../../executor/call.js';
import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import type { LockList } from '../../lock/lock-list.js';
import { PUT_NEW, SIDE_XATTR } from '../../memory/entry-format.js';
import { Op } from '../../memory/op-codes.js';
import * as R from '../../memory/record.js';
import { type RecordFields, readRecord } from '../../memory/record-fields.js';
import { encodeXAttrs, idKey } from '../../memory/xattrs.js';
import { lockWriteEdge } from '../../path/lock-pattern.js';
import { PathMutation, touchDirectory } from '../mechanism/path-mutation.js';
import { putIntoReclaim, removeForGood } from '../mechanism/remove-inode.js';
import { inodeOf, ownersOf } from './load-batch.js';
import { isOfStore } from './of-store.js';
import { readXAttrs } from './set-attribute.js';

/** Of an entry without xattrs, and of all that an inode can have. */
const ROOM = 80 * 1024;

export type FollowStoreOptions = {
  readonly path: Uint8Array;
  /** The state that the store was asked about. */
  readonly known: Pick<RecordFields, 'id' | 'seq'>;
  /** What it has now. */
  readonly status: UfsStatus | undefined;
};

export class FollowStore extends PathMutation {
  readonly name = 'load';
  protected readonly op: number;
  protected override room = ROOM;
  readonly #options: FollowStoreOptions;

  constructor(caller: Caller, options: FollowStoreOptions, sink: Sink) {
    super(caller, 0, options.path, sink);
    this.#options = options;
    // The path must have the old inode or the new one at every moment.
    this.op = options.status === undefined ? Op.LOAD : Op.REPLACE_FILE;
  }

  protected plan(executor: Executor, locks: LockList): void {
    const { walkA } = executor;
    executor.resolve(walkA, this.path);
    lockWriteEdge(walkA, executor.locks, locks);
  }

  protected execute(executor: Executor): boolean {
    const { walkA: walk, ring, shared } = executor;
    const { known, status } = this.#options;
    const parent = walk.depth - 1;
    const old = walk.found && parent >= 0 ? readRecord(shared.view, walk.record) : undefined;
    const isIt = old?.id === known.id && old.seq === known.seq && isOfStore(old);
    if (!isIt || (isDirectory(old) && old.length > 0)) {
      this.sink.empty(0);
      return false;
    }
    const xattrs = this.#xattrsOf(executor, old);
    const next = status && this.#inode(executor, old, status);
    if (isDirectory(old)) ring.entry.remove(old.parentId, old.id, old.name, 0);
    else removeForGood(executor, old);
    if (next !== undefined) {
      ring.entry.putFields(next, PUT_NEW);
      if (xattrs !== undefined) ring.entry.side(SIDE_XATTR, idKey(next.id), xattrs);
    }
    // The reclaimer handles what hangs below its id, such as its trash.
    if (isDirectory(old)) putIntoReclaim(executor, old);
    const now = Date.now();
    touchDirectory(executor, walk, parent, { now, delta: next === undefined ? -1 : 0 });
    return true;
  }

  #inode(executor: Executor, old: RecordFields, status: UfsStatus): RecordFields {
    const id = executor.takeId();
    if (!isDirectory(old) && status.type === 'file') {
      const { length, mtimeMs } = status;
      const now = Date.now();
      return {
        ...old,
        seq: 0,
        id,
        length,
        mtimeMs: mtimeMs ?? now,
        ctimeMs: now,
        fingerprint: fingerprint(status),
      };
    }
    const directory = { id: old.parentId, mountId: old.mountId, flags: old.flags };
    const owner = ownersOf(executor, status);
    return inodeOf(status, { directory, id, name: old.name, owner, executor });
  }

  /** The attributes of a file that stays a file. */
  #xattrsOf(executor: Executor, old: RecordFields): Uint8Array | undefined {
    const stays = !isDirectory(old) && this.#options.status?.type === 'file';
    if (!stays || (old.flags & R.FLAG_HAS_XATTR) === 0) return undefined;
    return encodeXAttrs(readXAttrs(executor, old.id));
  }
}

const isDirectory = ({ type }: RecordFields): boolean => type === R.INODE_TYPE_DIRECTORY;
