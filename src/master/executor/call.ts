/**
 * One call in progress: a read, or a mutation on its way to the journal.
 *
 * Mutation, one attempt:
 *
 *   plan ─▶ lock all ─▶ plan again ─▶ retried call? ─▶ execute (entry into the ring) ─▶ committing
 *             │            │ path moved: anew with the new locks
 *             └ taken: park, nothing held
 *
 * The first plan runs without locks, so what it saw may be gone: only the second one, under the
 * locks, is what execute() builds upon. Locks stay held until the entry is durable and applied.
 *
 * A read-only master refuses every mutation here, before it plans.
 *
 * Invariant: an attempt that throws holds nothing and has published nothing: so whatever it throws,
 *   a bug too, costs this call only.
 */

import { assert, SharedStateError } from '../../base/assert.js';
import { StatusError } from '../../base/status.js';
import { readU64 } from '../../base/word64.js';
import { LockList } from '../lock/lock-list.js';
import { NO_TICKET, STOPPED_BY_NONE } from '../lock/lock-table.js';
import { ENTRY_SEQ } from '../memory/entry-format.js';
import { EXECUTOR, RETRY } from '../memory/layout.js';
import { sometimes } from '../memory/rare-paths.js';
import type { CallIdentity } from './call-identity.js';
import type { Caller } from './caller.js';
import type { Executor } from './executor.js';
import { Park } from './park.js';
import { isReadOnly, readOnlyRefusal } from './read-only.js';
import { retryKeyOf } from './retry-key.js';
import type { Holder } from './turn-checks.js';

/** Receives a call's outcome. Exactly one of its methods is called, once. */
export interface Sink {
  /** A FileInfo of the record at a byte offset of shared memory; read at once. */
  info(executor: Executor, record: number, seq: number): void;
  /** Success with nothing to report but the seq of the change (0: nothing changed). */
  empty(seq: number): void;
  fail(error: StatusError): void;
}

export abstract class Call {
  /** Its name in `admin locks` and in the logs. */
  abstract readonly name: string;
  readonly caller: Caller;
  /** With caller.clientId, identifies the call across repeats; 0 = never repeated. */
  readonly callId: number;
  /** performance.now() after which the client no longer waits; Infinity = never. */
  deadline = Number.POSITIVE_INFINITY;
  /** performance.now() when it was parked first; 0 = never. */
  parkedAt = 0;
  /** Smaller than that of every call of this executor that parked later. */
  parkedOrder = 0;
  /** Of the request that it is a part of, where that is another one's or has another number. */
  partOf: CallIdentity | undefined;
  /** The client gave it up: it ends at its next attempt. */
  cancelled = false;

  constructor(caller: Caller, callId: number) {
    this.caller = caller;
    this.callId = callId;
  }

  /** What its client sends again, with this identity, when nobody answers. */
  get identity(): CallIdentity {
    return this.partOf ?? { clientId: this.caller.clientId, callId: this.callId };
  }

  /** True: answered. False: committing. Throws StatusError, or Park. */
  abstract attempt(executor: Executor): boolean;
  abstract fail(error: StatusError): void;
  /** The text that stands for the call in reports. */
  abstract describe(): string;
}

const REPLANS_MAX = 4;
const scratch = new LockList(64);
const free: LockList[] = [];

export abstract class Mutation extends Call implements Holder {
  /** Bytes that the entry may need. */
  protected room = 4096;
  /** The kind of its journal entry (Op of ops/op-codes.ts). */
  protected abstract readonly op: number;
  ticket = NO_TICKET;
  /** LockTable.stoppedBy of its last try, while it waits for locks. */
  stoppedBy = STOPPED_BY_NONE;
  /** Position of the entry in the ring, while committing. */
  position = 0;
  locks: LockList | undefined;
  /** performance.now() when the locks were taken. */
  lockedAt = 0;

  /** Resolves the path(s) and adds the locks that the operation needs. */
  protected abstract plan(executor: Executor, locks: LockList): void;
  /** Checks, and writes the entry; false = nothing to change, and already answered. */
  protected abstract execute(executor: Executor): boolean;
  /** The entry at byte offset `entry` is durable and applied: answer. */
  abstract complete(executor: Executor, entry: number, seq: number): void;
  /** The same call was applied before, at `seq`, and made or changed inode `inodeId`. */
  protected abstract repeat(executor: Executor, inodeId: number, seq: number): void;

