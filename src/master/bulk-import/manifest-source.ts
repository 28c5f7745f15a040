/**
 * Entries of CSV manifests, plain or gzip: lists of paths, or S3 Inventory reports.
 *
 * Invariant: memory is a chunk of a file, whatever its size.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import { fingerprint } from '../../stores/ufs.js';
import { CsvRecords, Found } from './csv-records.js';
import { copyUnquoted, timeMs, urlDecode, wholeNumber } from './csv-values.js';
import {
  type EntryBatch,
  type EntrySource,
  MODE_UNKNOWN,
  NAME_UNKNOWN,
  RAW_PATH_BYTES_MAX,
  TIME_UNKNOWN,
} from './entry-batch.js';
import { type PathRoom, pathProblem } from './entry-path.js';
import {
  type Columns,
  columnsOf,
  columnsOfHeader,
  type ManifestFormat,
} from './manifest-columns.js';
import type { RejectReason, Rejects } from './rejects.js';

const CHUNK_BYTES = 1 << 20;
const SLASH = 0x2f;
const FALSE = 'false';

export type ManifestOptions = {
  readonly files: readonly string[];
  readonly format: ManifestFormat;
  /** Names of the columns, instead of the format's. */
  readonly columns?: string | undefined;
  readonly isUrlEncoded: boolean;
  /** Only keys below it are taken, without it: the prefix of the mount, ending with a slash. */
  readonly prefix: string;
  /** Rows of another bucket are left out. */
  readonly bucket?: string | undefined;
  readonly room: PathRoom;
  readonly rejects: Rejects;
};

const positionSchema = z.object({ file: z.int(), offset: z.int(), line: z.int(), done: z.int() });

export class ManifestSource implements EntrySource {
  readonly identity: string;
  readonly size: number;
  readonly #options: ManifestOptions;
  readonly #given: Columns;
  readonly #prefix: Buffer;
  #columns: Columns;
  #file = 0;
  #records = new CsvRecords({ offset: 0, line: 1 });
  #stream: AsyncIterator<Buffer> | undefined;
  #raw: Readable | undefined;
  #isEnd = false;
  /** Bytes of the files before. */
  #doneBefore = 0;
  #sizes: readonly number[];

  private constructor(options: ManifestOptions, identity: string, sizes: readonly number[]) {
    this.#options = options;
    this.identity = identity;
    this.#sizes = sizes;
    this.size = sizes.reduce((sum, size) => sum + size, 0);
    this.#given = columnsOf(options.format, options.columns);
    this.#columns = this.#given;
    this.#prefix = Buffer.from(options.prefix);
  }

  static async open(options: ManifestOptions): Promise<ManifestSource> {
    const { format, columns, isUrlEncoded, prefix, bucket } = options;
    const files = await Promise.all(
      options.files.map(async (file) => {
        const { size, mtimeMs } = await stat(file);
        return { path: resolve(file), size, mtimeMs };
      }),
    );
    const how = { format, columns, isUrlEncoded, prefix, bucket };
    const sizes = files.map(({ size }) => size);
    return new ManifestSource(options, JSON.stringify({ files, ...how }), sizes);
  }

