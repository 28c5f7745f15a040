/**
 * The numbers of inodes in tier 2, as of its appliedSeq. They are stored with it. Only metadata of
 * an older version has none, and is counted once.
 */

import { readU64 } from '../../base/word64.js';
import type { KernelExports } from '../memory/exports.js';
import { addInode, type InodeCounts, noInodes, writeInodeCounts } from '../memory/inode-counts.js';
import { CONTROL, EXECUTOR } from '../memory/layout.js';
import { RECORD_PARENT_ID, RECORD_TYPE } from '../memory/record.js';
import type { SharedMemory } from '../memory/shared-memory.js';
import { InodeScan } from '../storage/inode-scan.js';
import type { Tier2 } from '../storage/tier2.js';

const FIRST_KEY = new Uint8Array(0);
const BEHIND_KEYS = new Uint8Array(16).fill(0xff);

/** Where recovery begins to count. `base` is the block of the writer: scratch only. */
export function loadInodeCounts(
  shared: SharedMemory,
  kernel: KernelExports,
  tier2: Tier2,
  base: number,
): void {
  const { state } = tier2;
  if (state === undefined) return;
  const counts = state.inodes ?? countStored(shared, kernel, tier2, base);
  writeInodeCounts(kernel, CONTROL.INODES, counts);
}

function countStored(
  { u8, view }: SharedMemory,
  kernel: KernelExports,
  tier2: Tier2,
  base: number,
): InodeCounts {
  const [key, value, record] = [base + EXECUTOR.KEY, base + EXECUTOR.VALUE, base + EXECUTOR.RECORD];
  const counts = noInodes();
  const scan = new InodeScan(tier2, u8, key, value);
  scan.open(FIRST_KEY, false, BEHIND_KEYS);
  while (scan.next()) {
    if (kernel.decodeRecord(key, scan.keyBytes, value, scan.valueBytes, record) === 0) continue;
    addInode(
      counts,
      readU64(view, record + RECORD_PARENT_ID),
      view.getUint8(record + RECORD_TYPE),
      1,
    );
  }
  return counts;
}
