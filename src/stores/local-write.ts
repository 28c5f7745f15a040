/**
 * Writes one local file so that it appears completely or not at all: into a temporary file beside
 * it, fsync, rename over the old one, fsync of the directory. Missing directories above it are
 * made, and removed again when the write fails.
 *
 * A crash of the machine's master can leave a temporary file, which no listing shows
 * (isTemporaryName).
 */
import { randomBytes } from 'node:crypto';
import { type FileHandle, link, mkdir, open, rename, rmdir, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Code, StatusError } from '../base/status.js';
import type { Call, CallGate } from './call-gate.js';
import { alreadyThere, changed, isADirectory } from './failures.js';
import { systemCode } from './local-errors.js';
import { contentOf, type LocalTree, type OpenDirectory, parentOf } from './local-tree.js';
import { sourceChunks } from './source-chunks.js';
import { TransferPace } from './transfer-pace.js';
import { isFingerprintOf, type UfsStatus, type UfsWriteOptions } from './ufs.js';

export type LocalWrite = {
  readonly gate: CallGate;
  readonly tree: LocalTree;
  readonly call: Call;
  readonly path: string;
  readonly data: AsyncIterable<Uint8Array>;
  readonly options: UfsWriteOptions;
  /** What cleaning up after a failure may take at most. */
  readonly timeoutMs: number;
};

export async function writeFileAtomically(write: LocalWrite): Promise<UfsStatus> {
  const { dir, made } = await step(write, (signal) => makeParent(write, signal));
  try {
    return await writeInto(write, dir);
  } catch (error) {
    await discard(write, { handle: undefined, temporary: undefined, made });
    throw error;
  } finally {
    write.tree.release(dir.handle);
  }
}

async function writeInto(write: LocalWrite, parent: OpenDirectory): Promise<UfsStatus> {
  const { tree } = write;
  const temporary = join(parent.at, `.orchard-${randomBytes(8).toString('hex')}.tmp`);
  let handle: FileHandle | undefined;
  try {
    await step(write, (signal) => refuseTarget(write, parent.at, signal));
    const opened = await step(write, (signal) => openTemporary(write, temporary, signal));
    handle = opened;
    await copyInto(write, opened);
    await step(write, (signal) => tree.call(signal, () => opened.sync()));
    await step(write, (signal) => tree.call(signal, () => opened.close()));
    handle = undefined;
    return await step(write, (signal) => publish(write, parent, temporary, signal));
  } catch (error) {
    await discard(write, { handle, temporary, made: [] });
    throw error;
  }
}

const step = <T>(write: LocalWrite, work: (signal: AbortSignal) => Promise<T>): Promise<T> =>
  write.gate.step(write.call, work);

async function openTemporary(
  write: LocalWrite,
  temporary: string,
  signal: AbortSignal,
): Promise<FileHandle> {
  const handle = await write.tree.call(signal, () => open(temporary, 'wx'));
  if (!signal.aborted) return handle;
  // The file opened after the deadline, so nobody else will ever close it.
  await discard(write, { handle, temporary, made: [] });
  throw signal.reason;
}

async function copyInto(write: LocalWrite, handle: FileHandle): Promise<void> {
  const pace = new TransferPace(write.gate, write.call, 'write');
  for await (const chunk of sourceChunks(write.data, pace)) {
    for (let offset = 0; offset < chunk.length; ) {
      const from = offset;
      const { bytesWritten } = await step(write, (signal) =>
        write.tree.call(signal, () => handle.write(chunk, from, chunk.length - from)),
      );
      offset += bytesWritten;
    }
  }
}

async function publish(
  write: LocalWrite,
  { at, handle }: OpenDirectory,
  temporary: string,
  signal: AbortSignal,
): Promise<UfsStatus> {
  const { tree, path, call, options } = write;
  const target = join(at, basename(path));
  await refuseTarget(write, at, signal);
  await tree.call(signal, async () => {
    signal.throwIfAborted();
    if (options.ifAbsent === true) await renameIntoNothing(temporary, target, call.uri);
    else await rename(temporary, target);
    await handle.sync();
  });
  const status = await tree.entry(at, basename(path), signal);
  if (status !== undefined) return status;
  throw new StatusError(Code.ABORTED, `${call.uri} was removed while it was being written.`);
}

/** Error codes of file systems without hard links (some network file systems). */
const noLinks: ReadonlySet<string> = new Set([
  'EPERM',
  'ENOSYS',
  'ENOTSUP',
  'EOPNOTSUPP',
  'EMLINK',
]);