  /**
   * What refuses a call that was applied before may be its own doing, or came after it: the first
   * answer stands. A call that was refused changed nothing, so its repeat is judged anew.
   */
  override attempt(executor: Executor): boolean {
    try {
      return this.#attempt(executor);
    } catch (error) {
      if (!(error instanceof StatusError) || !this.#isRepeated(executor)) throw error;
      if (this.locks !== undefined && this.ticket !== NO_TICKET) {
        executor.locks.abandon(this.locks, this.ticket);
      }
      this.dropPlan();
      return true;
    }
  }

  #attempt(executor: Executor): boolean {
    if (isReadOnly(executor.shared)) throw readOnlyRefusal(this.describe());
    executor.setCaller(this.caller);
    const locks = this.#plan(executor);
    for (let replans = 0; replans < REPLANS_MAX; replans++) {
      if (!executor.locks.tryAcquire(locks, this.ticket)) throw Park.lock;
      let published = false;
      try {
        this.#planInto(executor, scratch);
        if (scratch.equals(locks)) {
          published = this.#commit(executor);
          if (!published) this.giveLocksBack(executor);
          return !published;
        }
      } catch (error) {
        if (!published) this.giveLocksBack(executor);
        throw error;
      }
      executor.locks.release(locks);
      sometimes(executor.shared, executor.index, 'plannedAgain');
      locks.copyFrom(scratch);
    }
    throw Park.lock;
  }

  /** After the entry is durable and applied: releases locks and ring space, and answers. */
  finish(executor: Executor): void {
    this.giveLocksBack(executor);
    const entry = executor.ring.offsetOf(this.position);
    try {
      this.complete(executor, entry, readU64(executor.shared.view, entry + ENTRY_SEQ));
    } finally {
      executor.ring.free(this.position);
    }
  }

  /** Releases the locks and forgets them: the next attempt plans again. */
  giveLocksBack(executor: Executor): void {
    if (this.locks === undefined) return;
    try {
      executor.locks.release(this.locks);
    } catch (error) {
      throw new SharedStateError('locks that were taken can be given back', error);
    }
    this.dropPlan();
  }

  *lockWords(): Iterable<number> {
    const { locks } = this;
    assert(locks !== undefined, 'a call that commits holds its locks');
    for (let i = 0; i < locks.count; i++) yield locks.stripe(i) * 2 + (locks.isWrite(i) ? 1 : 0);
  }

  /** Forgets a lock list that is not held. */
  dropPlan(): void {
    if (this.locks !== undefined) free.push(this.locks);
    this.locks = undefined;
  }

  /**
   * What to lock as things are now. A call that was parked may need other locks since: a create
   * that waited for its directory would go on wanting to write an edge that exists by now, and
   * stop all that read it.
   */
  #plan(executor: Executor): LockList {
    const before = this.locks;
    if (before === undefined) {
      this.locks = free.pop() ?? new LockList();
      this.#planInto(executor, this.locks);
      return this.locks;
    }
    let same = false;
    try {
      this.#planInto(executor, scratch);
      same = scratch.equals(before);
    } finally {
      // Also when planning parks or fails: its marks must not block others for ever.
      if (!same && this.ticket !== NO_TICKET) executor.locks.abandon(before, this.ticket);
    }
    if (!same) before.copyFrom(scratch);
    return before;
  }

  #planInto(executor: Executor, list: LockList): void {
    list.clear();
    this.plan(executor, list);
    list.seal();
  }

  /** True: the call was applied before, and has been answered again. */
  #isRepeated(executor: Executor): boolean {
    const key = retryKeyOf(executor.callerKey, this.name);
    if (key === 0 || this.callId === 0) return false;
    const out = executor.base + EXECUTOR.RECORD;
    if (executor.kernel.retryFind(key, this.callId, out) === 0) return false;
    sometimes(executor.shared, executor.index, 'answeredAgain');
    const view = executor.shared.view;
    this.repeat(executor, readU64(view, out + RETRY.INODE_ID), readU64(view, out + RETRY.SEQ));
    return true;
  }

  /** Under the locks. True when an entry was published. */
  #commit(executor: Executor): boolean {
    assert(this.locks !== undefined, 'an entry is written under locks');
    if (this.#isRepeated(executor)) return false;
    const key = retryKeyOf(executor.callerKey, this.name);
    const begun = executor.ring.begin(Date.now(), key, this.callId, this.op, this.room);
    if (!begun) throw Park.ring;
    if (!this.execute(executor)) return false;
    this.position = executor.ring.publish();
    this.lockedAt = performance.now();
    return true;
  }
}
