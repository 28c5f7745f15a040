/**
 * The changes that the rows of a flush make in the indexes by id, in the order of the ids. They
 * become objects a few at a time, when they are written. Objects for a whole flush would live long
 * enough to be copied by each garbage collection.
 */

import { readI64, readU64 } from '../../base/word64.js';
import { SLOT } from '../memory/layout.js';
import {
  RECORD_CTIME,
  RECORD_ID,
  RECORD_PARENT_ID,
  RECORD_TTL,
  TRASH_BIT,
} from '../memory/record.js';
import type { SharedMemory } from '../memory/shared-memory.js';
import { type ExpiryChange, isSameExpiryRow } from '../storage/expiry-index.js';
import { type IdChange, isSameIdRow } from '../storage/id-index.js';
import type { FlushRows } from './flush-rows.js';

export class IndexChanges {
  readonly idCount: number;
  readonly #rows: FlushRows;
  readonly #view: DataView;
  readonly #order: number;
  /** Of the inodes that expire: when, and which. */
  readonly #expiryMs: number[] = [];
  readonly #expiryIds: number[] = [];

  /** `order`: the result of the kernel's orderByIds(). */
  constructor(shared: SharedMemory, rows: FlushRows, order: number) {
    this.#view = shared.view;
    this.#rows = rows;
    this.#order = order;
    this.idCount = this.#view.getUint32(order, true);
    for (let i = 0; i < this.idCount; i++) this.#noteExpiry(this.#rowAt(i));
  }

  get expiryCount(): number {
    return this.#expiryMs.length;
  }

  ids(first: number, last: number): IdChange[] {
    return Array.from({ length: last - first }, (_, i) => {
      const row = this.#rowAt(first + i);
      return { id: this.#rows.id(row), key: this.#rows.key(row) };
    });
  }

  isSameIdRow(i: number, j: number): boolean {
    return isSameIdRow(this.#rows.id(this.#rowAt(i)), this.#rows.id(this.#rowAt(j)));
  }

  expiries(first: number, last: number): ExpiryChange[] {
    return Array.from({ length: last - first }, (_, i) => this.#expiryAt(first + i));
  }

  isSameExpiryRow(i: number, j: number): boolean {
    return isSameExpiryRow(this.#expiryAt(i), this.#expiryAt(j));
  }

  #expiryAt(i: number): ExpiryChange {
    return { expiryMs: this.#expiryMs[i]!, id: this.#expiryIds[i]!, isDue: true };
  }

  #rowAt(i: number): number {
    return this.#view.getUint32(this.#order + 4 * (i + 1), true);
  }

  /** A hint where the ttl checker must look; stale ones are dropped when it does. */
  #noteExpiry(row: number): void {
    if (!this.#rows.hasTtl(row)) return;
    const record = this.#rows.slotAt(row) + SLOT.RECORD;
    const ttl = readI64(this.#view, record + RECORD_TTL);
    const id = readU64(this.#view, record + RECORD_ID);
    if (!(ttl >= 0) || id === 0) return;
    const inTrash = readU64(this.#view, record + RECORD_PARENT_ID) >= TRASH_BIT;
    const expiryMs = inTrash ? ttl : readI64(this.#view, record + RECORD_CTIME) + ttl;
    if (!Number.isSafeInteger(expiryMs)) return;
    this.#expiryMs.push(expiryMs);
    this.#expiryIds.push(id);
  }
}
