/**
 * The bytes of an LMDB data file (data format 2, 64-bit, little-endian), as far as a check of its
 * pages needs them. LMDB's own names stand in brackets. Pure.
 *
 *   page 0, 1   header, then the meta: the one with the larger txnid is the newest commit
 *   others      branch and leaf:  header │ offsets u16 … │ free │ nodes, packed to the page's end
 *               overflow:         header │ the bytes of one large value, over `pages` pages
 *
 *   header 24   pgno u64 │ txnid u64 │ pad u16 │ flags u16 │ lower u16, upper u16  or  pages u32
 *   node  8 + … low u16 │ high u16 │ flags u16 │ key bytes u16 │ key │ data
 *               branch: low, high and flags are the child's page number; leaf: low, high the bytes
 *               of data, which with BIG are 24 that name an overflow page
 * Offsets, lower and upper count from behind the header.
 */
import { PAGE } from '../memory/row-format.js';

export const PAGE_BYTES = PAGE.BYTES;
export const PAGE_HEADER_BYTES = PAGE.HEADER_BYTES;
export const PAGE_ROOM = PAGE_BYTES - PAGE_HEADER_BYTES;
export const NODE_HEADER_BYTES = PAGE.NODE_HEADER_BYTES;
export const PageFlag = { BRANCH: 1, LEAF: 2, OVERFLOW: 4, META: 8 } as const;
/** Flags that a page on disk may have besides its kind: bits of dirty pages that LMDB leaves. */
const KIND_MASK = 0x0f | 0x20 | 0x40;
export const NodeFlag = { BIG: 1, TABLE: 2 } as const;
/** No page [P_INVALID]: the root of an empty table. */
export const NO_PAGE = Number.POSITIVE_INFINITY;

const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
const TABLE_BYTES = 48;
const AT = { MAGIC: 24, VERSION: 28, FREE: 48, MAIN: 96, LAST: 144, TXNID: 152 } as const;

/** [MDB_db] */
export type TableInfo = {
  readonly pad: number;
  readonly flags: number;
  readonly depth: number;
  readonly branchPages: number;
  readonly leafPages: number;
  readonly overflowPages: number;
  readonly entries: number;
  readonly root: number;
};

/** [MDB_meta] */
export type Meta = {
  readonly free: TableInfo;
  readonly main: TableInfo;
  readonly lastPage: number;
  readonly txnid: number;
};

/** A u64; a value beyond 2^53 was never written, and becomes infinite. */
export function u64(page: Buffer, at: number): number {
  const value = page.readUInt32LE(at) + page.readUInt32LE(at + 4) * 0x1_0000_0000;
  return Number.isSafeInteger(value) ? value : NO_PAGE;
}

/** By hand: a third of the time that Buffer takes, and the check reads millions. */
const u16 = (page: Buffer, at: number): number => page[at]! | (page[at + 1]! << 8);

export const pageNumberOf = (page: Buffer): number => u64(page, 0);
export const txnidOf = (page: Buffer): number => u64(page, 8);
export const kindOf = (page: Buffer): number => u16(page, 18) & KIND_MASK;
export const lowerOf = (page: Buffer): number => u16(page, PAGE.LOWER_AT);
export const upperOf = (page: Buffer): number => u16(page, 22);
export const overflowPagesOf = (page: Buffer): number => page.readUInt32LE(20);

/** Where node `index` begins, from the start of the page. */
export const nodeAt = (page: Buffer, index: number): number =>
  PAGE_HEADER_BYTES + u16(page, PAGE_HEADER_BYTES + 2 * index);

/** The child of a branch node. */
export const childOf = (page: Buffer, node: number): number =>
  page.readUInt32LE(node) + u16(page, node + 4) * 0x1_0000_0000;

export const dataBytesOf = (page: Buffer, node: number): number => page.readUInt32LE(node);
export const nodeFlagsOf = (page: Buffer, node: number): number => u16(page, node + 4);
export const keyBytesOf = (page: Buffer, node: number): number =>
  u16(page, node + PAGE.NODE_KEY_BYTES_AT);

/** The table that a leaf node of the main table describes; undefined if it describes none. */
export function tableOf(page: Buffer, at: number, bytes: number): TableInfo | undefined {
  return bytes === TABLE_BYTES ? readTable(page, at) : undefined;
}

function readTable(page: Buffer, at: number): TableInfo {
  return {
    pad: page.readUInt32LE(at),
    flags: page.readUInt16LE(at + 4),
    depth: page.readUInt16LE(at + 6),
    branchPages: u64(page, at + 8),
    leafPages: u64(page, at + 16),
    overflowPages: u64(page, at + 24),
    entries: u64(page, at + 32),
    root: u64(page, at + 40),
  };
}

/** undefined when the page is no meta page. */
export function metaOf(page: Buffer): Meta | undefined {
  if (kindOf(page) !== PageFlag.META) return undefined;
  if (page.readUInt32LE(AT.MAGIC) !== MAGIC) return undefined;
  if (page.readUInt32LE(AT.VERSION) !== DATA_VERSION) return undefined;
  return {
    free: readTable(page, AT.FREE),
    main: readTable(page, AT.MAIN),
    lastPage: u64(page, AT.LAST),
    txnid: u64(page, AT.TXNID),
  };
}
