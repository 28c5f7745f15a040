/**
 * Writing one local file so that it appears whole or not at all: into a temporary file beside it,
 * fsync, rename over the old one, fsync of the directory. Directories above it that are missing
 * are made, and taken away again when the write fails.
 *
 * A crash of the machine's master can leave a temporary file, which no listing shows
 * (isTemporaryName).
 */
import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rmdir, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Code, StatusError } from '../base/status.js';
import type { Call, CallGate } from './call-gate.js';
import { systemCode } from './local-errors.js';
import { type LocalTree, parentOf } from './local-tree.js';
import { sourceChunks } from './source-chunks.js';
import type { UfsStatus } from './ufs.js';

export type LocalWrite = {
  readonly gate: CallGate;
  readonly tree: LocalTree;
  readonly call: Call;
  readonly path: string;
  readonly data: AsyncIterable<Uint8Array>;
  /** What cleaning up after a failure may take at most. */
  readonly timeoutMs: number;
};

export async function writeFileAtomically(write: LocalWrite): Promise<UfsStatus> {
  const { tree } = write;
  const parent = await step(write, (signal) => makeParent(write, signal));
  const temporary = join(parent.real, `.orchard-${randomBytes(8).toString('hex')}.tmp`);
  let handle: FileHandle | undefined;
  try {
    await step(write, (signal) => refuseDirectory(write, parent.real, signal));
    const opened = await step(write, (signal) => openTemporary(write, temporary, signal));
    handle = opened;
    await copyInto(write, opened);
    await step(write, (signal) => tree.call(signal, () => opened.sync()));
    await step(write, (signal) => tree.call(signal, () => opened.close()));
    handle = undefined;
    return await step(write, (signal) => publish(write, parent.real, temporary, signal));
  } catch (error) {
    await discard(write, { handle, temporary, made: parent.made });
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
  // It opened after the deadline: nobody else will ever close it.
  await discard(write, { handle, temporary, made: [] });
  throw signal.reason;
}

async function copyInto(write: LocalWrite, handle: FileHandle): Promise<void> {
  for await (const chunk of sourceChunks(write.data, write.call)) {
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
  realDir: string,
  temporary: string,
  signal: AbortSignal,
): Promise<UfsStatus> {
  const { tree, path, call } = write;
  await tree.call(signal, async () => {
    signal.throwIfAborted();
    await rename(temporary, join(realDir, basename(path)));
    const directory = await open(realDir, 'r');
    await directory.sync().finally(() => directory.close());
  });
  const status = await tree.entry(realDir, basename(path), signal);
  if (status !== undefined) return status;
  throw new StatusError(Code.ABORTED, `${call.uri} was removed while it was being written`);
}

type Parent = {
  readonly real: string;
  /** The directories that were made for this write, from the top. */
  readonly made: readonly string[];
};

/** One directory at a time: mkdir -p would follow a link out of the root. */
async function makeParent(write: LocalWrite, signal: AbortSignal): Promise<Parent> {
  const { tree, path } = write;
  const missing: string[] = [];
  let dirPath = parentOf(path);
  let real = await tree.directory(dirPath, signal);
  while (real === undefined) {
    missing.unshift(basename(dirPath));
    dirPath = parentOf(dirPath);
    real = await tree.directory(dirPath, signal);
  }
  const made: string[] = [];
  try {
    for (const name of missing) {
      const below = join(real, name);
      dirPath = dirPath === '' ? name : `${dirPath}/${name}`;
      if (await makeDirectory(tree, below, signal)) made.push(below);
      // Somebody else's: a directory is as good as ours, anything else is in the way.
      else if ((await tree.directory(dirPath, signal)) === undefined) throw inTheWay(below);
      real = below;
    }
    // Nobody waits any more: then what was made goes again.
    signal.throwIfAborted();
    return { real, made };
  } catch (error) {
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
  new StatusError(Code.INVALID_ARGUMENT, `file://${real} is no directory of this mount`, {
    hint: 'It is a file, or a link that the mount does not follow: choose another path.',
  });

async function refuseDirectory(write: LocalWrite, realDir: string, signal: AbortSignal) {
  const found = await write.tree.locate(realDir, basename(write.path), signal);
  if (found?.stats.isDirectory() !== true) return;
  throw new StatusError(Code.INVALID_ARGUMENT, `${write.call.uri} is a directory`, {
    hint: 'Name a file in it, or remove the directory first.',
  });
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
  // From the bottom; one that holds somebody else's file by now stays, and so do those above it.
  for (const dir of made.toReversed()) await tree.call(signal, () => rmdir(dir));
}
