/**
 * Carries dirty slots from tier 1 to tier 2: closes an epoch (by asking the writer), writes its
 * slots sorted by key in durable transactions, marks them clean, trims the journal.
 * Blocks its thread, which does nothing else.
 *
 *   interval, many dirty slots, or somebody waits
 *     ─▶ CLOSE_WANTED ─▶ the writer closes ─▶ chunks: copy, sort, put, commit, mark clean
 *     ─▶ side records and state in the last commit ─▶ FLUSHED_SEQ ─▶ wake waiters, trim
 *
 * Slots are copied as they are now, which may be later than the epoch. Replay from appliedSeq
 * repairs that (entries are absolute, deltas are guarded by seq), and nothing of the epoch is
 * missing.
 *
 * Invariant: TIER2_VERSION moves after a commit and before its slots become evictable, so a reader
 *   that no longer finds a slot in tier 1 knows that it must renew its snapshot.
 * Invariant: the journal is trimmed only up to the appliedSeq of a durable commit.
 */

import { assert, invariant } from '../../base/assert.js';
import { readU64 } from '../../base/word64.js';
import { SIDE_EXPIRY_DONE } from '../memory/entry-format.js';
import type { KernelExports } from '../memory/exports.js';
import { readInodeCounts } from '../memory/inode-counts.js';
import { CONTROL, CONTROL_BASE, DROPPED_IDS_MAX, DROPPED_LIST_BYTES } from '../memory/layout.js';
import { sometimes } from '../memory/rare-paths.js';
import type { SharedMemory } from '../memory/shared-memory.js';
import { ReadOnly, State } from '../memory/state.js';
import { type ExpiryChange, expiryOfKey } from '../storage/expiry-index.js';
import { InodeWriter } from '../storage/inode-writer.js';
import { sideKey, type Tier2 } from '../storage/tier2.js';
import { DirtyCheck } from './dirty-check.js';
import { FlushRows } from './flush-rows.js';
import { IndexChanges } from './index-changes.js';
import { KeyFilter } from './key-filter.js';
import { RetryWindow } from './retry-window.js';
import { readSideRing, releaseSideRing } from './side-ring.js';

/** Rows of one transaction: see #putAll. */
const COMMIT_ROWS_MAX = 16_384;
/** Changes of an index that are objects at a time. */
const PART_CHANGES = 1024;
/** Pause between two tries on a full disk. */
const ROOM_LOOK_MS = 500;

export type FlusherOptions = {
  readonly shared: SharedMemory;
  readonly kernel: KernelExports;
  readonly tier2: Tier2;
  readonly slotsMax: number;
  /** Number of the executor block that the flusher uses as scratch. */
  readonly executor: number;
  /** Called after each transaction of a flush, for work that cannot wait for its end. */
  readonly committed?: () => void;
};

export class Flusher {
  readonly #options: FlusherOptions;
  readonly #retryWindow: RetryWindow;
  readonly #inodes: InodeWriter;
  readonly #filter: KeyFilter;
  readonly #rows: FlushRows;
  /** Only with ORCHARD_INVARIANTS. */
  readonly #check: DirtyCheck | undefined;
  /** Expiries of this epoch that are already over. */
  readonly #duePut = new Set<string>();

  constructor(options: FlusherOptions) {
    this.#options = options;
    this.#retryWindow = new RetryWindow(options.shared, options.kernel, options.tier2);
    this.#inodes = new InodeWriter(options.tier2);
    this.#filter = new KeyFilter(options);
    this.#rows = new FlushRows(options.shared);
    this.#check = options.shared.checked ? new DirtyCheck(options.shared) : undefined;
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

  /** Runs between two flushes: adds some keys to the filter; false: it needs none. */
  fillFilter(): boolean {
    return this.#filter.fill();
  }

  /** Flushes the closed epoch; durable and visible to readers when it returns. */
  flush(): void {
    const { shared, kernel, slotsMax } = this.#options;
    const began = performance.now();
    const epoch = shared.load(CONTROL.EPOCH_FLUSHED) + 1;
    const count = shared.load(CONTROL.DIRTY_COUNT + (epoch & 1) * 4);
    const seq = kernel.load64(CONTROL_BASE + CONTROL.CLOSED_SEQ);
    const flushed = kernel.load64(CONTROL_BASE + CONTROL.FLUSHED_SEQ);
    invariant(this.pending, 'only a closed epoch is flushed', epoch);
    invariant(seq >= flushed, 'an epoch ends behind the one before', seq, flushed);
    this.#check?.before(epoch);
    for (let from = 0; from < count; ) {
      const taken = kernel.copyDirty(epoch, from, Math.min(slotsMax, count - from));
      invariant(taken > 0 && from + taken <= count, 'a flush goes on', taken, count);
      this.#putAll(taken);
      shared.add(CONTROL.TIER2_VERSION, 1);
      kernel.markClean(taken);
      from += taken;
    }
    this.#check?.after(epoch);
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
    shared.store(CONTROL.FLUSH_PUT, 0);
    // Last: from here on the writer may close the next epoch.
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
        sometimes(shared, this.#options.executor, 'diskFull');
        shared.putBits(CONTROL.READ_ONLY, ReadOnly.TIER2, true);
        const bell = (CONTROL_BASE + CONTROL.FLUSHER_BELL) >> 2;
        Atomics.wait(shared.i32, bell, Atomics.load(shared.i32, bell), ROOM_LOOK_MS);
      }
    }
    shared.putBits(CONTROL.READ_ONLY, ReadOnly.TIER2, false);
    this.#options.committed?.();
  }

