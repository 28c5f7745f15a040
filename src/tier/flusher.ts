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
import type { IdChange } from '../storage/id-index.js';
import { expiryKey, sideKey, type Tier2 } from '../storage/tier2.js';
import { RetryWindow } from './retry-window.js';
import { readSideRing, releaseSideRing } from './side-ring.js';

const ROW_BYTES = 32;
/** Rows of one transaction: see #putAll. */
const COMMIT_ROWS_MAX = 16_384;
/** Between two tries on a full disk. */
const ROOM_LOOK_MS = 500;
const NOTHING = new Uint8Array(0);
/** Of a stored value (assembly/codec.ts): where its presence bits begin, and the one of the ttl. */
const VALUE_PRESENCE = 1;
const PRESENT_TTL = 1 << 4;

export type FlusherOptions = {
  readonly shared: SharedMemory;
  readonly kernel: KernelExports;
  readonly tier2: Tier2;
  readonly slotsMax: number;
};

export class Flusher {
  readonly #options: FlusherOptions;
  readonly #retryWindow: RetryWindow;
  /** Expiry rows that this epoch has put and that are due already, in hex. */
  readonly #duePut = new Set<string>();

  constructor(options: FlusherOptions) {
    this.#options = options;
    this.#retryWindow = new RetryWindow(options.shared, options.kernel, options.tier2);
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
    const arena = shared.fixed(CONTROL.FLUSH_ARENA_BASE);
    // One copy out of shared memory: LMDB's binding takes no views of shared buffers as values.
    const rows = new DataView(shared.memory.buffer, arena, count * ROW_BYTES);
    let end = 0;
    for (let row = 0; row < count; row++) end = Math.max(end, rowEnd(rows, row * ROW_BYTES));
    const bytes = Buffer.from(shared.u8.slice(arena, end).buffer);
    const keys: Uint8Array[] = Array.from({ length: count }, (_, row) => {
      const at = row * ROW_BYTES;
      const keyAt = rows.getUint32(at + 12, true) - arena;
      return bytes.subarray(keyAt, keyAt + rows.getUint32(at + 16, true));
    });
    for (let first = 0; first < count; first += COMMIT_ROWS_MAX) {
      const last = Math.min(first + COMMIT_ROWS_MAX, count);
      this.#transact(() => this.#putRows(rows, bytes, keys, first, last));
    }
    const ids = this.#idChanges(rows, keys);
    for (let first = 0; first < ids.length; first += COMMIT_ROWS_MAX) {
      this.#transact(() => tier2.ids.write(ids.slice(first, first + COMMIT_ROWS_MAX)));
    }
  }

  /** Rows `first` … `last` - 1; inside a transaction. */
  #putRows(
    rows: DataView,
    bytes: Buffer,
    keys: readonly Uint8Array[],
    first: number,
    last: number,
  ): void {
    const { tier2 } = this.#options;
    for (let row = first; row < last; row++) {
      const at = row * ROW_BYTES;
      const key = keys[row]!;
      const valueBytes = rows.getUint32(at + 20, true);
      if (valueBytes === 0) {
        tier2.inodes.removeSync(key);
        continue;
      }
      const valueAt = key.byteOffset + key.length;
      const value = bytes.subarray(valueAt, valueAt + valueBytes);
      tier2.inodes.putSync(key, value);
      const hasTtl = (value[VALUE_PRESENCE]! & PRESENT_TTL) !== 0;
      if (hasTtl) this.#putExpiry(rows.getUint32(at, true) + SLOT.RECORD);
    }
  }

  /** Of the rows that hold an inode, by rising id. */
  #idChanges(rows: DataView, keys: readonly Uint8Array[]): IdChange[] {
    const { kernel, shared } = this.#options;
    const order = kernel.orderByIds(keys.length);
    return Array.from({ length: shared.view.getUint32(order, true) }, (_, i) => {
      const row = shared.view.getUint32(order + 4 * (i + 1), true);
      return { id: readU64(rows, row * ROW_BYTES + 24), key: keys[row]! };
    });
  }

  /** A hint where the ttl checker must look; stale ones are dropped when it does. */
  #putExpiry(record: number): void {
    const { view } = this.#options.shared;
    const ttl = readI64(view, record + RECORD_TTL);
    const id = readU64(view, record + RECORD_ID);
    if (!(ttl >= 0) || id === 0) return;
    const inTrash = readU64(view, record + RECORD_PARENT_ID) >= TRASH_BIT;
    const expiry = inTrash ? ttl : readI64(view, record + RECORD_CTIME) + ttl;
    if (!Number.isSafeInteger(expiry)) return;
    const key = expiryKey(expiry, id);
    this.#options.tier2.expiries.putSync(key, NOTHING);
    // Only what is due can be forgotten in this epoch.
    if (expiry <= Date.now()) this.#duePut.add(Buffer.from(key).toString('hex'));
  }

  /** What closes an epoch: dropped ids, side records, and the seq up to which all is here. */
  #finishEpoch(epoch: number, seq: number): void {
    const { shared, kernel, tier2 } = this.#options;
    tier2.ids.write([...droppedIds(shared, epoch)].map((id) => ({ id, key: null })));
    for (const side of readSideRing(shared, shared.load(CONTROL.CLOSED_SIDE))) {
      if (side.kind === SIDE_EXPIRY_DONE) {
        this.#forgetExpiry(side.key);
        continue;
      }
      const key = sideKey(side.kind, side.key);
      if (side.value === null) tier2.side.removeSync(key);
      else tier2.side.putSync(key, side.value);
    }
    this.#retryWindow.persist(Date.now());
    const idNext = kernel.load64(CONTROL_BASE + CONTROL.ID_NEXT);
    tier2.putState({ appliedSeq: seq, idNext });
  }

  /** A row that the ttl checker is done with, unless this very epoch has put it anew. */
  #forgetExpiry(key: Uint8Array): void {
    if (this.#duePut.has(Buffer.from(key).toString('hex'))) return;
    this.#options.tier2.expiries.removeSync(key);
  }
}

function rowEnd(rows: DataView, at: number): number {
  return (
    rows.getUint32(at + 12, true) + rows.getUint32(at + 16, true) + rows.getUint32(at + 20, true)
  );
}

function* droppedIds(shared: SharedMemory, epoch: number): Iterable<number> {
  const count = shared.load(CONTROL.DROPPED_COUNT + (epoch & 1) * 4);
  const list = shared.fixed(CONTROL.DROPPED_BASE) + (epoch & 1) * DROPPED_LIST_BYTES;
  for (let i = 0; i < count; i++) yield readU64(shared.view, list + i * 8);
}
