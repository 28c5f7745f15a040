/**
 * The writer: the only thread that appends to the journal and changes tier 1. One turn of its loop:
 *
 *   rings ─▶ batch (copied, numbered, sealed) ─▶ journal: one write, one fdatasync
 *         ─▶ apply each entry to tier 1 ─▶ publish completions, ring the executors' bells
 *
 * So all entries that arrive during one sync share the price of the next (group commit), and
 * nothing is visible or acknowledged before it is durable. Blocks its thread.
 *
 * Invariant: seqs are dense, in the order of the batch; entries of one executor keep their order.
 * Invariant: after a failed write or sync nothing is applied or acknowledged any more.
 */

import { assert, invariant } from '../../base/assert.js';
import { StatusError } from '../../base/status.js';
import { writeWord64 } from '../../base/word64.js';
import { wakeExecutor } from '../executor/wake.js';
import type { JournalAppender } from '../journal/journal.js';
import {
  ENTRY_CRC,
  ENTRY_LENGTH,
  ENTRY_OP,
  ENTRY_SEQ,
  OP_STRUCTURAL,
  RING_SKIP,
} from '../memory/entry-format.js';
import type { KernelExports } from '../memory/exports.js';
import { CONTROL, CONTROL_BASE, EXECUTOR, REPLY_BYTES } from '../memory/layout.js';
import { type RarePath, sometimes } from '../memory/rare-paths.js';
import type { SharedMemory } from '../memory/shared-memory.js';
import { ReadOnly, State } from '../memory/state.js';
import type { Applier } from '../tier/applier.js';
import { dirtyMaxOf } from '../tier/dirty-max.js';
import type { Epochs } from './epochs.js';

/** The writer wakes up at this interval, to notice a stop. */
const SLEEP_MS = 200;
/** Pause between two looks for space on a full disk. */
const ROOM_LOOK_MS = 200;
/** From this batch size on there are many callers; below it, waiting costs more than it saves. */
const CROWD_ENTRIES = 64;
/**
 * The share of an epoch that counts as full while a call waits for a flush, so that it ends soon.
 */
const WAITED_SHARE = 0.5;
/** Up to this fill of the open epoch the progress of the flusher is not checked. */
const PACE_FREE = 0.5;
/** The wait of a batch when the flusher is one epoch behind, … */
const PACE_MS = 100;
/** … the wait when the open epoch has twice its intended slots, … */
const PACE_OVER_MS = 800;
/** … and the longest wait. */
const PACE_MS_MAX = 200;
/** The time of one look for more entries (the kernel's timers add as much again) … */
const GATHER_ROUND_MS = 0.05;
/** … and the largest number of looks. */
const GATHER_ROUNDS_MAX = 40;

export type WriterOptions = {
  readonly shared: SharedMemory;
  readonly kernel: KernelExports;
  readonly journal: JournalAppender;
  readonly applier: Applier;
  readonly epochs: Epochs;
  /** Executor blocks 0 … count - 1 have rings. */
  readonly executorCount: number;
  /** Index of the writer's own block: its reply region stages batches. */
  readonly executor: number;
  /** Journal bytes that may be unflushed before the writer waits for the flusher. */
  readonly journalBytesMax: number;
};

