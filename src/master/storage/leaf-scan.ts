/**
 * Reads the leaf pages of one table of tier 2 in the order of their keys, directly from LMDB's
 * file, for callers that want every key and nothing else. A page of about sixty rows takes as long
 * as a handful of rows through LMDB's cursor and its binding.
 *
 * Invariant: nobody commits between open() and close(). The pages of the newest commit are
 * overwritten at the earliest by the second commit after it. So only the writer of tier 2 may scan.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { assert } from '../../base/assert.js';
import { damagedPage } from './damage.js';
import { newestMeta } from './meta-check.js';
import * as F from './page-format.js';

type Branch = { readonly page: Buffer; index: number };

const BEGIN = new Uint8Array(0);
const CLOSED = -1;
const DEPTH_MAX = 32;

export class LeafScan {
  readonly #file: string;
  readonly #table: string;
  readonly #leaf: Buffer;
  readonly #metas = [Buffer.alloc(F.PAGE_BYTES), Buffer.alloc(F.PAGE_BYTES)] as const;
  /** From the root down to above the leaves; #height of them are in use. */
  readonly #branches: Branch[] = [];
  #height = 0;
  #fd = CLOSED;
  #txnid = 0;
  #lastPage = 1;
  /** open() has found a leaf that no caller has got yet. */
  #isFirst = false;
  #from: Uint8Array = BEGIN;

  /** next() leaves each page in `leaf`, 4,096 bytes. */
  constructor(file: string, table: string, leaf: Buffer) {
    assert(leaf.length === F.PAGE_BYTES, 'a page has 4096 bytes');
    this.#file = file;
    this.#table = table;
    this.#leaf = leaf;
  }

  /** Goes to the first leaf with a key after `from`, in the newest commit. Throws DATA_LOSS. */
  open(from: Uint8Array): void {
    assert(this.#fd === CLOSED, 'one scan at a time');
    this.#fd = openSync(this.#file, 'r');
    for (const [number, page] of this.#metas.entries()) this.#readWhole(number, page);
    const meta = newestMeta(...this.#metas);
    if ('page' in meta) throw damagedPage(meta.page);
    this.#txnid = meta.txnid;
    this.#lastPage = meta.lastPage;
    this.#begin(this.#find(meta.main), from);
  }

  /** False after the last leaf. Throws DATA_LOSS for a page that does not belong to this table. */
  next(): boolean {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (isFirst && Buffer.compare(this.lastKey(), this.#from) > 0) return true;
    return this.#advance();
  }

  /** A copy of the last key of the leaf. */
  lastKey(): Buffer {
    return this.#keyOf(this.#leaf, countOf(this.#leaf) - 1);
  }

  /** The error for a leaf that is not a page as LMDB writes it. */
  damage(): Error {
    return damagedPage(F.pageNumberOf(this.#leaf));
  }

  close(): void {
    if (this.#fd !== CLOSED) closeSync(this.#fd);
    this.#fd = CLOSED;
    this.#height = 0;
    this.#isFirst = false;
  }

  #find(main: F.TableInfo): F.TableInfo | undefined {
    this.#begin(main, BEGIN);
    while (this.next()) {
      for (let index = 0; index < countOf(this.#leaf); index++) {
        const key = this.#keyOf(this.#leaf, index);
        if (key.toString('latin1').replace(/\0$/, '') !== this.#table) continue;
        const node = F.nodeAt(this.#leaf, index);
        const at = node + F.NODE_HEADER_BYTES + key.length;
        return F.tableOf(this.#leaf, at, F.dataBytesOf(this.#leaf, node));
      }
    }
    return undefined;
  }

  #begin(table: F.TableInfo | undefined, from: Uint8Array): void {
    this.#height = 0;
    this.#from = from;
    this.#isFirst = table !== undefined && table.root !== F.NO_PAGE && table.depth <= DEPTH_MAX;
    if (table === undefined || !this.#isFirst) return;
    this.#height = table.depth - 1;
    this.#descend(0, table.root, from);
  }

  /** From page `number` at `level` down to the leaf that `from` belongs to. */
  #descend(level: number, number: number, from: Uint8Array): void {
    assert(level >= 0 && level <= this.#height, 'pages are read below the one at hand');
    let child = number;
    for (let i = level; i < this.#height; i++) {
      this.#branches[i] ??= { page: Buffer.alloc(F.PAGE_BYTES), index: 0 };
      const branch = this.#branches[i]!;
      this.#readNode(child, branch.page, F.PageFlag.BRANCH);
      branch.index = this.#childFor(branch.page, from);
      child = this.#child(branch);
    }
    this.#readNode(child, this.#leaf, F.PageFlag.LEAF);
  }

  #advance(): boolean {
    assert(this.#fd !== CLOSED, 'an open scan goes on');
    let level = this.#height - 1;
    while (level >= 0 && isLast(this.#branches[level]!)) level--;
    if (level < 0) return false;
    const branch = this.#branches[level]!;
    branch.index++;
    this.#descend(level + 1, this.#child(branch), BEGIN);
    return true;
  }

  /** The last child whose key is not behind `from`; the first has none, and is before all. */
  #childFor(page: Buffer, from: Uint8Array): number {
    let low = 0;
    for (let high = countOf(page); high - low > 1; ) {
      const middle = (low + high) >> 1;
      if (Buffer.compare(this.#keyOf(page, middle), from) > 0) high = middle;
      else low = middle;
    }
    return low;
  }

  #child({ page, index }: Branch): number {
    return F.childOf(page, this.#nodeAt(page, index));
  }

  #keyOf(page: Buffer, index: number): Buffer {
    const at = this.#nodeAt(page, index) + F.NODE_HEADER_BYTES;
    const key = page.subarray(at, at + F.keyBytesOf(page, at - F.NODE_HEADER_BYTES));
    return Buffer.from(key);
  }

  /** Within the page, header and key. */
  #nodeAt(page: Buffer, index: number): number {
    const node = F.nodeAt(page, index);
    const keyAt = node + F.NODE_HEADER_BYTES;
    if (keyAt <= F.PAGE_BYTES && keyAt + F.keyBytesOf(page, node) <= F.PAGE_BYTES) return node;
    throw damagedPage(F.pageNumberOf(page));
  }

  #readNode(number: number, page: Buffer, kind: number): void {
    if (number > this.#lastPage) throw damagedPage(number);
    this.#readWhole(number, page);
    const lower = F.lowerOf(page);
    const isTree = F.kindOf(page) === kind && lower >= 2 && lower <= F.PAGE_ROOM;
    const isThis = F.pageNumberOf(page) === number && F.txnidOf(page) <= this.#txnid;
    if (!isTree || !isThis) throw damagedPage(number);
  }

  #readWhole(number: number, page: Buffer): void {
    const at = number * F.PAGE_BYTES;
    if (readSync(this.#fd, page, 0, F.PAGE_BYTES, at) !== F.PAGE_BYTES) throw damagedPage(number);
  }
}

const countOf = (page: Buffer): number => F.lowerOf(page) >> 1;

const isLast = ({ page, index }: Branch): boolean => index + 1 >= countOf(page);
