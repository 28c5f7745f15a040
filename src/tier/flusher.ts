/**
 * Carries dirty slots from tier 1 to tier 2: closes an epoch (by asking the writer), writes its
 * slots sorted by key in durable transactions, marks them clean, trims the journal. Floor 3;
 * blocks its thread, which does nothing else.
 *
 *   interval, many dirty slots, or somebody waits
 *     ─▶ CLOSE_WANTED ─▶ the writer closes ─▶ chunks: copy, sort, put, commit, mark clean
 *     ─▶ side records and state in the last commit ─▶ FLUSHED_SEQ ─▶ wake waiters, trim
 *
 * Slots are copied as they are now, which may be ahead of the epoch: replay from appliedSeq heals
 * that (entries are absolute, deltas guarded by seq), and nothing of the epoch is missing.
 *
 * Invariant: TIER2_VERSION moves after a commit and before its slots become evictable, so a reader
 *   that no longer finds a slot in tier 1 knows that it must renew its snapshot.
 * Invariant: the journal is trimmed only up to the appliedSeq of a durable commit.
 */
import { SIDE_EXPIRY_DONE } from '../base/entry-format.js';
import { CONTROL, CONTROL_BASE, DROPPED_LIST_BYTES, SLOT } from '../base/layout.js';
import {
  RECORD_CTIME,
  RECORD_ID,
  RECORD_PARENT_ID,
  RECORD_TTL,
  TRASH_BIT,
} from '../base/record.js';
import { ReadOnly, State } from '../base/state.js';
import { readI64, readU64 } from '../base/word64.js';
import type { KernelExports } from '../kernel/exports.js';
import type { SharedMemory } from '../kernel/shared-memory.js';
import { type ExpiryChange, expiryOfKey, isSameExpiryRow } from '../storage/expiry-index.js';
import { type IdChange, isSameIdRow } from '../storage/id-index.js';
import { InodeWriter } from '../storage/inode-writer.js';
import { sideKey, type Tier2 } from '../storage/tier2.js';
import { FlushRows } from './flush-rows.js';
import { RetryWindow } from './retry-window.js';
import { readSideRing, releaseSideRing } from './side-ring.js';

/** Rows of one transaction: see #putAll. */
const COMMIT_ROWS_MAX = 16_384;
/** Between two tries on a full disk. */
const ROOM_LOOK_MS = 500;

export type FlusherOptions = {
  readonly shared: SharedMemory;
  readonly kernel: KernelExports;
  readonly tier2: Tier2;
  readonly slotsMax: number;
};

export class Flusher {
  readonly #options: FlusherOptions;
  readonly #retryWindow: RetryWindow;
  readonly #inodes: InodeWriter;
  /** Expiries that this epoch has put and that are over already. */
  readonly #duePut = new Set<string>();

  constructor(options: FlusherOptions) {
    this.#options = options;
    this.#retryWindow = new RetryWindow(options.shared, options.kernel, options.tier2);
    this.#inodes = new InodeWriter(options.tier2);
  }

  /** True when an epoch is closed and not flushed. */
  get pending(): boolean {
    const { shared } = this.#options;
    return shared.load(CONTROL.EPOCH_FLUSHED) !== (shared.load(CONTROL.EPOCH) - 1) >>> 0;
  }

  /** Changes of the open epoch, in slots. */
  get dirtyCount(): number {
    const { shared } = this.#options;
    return shared.load(CONTROL.DIRTY_COUNT + (shared.load(CONTROL.EPOCH) & 1) * 4);
  }

  /** Flushes the closed epoch; durable and visible to readers when it returns. */
  flush(): void {
    const { shared, kernel, slotsMax } = this.#options;
    const began = performance.now();
    const epoch = shared.load(CONTROL.EPOCH_FLUSHED) + 1;
    const count = shared.load(CONTROL.DIRTY_COUNT + (epoch & 1) * 4);
    for (let from = 0; from < count; ) {
      const taken = kernel.copyDirty(epoch, from, Math.min(slotsMax, count - from));
      this.#putAll(taken);
      shared.add(CONTROL.TIER2_VERSION, 1);
      kernel.markClean(taken);
      from += taken;
    }
    const seq = kernel.load64(CONTROL_BASE + CONTROL.CLOSED_SEQ);
    const undo = (): void => this.#retryWindow.undo();
    this.#transact(() => this.#finishEpoch(epoch, seq), undo);
    shared.add(CONTROL.TIER2_VERSION, 1);
    releaseSideRing(shared, shared.load(CONTROL.CLOSED_SIDE));
    this.#duePut.clear();
    kernel.dropEpoch(epoch);
    kernel.store64(CONTROL_BASE + CONTROL.FLUSHED_SEQ, seq);
    kernel.add64(CONTROL_BASE + CONTROL.STAT_FLUSHES, 1);
    kernel.add64(CONTROL_BASE + CONTROL.STAT_FLUSHED_SLOTS, count);
    kernel.add64(
      CONTROL_BASE + CONTROL.STAT_FLUSH_NS,
      Math.round((performance.now() - began) * 1e6),
    );
    // Last: the writer may close the next epoch from here on.
    shared.store(CONTROL.EPOCH_FLUSHED, epoch);
    Atomics.notify(shared.i32, (CONTROL_BASE + CONTROL.EPOCH_FLUSHED) >> 2);
  }