  /**
   * Puts the rows that copyDirty() left in the arena, sorted by key, in several transactions: each
   * has its own part of the pages. LMDB keeps the pages that a transaction has changed in a sorted
   * array, and gives free ones out from the highest number down, so its cost grows with their
   * square.
   */
  #putAll(count: number): void {
    const { shared, kernel, tier2 } = this.#options;
    if (count === 0) return;
    const rows = this.#rows;
    rows.take(count);
    this.#inodes.open(rows.bytes);
    for (let first = 0; first < count; first += COMMIT_ROWS_MAX) {
      const last = Math.min(first + COMMIT_ROWS_MAX, count);
      this.#transact(() => this.#putRows(first, last));
      shared.add(CONTROL.FLUSH_PUT, last - first);
    }
    const changes = new IndexChanges(shared, rows, kernel.orderByIds(count));
    this.#inParts(changes.idCount, {
      isSameRow: (i, j) => changes.isSameIdRow(i, j),
      write: (first, last) => tier2.ids.write(changes.ids(first, last)),
    });
    this.#inParts(changes.expiryCount, {
      isSameRow: (i, j) => changes.isSameExpiryRow(i, j),
      write: (first, last) => {
        const expiries = changes.expiries(first, last);
        for (const expiry of expiries) this.#noteDue(expiry);
        tier2.expiries.write(expiries);
      },
    });
  }

  /** Changes of an index, in transactions of so many rows; changes of one row stand together. */
  #inParts(
    count: number,
    {
      isSameRow,
      write,
    }: {
      isSameRow: (i: number, j: number) => boolean;
      write: (first: number, last: number) => void;
    },
  ): void {
    for (let first = 0; first < count; ) {
      const ends: number[] = [];
      let end = first;
      for (let rows = 0; end < count && rows < COMMIT_ROWS_MAX; ) {
        if (++end < count && isSameRow(end - 1, end)) continue;
        rows++;
        if (end - (ends.at(-1) ?? first) >= PART_CHANGES) ends.push(end);
      }
      if (ends.at(-1) !== end) ends.push(end);
      this.#transact(() => {
        for (const [part, last] of ends.entries()) write(ends[part - 1] ?? first, last);
      });
      first = end;
    }
  }

  /** Puts rows `first` … `last` - 1; inside a transaction. */
  #putRows(first: number, last: number): void {
    assert(first < last, 'a transaction has rows');
    const rows = this.#rows;
    const inodes = this.#inodes;
    for (let row = first; row < last; row++) {
      const valueBytes = rows.valueBytes(row);
      if (valueBytes === 0) inodes.remove(rows.keyAt(row), rows.keyBytes(row));
      else inodes.put(rows.keyAt(row), rows.keyBytes(row), valueBytes);
    }
  }

  /** Notes an expiry that is already over: the checker may report it done in this same epoch. */
  #noteDue({ expiryMs, id }: ExpiryChange): void {
    if (expiryMs <= Date.now()) this.#duePut.add(`${expiryMs} ${id}`);
  }

  /** The end of an epoch: dropped ids, side records, and the seq up to which all is here. */
  #finishEpoch(epoch: number, seq: number): void {
    const { shared, kernel, tier2 } = this.#options;
    tier2.ids.write([...droppedIds(shared, epoch)].map((id) => ({ id, key: null })));
    const done: ExpiryChange[] = [];
    for (const side of readSideRing(shared, shared.load(CONTROL.CLOSED_SIDE))) {
      if (side.kind === SIDE_EXPIRY_DONE) {
        const { expiryMs, id } = expiryOfKey(side.key);
        // Unless this same epoch has put it again.
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
    const inodes = readInodeCounts(kernel, CONTROL.CLOSED_INODES);
    tier2.putState({ appliedSeq: seq, idNext, inodes });
  }
}

function* droppedIds(shared: SharedMemory, epoch: number): Iterable<number> {
  const count = shared.load(CONTROL.DROPPED_COUNT + (epoch & 1) * 4);
  invariant(count <= DROPPED_IDS_MAX, 'dropped ids fit their list', epoch, count);
  const list = shared.fixed(CONTROL.DROPPED_BASE) + (epoch & 1) * DROPPED_LIST_BYTES;
  for (let i = 0; i < count; i++) yield readU64(shared.view, list + i * 8);
}
