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
import { basename, dirname, join } from 'node:path';
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
};

export async function writeFileAtomically(write: LocalWrite): Promise<UfsStatus> {
  const { tree, path } = write;
  const parent = await step(write, (signal) => makeParent(tree, path, signal));
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
    await discard({ handle, temporary, parent });
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
  await discard({ handle, temporary, parent: undefined });
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
  /** The uppermost directory that was made for this write. */
  readonly made: string | undefined;
};

/** Goes up to what exists and checks that first: mkdir -p would follow a link out of the root. */
async function makeParent(tree: LocalTree, path: string, signal: AbortSignal): Promise<Parent> {
  const wanted = parentOf(path);
  let existing = wanted;
  let realDir = await tree.directory(existing, signal);
  while (realDir === undefined) {
    existing = parentOf(existing);
    realDir = await tree.directory(existing, signal);
  }
  if (existing === wanted) return { real: realDir, made: undefined };
  const real = join(realDir, wanted.slice(existing.length));
  const made = await tree.call(signal, () => mkdir(real, { recursive: true }));
  return { real, made };
}

async function refuseDirectory(write: LocalWrite, realDir: string, signal: AbortSignal) {
  const found = await write.tree.locate(realDir, basename(write.path), signal);
  if (found?.stats.isDirectory() !== true) return;
  throw new StatusError(Code.INVALID_ARGUMENT, `${write.call.uri} is a directory`, {
    hint: 'Name a file in it, or remove the directory first.',
  });
}

/** Best effort by nature: it runs because the store or its caller has just failed. */
async function discard(left: {
  handle: FileHandle | undefined;
  temporary: string;
  parent: Parent | undefined;
}): Promise<void> {
  await left.handle?.close().catch(systemCode);
  await unlink(left.temporary).catch(systemCode);
  if (left.parent?.made === undefined) return;
  for (let dir = left.parent.real; dir.length >= left.parent.made.length; dir = dirname(dir)) {
    const gone = await rmdir(dir).then(
      () => true,
      () => false,
    );
    // Somebody else's file is in it by now.
    if (!gone) return;
  }
}
