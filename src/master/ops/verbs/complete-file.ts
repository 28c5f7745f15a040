/**
 * completeFile: ends the writing of a file and fixes its length. As Alluxio: a directory or a
 * missing path is NOT_FOUND, a complete file ALREADY_EXISTS. Whoever created the file may complete
 * it whatever mode it was given; others need WRITE. With `over` a complete file gets a new content.
 * When the store has the data, the file and the directories above it, up to the mount point, become
 * persisted.
 * Locks:   WRITE_INODE on the file; also on ancestors that become persisted.
 * Entries: one: PUT of each inode that changes; SIDE of the origin if the data is elsewhere.
 */

import { Code, StatusError } from '../../../base/status.js';
import type { Sink } from '../../executor/call.js';
import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import type { LockList } from '../../lock/lock-list.js';
import { Side } from '../../lock/lock-table.js';
import { SIDE_ORIGIN, SIDE_ORIGIN_BACK } from '../../memory/entry-format.js';
import { Bits } from '../../memory/kernel-constants.js';
import { Op } from '../../memory/op-codes.js';
import * as R from '../../memory/record.js';
import { readRecord } from '../../memory/record-fields.js';
import { idKey } from '../../memory/xattrs.js';
import { encodeOrigin, type Origin, originKey } from '../../mount/store-path.js';
import { lockWriteInode } from '../../path/lock-pattern.js';
import type { PathWalk } from '../../path/path-walk.js';
import { checkBits, checkWay, checkWritableMount } from '../mechanism/access.js';
import { alreadyExists, invalid } from '../mechanism/failures.js';
import { FirstAnswer } from '../mechanism/first-answer.js';
import { PathMutation } from '../mechanism/path-mutation.js';

export type CompleteFileOptions = {
  readonly path: Uint8Array;
  /** Length of the file in bytes. */
  readonly length: number;
  /** Any time, also before 1970; undefined: now. */
  readonly mtimeMs: number | undefined;
  /** Fingerprint of the object in the store; 0 = none. */
  readonly fingerprint: number;
  /** The store has the data. */
  readonly persisted: boolean;
  /** Only this inode: it may have been replaced since it was created. */
  readonly inodeId?: number;
  /** A complete file of this fingerprint gets a new content; others are refused as ever. */
  readonly over?: number;
  /** The place of the data in the store, when that is not the file's path. */
  readonly origin?: Origin;
};

export class CompleteFile extends PathMutation {
  readonly name = 'completeFile';
  protected readonly op = Op.COMPLETE_FILE;
  protected override room = 128 * 1024;
  readonly #options: CompleteFileOptions;
  #first: FirstAnswer | undefined;

  constructor(caller: Caller, callId: number, options: CompleteFileOptions, sink: Sink) {
    super(caller, callId, options.path, sink);
    this.#options = options;
  }

  protected plan(executor: Executor, locks: LockList): void {
    const { walkA } = executor;
    executor.resolve(walkA, this.path);
    checkWay(executor, this.caller, walkA);
    lockWriteInode(walkA, executor.locks, locks);
    if (!this.#options.persisted || !walkA.found) return;
    for (const node of unpersisted(walkA)) {
      locks.add(executor.locks.inodeStripe(walkA.id(node), Side.DIRECTORY), true);
    }
  }

  protected execute(executor: Executor): boolean {
    const walk = executor.walkA;
    const { depth } = walk;
    const { length, inodeId } = this.#options;
    const path = walk.text();
    if (!walk.found || !walk.isFile(depth) || (inodeId ?? walk.id(depth)) !== walk.id(depth)) {
      throw new StatusError(Code.NOT_FOUND, `Path "${path}" must be a file.`, {
        path,
        hint: 'Create the file first.',
      });
    }
    if (!(length >= 0)) {
      throw invalid(path, `Invalid length ${length}`, 'Give the number of bytes written.');
    }
    this.#checkAccess(executor, walk);
    if ((walk.flags(depth) & R.FLAG_COMPLETED) !== 0) this.#requireOver(executor, walk);
    this.#write(executor, walk);
    return true;
  }

  #requireOver(executor: Executor, walk: PathWalk): void {
    const path = walk.text();
    const { over } = this.#options;
    if (over === undefined) {
      const reason = `File "${path}" has already been completed.`;
      throw alreadyExists(walk, reason, 'Overwrite it by creating it anew.');
    }
    if (readRecord(executor.shared.view, walk.record).fingerprint === over) return;
    throw new StatusError(Code.ABORTED, `"${path}" has another content by now.`, {
      path,
      hint: 'Read it again, and write over that.',
    });
  }

  protected override repeat(executor: Executor, inodeId: number, seq: number): void {
    this.#first ??= new FirstAnswer();
    this.#first.give(executor, this.sink, { inodeId, seq, type: R.INODE_TYPE_FILE });
  }

  #checkAccess(executor: Executor, walk: PathWalk): void {
    const { depth } = walk;
    checkWritableMount(executor, walk, depth);
    const writing = (walk.flags(depth) & R.FLAG_COMPLETED) === 0;
    const owner = walk.owner(depth) === executor.strings.idOf(this.caller.user);
    if (!(writing && owner)) checkBits(executor, this.caller, walk, depth, Bits.WRITE);
  }

  #write(executor: Executor, walk: PathWalk): void {
    const { shared, ring } = executor;
    const { length, mtimeMs, fingerprint, persisted, origin } = this.#options;
    const fields = readRecord(shared.view, walk.record);
    let flags = fields.flags | R.FLAG_COMPLETED | (persisted ? R.FLAG_PERSISTED : 0);
    if (origin !== undefined) {
      flags |= R.FLAG_HAS_ORIGIN;
      const id = idKey(fields.id);
      ring.entry.side(SIDE_ORIGIN, id, encodeOrigin(origin));
      ring.entry.side(SIDE_ORIGIN_BACK, originKey(origin.mountId, origin.path), id);
    }
    // The first of all PUTs, because the retry window remembers its id.
    this.recordAt = ring.entry.putFields({
      ...fields,
      flags,
      length,
      fingerprint,
      mtimeMs: mtimeMs ?? Date.now(),
    });
    const ancestors = persisted ? unpersisted(walk) : [];
    for (const node of ancestors) this.#persistAncestor(executor, walk, node);
  }

  #persistAncestor(executor: Executor, walk: PathWalk, node: number): void {
    const out = executor.walkB.record;
    const { reader, shared, walkB } = executor;
    const at = walk.nameAt(node);
    const bytes = walk.nameBytes(node);
    if (!reader.lookup(walk.parentId(node), at, bytes, out, walkB.at)) return;
    const fields = readRecord(shared.view, out);
    executor.ring.entry.putFields({ ...fields, flags: fields.flags | R.FLAG_PERSISTED });
  }
}

/** Directories between the mount point and the last node that the store does not have yet. */
function unpersisted(walk: PathWalk): number[] {
  const nodes: number[] = [];
  for (let node = walk.depth - 1; node > 0; node--) {
    const flags = walk.flags(node);
    if ((flags & (R.FLAG_MOUNT_POINT | R.FLAG_PERSISTED)) !== 0) break;
    nodes.push(node);
  }
  return nodes;
}