  get done(): number {
    const read = (this.#raw as { bytesRead?: number } | undefined)?.bytesRead ?? 0;
    return this.#doneBefore + read;
  }

  async read(batch: EntryBatch): Promise<boolean> {
    while (!batch.isFull) {
      const found = this.#stream === undefined ? Found.MORE : this.#records.next(this.#isEnd);
      if (found === Found.RECORD) this.#take(batch);
      else if (found === Found.TOO_LONG) this.#reject('record', Buffer.alloc(0));
      else if (!(await this.#more())) break;
    }
    return batch.count > 0;
  }

  position(): unknown {
    const { offset, nextLine: line } = this.#records;
    return { file: this.#file, offset, line, done: this.#doneBefore };
  }

  async seek(position?: unknown): Promise<void> {
    await this.close();
    const at =
      position === undefined
        ? { file: 0, offset: 0, line: 1, done: 0 }
        : positionSchema.parse(position);
    this.#file = at.file;
    this.#doneBefore = at.done;
    this.#columns = this.#given;
    if (at.offset > 0) {
      // The first line may have named the columns.
      this.#records = new CsvRecords({ offset: 0, line: 1 });
      this.#openFile(0);
      await this.#readHeader();
      await this.close();
    }
    this.#records = new CsvRecords({ offset: at.offset, line: at.line });
    if (at.file < this.#options.files.length) this.#openFile(at.offset);
  }

  async close(): Promise<void> {
    this.#raw?.destroy();
    await this.#stream?.return?.();
    this.#raw = undefined;
    this.#stream = undefined;
    this.#isEnd = false;
  }

  /** False when all files are read. */
  async #more(): Promise<boolean> {
    if (this.#stream === undefined) {
      if (this.#file >= this.#options.files.length) return false;
      this.#openFile(0);
    } else if (this.#isEnd) {
      this.#doneBefore += this.#sizes[this.#file]!;
      await this.close();
      this.#file++;
      this.#columns = this.#given;
      this.#records = new CsvRecords({ offset: 0, line: 1 });
      return this.#file < this.#options.files.length;
    }
    const { value, done } = await this.#stream!.next();
    if (done === true) this.#isEnd = true;
    else this.#records.feed(value);
    return true;
  }

  #openFile(offset: number): void {
    const file = this.#options.files[this.#file]!;
    const isZipped = file.endsWith('.gz');
    const start = isZipped ? 0 : offset;
    const raw = createReadStream(file, { highWaterMark: CHUNK_BYTES, start });
    this.#raw = raw;
    this.#isEnd = false;
    this.#stream = isZipped
      ? skipping(unzipped(raw), offset)
      : (raw[Symbol.asyncIterator]() as AsyncIterator<Buffer>);
  }

  async #readHeader(): Promise<void> {
    while (this.#records.next(this.#isEnd) === Found.MORE && !this.#isEnd) await this.#more();
    this.#columns = this.#header() ?? this.#given;
  }

  #header(): Columns | undefined {
    const records = this.#records;
    if (records.line !== 1 || this.#options.columns !== undefined) return undefined;
    const fields = Array.from({ length: records.fieldCount }, (_, i) =>
      records.buffer.toString('utf8', records.fieldAt[i], records.fieldEnd[i]),
    );
    return columnsOfHeader(fields);
  }

  #take(batch: EntryBatch): void {
    const records = this.#records;
    // An empty line.
    if (records.fieldCount === 1 && records.fieldAt[0] === records.fieldEnd[0]) return;
    if (records.line === 1) {
      const header = this.#header();
      if (header !== undefined) {
        this.#columns = header;
        return;
      }
    }
    const at = batch.end;
    const problem = this.#takeEntry(batch);
    if (problem === undefined || problem === 'passed') return;
    const { path } = this.#columns;
    const text =
      path < records.fieldCount
        ? records.buffer.subarray(records.fieldAt[path], records.fieldEnd[path])
        : batch.bytes.subarray(at, at);
    this.#reject(problem, text);
  }

  #takeEntry(batch: EntryBatch): RejectReason | 'passed' | undefined {
    const records = this.#records;
    const columns = this.#columns;
    const { buffer, fieldAt, fieldEnd } = records;
    if (columns.path >= records.fieldCount || columns.length >= records.fieldCount) {
      return 'columns';
    }
    if (this.#isOfOther()) return 'outside';
    if (this.#text(columns.isLatest) === FALSE || this.#text(columns.isDeleteMarker) === 'true') {
      return 'passed';
    }
    const pathBytes = this.#copyPath(batch);
    if (typeof pathBytes !== 'number') return pathBytes;
    const at = batch.end;
    const problem = pathProblem(batch.bytes, at, pathBytes, this.#options.room);
    if (problem !== undefined) return problem;
    const { length: size, mtime, etag } = columns;
    const length = size < 0 ? 0 : wholeNumber(buffer, fieldAt[size]!, fieldEnd[size]!);
    if (length < 0) return 'length';
    const mtimeMs =
      mtime < 0 || mtime >= records.fieldCount
        ? TIME_UNKNOWN
        : timeMs(buffer, fieldAt[mtime]!, fieldEnd[mtime]!);
    if (Number.isNaN(mtimeMs)) return 'time';
    const isDirectory = batch.bytes[at + pathBytes - 1] === SLASH;
    batch.take(pathBytes, {
      length: isDirectory ? 0 : length,
      mtimeMs,
      fingerprint: isDirectory ? 0 : this.#fingerprint(etag, length, mtimeMs),
      mode: MODE_UNKNOWN,
      owner: NAME_UNKNOWN,
      group: NAME_UNKNOWN,
      line: records.line,
    });
    return undefined;
  }

  /** To the end of the batch, decoded and without the prefix; its bytes, or why not. */
  #copyPath(batch: EntryBatch): number | RejectReason | 'passed' {
    const records = this.#records;
    const { path } = this.#columns;
    const at = records.fieldAt[path]!;
    let end = records.fieldEnd[path]!;
    const { bytes: target, end: to } = batch;
    // The batch has room for so many bytes; decoding only makes them fewer.
    if (end - at > RAW_PATH_BYTES_MAX) return 'path';
    if (records.hasQuotes[path] === 1) {
      end = copyUnquoted({ bytes: records.buffer, at, end }, target, to);
    } else {
      records.buffer.copy(target, to, at, end);
      end = to + (end - at);
    }
    if (this.#options.isUrlEncoded) {
      end = urlDecode(target, to, end);
      if (end < 0) return 'escape';
    }
    return this.#withoutPrefix(target, to, end);
  }

  #withoutPrefix(target: Buffer, to: number, end: number): number | RejectReason | 'passed' {
    const prefix = this.#prefix;
    // A leading slash of a plain list stands for the target.
    const isRooted = this.#options.format === 'csv' && target[to] === SLASH;
    const skip = isRooted ? 1 : prefix.length;
    if (!isRooted && skip > 0) {
      const isInside = end - to >= skip && prefix.equals(target.subarray(to, to + skip));
      if (!isInside) return 'outside';
    }
    // The marker of the target itself.
    if (end - to === skip && skip > 0) return 'passed';
    if (skip > 0) target.copy(target, to, to + skip, end);
    return end - to - skip;
  }

  #isOfOther(): boolean {
    const { bucket } = this.#options;
    const column = this.#columns.bucket;
    return bucket !== undefined && column >= 0 && this.#text(column) !== bucket;
  }

  #text(column: number): string | undefined {
    const records = this.#records;
    if (column < 0 || column >= records.fieldCount) return undefined;
    return records.buffer.toString('latin1', records.fieldAt[column]!, records.fieldEnd[column]!);
  }

  /** What a load from the store would note of the object. */
  #fingerprint(column: number, length: number, mtimeMs: number): number {
    const etag = this.#text(column)?.replaceAll('"', '');
    const time = mtimeMs === TIME_UNKNOWN ? {} : { mtimeMs };
    const status = { name: '', type: 'file', length, ...time } as const;
    return fingerprint(etag === undefined || etag === '' ? status : { ...status, etag });
  }

  #reject(reason: RejectReason, text: Buffer): void {
    this.#options.rejects.add(reason, this.#records.line, text);
  }
}

function unzipped(raw: Readable): Readable {
  const out = new PassThrough({ highWaterMark: CHUNK_BYTES });
  // What fails fails the reader as well: pipeline destroys its end with the error.
  pipeline(raw, createGunzip({ chunkSize: CHUNK_BYTES }), out).catch((error: Error) =>
    out.destroy(error),
  );
  return out;
}

async function* skipping(stream: Readable, bytes: number): AsyncGenerator<Buffer, void> {
  let left = bytes;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (left < chunk.length) yield chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}
