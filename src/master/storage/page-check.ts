/**
 * Checks the pages of an LMDB data file that nobody has open. LMDB has no checksums and believes
 * every page, so a flipped bit can make it answer "not there" or crash. This check finds, before
 * LMDB opens the file:
 *
 *   meta        magic, version, flags, sizes; two commits in turn, of which the newer holds
 *   trees       each page has its own number, a kind that fits, offsets within it; keys rise and
 *               lie between those of the branch above; the counts of pages and rows are right
 *   rows        the checksum behind every row (sealed-table.ts, assembly/codec.ts)
 *   free list   every page is used by one owner or free, once
 *
 * Without leaves, only the inner pages are read, about one in a hundred. In very large tables only
 * those above the last inner level are read. So the start time does not grow with the namespace.
 * The checksums of rows protect the leaves, when they are read.
 *
 * Memory: one bit for each page, and one page for each level.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32c } from '../../base/crc32c.js';
import { INTEGER_KEYS, newestMeta, type PageDamage } from './meta-check.js';
import * as F from './page-format.js';
import { compare, emptyTree, keyOf, rises, type Tree } from './page-tree.js';

export type PageReport = {
  /** Pages of the newest commit, used and free. */
  readonly pages: number;
  readonly pagesRead: number;
  readonly rows: number;
  /** The first findings; empty: the pages that were read are sound. */
  readonly damage: readonly PageDamage[];
};

export type PageCheckOptions = {
  readonly leaves: boolean;
  /** Without leaves: the last level of inner pages is read in tables with at most this many. */
  readonly innerPagesMax: number;
  /** The tables that may exist. */
  readonly tables: readonly string[];
};

const DAMAGE_MAX = 8;
const DEPTH_MAX = 32;
const SUM_BYTES = 4;
/** Pages after the end of the file: a commit may count pages that it released unwritten. */
const PAGES_UNWRITTEN_MAX = 1 << 20;
const OVERFLOW_NAME_BYTES = 24;
/** Of the buffers: 0 and 1 hold the meta pages. */
const ROOT_LEVEL = 2;

const BEHIND_END = 'it lies behind the end of the file';

type Bounds = { readonly low: Buffer | undefined; readonly high: Buffer | undefined };

/** Ends the walk: enough damage was found. */
class Enough extends Error {}

/** Checks `data.mdb`; a file that is missing, or has no commit yet, is sound. */
export function checkPages(file: string, options: PageCheckOptions): PageReport {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { pages: 0, pagesRead: 0, rows: 0, damage: [] };
  }
  try {
    return new PageWalk(fd, options).run();
  } finally {
    closeSync(fd);
  }
}

class PageWalk {
  readonly #fd: number;
  readonly #options: PageCheckOptions;
  readonly #damage: PageDamage[] = [];
  readonly #levels: Buffer[] = [];
  /** Tables found in the main table; they are checked after it. */
  readonly #tables: { name: string; info: F.TableInfo; page: number }[] = [];
  #seen = new Uint8Array(0);
  #seenCount = 0;
  #lastPage = 0;
  #pagesThere = 0;
  #txnid = 0;
  #pagesRead = 0;
  #rows = 0;

  constructor(fd: number, options: PageCheckOptions) {
    this.#fd = fd;
    this.#options = options;
  }

  run(): PageReport {
    try {
      this.#walk();
    } catch (error) {
      if (!(error instanceof Enough)) throw error;
    }
    const pages = this.#lastPage === 0 ? 0 : this.#lastPage + 1;
    return { pages, pagesRead: this.#pagesRead, rows: this.#rows, damage: this.#damage };
  }

  #walk(): void {
    const meta = this.#newestMeta();
    if (meta === undefined) return;
    this.#pagesThere = Math.floor(fstatSync(this.#fd).size / F.PAGE_BYTES);
    if (meta.lastPage >= this.#pagesThere + PAGES_UNWRITTEN_MAX) {
      this.#report(0, `a meta page says that page ${meta.lastPage} is the last one`);
      return;
    }
    this.#lastPage = meta.lastPage;
    this.#txnid = meta.txnid;
    this.#seen = new Uint8Array(Math.floor(meta.lastPage / 8) + 1);
    this.#mark(0, 2, 0);
    this.#tree(emptyTree('free list', 'free', 0), meta.free, 0);
    this.#tree(emptyTree('main', 'main', 0), meta.main, 0);
    const { leaves, innerPagesMax } = this.#options;
    for (const { name, info, page } of this.#tables) {
      const unread = leaves ? 0 : info.branchPages > innerPagesMax ? 2 : 1;
      this.#tree(emptyTree(name, 'rows', unread), info, page);
    }
    const missing = this.#lastPage + 1 - this.#seenCount;
    if (this.#options.leaves && missing !== 0 && this.#damage.length === 0) {
      this.#report(0, `${missing} pages are neither used nor free`);
    }
  }

