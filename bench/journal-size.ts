/**
 * How many bytes of journal a master would have to replay, found without asking it: segments are
 * filled with zeros before they are used, so what is used of one ends at its last other byte. True
 * only as long as no segment has been recycled, that is, while nothing has been flushed.
 */
import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';

const BLOCK_BYTES = 1 << 20;
const zeros = Buffer.alloc(BLOCK_BYTES);

export function journalBytesUsed(journalDir: string): number {
  let bytes = 0;
  for (const entry of readdirSync(journalDir, { withFileTypes: true })) {
    if (entry.isFile()) bytes += usedOf(join(journalDir, entry.name));
  }
  return bytes;
}

function usedOf(file: string): number {
  const fd = openSync(file, 'r');
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  try {
    let end = fstatSync(fd).size;
    while (end > 0) {
      const start = Math.floor((end - 1) / BLOCK_BYTES) * BLOCK_BYTES;
      const bytes = readSync(fd, block, 0, end - start, start);
      const read = block.subarray(0, bytes);
      if (!read.equals(zeros.subarray(0, bytes))) {
        return start + read.findLastIndex((byte) => byte !== 0) + 1;
      }
      end = start;
    }
    return 0;
  } finally {
    closeSync(fd);
  }
}
