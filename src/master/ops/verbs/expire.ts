/**
 * What the ttl checker does with expired inodes besides deleting them. Those in the trash go to
 * reclaim. Those with the action FREE lose their ttl. Outdated rows of the expiry index are
 * removed. Each step checks again under its locks.
 */

import type { StatusError } from '../../../base/status.js';
import { Mutation, type Sink } from '../../executor/call.js';
import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import type { LockList } from '../../lock/lock-list.js';
import { Side } from '../../lock/lock-table.js';
import { SIDE_EXPIRY_DONE } from '../../memory/entry-format.js';
import { expiryOf } from '../../memory/expiry.js';
import { EXECUTOR } from '../../memory/layout.js';
import { Op } from '../../memory/op-codes.js';
import * as R from '../../memory/record.js';
import type { RecordFields } from '../../memory/record-fields.js';
import { type Expiry, expiryKey } from '../../storage/expiry-index.js';
import { lookupByKey } from '../mechanism/key-lookup.js';
import { putIntoReclaim } from '../mechanism/remove-inode.js';

/** The row of the expiry index, and the key of the inode; undefined: it was not found. */
export type FoundExpiry = Expiry & {
  readonly at: { readonly parentId: number; readonly name: Uint8Array } | undefined;
};

abstract class ExpiryCall extends Mutation {
  readonly #sink: Sink;

  constructor(caller: Caller, sink: Sink) {
    super(caller, 0);
    this.#sink = sink;
  }

  override complete(_executor: Executor, _entry: number, seq: number): void {
    this.#sink.empty(seq);
  }

  protected repeat(_executor: Executor, _inodeId: number, seq: number): void {
    this.#sink.empty(seq);
  }

  fail(error: StatusError): void {
    this.#sink.fail(error);
  }

  /** Nothing is left to do. */
  protected pass(): false {
    this.#sink.empty(0);
    return false;
  }
}

/**
 * From the trash to reclaim.
 * Locks:   WRITE of the edge of the live name, as undelete and delete take it; WRITE of RECLAIM_ID.
 * Entries: one: REMOVE, PUT.
 */
export class ExpireTrash extends ExpiryCall {
  readonly name = 'expireTrash';
  protected readonly op = Op.RECLAIM;
  readonly #inode: RecordFields;

  constructor(caller: Caller, inode: RecordFields, sink: Sink) {
    super(caller, sink);
    this.#inode = inode;
  }

  protected plan(executor: Executor, locks: LockList): void {
    const { kernel, shared, base, locks: table } = executor;
    const { parentId, name } = this.#inode;
    const at = base + EXECUTOR.REQUEST;
    const hash = base + EXECUTOR.KEY;
    shared.u8.set(name, at);
    kernel.hashKey(parentId - R.TRASH_BIT, at, name.length, hash);
    locks.add(table.edgeStripe(shared.view.getUint32(hash, true), Side.LEAF), true);
    locks.add(table.inodeStripe(R.RECLAIM_ID, Side.DIRECTORY), true);
  }

  protected execute(executor: Executor): boolean {
    const { id, parentId, name, ttlMs } = this.#inode;
    const now = lookupByKey(executor, parentId, name);
    if (now === undefined || now.id !== id || now.ttlMs !== ttlMs) return this.pass();
    executor.ring.entry.remove(parentId, id, name, 0);
    putIntoReclaim(executor, now);
    return true;
  }

  describe(): string {
    return `inode ${this.#inode.id}`;
  }
}

/**
 * The ttl goes, the inode stays: its copies in caches are free to go.
 * Locks:   WRITE of the inode.
 * Entries: one: PUT.
 */
export class ExpireFree extends ExpiryCall {
  readonly name = 'expireFree';
  protected readonly op = Op.SET_ATTRIBUTE;
  readonly #inode: RecordFields;

  constructor(caller: Caller, inode: RecordFields, sink: Sink) {
    super(caller, sink);
    this.#inode = inode;
  }

  protected plan(executor: Executor, locks: LockList): void {
    const { id, parentId, name } = this.#inode;
    const { kernel, shared, base, locks: table } = executor;
    const at = base + EXECUTOR.REQUEST;
    const hash = base + EXECUTOR.KEY;
    shared.u8.set(name, at);
    // A call that moves the inode locks its edge; one that changes it locks the inode.
    kernel.hashKey(parentId, at, name.length, hash);
    const side = this.#inode.type === R.INODE_TYPE_DIRECTORY ? Side.DIRECTORY : Side.LEAF;
    locks.add(table.edgeStripe(shared.view.getUint32(hash, true), side), false);
    locks.add(table.inodeStripe(parentId, Side.DIRECTORY), false);
    locks.add(table.inodeStripe(id, side), true);
  }

  protected execute(executor: Executor): boolean {
    const { id, parentId, name } = this.#inode;
    const now = lookupByKey(executor, parentId, name);
    const isDue = now?.id === id && expiryOf(now) === expiryOf(this.#inode);
    if (!isDue || (now.flags & R.FLAG_TTL_FREE) === 0) return this.pass();
    const flags = now.flags & ~(R.FLAG_TTL_FREE | R.FLAG_TTL_DELETE_ALLUXIO);
    executor.ring.entry.putFields({ ...now, flags, ttlMs: -1 });
    return true;
  }

  describe(): string {
    return `inode ${this.#inode.id}`;
  }
}

/** Rows of one entry. */
export const FORGET_BATCH = 1000;
const ROW_ROOM = 48;

/**
 * Rows of the expiry index go whose inode is gone, or expires at another time by now (which has a
 * row of its own).
 * Locks:   READ of each inode, so that nobody gives it that time again meanwhile.
 * Entries: one: SIDE of each row.
 */
export class ForgetExpiries extends ExpiryCall {
  readonly name = 'forgetExpiries';
  protected readonly op = Op.FORGET;
  protected override room: number;
  readonly #rows: readonly FoundExpiry[];

  constructor(caller: Caller, rows: readonly FoundExpiry[], sink: Sink) {
    super(caller, sink);
    this.#rows = rows;
    this.room = 1024 + rows.length * ROW_ROOM;
  }

  protected plan(executor: Executor, locks: LockList): void {
    for (const { id } of this.#rows) {
      // Both kinds: the row does not tell the type.
      locks.add(executor.locks.inodeStripe(id, Side.LEAF), false);
      locks.add(executor.locks.inodeStripe(id, Side.DIRECTORY), false);
    }
  }

  protected execute(executor: Executor): boolean {
    let changed = false;
    for (const { expiryMs, id, at } of this.#rows) {
      const inode = at && lookupByKey(executor, at.parentId, at.name);
      if (inode?.id === id && expiryOf(inode) === expiryMs) continue;
      executor.ring.entry.side(SIDE_EXPIRY_DONE, expiryKey({ expiryMs, id }), null);
      changed = true;
    }
    return changed || this.pass();
  }

  describe(): string {
    return `${this.#rows.length} rows`;
  }
}
