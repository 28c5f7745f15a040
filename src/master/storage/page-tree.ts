/**
 * One tree of an LMDB file during the check of its pages (page-check.ts): the pages met so far, and
 * the order of its keys. Pure.
 */
import * as F from './page-format.js';

/** What kind of tree is walked, and what has been met in it. */
export type Tree = {
  readonly name: string;
  readonly kind: 'free' | 'main' | 'rows';
  /** Levels at the bottom whose pages are not read. */
  readonly unreadLevels: number;
  branchPages: number;
  leafPages: number;
  overflowPages: number;
  entries: number;
};

export const emptyTree = (name: string, kind: Tree['kind'], unreadLevels: number): Tree => ({
  name,
  kind,
  unreadLevels,
  branchPages: 0,
  leafPages: 0,
  overflowPages: 0,
  entries: 0,
});

/** A copy: the page's buffer is used again. */
export function keyOf(page: Buffer, node: number): Buffer {
  const at = node + F.NODE_HEADER_BYTES;
  return Buffer.from(page.subarray(at, at + F.keyBytesOf(page, node)));
}

/** Whether the key of `next` is behind that of `node`; a loop, since keys are short and many. */
export function rises(tree: Tree, page: Buffer, node: number, next: number): boolean {
  const a = node + F.NODE_HEADER_BYTES;
  const b = next + F.NODE_HEADER_BYTES;
  const aBytes = F.keyBytesOf(page, node);
  const bBytes = F.keyBytesOf(page, next);
  if (tree.kind === 'free') {
    return aBytes === 8 && bBytes === 8 && F.u64(page, a) < F.u64(page, b);
  }
  const shorter = Math.min(aBytes, bBytes);
  for (let i = 0; i < shorter; i++) {
    if (page[a + i] !== page[b + i]) return page[a + i]! < page[b + i]!;
  }
  return aBytes < bBytes;
}

export function compare(tree: Tree, a: Buffer, b: Buffer): number {
  if (tree.kind !== 'free') return Buffer.compare(a, b);
  return a.length === 8 && b.length === 8 ? F.u64(a, 0) - F.u64(b, 0) : Number.NaN;
}