  /**
   * One durable transaction. On a full disk it is aborted, mutations are refused, and it is tried
   * again until there is room: nothing is lost, since the journal keeps what is not flushed.
   * `undo` takes back what `write` has noted for itself.
   */
  #transact(write: () => void, undo?: () => void): void {
    const { shared, tier2 } = this.#options;
    for (;;) {
      try {
        tier2.transact(write);
        break;
      } catch (error) {
        undo?.();
        if (!tier2.isDiskFull(error) || shared.load(CONTROL.STATE) === State.FAILED) throw error;
        shared.putBits(CONTROL.READ_ONLY, ReadOnly.TIER2, true);
        const bell = (CONTROL_BASE + CONTROL.FLUSHER_BELL) >> 2;
        Atomics.wait(shared.i32, bell, Atomics.load(shared.i32, bell), ROOM_LOOK_MS);
      }
    }
    shared.putBits(CONTROL.READ_ONLY, ReadOnly.TIER2, false);
  }

  /**
   * Puts the rows that copyDirty() left in the arena, sorted by key, in several transactions: each
   * has its own part of the pages. LMDB keeps the pages that a transaction has changed in a sorted
   * array, and gives free ones out from the highest number down, so its cost grows with their
   * square.
   */
  #putAll(count: number): void {
    const { shared, tier2 } = this.#options;
    if (count === 0) return;
    const rows = new FlushRows(shared, count);
    this.#inodes.open(rows.bytes);
    for (let first = 0; first < count; first += COMMIT_ROWS_MAX) {
      const last = Math.min(first + COMMIT_ROWS_MAX, count);
      this.#transact(() => this.#putRows(rows, first, last));
    }
    const { ids, expiries } = this.#indexChanges(rows);
    this.#inParts(ids, isSameIdRow, (part) => tier2.ids.write(part));
    this.#inParts(expiries, isSameExpiryRow, (part) => tier2.expiries.write(part));
  }

  /** In transactions of so many rows each; changes of one row mostly stand together. */
  #inParts<T>(
    changes: readonly T[],
    isSameRow: (a: T, b: T) => boolean,
    write: (part: T[]) => void,
  ): void {
    for (let first = 0; first < changes.length; ) {
      let last = first + 1;
      for (let rows = 1; last < changes.length; last++) {
        if (!isSameRow(changes[last - 1]!, changes[last]!) && ++rows > COMMIT_ROWS_MAX) break;
      }
      const part = changes.slice(first, last);
      this.#transact(() => write(part));
      first = last;
    }
  }

  /** Rows `first` … `last` - 1; inside a transaction. */
  #putRows(rows: FlushRows, first: number, last: number): void {
    const inodes = this.#inodes;
    for (let row = first; row < last; row++) {
      const valueBytes = rows.valueBytes(row);
      if (valueBytes === 0) inodes.remove(rows.keyAt(row), rows.keyBytes(row));
      else inodes.put(rows.keyAt(row), rows.keyBytes(row), valueBytes);
    }
  }

  /** Of the rows that hold an inode, by rising id. */
  #indexChanges(rows: FlushRows): {
    readonly ids: IdChange[];
    readonly expiries: ExpiryChange[];
  } {
    const { kernel, shared } = this.#options;
    const order = kernel.orderByIds(rows.count);
    const expiries: ExpiryChange[] = [];
    const ids = Array.from({ length: shared.view.getUint32(order, true) }, (_, i) => {
      const row = shared.view.getUint32(order + 4 * (i + 1), true);
      const expiry = rows.hasTtl(row) && this.#expiryAt(rows.slotAt(row) + SLOT.RECORD);
      if (expiry) expiries.push(expiry);
      return { id: rows.id(row), key: rows.key(row) };
    });
    return { ids, expiries };
  }

  /** A hint where the ttl checker must look; stale ones are dropped when it does. */
  #expiryAt(record: number): ExpiryChange | undefined {
    const { view } = this.#options.shared;
    const ttl = readI64(view, record + RECORD_TTL);
    const id = readU64(view, record + RECORD_ID);
    if (!(ttl >= 0) || id === 0) return undefined;
    const inTrash = readU64(view, record + RECORD_PARENT_ID) >= TRASH_BIT;
    const expiryMs = inTrash ? ttl : readI64(view, record + RECORD_CTIME) + ttl;
    if (!Number.isSafeInteger(expiryMs)) return undefined;
    // Only what is due can be forgotten in this epoch.
    if (expiryMs <= Date.now()) this.#duePut.add(`${expiryMs} ${id}`);
    return { expiryMs, id, isDue: true };
  }

  /** What closes an epoch: dropped ids, side records, and the seq up to which all is here. */
  #finishEpoch(epoch: number, seq: number): void {
    const { shared, kernel, tier2 } = this.#options;
    tier2.ids.write([...droppedIds(shared, epoch)].map((id) => ({ id, key: null })));
    const done: ExpiryChange[] = [];
    for (const side of readSideRing(shared, shared.load(CONTROL.CLOSED_SIDE))) {
      if (side.kind === SIDE_EXPIRY_DONE) {
        const { expiryMs, id } = expiryOfKey(side.key);
        // Unless this very epoch has put it anew.
        if (!this.#duePut.has(`${expiryMs} ${id}`)) done.push({ expiryMs, id, isDue: false });
        continue;
      }
      const key = sideKey(side.kind, side.key);
      if (side.value === null) tier2.side.removeSync(key);
      else tier2.side.putSync(key, side.value);
    }
    tier2.expiries.write(done);
    this.#retryWindow.persist(Date.now());
    const idNext = kernel.load64(CONTROL_BASE + CONTROL.ID_NEXT);
    tier2.putState({ appliedSeq: seq, idNext });
  }
}

function* droppedIds(shared: SharedMemory, epoch: number): Iterable<number> {
  const count = shared.load(CONTROL.DROPPED_COUNT + (epoch & 1) * 4);
  const list = shared.fixed(CONTROL.DROPPED_BASE) + (epoch & 1) * DROPPED_LIST_BYTES;
  for (let i = 0; i < count; i++) yield readU64(shared.view, list + i * 8);
}