/** link(2) is the one call that never replaces anything. */
async function renameIntoNothing(temporary: string, target: string, uri: string): Promise<void> {
  try {
    await link(temporary, target);
  } catch (error) {
    if (systemCode(error) === 'EEXIST') throw alreadyThere(uri);
    if (!noLinks.has(systemCode(error))) throw error;
    return renameOverOwn(temporary, target, uri);
  }
  // The data is in place. A temporary file that stays is removed later (local-leftovers.ts).
  await unlink(temporary).catch(systemCode);
}

/**
 * First takes the name with an empty file. The file is visible for a moment, but no other is lost.
 */
async function renameOverOwn(temporary: string, target: string, uri: string): Promise<void> {
  try {
    await (await open(target, 'wx')).close();
  } catch (error) {
    throw systemCode(error) === 'EEXIST' ? alreadyThere(uri) : error;
  }
  await rename(temporary, target);
}

type Parent = {
  readonly dir: OpenDirectory;
  /** The directories that were made for this write, from the top. */
  readonly made: readonly string[];
};

/** One directory at a time: mkdir -p would follow a link out of the root. */
async function makeParent(write: LocalWrite, signal: AbortSignal): Promise<Parent> {
  const { tree, path } = write;
  const missing: string[] = [];
  let dirPath = parentOf(path);
  let dir = await tree.openDirectory(dirPath, signal);
  while (dir === undefined) {
    if (dirPath === '') throw rootMoved(write.call.uri);
    missing.unshift(basename(dirPath));
    dirPath = parentOf(dirPath);
    dir = await tree.openDirectory(dirPath, signal);
  }
  const made: string[] = [];
  try {
    for (const name of missing) {
      dirPath = dirPath === '' ? name : `${dirPath}/${name}`;
      const isMade = await makeDirectory(tree, join(dir.at, name), signal);
      if (isMade) made.push(join(dir.real, name));
      const below = await tree.openDirectory(dirPath, signal);
      // Another process made it: a directory will do, anything else is in the way.
      if (below === undefined) throw inTheWay(join(dir.real, name));
      tree.release(dir.handle);
      dir = below;
    }
    // Nobody waits any more, so the new directories are removed.
    signal.throwIfAborted();
    return { dir, made };
  } catch (error) {
    tree.release(dir.handle);
    await discard(write, { handle: undefined, temporary: undefined, made });
    throw error;
  }
}

/** False when the name is taken. */
async function makeDirectory(tree: LocalTree, real: string, signal: AbortSignal): Promise<boolean> {
  try {
    await tree.call(signal, () => mkdir(real));
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

const inTheWay = (real: string): StatusError =>
  new StatusError(Code.INVALID_ARGUMENT, `File://${real} is not a directory of this mount.`, {
    hint: 'It is a file, or a link that the mount does not follow: choose another path.',
  });

const rootMoved = (uri: string): StatusError =>
  new StatusError(Code.UNAVAILABLE, `The root of the mount moves while ${uri} is written.`, {
    hint: 'Check that the file system below it is mounted.',
  });

/** Before the data comes and again before it appears. */
async function refuseTarget(write: LocalWrite, at: string, signal: AbortSignal): Promise<void> {
  const { tree, path, call, options } = write;
  const found = await tree.locate(at, basename(path), signal);
  if (options.ifMatch !== undefined && options.ifMatch !== 0) {
    const isSame =
      found?.stats.isFile() === true && isFingerprintOf(contentOf(found.stats), options.ifMatch);
    if (!isSame) throw changed(call.uri);
  }
  if (found !== undefined && options.ifAbsent === true) throw alreadyThere(call.uri);
  if (found?.stats.isDirectory() === true) throw isADirectory(call.uri);
}

type Remains = {
  readonly handle: FileHandle | undefined;
  readonly temporary: string | undefined;
  readonly made: readonly string[];
};

/**
 * Best effort by nature: it runs because the store or its caller has just failed. Not a step of
 * the gate, as it must also run when the gate is closed; a store that hangs is not waited for.
 */
async function discard({ tree, timeoutMs }: LocalWrite, remains: Remains): Promise<void> {
  const deadline = AbortSignal.timeout(timeoutMs);
  await new Promise<void>((resolve) => {
    deadline.addEventListener('abort', () => resolve(), { once: true });
    removeAll(tree, remains, deadline).then(resolve, () => resolve());
  });
}

async function removeAll(tree: LocalTree, remains: Remains, signal: AbortSignal): Promise<void> {
  const { handle, temporary, made } = remains;
  if (handle !== undefined) await tree.close(handle);
  if (temporary !== undefined) await tree.call(signal, () => unlink(temporary)).catch(systemCode);
  // From the bottom up. A directory that now holds a foreign file stays, and so do those above it.
  for (const dir of made.toReversed()) await tree.call(signal, () => rmdir(dir));
}
