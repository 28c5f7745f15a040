/**
 * Temporary files left by killed writers. A listing that meets them removes those that no writer
 * can still own: a write that moves nothing ends (transfer-pace.ts), so an old file has no writer.
 */
import { lstat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from './local-errors.js';
import type { LocalTree } from './local-tree.js';

/** Untouched for this long, or for twice what a silent client may take. */
const AGE_MS_MIN = 3_600_000;
/** Files that one listing removes; the next one removes more. */
const REMOVED_MAX = 64;

export type Leftovers = {
  readonly tree: LocalTree;
  /** Undefined: the mount is read-only, and all is left alone. */
  readonly idleMs: number | undefined;
};

/** Best effort: a listing is right whether or not these files go. */
export async function removeLeftovers(
  { tree, idleMs }: Leftovers,
  { at, names }: { readonly at: string; readonly names: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  if (idleMs === undefined) return;
  const ageMs = Math.max(AGE_MS_MIN, 2 * idleMs);
  for (const name of names.slice(0, REMOVED_MAX)) {
    await tree.call(signal, () => removeOld(join(at, name), ageMs)).catch(systemCode);
  }
}

async function removeOld(file: string, ageMs: number): Promise<void> {
  const stats = await lstat(file);
  if (stats.isFile() && Date.now() - stats.mtimeMs > ageMs) await unlink(file);
}