  #newestMeta(): F.Meta | undefined {
    const pages = [this.#read(0, 0), this.#read(1, 1)] as const;
    if (pages[0] === undefined) {
      // Nothing was ever written: LMDB starts from scratch. It would follow fewer than two pages.
      const bytes = fstatSync(this.#fd).size;
      if (bytes > 0) this.#report(0, `the file ends after ${bytes} bytes, within its meta pages`);
      return undefined;
    }
    const found = newestMeta(pages[0], pages[1]);
    if (!('page' in found))
      return pages.every((page, i) => this.#isWhole(page, i)) ? found : undefined;
    this.#report(found.page, found.what);
    return undefined;
  }

  /**
   * Whether the root of the main table is of the commit that its meta page names. Every commit
   * writes it, and the pages of the one before the newest are not used again yet: otherwise a bit
   * of the number has changed, and an old commit may be taken for the newest.
   */
  #isWhole(metaPage: Buffer | undefined, number: number): boolean {
    const meta = metaPage && F.metaOf(metaPage);
    if (meta === undefined || meta.txnid === 0 || meta.main.root === F.NO_PAGE) return true;
    const { txnid, lastPage, main } = meta;
    const root = main.root > lastPage ? undefined : this.#read(main.root, ROOT_LEVEL);
    // After the end of the file: the walk reports it.
    if (root === undefined ? main.root <= lastPage : F.txnidOf(root) === txnid) return true;
    this.#report(number, `the meta page is of commit ${txnid}, and its tables of another`);
    return false;
  }

  #tree(tree: Tree, info: F.TableInfo, owner: number): void {
    const flags = tree.kind === 'free' ? INTEGER_KEYS : 0;
    const pad = tree.kind === 'free' ? F.PAGE_BYTES : 0;
    if (info.flags !== flags || info.pad !== pad) {
      this.#report(owner, `table "${tree.name}" has unknown flags`);
    }
    if (info.depth > DEPTH_MAX) this.#report(owner, `table "${tree.name}" is impossibly deep`);
    if (info.root !== F.NO_PAGE && info.depth <= DEPTH_MAX) {
      this.#node(tree, info.root, info.depth, { low: undefined, high: undefined });
    } else if (info.depth !== 0 || info.entries !== 0) {
      this.#report(owner, `table "${tree.name}" has rows but no root`);
    }
    this.#checkCounts(tree, info, owner);
  }

