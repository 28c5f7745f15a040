/**
 * The file system for the journal: a dozen synchronous calls, so that tests can put faults and
 * crashes between them. Errors are node:fs errors with their `code`.
 */
import fs from 'node:fs';

/** 'r' reads, 'r+' reads and writes, 'wx+' creates and refuses what exists. */
export type OpenFlags = 'r' | 'r+' | 'wx+';

export interface JournalFs {
  openSync(path: string, flags: OpenFlags): number;
  closeSync(fd: number): void;
  sizeSync(fd: number): number;
  /** Returns the bytes read; fewer than asked only at the end of the file. */
  readSync(fd: number, into: Uint8Array, at: number, bytes: number, position: number): number;
  /** Returns the bytes written: fewer than asked is a failure to the caller. */
  writeSync(fd: number, from: Uint8Array, at: number, bytes: number, position: number): number;
  writevSync(fd: number, buffers: readonly Uint8Array[], position: number): number;
  fdatasyncSync(fd: number): void;
  /** Makes creations, renames and removals in the directory durable. */
  syncDirectorySync(path: string): void;
  renameSync(from: string, to: string): void;
  unlinkSync(path: string): void;
  /** Names in no particular order. */
  readdirSync(path: string): string[];
  mkdirSync(path: string): void;
  /** Free bytes of the directory's disk, as far as this process may use them. */
  freeBytesSync(path: string): number;
}

/** The real file system. Buffers may lie over a SharedArrayBuffer (tried on Node 20). */
export const nodeJournalFs: JournalFs = {
  openSync: (path, flags) => fs.openSync(path, flags, 0o600),
  closeSync: (fd) => fs.closeSync(fd),
  sizeSync: (fd) => fs.fstatSync(fd).size,
  readSync: (fd, into, at, bytes, position) => fs.readSync(fd, into, at, bytes, position),
  writeSync: (fd, from, at, bytes, position) => fs.writeSync(fd, from, at, bytes, position),
  writevSync: (fd, buffers, position) => fs.writevSync(fd, buffers, position),
  fdatasyncSync: (fd) => fs.fdatasyncSync(fd),
  syncDirectorySync: (path) => {
    const fd = fs.openSync(path, 'r');
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  },
  renameSync: (from, to) => fs.renameSync(from, to),
  unlinkSync: (path) => fs.unlinkSync(path),
  readdirSync: (path) => fs.readdirSync(path),
  mkdirSync: (path) => void fs.mkdirSync(path, { recursive: true }),
  freeBytesSync: (path) => {
    const { bavail, bsize } = fs.statfsSync(path);
    return bavail * bsize;
  },
};
