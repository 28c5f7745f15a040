/** Files of this machine as get writes them: whole or not at all. */
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { OrchardError } from '../client/errors.js';

/** Written under another name until it is complete, so that nobody uses half a file. */
export async function writeLocal(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  { overwrite }: { overwrite: boolean },
): Promise<void> {
  const existing = await stat(path).catch(nothingThere);
  if (existing !== undefined && (existing.isDirectory() || !overwrite)) {
    const hint = existing.isDirectory() ? undefined : 'replace it with -f';
    throw new OrchardError('ALREADY_EXISTS', 'The local path exists.', { path, hint });
  }
  const unfinished = `${path}.orchard-${process.pid}`;
  try {
    // Opened before the first chunk: a stream that opens by itself may make the file after `rm`.
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

/** Refuses to make directories that nobody asked for. */
export async function checkParent(path: string): Promise<void> {
  const parent = dirname(path);
  if (await isLocalDirectory(parent)) return;
  const reason = `There is no directory "${parent}" on this machine.`;
  throw new OrchardError('NOT_FOUND', reason, { path, hint: `mkdir -p ${parent}` });
}

function nothingThere(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
  return undefined;
}
