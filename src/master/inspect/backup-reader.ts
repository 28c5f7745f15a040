/** Reads a backup block by block, and trusts only blocks with the right checksum. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { Code, StatusError } from '../../base/status.js';
import {
  BACKUP_FORMAT,
  BACKUP_MAGIC,
  type BackupEnd,
  type BackupHead,
  BLOCK_BYTES_MAX,
  BLOCK_HEADER_BYTES,
  BlockKind,
  isBlockGood,
} from './backup-format.js';
import { decodeEnd, decodeHead, formatOf } from './backup-json.js';

export type BackupBlock = { readonly kind: BlockKind; readonly payload: Buffer };

export class BackupReader {
  readonly head: BackupHead;
  readonly bytes: number;
  /** How far the file was read. */
  at: number;
  readonly #file: string;
  readonly #fd: number;
  #number = 0;
  #end: BackupEnd | undefined;

  /** Throws unless the file begins like a backup that this version can read. */
  constructor(file: string, dataFormat: number) {
    this.#file = file;
    this.#fd = openSync(file, 'r');
    try {
      this.bytes = fstatSync(this.#fd).size;
      const magic = this.#read(0, BACKUP_MAGIC.length);
      if (Buffer.compare(magic, BACKUP_MAGIC) !== 0) throw this.#notOne('it is no backup');
      this.at = BACKUP_MAGIC.length;
      const { payload } = this.#block(0);
      this.#checkVersion(payload, dataFormat);
      this.head = decodeHead(payload);
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
  }

  /** The end block of the file; available after blocks() has finished. */
  get end(): BackupEnd {
    if (this.#end === undefined) throw this.#damaged('it has no end: it was cut off');
    return this.#end;
  }

  /** All rows and entries, in order; throws DATA_LOSS at the first block that is not good. */
  *blocks(): Iterable<BackupBlock> {
    for (;;) {
      if (this.at >= this.bytes) throw this.#damaged('it has no end: it was cut off');
      const block = this.#block(this.head.salt);
      if (block.kind === BlockKind.END) {
        this.#end = decodeEnd(block.payload);
        if (this.at !== this.bytes) throw this.#damaged('something follows its end');
        return;
      }
      yield block;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  #block(salt: number): BackupBlock {
    const start = this.at;
    const bytes = this.#read(start, BLOCK_HEADER_BYTES).readUInt32LE(8);
    if (bytes > BLOCK_BYTES_MAX) throw this.#damaged(`block ${this.#number} is damaged`);
    const block = this.#read(start, BLOCK_HEADER_BYTES + bytes);
    const isNext = block.readUInt32LE(4) === this.#number;
    if (!isNext || !isBlockGood(block, salt)) {
      throw this.#damaged(`block ${this.#number} is damaged`);
    }
    this.#number++;
    this.at = start + block.length;
    const kind = block.readUInt32LE(0) as BlockKind;
    return { kind, payload: block.subarray(BLOCK_HEADER_BYTES) };
  }

  #read(position: number, bytes: number): Buffer {
    const into = Buffer.allocUnsafe(bytes);
    let filled = 0;
    while (filled < bytes) {
      const read = readSync(this.#fd, into, filled, bytes - filled, position + filled);
      if (read === 0) throw this.#damaged('it was cut off');
      filled += read;
    }
    return into;
  }

  #checkVersion(payload: Buffer, dataFormat: number): void {
    const format = formatOf(payload);
    if (format !== BACKUP_FORMAT) {
      throw this.#notOne(`its format is ${format}, this version reads ${BACKUP_FORMAT}`);
    }
    const head = decodeHead(payload);
    if (head.dataFormat === dataFormat) return;
    throw this.#notOne(
      `it holds data of format ${head.dataFormat}, written by Orchard ${head.version}; ` +
        `this version reads ${dataFormat}`,
    );
  }

  #notOne(what: string): StatusError {
    return new StatusError(Code.FAILED_PRECONDITION, `${this.#file}: ${what}.`, {
      path: this.#file,
      hint: 'Restore it with the version of Orchard that wrote it.',
    });
  }

  #damaged(what: string): StatusError {
    return new StatusError(Code.DATA_LOSS, `${this.#file}: offset ${this.at ?? 0}: ${what}.`, {
      path: this.#file,
      hint: 'Take another backup; nothing was restored.',
    });
  }
}
