/**
 * Directories and files for one process alone. They hold names, credentials of stores and
 * everybody's metadata, so no other user of the machine may read them.
 */
import type { Stats } from 'node:fs';
import { chmod, lstat, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Code, StatusError } from '../base/status.js';

const PRIVATE_DIRECTORY_MODE = 0o700;
export const PRIVATE_FILE_MODE = 0o600;

/** Permission bits of everybody but the owner. */
const OTHERS = 0o077;

/** A path that was open to others; `mode` is as before if that cannot be changed. */
export type Tightened = { readonly path: string; readonly was: number; readonly mode: number };

/**
 * Makes the directory, and those above it that are missing. One step after the other: node's own
 * `recursive` never ends where a file system says of a new name that its parent is not there.
 */
export async function makePrivateDirectory(path: string): Promise<void> {
  try {
    const missing: string[] = [];
    for (let at = path; !(await isThere(at)); at = dirname(at)) missing.unshift(at);
    for (const at of missing) {
      const mode = at === path ? PRIVATE_DIRECTORY_MODE : undefined;
      await mkdir(at, mode === undefined ? {} : { mode }).catch(unlessThere);
    }
  } catch (error) {
    throw cannotMake(path, error);
  }
}

/** Closes to others what is open to them: the path, and what lies in it, `depth` levels down. */
export async function tighten(
  path: string,
  { depth, except = [] }: { readonly depth: number; readonly except?: readonly string[] },
): Promise<Tightened[]> {
  const stats = await lstat(path).catch(unlessMissing);
  if (stats === undefined || !(stats.isFile() || stats.isDirectory())) return [];
  const found = await close(path, stats);
  if (!stats.isDirectory() || depth === 0) return found;
  for (const name of await readdir(path)) {
    if (except.includes(name)) continue;
    found.push(...(await tighten(join(path, name), { depth: depth - 1 })));
  }
  return found;
}

async function close(path: string, { mode }: Stats): Promise<Tightened[]> {
  const was = mode & 0o777;
  if ((was & OTHERS) === 0) return [];
  try {
    await chmod(path, mode & 0o7777 & ~OTHERS);
    return [{ path, was, mode: was & ~OTHERS }];
  } catch (error) {
    // Another's directory that we may write to, as container platforms give volumes.
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return [{ path, was, mode: was }];
    throw error;
  }
}

async function isThere(path: string): Promise<boolean> {
  const stats = await stat(path).catch(unlessMissing);
  if (stats?.isDirectory() === false) throw new Error(`${path} is no directory`);
  return stats !== undefined;
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

const cannotMake = (path: string, error: unknown): StatusError =>
  new StatusError(
    Code.FAILED_PRECONDITION,
    `The directory ${path} cannot be made: ${(error as Error).message}.`,
    { path, hint: 'Name a directory on a disk that this process may write to.' },
  );
