/**
 * The retry window across restarts. Each flush takes the rows of its epoch into tier 2, in the
 * transaction that moves appliedSeq. The journal up to appliedSeq is then trimmed, and the window
 * must not be lost with it. A start loads the rows before it replays the rest of the journal, which
 * adds newer ones.
 *
 *   rows   … ─── in tier 2 ───┬── of the closed epoch ──┬── open epoch …
 *                          persisted              CLOSED_RETRY        RETRY_HEAD
 *
 * Stored in chunks by the seq of their first row. Chunks are appended at one end, and removed at
 * the other when all rows of a chunk are older than the window, or when there are more rows than
 * the ring holds.
 *
 * Invariant: together, tier 2's rows and the journal from appliedSeq on are the whole window.
 */

import { invariant } from '../../base/assert.js';
import { readU64 } from '../../base/word64.js';
import type { KernelExports } from '../memory/exports.js';
import { CONTROL, CONTROL_BASE, RETRY, RETRY_BYTES } from '../memory/layout.js';
import type { SharedMemory } from '../memory/shared-memory.js';
import type { Tier2 } from '../storage/tier2.js';

/** Two values and their keys fill a page of LMDB: larger ones would need pages in a row. */
const CHUNK_ROWS = 48;
const KEY_BYTES = 8;

export class RetryWindow {
  readonly #shared: SharedMemory;
  readonly #kernel: KernelExports;
  readonly #tier2: Tier2;
  /** Rows before this position are in tier 2; -1: not read yet since the start. */
  #persisted = -1;
  /** Rows in tier 2. */
  #stored = 0;
  /** Both before the last persist(). */
  #before: [number, number] = [-1, 0];

  constructor(shared: SharedMemory, kernel: KernelExports, tier2: Tier2) {
    this.#shared = shared;
    this.#kernel = kernel;
    this.#tier2 = tier2;
  }

  /** After an aborted transaction: what the last persist() stored is not stored. */
  undo(): void {
    [this.#persisted, this.#stored] = this.#before;
  }

  /** Stores the rows of the closed epoch and gives up old ones; inside its last transaction. */
  persist(nowMs: number): void {
    if (this.#persisted < 0) {
      this.#persisted = this.#kernel.load64(CONTROL_BASE + CONTROL.RETRY_LOADED);
      this.#stored = this.#persisted;
    }
    this.#before = [this.#persisted, this.#stored];
    const rows = this.#closedRows();
    for (let at = 0; at < rows.length; at += CHUNK_ROWS * RETRY_BYTES) {
      const chunk = rows.subarray(at, at + CHUNK_ROWS * RETRY_BYTES);
      this.#tier2.calls.putSync(chunkKey(chunk), chunk);
      this.#stored += chunk.length / RETRY_BYTES;
    }
    this.#giveUp(nowMs - this.#shared.fixed(CONTROL.RETRY_WINDOW_MS));
  }

  /** Copied; rows that the writer may have overwritten meanwhile are left out. */
  #closedRows(): Buffer {
    const count = this.#shared.fixed(CONTROL.RETRY_COUNT);
    const end = this.#kernel.load64(CONTROL_BASE + CONTROL.CLOSED_RETRY);
    const from = Math.max(this.#persisted, end - count);
    invariant(this.#persisted <= end, 'rows of the retry window are only added', from, end);
    const copy = Buffer.alloc((end - from) * RETRY_BYTES);
    const base = this.#shared.fixed(CONTROL.RETRY_BASE);
    for (let at = from; at < end; ) {
      const row = at % count;
      const rows = Math.min(end - at, count - row);
      const source = base + row * RETRY_BYTES;
      copy.set(
        this.#shared.u8.subarray(source, source + rows * RETRY_BYTES),
        (at - from) * RETRY_BYTES,
      );
      at += rows;
    }
    this.#persisted = end;
    const head = this.#kernel.load64(CONTROL_BASE + CONTROL.RETRY_HEAD);
    invariant(end <= head, 'an epoch closes with the rows that there are', end, head);
    const whole = Math.max(from, head - count + 1);
    return copy.subarray(Math.max(0, whole - from) * RETRY_BYTES);
  }

  #giveUp(beforeMs: number): void {
    const { calls } = this.#tier2;
    const most = this.#shared.fixed(CONTROL.RETRY_COUNT);
    const old: Uint8Array[] = [];
    for (const { key, value } of calls.getRange()) {
      const lastMs = readU64(viewOf(value), value.length - RETRY_BYTES + RETRY.TIME);
      const rows = value.length / RETRY_BYTES;
      if (lastMs >= beforeMs && this.#stored - rows < most) break;
      old.push(key);
      this.#stored -= rows;
    }
    for (const key of old) calls.removeSync(key);
  }
}

/** Loads the rows of earlier processes. Before any replay, and before the flusher. */
export function loadRetryWindow(kernel: KernelExports, tier2: Tier2): void {
  for (const { value } of tier2.calls.getRange()) {
    const view = viewOf(value);
    for (let at = 0; at < value.length; at += RETRY_BYTES) {
      kernel.retryRestore(
        readU64(view, at + RETRY.CLIENT_ID),
        readU64(view, at + RETRY.CALL_ID),
        readU64(view, at + RETRY.SEQ),
        readU64(view, at + RETRY.INODE_ID),
        readU64(view, at + RETRY.TIME),
      );
    }
  }
  const head = kernel.load64(CONTROL_BASE + CONTROL.RETRY_HEAD);
  kernel.store64(CONTROL_BASE + CONTROL.RETRY_LOADED, head);
}

/** Big-endian, so that chunks sort by seq. */
function chunkKey(chunk: Uint8Array): Uint8Array {
  const key = new Uint8Array(KEY_BYTES);
  const seq = readU64(viewOf(chunk), RETRY.SEQ);
  const view = new DataView(key.buffer);
  view.setUint32(0, Math.floor(seq / 0x1_0000_0000));
  view.setUint32(4, seq >>> 0);
  return key;
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
