/**
 * Writes a backup of the running master: a capture (capture.ts), block by block, to a temporary
 * file beside its place, which gets its name when all of it is on the disk. Memory: one batch.
 *
 *
 * Invariant: whenever the process dies, the name has a complete backup or its former content.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { Code, StatusError } from '../../base/status.js';
import type { EntryHandler } from '../journal/journal.js';
import { countEntry, inodeSum, noInodes } from '../memory/inode-counts.js';
import type { TableName, Tier2 } from '../storage/tier2.js';
import {
  BACKUP_FORMAT,
  BACKUP_MAGIC,
  type BackupHead,
  BlockKind,
  encodeBlock,
  encodeJson,
  encodeRows,
} from './backup-format.js';
import { type BackupTarget, placeOfBackup } from './backup-place.js';
import { type CaptureSink, type CaptureStart, capture, type EntrySource } from './capture.js';
import { EntryChunks } from './entry-chunks.js';
import type { InspectControl } from './inspect.js';
import type { Row } from './table-rows.js';

/** Of the cluster, for the reader of the backup. */
export type BackupOrigin = Pick<BackupHead, 'dataFormat' | 'version' | 'clusterId' | 'clusterName'>;

export type BackupSource = { readonly tier2: Tier2; readonly entries: EntrySource };

export type BackupReport = {
  readonly file: string;
  /** The backup is the namespace after this entry. */
  readonly seq: number;
  readonly bytes: number;
  readonly inodes: number;
  readonly rows: number;
  readonly entries: number;
};

export async function writeBackup(
  source: BackupSource,
  origin: BackupOrigin,
  target: BackupTarget,
  { signal, onProgress }: InspectControl,
): Promise<BackupReport> {
  const file = placeOfBackup(target);
  const writer = new BackupWriter(file, origin);
  try {
    const captured = await capture(source.tier2, source.entries, writer, {
      signal,
      onProgress: (rows, total) =>
        onProgress({ done: Math.min(rows, total), total, bytes: writer.bytes, path: file }),
    });
    return writer.finish(captured.seq, target.force);
  } catch (error) {
    writer.discard();
    throw error;
  }
}

class BackupWriter implements CaptureSink {
  bytes = 0;
  readonly #file: string;
  readonly #temporary: string;
  readonly #origin: BackupOrigin;
  readonly #salt = randomBytes(4).readUInt32LE() || 1;
  readonly #chunks: EntryChunks;
  #fd: number | undefined;
  #blocks = 0;
  #rows = 0;
  #inodes = noInodes();
  #entries = 0;

  constructor(file: string, origin: BackupOrigin) {
    this.#file = file;
    this.#origin = origin;
    this.#temporary = `${file}.${randomBytes(4).toString('hex')}.partial`;
    this.#fd = asStatus(file, () => openSync(this.#temporary, 'wx', 0o600));
    this.#chunks = new EntryChunks((chunk, count) => {
      this.#block(BlockKind.ENTRIES, chunk);
      this.#entries += count;
    });
  }

  begin(start: CaptureStart): void {
    this.#write(Buffer.from(BACKUP_MAGIC));
    const { appliedSeq, idNext, inodes = noInodes() } = start;
    this.#inodes = { ...inodes };
    const head: BackupHead = {
      ...this.#origin,
      format: BACKUP_FORMAT,
      createdMs: Date.now(),
      salt: this.#salt,
      appliedSeq,
      idNext,
      inodes,
    };
    this.#block(BlockKind.HEAD, encodeJson(head));
  }

  rows(table: TableName, rows: readonly Row[]): void {
    if (rows.length === 0) return;
    this.#block(BlockKind.ROWS, encodeRows(table, rows));
    this.#rows += rows.length;
  }

  damaged(table: TableName, key: Uint8Array): never {
    const where = Buffer.from(key).toString('hex');
    throw new StatusError(Code.DATA_LOSS, `The row of ${table} at key ${where} is damaged.`, {
      hint: 'A backup of it would be none: see what else is damaged, orchard admin verify',
    });
  }

  readonly entry: EntryHandler = (bytes, offset, length) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    countEntry(this.#inodes, view, offset);
    return this.#chunks.add(bytes, offset, length);
  };

  /** Gives the file its name when it is whole and on the disk. */
  finish(seq: number, force: boolean): BackupReport {
    this.#chunks.flush();
    const counts = { rows: this.#rows, inodes: inodeSum(this.#inodes), entries: this.#entries };
    this.#block(BlockKind.END, encodeJson({ seq, ...counts }));
    asStatus(this.#file, () => {
      fsyncSync(this.#fd!);
      closeSync(this.#fd!);
      this.#fd = undefined;
      if (force) replaceFile(this.#temporary, this.#file);
      // Unlike rename(2), link(2) never replaces a file that was put there meanwhile.
      else linkSync(this.#temporary, this.#file);
      rmSync(this.#temporary, { force: true });
      syncDirectory(path.dirname(this.#file));
    });
    return { file: this.#file, seq, bytes: this.bytes, ...counts };
  }

  discard(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    rmSync(this.#temporary, { force: true });
  }

  #block(kind: BlockKind, payload: Uint8Array): void {
    const salt = kind === BlockKind.HEAD ? 0 : this.#salt;
    this.#write(encodeBlock(kind, this.#blocks++, salt, payload));
  }

  #write(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      at += asStatus(this.#file, () => writeSync(this.#fd!, bytes, at));
    }
    this.bytes += bytes.length;
  }
}

/** rename(2) would also replace something that is not a file, if it was put there meanwhile. */
function replaceFile(temporary: string, file: string): void {
  if (lstatSync(file, { throwIfNoEntry: false })?.isFile() !== false) renameSync(temporary, file);
  else
    throw new StatusError(Code.FAILED_PRECONDITION, `${file} is no regular file.`, { path: file });
}

/** A name is durable once its directory is. */
function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** A refusal by the master's file system is an expected failure. */
function asStatus<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof StatusError || code === undefined) throw error;
    const known: Readonly<Record<string, Code>> = {
      ENOSPC: Code.RESOURCE_EXHAUSTED,
      EDQUOT: Code.RESOURCE_EXHAUSTED,
      EEXIST: Code.ALREADY_EXISTS,
      EACCES: Code.PERMISSION_DENIED,
      EROFS: Code.PERMISSION_DENIED,
    };
    throw new StatusError(known[code] ?? Code.FAILED_PRECONDITION, `${code}: ${message}.`, {
      path: file,
    });
  }
}
