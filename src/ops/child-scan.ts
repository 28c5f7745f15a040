/**
 * The children of one directory as tier 2 has them, row by row, into the scratch of an executor:
 * KEY and VALUE. Sorted by the bytes of their names. What is in the directory's trash shadow stands
 * behind them, and is never among them. Floor 5.
 */
import { EXECUTOR } from '../base/layout.js';
import { SHADOW_MARK } from '../base/record.js';
import type { StatusError } from '../base/status.js';
import type { Executor } from '../executor/executor.js';
import { damagedInode } from '../storage/damage.js';
import { InodeScan } from '../storage/inode-scan.js';

/** Where in a directory to go on: a name, and whether that name itself is still to come. */
export type From = { readonly name: Uint8Array; readonly inclusive: boolean };

export const FROM_BEGIN: From = { name: new Uint8Array(0), inclusive: true };
/** Behind all names. */
const END = Uint8Array.of(SHADOW_MARK);

/** One an executor, and one an executor is enough: scans do not outlive their turn. */
const scans = new WeakMap<Executor, InodeScan>();

export class ChildScan {
  readonly #executor: Executor;
  readonly #scan: InodeScan;
  readonly keyAt: number;
  readonly valueAt: number;
  /** Bytes of a key before its name. */
  #prefixBytes = 0;

  constructor(executor: Executor) {
    this.#executor = executor;
    this.keyAt = executor.base + EXECUTOR.KEY;
    this.valueAt = executor.base + EXECUTOR.VALUE;
    let scan = scans.get(executor);
    if (scan === undefined) {
      const { u8 } = executor.shared;
      scan = new InodeScan(executor.reader.tier2, u8, this.keyAt, this.valueAt);
      scans.set(executor, scan);
    }
    this.#scan = scan;
  }

  open(directoryId: number, from: From): void {
    const start = this.#key(directoryId, from.name);
    this.#prefixBytes = start.length - from.name.length;
    // No child has an empty name, so a scan from the beginning excludes nothing.
    this.#scan.open(start, !from.inclusive, this.#key(directoryId, END));
  }

  /** False at the end; the scan is then closed. */
  next(): boolean {
    return this.#scan.next();
  }

  close(): void {
    this.#scan.close();
  }

  get keyBytes(): number {
    return this.#scan.keyBytes;
  }

  get valueBytes(): number {
    return this.#scan.valueBytes;
  }

  get nameAt(): number {
    return this.keyAt + this.#prefixBytes;
  }

  get nameBytes(): number {
    return this.#scan.keyBytes - this.#prefixBytes;
  }

  /** The row is no record: what to throw. */
  damage(): StatusError {
    return damagedInode(this.#executor.shared.u8.slice(this.keyAt, this.keyAt + this.keyBytes));
  }

  /** A copy of the row's name. */
  name(): Uint8Array {
    return this.#executor.shared.u8.slice(this.nameAt, this.nameAt + this.nameBytes);
  }

  #key(id: number, name: Uint8Array): Uint8Array {
    const { kernel, shared } = this.#executor;
    const idBytes = kernel.encodeId(id, this.keyAt);
    const key = new Uint8Array(idBytes + name.length);
    for (let i = 0; i < idBytes; i++) key[i] = shared.u8[this.keyAt + i]!;
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
