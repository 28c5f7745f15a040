/**
 * Reads tier 2's file into the page cache in the background after start, if there is room for it.
 * The master opens the file without read-ahead: for a page fault of a look-up the kernel would read
 * 128 KiB, and until a namespace of a hundred million files was warm each look-up took thirty times
 * as long. Reading in order takes half of the disk's rate; look-ups have the other half.
 *
 * Never more than half of the free memory: a larger file would only push out useful pages.
 */
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const CHUNK_BYTES = 256 * 1024;
const MEMORY_SHARE = 0.5;
/** A faster chunk was already in memory. */
const CACHED_MS_MAX = 1;

/** Bytes that were read; 0 if the file does not exist or is too large. */
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
      const began = performance.now();
      const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES, at);
      if (bytesRead === 0) break;
      at += bytesRead;
      // As long a pause as the disk was busy: look-ups have the other half of it.
      const busyMs = performance.now() - began;
      if (busyMs > CACHED_MS_MAX) await sleep(busyMs);
    }
    return at;
  } finally {
    await handle.close();
  }
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
