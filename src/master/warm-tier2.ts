/**
 * Brings tier 2's file into the page cache in the background after start, if there is room for it.
 * The master opens it without read-ahead: where a look-up faults a page in, the kernel would read
 * 128 KiB around it, and until a namespace of a hundred million files was warm each look-up took
 * thirty times as long. Reading it in order instead takes what the disk can give.
 *
 * Never more than half of the memory that is free: what does not fit would only push out what does.
 */
import { open } from 'node:fs/promises';

const CHUNK_BYTES = 1 << 20;
const MEMORY_SHARE = 0.5;

/** Bytes that were read; 0 if the file is not there or too large. */
export async function warmTier2(
  file: string,
  freeBytes: number,
  signal: AbortSignal,
): Promise<number> {
  const handle = await open(file, 'r').catch(unlessMissing);
  if (handle === undefined) return 0;
  try {
    const { size } = await handle.stat();
    if (size > freeBytes * MEMORY_SHARE) return 0;
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    let at = 0;
    while (!signal.aborted) {
      const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES, at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return at;
  } finally {
    await handle.close();
  }
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
