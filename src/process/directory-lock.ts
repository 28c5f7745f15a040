/**
 * The lock of a data directory: one master at a time, and no stale lock after SIGKILL.
 *
 * Both locks belong to the kernel, which frees them with the process, however it dies:
 *   1. a Unix socket in the abstract namespace, named by device and inode of the directory, so
 *      that two paths to one directory are one lock. It sees the masters of this network namespace;
 *   2. flock(2) on the file LOCK, which also sees masters in other containers. Node has no flock,
 *      but a flock belongs to the open file description: flock(1) locks the descriptor that it
 *      inherits and exits, and the lock stays with us until we close ours. Where flock(1) is not
 *      installed, the first lock is the only one.
 * LOCK names the holder for the message; nobody trusts it as a lock.
 *
 * Invariant: the descriptor of LOCK is inherited by nobody but flock(1) (node opens O_CLOEXEC).
 */
import { spawnSync } from 'node:child_process';
import type { FileHandle } from 'node:fs/promises';
import { open, readFile, stat } from 'node:fs/promises';
import type { Server } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Code, StatusError } from '../base/status.js';
import { PRIVATE_FILE_MODE } from './private-files.js';

const LOCK_FILE = 'LOCK';
/** The descriptor's number in flock(1), the first after the standard ones. */
const INHERITED_FD = 3;

export type DirectoryLock = {
  /** False where flock(1) is missing: a master in another container would not be noticed. */
  readonly seesOtherContainers: boolean;
  readonly release: () => Promise<void>;
};

export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const path = join(directory, LOCK_FILE);
  const socket = await bindAbstract(await socketName(directory));
  if (socket === undefined) throw await heldBy(directory, path);
  const file = await open(path, 'a+', PRIVATE_FILE_MODE);
  const flocked = flock(file.fd);
  if (flocked === 'held') {
    await closeAll(socket, file);
    throw await heldBy(directory, path);
  }
  await file.truncate(0);
  await file.appendFile(`${process.pid}\n`);
  return {
    seesOtherContainers: flocked === 'locked',
    release: () => closeAll(socket, file),
  };
}

async function socketName(directory: string): Promise<string> {
  const { dev, ino } = await stat(directory, { bigint: true });
  return `\0orchard-data-${dev.toString(16)}-${ino.toString(16)}`;
}

/** The bound socket, or undefined when another process has the name. */
function bindAbstract(name: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => connection.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(name, () => {
      server.unref();
      resolve(server);
    });
  });
}

function flock(fd: number): 'locked' | 'held' | 'unavailable' {
  const stdio = ['ignore' as const, 'ignore' as const, 'ignore' as const, fd];
  const { status, error } = spawnSync('flock', ['-n', '-x', String(INHERITED_FD)], { stdio });
  if (error !== undefined) return 'unavailable';
  return status === 0 ? 'locked' : 'held';
}

async function closeAll(socket: Server, file: FileHandle): Promise<void> {
  await file.close();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
}

async function heldBy(directory: string, path: string): Promise<StatusError> {
  const holder = await readFile(path, 'utf8').catch(() => '');
  const pid = holder.trim() === '' ? 'another process' : `process ${holder.trim()}`;
  const reason = `The data directory ${directory} is in use by the master of ${pid}.`;
  const hint = 'Stop that master first, or set ORCHARD_DATA_DIR to another directory.';
  return new StatusError(Code.FAILED_PRECONDITION, reason, { hint });
}