export class Writer {
  readonly #options: WriterOptions;
  readonly #staging: number;
  readonly #taken: Uint32Array;
  readonly #dirtyMax: number;
  /** Of the last batch: another one says that the segment is another. */
  #salt = 0;
  #batchBytes = 0;
  #batchEntries = 0;
  #bytesAppended = 0;
  #bytesFlushed = 0;
  #bytesAtClose = 0;
  #epochSeen = 0;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#staging = options.shared.executorBase(options.executor) + EXECUTOR.REPLY;
    this.#dirtyMax = dirtyMaxOf(options.shared);
    this.#taken = new Uint32Array(options.executorCount);
  }

  /** Works until STATE is STOPPED and the rings are empty. */
  run(): void {
    const { shared, epochs } = this.#options;
    for (;;) {
      const worked = this.turn();
      epochs.closeIfWanted();
      if (worked) continue;
      const state = shared.load(CONTROL.STATE);
      if (state === State.STOPPED || state === State.FAILED) return;
      this.#sleep();
    }
  }

  /** Commits what the rings hold, up to one batch; false when they were empty. */
  turn(): boolean {
    this.#limitJournal();
    this.#pace();
    if (this.#batchEntries >= CROWD_ENTRIES) this.#letGather();
    this.#gather();
    if (this.#batchEntries === 0) return false;
    this.#commit();
    return true;
  }

  /** Commits one entry that stands at a byte offset of shared memory, from the writer itself. */
  commitOwn(entry: number): void {
    const { u8, view } = this.#options.shared;
    const length = view.getUint32(entry + ENTRY_LENGTH, true);
    this.#batchBytes = 0;
    this.#batchEntries = 0;
    this.#taken.fill(0);
    u8.copyWithin(this.#staging, entry, entry + length);
    this.#batchBytes = length;
    this.#batchEntries = 1;
    this.#commit();
  }

  /**
   * Under load: waits as long as entries keep coming, for at most GATHER_ROUNDS_MAX rounds. Each
   * batch costs wake-ups and a send for every socket that it answers, so a few large ones leave
   * more of the cores to the calls. A lone client never waits here: its batches are small.
   */
  #letGather(): void {
    const { i32 } = this.#options.shared;
    const bell = (CONTROL_BASE + CONTROL.WRITER_BELL) >> 2;
    let before = this.#waitingBytes();
    for (let round = 0; before > 0 && round < GATHER_ROUNDS_MAX; round++) {
      Atomics.wait(i32, bell, Atomics.load(i32, bell), GATHER_ROUND_MS);
      const now = this.#waitingBytes();
      if (now === before || now >= REPLY_BYTES / 2) return;
      before = now;
    }
  }

  #waitingBytes(): number {
    const { shared, executorCount } = this.#options;
    let bytes = 0;
    for (let executor = 0; executor < executorCount; executor++) {
      const base = shared.executorBase(executor);
      const head = Atomics.load(shared.i32, (base + EXECUTOR.RING_HEAD) >> 2);
      const tail = Atomics.load(shared.i32, (base + EXECUTOR.RING_TAIL) >> 2);
      bytes += (head - tail) >>> 0;
    }
    return bytes;
  }

  #gather(): void {
    const { shared, executorCount, journal } = this.#options;
    this.#batchBytes = 0;
    this.#batchEntries = 0;
    this.#taken.fill(0);
    const room = Math.min(REPLY_BYTES, journal.batchBytesMax);
    for (let executor = 0; executor < executorCount; executor++) {
      const base = shared.executorBase(executor);
      const head = Atomics.load(shared.i32, (base + EXECUTOR.RING_HEAD) >> 2) >>> 0;
      const tail = Atomics.load(shared.i32, (base + EXECUTOR.RING_TAIL) >> 2) >>> 0;
      if (head !== tail) this.#take(executor, tail, head, room);
    }
  }

  /** Copies entries of one ring into the batch while it has room. */
  #take(executor: number, from: number, head: number, room: number): void {
    const { shared } = this.#options;
    const bytes = shared.fixed(CONTROL.RING_BYTES);
    const ring = shared.fixed(CONTROL.RING_BASE) + executor * bytes;
    invariant((head - from) >>> 0 <= bytes, 'a ring holds no more than its bytes', executor, head);
    let tail = from;
    while (tail !== head) {
      const at = ring + (tail & (bytes - 1));
      const length = shared.view.getUint32(at + ENTRY_LENGTH, true);
      invariant(length > 0 && length % 8 === 0, 'what stands in a ring has a length', at, length);
      invariant(length <= (head - tail) >>> 0, 'an entry is written to its end', at, length);
      if (shared.view.getUint32(at + ENTRY_CRC, true) !== RING_SKIP) {
        if (this.#batchBytes + length > room) {
          this.#sometimes('batchFull');
          break;
        }
        const to = this.#staging + this.#batchBytes;
        shared.u8.copyWithin(to, at, at + length);
        // The executor makes its reply from the ring, with this seq.
        const seq = this.#options.journal.nextSeq + this.#batchEntries;
        writeWord64(shared.view, at + ENTRY_SEQ, seq);
        this.#batchBytes += length;
        this.#batchEntries++;
        this.#taken[executor]!++;
      }
      tail = (tail + length) >>> 0;
    }
    // Not shared: the executor reuses ring space only after its own completions.
    Atomics.store(shared.i32, (shared.executorBase(executor) + EXECUTOR.RING_TAIL) >> 2, tail | 0);
  }

  #commit(): void {
    const { shared, kernel, journal, epochs } = this.#options;
    const salt = this.#reserve();
    const first = journal.nextSeq;
    const last = first + this.#batchEntries - 1;
    const end = this.#staging + this.#batchBytes;
    let seq = first;
    for (let at = this.#staging; at < end; seq++) {
      kernel.sealEntry(at, seq, salt);
      at += shared.view.getUint32(at + ENTRY_LENGTH, true);
    }
    assert(seq === last + 1, 'a batch holds whole entries');
    const before = performance.now();
    journal.append(shared.u8.subarray(this.#staging, end), first, last);
    journal.sync();
    this.#count(performance.now() - before);
    kernel.store64(CONTROL_BASE + CONTROL.DURABLE_SEQ, last);
    this.#applyAll(end);
    assert(epochs.appliedSeq === last, 'what was appended was applied');
    kernel.store64(CONTROL_BASE + CONTROL.APPLIED_SEQ, last);
    this.#publish();
  }

  /**
   * On a full disk the batch waits, unacknowledged, and new mutations are refused: a flush trims
   * the journal, which gives room, or somebody frees disk. Reads go on. The salt for the batch.
   */
  #reserve(): number {
    const { shared, journal, epochs } = this.#options;
    for (let isWaiting = false; ; isWaiting = true) {
      try {
        const salt = journal.reserve(this.#batchBytes);
        if (salt !== this.#salt && this.#salt !== 0) this.#sometimes('segmentSwitched');
        this.#salt = salt;
        if (isWaiting) shared.putBits(CONTROL.READ_ONLY, ReadOnly.JOURNAL, false);
        return salt;
      } catch (error) {
        if (!(error instanceof StatusError) || shared.load(CONTROL.STATE) === State.FAILED) {
          throw error;
        }
        this.#sometimes('diskFull');
        shared.putBits(CONTROL.READ_ONLY, ReadOnly.JOURNAL, true);
        epochs.makeRoom();
        Atomics.wait(shared.i32, (CONTROL_BASE + CONTROL.WRITER_ASLEEP) >> 2, 0, ROOM_LOOK_MS);
      }
    }
  }

  /** Applies the batch that ends at `end`. */
  #applyAll(end: number): void {
    const { shared, kernel, applier, epochs } = this.#options;
    let touched = this.#staging;
    for (let at = this.#staging; at < end; ) {
      if (at === touched) touched = kernel.touchAhead(at, end);
      const length = shared.view.getUint32(at + ENTRY_LENGTH, true);
      const op = shared.view.getUint16(at + ENTRY_OP, true);
      kernel.holdStructure((op & OP_STRUCTURAL) === 0 ? 0 : 1);
      applier.apply(at);
      epochs.appliedSeq++;
      at += length;
    }
    kernel.holdStructure(0);
  }

  #publish(): void {
    const { shared, executorCount } = this.#options;
    for (let executor = 0; executor < executorCount; executor++) {
      const taken = this.#taken[executor]!;
      if (taken === 0) continue;
      const base = shared.executorBase(executor);
      // After apply: a thread that sees the completion also sees the change in tier 1.
      Atomics.add(shared.i32, (base + EXECUTOR.COMPLETED) >> 2, taken);
      wakeExecutor(shared, executor);
    }
  }

  /**
   * The flusher is behind: of the open epoch more is full than of the closed one is in tier 2. Each
   * batch waits a little, the longer the more it is, which leaves the cores to the flusher. Else a
   * set would run out of clean slots, and everything stand still until a flush is over.
   */
  #pace(): void {
    const { shared, epochs } = this.#options;
    if (!epochs.closedWaits()) return;
    const open = shared.load(CONTROL.EPOCH);
    const dirty = (epoch: number): number => shared.load(CONTROL.DIRTY_COUNT + (epoch & 1) * 4);
    const isWaited = shared.load(CONTROL.FLUSH_WANTED) !== 0;
    const full = dirty(open) / (this.#dirtyMax * (isWaited ? WAITED_SHARE : 1));
    if (full <= PACE_FREE) return;
    const flushed = shared.load(CONTROL.FLUSH_PUT) / Math.max(1, dirty(open - 1));
    const behind = Math.max(0, full - Math.max(PACE_FREE, flushed));
    const ms = behind * PACE_MS + Math.max(0, full - 1) * PACE_OVER_MS;
    if (ms === 0) return;
    this.#sometimes('writerPaced');
    const word = (CONTROL_BASE + CONTROL.EPOCH_FLUSHED) >> 2;
    Atomics.wait(shared.i32, word, (open - 2) | 0, Math.min(PACE_MS_MAX, ms));
  }

  /** Waits for the flusher when the journal has grown too far ahead of tier 2. */
  #limitJournal(): void {
    const { shared, epochs, journalBytesMax } = this.#options;
    const open = shared.load(CONTROL.EPOCH);
    const flushed = shared.load(CONTROL.EPOCH_FLUSHED);
    if (flushed === (open - 1) >>> 0) this.#bytesFlushed = this.#bytesAtClose;
    if (open !== this.#epochSeen) {
      this.#epochSeen = open;
      this.#bytesAtClose = this.#bytesAppended;
    }
    if (this.#bytesAppended - this.#bytesFlushed <= journalBytesMax) return;
    this.#sometimes('journalFull');
    epochs.makeRoom();
  }

  #sometimes(path: RarePath): void {
    sometimes(this.#options.shared, this.#options.executor, path);
  }

  #count(syncMs: number): void {
    const { kernel } = this.#options;
    this.#bytesAppended += this.#batchBytes;
    kernel.add64(CONTROL_BASE + CONTROL.STAT_ENTRIES, this.#batchEntries);
    kernel.add64(CONTROL_BASE + CONTROL.STAT_BATCHES, 1);
    kernel.add64(CONTROL_BASE + CONTROL.STAT_WAL_BYTES, this.#batchBytes);
    kernel.add64(CONTROL_BASE + CONTROL.STAT_SYNC_NS, Math.round(syncMs * 1e6));
  }

  #sleep(): void {
    const { shared } = this.#options;
    const bell = (CONTROL_BASE + CONTROL.WRITER_BELL) >> 2;
    const seen = Atomics.load(shared.i32, bell);
    shared.store(CONTROL.WRITER_ASLEEP, 1);
    // Read after ASLEEP is set: an executor that filled its ring before that did not ring.
    if (!this.#ringsWait()) Atomics.wait(shared.i32, bell, seen, SLEEP_MS);
    shared.store(CONTROL.WRITER_ASLEEP, 0);
  }

  #ringsWait(): boolean {
    const { shared } = this.#options;
    return shared.load(CONTROL.CLOSE_WANTED) !== 0 || this.#waitingBytes() > 0;
  }
}
