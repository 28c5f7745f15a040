/**
 * The numbers of inodes: files and directories, visible and in the trash. Pure. The kernel that
 * keeps the words of CONTROL.INODES is assembly/inode-count.ts.
 *
 * An entry itself says how it changes the counts (PUT_NEW, PUT_CROSSES, REMOVE_DROP_ID), whatever
 * the tiers hold. So a replay over a tier 2 that is ahead counts nothing twice. The counts are
 * stored in tier 2 beside appliedSeq, as of that entry. Nothing is ever walked to count.
 *
 * Inodes below a deleted directory stay below it, so they count as visible until the reclaimer
 * reaches them. So a delete costs the same for a directory of any size.
 */
import { readU64 } from '../../base/word64.js';
import * as E from './entry-format.js';
import type { KernelExports } from './exports.js';
import { CONTROL_BASE } from './layout.js';
import * as R from './record.js';

export type InodeCounts = {
  files: number;
  directories: number;
  trashedFiles: number;
  trashedDirectories: number;
};

/** In the order of the words. */
const NAMES = ['files', 'directories', 'trashedFiles', 'trashedDirectories'] as const;

export const noInodes = (): InodeCounts => ({
  files: 0,
  directories: 0,
  trashedFiles: 0,
  trashedDirectories: 0,
});

/** Of CONTROL.INODES or CONTROL.CLOSED_INODES. */
export function readInodeCounts(kernel: KernelExports, word: number): InodeCounts {
  const counts = noInodes();
  for (const [i, name] of NAMES.entries()) {
    counts[name] = kernel.load64(CONTROL_BASE + word + i * 8);
  }
  return counts;
}

export function writeInodeCounts(kernel: KernelExports, word: number, counts: InodeCounts): void {
  for (const [i, name] of NAMES.entries()) {
    kernel.store64(CONTROL_BASE + word + i * 8, counts[name]);
  }
}

export const inodeSum = (counts: InodeCounts): number =>
  NAMES.reduce((sum, name) => sum + counts[name], 0);

/** Counts an inode on the side of its parent: visible or trash. */
export function addInode(counts: InodeCounts, parentId: number, type: number, by: number): void {
  const side = R.isHiddenParent(parentId) ? 2 : 0;
  counts[NAMES[side + (type === R.INODE_TYPE_DIRECTORY ? 1 : 0)]!] += by;
}

/** Counts the changes of the entry at an offset of the window. */
export function countEntry(counts: InodeCounts, view: DataView, entry: number): void {
  const end = entry + view.getUint32(entry + E.ENTRY_LENGTH, true);
  for (let at = entry + E.ENTRY_CHANGES; at + E.CHANGE_PAYLOAD <= end; ) {
    countChange(counts, view, at);
    at += E.CHANGE_PAYLOAD + ((view.getUint32(at + E.CHANGE_BYTES, true) + 7) & ~7);
  }
}

function countChange(counts: InodeCounts, view: DataView, at: number): void {
  const kind = view.getUint8(at + E.CHANGE_KIND);
  const flags = view.getUint8(at + E.CHANGE_FLAGS);
  const payload = at + E.CHANGE_PAYLOAD;
  if (kind === E.CHANGE_PUT) {
    if ((flags & (E.PUT_NEW | E.PUT_CROSSES)) === 0) return;
    const parentId = readU64(view, payload + R.RECORD_PARENT_ID);
    const type = view.getUint8(payload + R.RECORD_TYPE);
    addInode(counts, parentId, type, 1);
    if ((flags & E.PUT_CROSSES) === 0) return;
    addInode(counts, R.isHiddenParent(parentId) ? R.ROOT_ID : R.RECLAIM_ID, type, -1);
  } else if (kind === E.CHANGE_REMOVE && (flags & E.REMOVE_DROP_ID) !== 0) {
    const isDirectory = (flags & E.REMOVE_DIRECTORY) !== 0;
    const type = isDirectory ? R.INODE_TYPE_DIRECTORY : R.INODE_TYPE_FILE;
    addInode(counts, readU64(view, payload + E.REMOVE_PARENT_ID), type, -1);
  }
}