  #checkCounts(tree: Tree, info: F.TableInfo, owner: number): void {
    if (tree.unreadLevels > 1) return;
    const counted: [string, number, number][] = [
      ['branch pages', tree.branchPages, info.branchPages],
      ['leaf pages', tree.leafPages, info.leafPages],
    ];
    if (this.#options.leaves || tree.kind !== 'rows') {
      counted.push(['overflow pages', tree.overflowPages, info.overflowPages]);
      counted.push(['rows', tree.entries, info.entries]);
    }
    for (const [what, found, expected] of counted) {
      if (found === expected) continue;
      this.#report(owner, `table "${tree.name}" says ${expected} ${what}, but has ${found}`);
    }
  }

  /** `level`: pages from here down to the leaves, this one counted. */
  #node(tree: Tree, number: number, level: number, bounds: Bounds): void {
    if (!this.#mark(number, 1, number)) return;
    if (level <= tree.unreadLevels) {
      tree.leafPages++;
      if (number >= this.#pagesThere) this.#report(number, BEHIND_END);
      return;
    }
    const page = this.#readTreePage(number, level);
    if (page === undefined) return;
    const isLeaf = level <= 1;
    if (F.kindOf(page) !== (isLeaf ? F.PageFlag.LEAF : F.PageFlag.BRANCH)) {
      this.#report(number, `a ${isLeaf ? 'leaf' : 'branch'} was expected in "${tree.name}"`);
    } else if (this.#checkLayout(page, number, isLeaf)) {
      if (isLeaf) this.#leaf(tree, page, number, bounds);
      else this.#branch(tree, page, number, level, bounds);
    }
  }

  #readTreePage(number: number, level: number): Buffer | undefined {
    const page = this.#read(number, 2 + level);
    if (page === undefined) {
      this.#report(number, BEHIND_END);
      return undefined;
    }
    if (F.pageNumberOf(page) !== number || F.txnidOf(page) > this.#txnid) {
      this.#report(number, 'its header is that of another page, or of a commit that never was');
      return undefined;
    }
    return page;
  }

  /** Offsets lie within the page, and so do the nodes that they point to. */
  #checkLayout(page: Buffer, number: number, isLeaf: boolean): boolean {
    const lower = F.lowerOf(page);
    const upper = F.upperOf(page);
    let lowest = F.PAGE_ROOM;
    let isSound = lower % 2 === 0 && lower >= 2 && lower <= upper && upper <= F.PAGE_ROOM;
    for (let index = 0; isSound && index < lower / 2; index++) {
      const node = F.nodeAt(page, index);
      isSound = node + F.NODE_HEADER_BYTES <= F.PAGE_BYTES && node >= F.PAGE_HEADER_BYTES + upper;
      if (!isSound) break;
      lowest = Math.min(lowest, node - F.PAGE_HEADER_BYTES);
      const isBig = (F.nodeFlagsOf(page, node) & F.NodeFlag.BIG) !== 0;
      const stored = isBig ? OVERFLOW_NAME_BYTES : F.dataBytesOf(page, node);
      const bytes = F.keyBytesOf(page, node) + (isLeaf ? stored : 0);
      isSound = node + F.NODE_HEADER_BYTES + bytes <= F.PAGE_BYTES;
    }
    if (isSound && lowest === upper) return true;
    this.#report(number, 'its offsets and lengths do not fit the page');
    return false;
  }

  #branch(tree: Tree, page: Buffer, number: number, level: number, bounds: Bounds): void {
    tree.branchPages++;
    const count = F.lowerOf(page) / 2;
    // Children are read into the buffers of lower levels: this page stays as it is.
    for (let index = 0; index < count; index++) {
      const node = F.nodeAt(page, index);
      const low = index === 0 ? bounds.low : keyOf(page, node);
      const high = index + 1 === count ? bounds.high : keyOf(page, F.nodeAt(page, index + 1));
      if (low !== undefined && high !== undefined && compare(tree, low, high) >= 0) {
        this.#report(number, `the keys of a branch of "${tree.name}" do not rise`);
        return;
      }
      this.#node(tree, F.childOf(page, node), level - 1, { low, high });
    }
  }

  #leaf(tree: Tree, page: Buffer, number: number, bounds: Bounds): void {
    tree.leafPages++;
    const count = F.lowerOf(page) / 2;
    const first = keyOf(page, F.nodeAt(page, 0));
    const last = keyOf(page, F.nodeAt(page, count - 1));
    const isAbove = bounds.low === undefined || compare(tree, bounds.low, first) <= 0;
    const isBelow = bounds.high === undefined || compare(tree, last, bounds.high) < 0;
    if (!isAbove || !isBelow) {
      this.#report(number, `a leaf of "${tree.name}" hangs in the wrong place`);
      return;
    }
    for (let index = 0, before = 0; index < count; index++) {
      const node = F.nodeAt(page, index);
      if (index > 0 && !rises(tree, page, before, node)) {
        this.#report(number, `key ${index} of a leaf of "${tree.name}" is out of order`);
        return;
      }
      before = node;
      tree.entries++;
      this.#row(tree, page, number, node);
    }
  }

  #row(tree: Tree, page: Buffer, number: number, node: number): void {
    const keyBytes = F.keyBytesOf(page, node);
    const at = node + F.NODE_HEADER_BYTES + keyBytes;
    const bytes = F.dataBytesOf(page, node);
    const flags = F.nodeFlagsOf(page, node);
    // The main tree holds tables and nothing else.
    const isMain = tree.kind === 'main';
    const isKnown = isMain ? flags === F.NodeFlag.TABLE : (flags & ~F.NodeFlag.BIG) === 0;
    if (!isKnown) this.#report(number, `a row of "${tree.name}" has unknown flags`);
    else if (isMain) this.#table(page, number, { at, bytes, keyBytes });
    else if (flags === F.NodeFlag.BIG) this.#bigRow(tree, page, number, { at, bytes, keyBytes });
    else if (tree.kind === 'free') this.#freePages(page.subarray(at, at + bytes), number);
    else this.#checkSum(tree, number, page, at - keyBytes, keyBytes + bytes);
  }

  #table(
    page: Buffer,
    number: number,
    { at, bytes, keyBytes }: { at: number; bytes: number; keyBytes: number },
  ): void {
    const name = page.toString('latin1', at - keyBytes, at).replace(/\0$/, '');
    const info = F.tableOf(page, at, bytes);
    if (info === undefined || !this.#options.tables.includes(name)) {
      this.#report(number, `there is a table of the unknown name ${JSON.stringify(name)}`);
      return;
    }
    this.#tables.push({ name, info, page: number });
  }

  /** A row whose value stands on pages of its own. */
  #bigRow(
    tree: Tree,
    page: Buffer,
    number: number,
    { at, bytes, keyBytes }: { at: number; bytes: number; keyBytes: number },
  ): void {
    const first = F.u64(page, at);
    const count = Math.floor((F.PAGE_HEADER_BYTES - 1 + bytes) / F.PAGE_BYTES) + 1;
    if (!this.#mark(first, count, number)) return;
    tree.overflowPages += count;
    const large = Buffer.allocUnsafe(keyBytes + count * F.PAGE_BYTES);
    const read = readSync(this.#fd, large, keyBytes, count * F.PAGE_BYTES, first * F.PAGE_BYTES);
    this.#pagesRead += count;
    const head = large.subarray(keyBytes);
    const isWhole = read >= F.PAGE_HEADER_BYTES + bytes;
    if (!isWhole || F.pageNumberOf(head) !== first || F.overflowPagesOf(head) !== count) {
      this.#report(first, `it is not the overflow page that "${tree.name}" names`);
      return;
    }
    const value = head.subarray(F.PAGE_HEADER_BYTES, F.PAGE_HEADER_BYTES + bytes);
    if (tree.kind === 'free') {
      this.#freePages(value, first);
      return;
    }
    const row = Buffer.concat([page.subarray(at - keyBytes, at), value]);
    this.#checkSum(tree, first, row, 0, row.length);
  }

  /** Key and value stand behind each other. */
  #checkSum(tree: Tree, number: number, row: Buffer, at: number, bytes: number): void {
    this.#rows++;
    const summed = bytes - SUM_BYTES;
    if (summed >= 0 && row.readUInt32LE(at + summed) === crc32c(row, at, summed)) return;
    this.#report(number, `a row of "${tree.name}" does not match its checksum`);
  }

  /** Count, then page numbers; a negative number is the length of a run that begins at the next. */
  #freePages(list: Buffer, number: number): void {
    const words = list.length >> 3;
    const count = words === 0 ? -1 : Number(list.readBigInt64LE(0));
    if (count < 0 || count >= words) {
      this.#report(number, 'a row of the free list has an impossible length');
      return;
    }
    for (let word = 1; word <= count; word++) {
      const entry = Number(list.readBigInt64LE(word * 8));
      if (entry === 0) continue;
      const isRun = entry < 0;
      if (isRun) word++;
      const first = isRun && word <= count ? Number(list.readBigInt64LE(word * 8)) : entry;
      if (!this.#mark(first, isRun ? -entry : 1, number)) return;
    }
  }

  /** Takes `count` pages from `first` for one owner; reports and returns false if it cannot be. */
  #mark(first: number, count: number, owner: number): boolean {
    if (!Number.isSafeInteger(first) || first < 0 || first + count - 1 > this.#lastPage) {
      this.#report(owner, `it names page ${first}, behind the last one`);
      return false;
    }
    for (let page = first; page < first + count; page++) {
      const bit = 1 << (page & 7);
      if ((this.#seen[page >> 3]! & bit) !== 0) {
        this.#report(owner, `it names page ${page}, which is in use or free already`);
        return false;
      }
      this.#seen[page >> 3]! |= bit;
      this.#seenCount++;
    }
    return true;
  }

  /** undefined when the page is not all there. */
  #read(number: number, level: number): Buffer | undefined {
    this.#levels[level] ??= Buffer.allocUnsafe(F.PAGE_BYTES);
    const page = this.#levels[level];
    this.#pagesRead++;
    const read = readSync(this.#fd, page, 0, F.PAGE_BYTES, number * F.PAGE_BYTES);
    return read === F.PAGE_BYTES ? page : undefined;
  }

  #report(page: number, what: string): void {
    this.#damage.push({ page, what });
    if (this.#damage.length === DAMAGE_MAX) throw new Enough();
  }
}
