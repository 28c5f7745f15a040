/**
 * The children of one directory, row by row, sorted by the bytes of their names: the rows of tier
 * 2, merged with the changes that only tier 1 has (assembly/changes.ts). The rows of the
 * directory's trash shadow follow them, and are never among them.
 *
 * If collecting the changes costs more than a flush, the call waits for a flush.
 */

import type { StatusError } from '../../../base/status.js';
import type { Executor } from '../../executor/executor.js';
import { CONTROL, EXECUTOR } from '../../memory/layout.js';
import { BLOB } from '../../memory/layout-dirty.js';
import { SHADOW_MARK } from '../../memory/record.js';
import { damagedInode } from '../../storage/damage.js';
import { InodeScan } from '../../storage/inode-scan.js';
import type { FlushBarrier } from './flush-barrier.js';

/** Where to go on in a directory: a name, and whether that name itself is still to come. */
export type From = { readonly name: Uint8Array; readonly inclusive: boolean };

export const FROM_BEGIN: From = { name: new Uint8Array(0), inclusive: true };
/** Behind all names. */
const END = Uint8Array.of(SHADOW_MARK);
/** Collections that other calls may spoil before this call waits for a flush. */
const COLLECTS_MAX = 8;

/** One for each executor, which is enough: scans do not outlive their turn. */
const scans = new WeakMap<Executor, InodeScan>();

export class ChildScan {
  /** Key and value of the row, as tier 2 has them. */
  keyAt = 0;
  keyBytes = 0;
  valueAt = 0;
  valueBytes = 0;
  readonly #executor: Executor;
  readonly #scan: InodeScan;
  /** Key of the place to begin at. */
  #start: Uint8Array = new Uint8Array(0);
  /** Bytes of a key before its name. */
  #prefixBytes = 0;
  /** Changes that were collected, and the next of them. */
  #changes = 0;
  #change = 0;
  /** Tier 2's next row has been read, and comes after the next change. */
  #isAhead = false;

  constructor(executor: Executor) {
    this.#executor = executor;
    let scan = scans.get(executor);
    if (scan === undefined) {
      const at = executor.base;
      const { u8 } = executor.shared;
      scan = new InodeScan(
        executor.reader.tier2,
        u8,
        at + EXECUTOR.ROW_KEY,
        at + EXECUTOR.ROW_VALUE,
      );
      scans.set(executor, scan);
    }
    this.#scan = scan;
  }

