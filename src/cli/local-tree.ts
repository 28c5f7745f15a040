/** Directories of this machine as put and get see them: walked depth first, files written whole. */
import { lstat, mkdir, open, opendir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { OrchardError } from '../client/errors.js';

export type LocalEntry = {
  readonly path: string;
  /** Below the root of the walk, with `/` between; '' for the root. */
  readonly relative: string;
  readonly isDirectory: boolean;
  readonly length: number;
};

/** The entry itself, then what is below it. Symbolic links are followed at the root only. */
export async function* walkLocal(root: string): AsyncGenerator<LocalEntry, void, undefined> {
  const top = await stat(root);
  const isDirectory = top.isDirectory();
  yield { path: root, relative: '', isDirectory, length: top.size };
  if (isDirectory) yield* walkBelow(root, '');
}

async function* walkBelow(
  directory: string,
  relative: string,
): AsyncGenerator<LocalEntry, void, undefined> {
  for await (const entry of await opendir(directory)) {
    const path = join(directory, entry.name);
    const below = relative === '' ? entry.name : `${relative}/${entry.name}`;
    if (entry.isDirectory()) {
      yield { path, relative: below, isDirectory: true, length: 0 };
      yield* walkBelow(path, below);
    } else if (entry.isFile()) {
      yield { path, relative: below, isDirectory: false, length: (await lstat(path)).size };
    }
  }
}

export async function countLocal(root: string): Promise<number> {
  let files = 0;
  for await (const entry of walkLocal(root)) if (!entry.isDirectory) files += 1;
  return files;
}

/** Under another name until it is whole, so that nobody takes half a file for a file. */
export async function writeLocal(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  { overwrite }: { overwrite: boolean },
): Promise<void> {
  const existing = await stat(path).catch(nothingThere);
  if (existing !== undefined && (existing.isDirectory() || !overwrite)) {
    const hint = existing.isDirectory() ? undefined : 'replace it with -f';
    throw new OrchardError('ALREADY_EXISTS', 'the local path exists', { path, hint });
  }
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.orchard-${process.pid}`;
  try {
    // Open before the first chunk: a stream that opens by itself may make the file after `rm`.
    const file = await open(unfinished, 'w');
    await pipeline(chunks, file.createWriteStream());
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

export async function isLocalDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(nothingThere))?.isDirectory() ?? false;
}

function nothingThere(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
  return undefined;
}