  /**
   * May park at the barrier. Without one the scan has what was flushed before, and nothing else.
   */
  open(directoryId: number, from: From, barrier: FlushBarrier | undefined): void {
    this.#start = this.#key(directoryId, from.name);
    this.#prefixBytes = this.#start.length - from.name.length;
    this.#changes = 0;
    this.#change = 0;
    this.#isAhead = false;
    if (barrier === undefined) this.#executor.reader.renew();
    else if (this.#openMerged(directoryId, from)) return;
    else barrier.pass(this.#executor, directoryId);
    this.#openRows(directoryId, from);
  }

  /** False at the end; the scan is then closed. */
  next(): boolean {
    while (this.#change < this.#changes) {
      if (!this.#isAhead && this.#scan.isOpen) this.#isAhead = this.#scan.next();
      const blob = this.#blob(this.#change);
      const order = this.#isAhead ? this.#compare(blob) : -1;
      if (order > 0) return this.#takeAhead();
      // For a name in both, tier 1 has the newer state.
      if (order === 0) this.#isAhead = false;
      this.#change++;
      if (this.#takeBlob(blob)) return true;
    }
    if (!this.#isAhead && !(this.#scan.isOpen && this.#scan.next())) return false;
    return this.#takeAhead();
  }

  close(): void {
    this.#changes = 0;
    this.#scan.close();
  }

  get nameAt(): number {
    return this.keyAt + this.#prefixBytes;
  }

  get nameBytes(): number {
    return this.keyBytes - this.#prefixBytes;
  }

  /** The error for a row that is not a record. */
  damage(): StatusError {
    return damagedInode(this.#executor.shared.u8.slice(this.keyAt, this.keyAt + this.keyBytes));
  }

  /** A copy of the row's name. */
  name(): Uint8Array {
    return this.#executor.shared.u8.slice(this.nameAt, this.nameAt + this.nameBytes);
  }

  /**
   * The directory as it is at one moment; false if that would take too much. Tier 2's snapshot
   * is taken first, with the first row. Nothing has left tier 1 for a later one if TIER2_VERSION
   * stands, and no rename was seen by half if the directory's seq does.
   */
  #openMerged(directoryId: number, from: From): boolean {
    const { kernel, shared, reader, base } = this.#executor;
    const name = base + EXECUTOR.KEY;
    for (let tries = 0; tries < COLLECTS_MAX; tries++) {
      const version = shared.load(CONTROL.TIER2_VERSION);
      const seq = kernel.dirtySeq(directoryId);
      reader.renew();
      this.#openRows(directoryId, from);
      this.#isAhead = this.#scan.next();
      shared.u8.set(from.name, name);
      const isAfter = from.inclusive ? 0 : 1;
      const count = kernel.collectChanges(directoryId, name, from.name.length, isAfter);
      const stands = shared.load(CONTROL.TIER2_VERSION) === version;
      if (count >= 0 && stands && kernel.dirtySeq(directoryId) === seq) {
        this.#changes = count;
        return true;
      }
      this.#scan.close();
      this.#isAhead = false;
      if (count < 0) return false;
    }
    return false;
  }

  #openRows(directoryId: number, from: From): void {
    // No child has an empty name, so a scan from the beginning excludes nothing.
    this.#scan.open(this.#start, !from.inclusive, this.#key(directoryId, END));
  }

  /** The row that tier 2 has. */
  #takeAhead(): true {
    const { base } = this.#executor;
    this.#isAhead = false;
    this.keyAt = base + EXECUTOR.ROW_KEY;
    this.valueAt = base + EXECUTOR.ROW_VALUE;
    this.keyBytes = this.#scan.keyBytes;
    this.valueBytes = this.#scan.valueBytes;
    return true;
  }

  /** False if the row says that the name is gone. */
  #takeBlob(blob: number): boolean {
    const { view } = this.#executor.shared;
    this.keyAt = blob + BLOB.KEY;
    this.keyBytes = view.getUint16(blob + BLOB.KEY_BYTES, true);
    this.valueAt = this.keyAt + this.keyBytes;
    this.valueBytes = view.getUint16(blob + BLOB.VALUE_BYTES, true);
    return this.valueBytes > 0;
  }

  #blob(change: number): number {
    const { shared, base } = this.#executor;
    return shared.view.getUint32(base + EXECUTOR.CHANGES + change * 4, true);
  }

  /** A change's name, compared with that of tier 2's next row. */
  #compare(blob: number): number {
    const { u8, view } = this.#executor.shared;
    const a = blob + BLOB.KEY;
    const b = this.#executor.base + EXECUTOR.ROW_KEY;
    const bytesA = view.getUint16(blob + BLOB.KEY_BYTES, true);
    const bytesB = this.#scan.keyBytes;
    const end = Math.min(bytesA, bytesB);
    for (let i = this.#prefixBytes; i < end; i++) {
      if (u8[a + i] !== u8[b + i]) return u8[a + i]! - u8[b + i]!;
    }
    return bytesA - bytesB;
  }

  #key(id: number, name: Uint8Array): Uint8Array {
    const { kernel, shared, base } = this.#executor;
    const at = base + EXECUTOR.KEY;
    const idBytes = kernel.encodeId(id, at);
    const key = new Uint8Array(idBytes + name.length);
    for (let i = 0; i < idBytes; i++) key[i] = shared.u8[at + i]!;
    key.set(name, idBytes);
    return key;
  }
}

/** Opens what scans need: the first listing then waits for no write transaction of the flusher. */
export function prepareScans(executor: Executor): void {
  new ChildScan(executor).close();
}

/** True when `bytes` of shared memory at `at` begin with `prefix`. */
export function beginsWith(u8: Uint8Array, at: number, bytes: number, prefix: Uint8Array): boolean {
  if (bytes < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (u8[at + i] !== prefix[i]) return false;
  return true;
}
