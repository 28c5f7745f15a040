/**
 * Entries of CSV manifests, plain or gzip: lists of paths, or S3 Inventory reports, which may be
 * named by their manifest.json.
 *
 * Invariant: memory is a chunk of a file, whatever its size.
 */
import { z } from 'zod';
import { Code, StatusError } from '../../base/status.js';
import { fingerprint } from '../../stores/ufs.js';
import { CsvRecords, Found } from './csv-records.js';
import { copyUnquoted, urlDecode, wholeNumber } from './csv-values.js';
import {
  type EntryBatch,
  type EntrySource,
  MODE_UNKNOWN,
  NAME_UNKNOWN,
  RAW_PATH_BYTES_MAX,
  TIME_UNKNOWN,
} from './entry-batch.js';
import { type PathRoom, pathProblem } from './entry-path.js';
import { readInventoryList } from './inventory-list.js';
import {
  type Columns,
  columnsOf,
  columnsOfHeader,
  type ManifestFormat,
} from './manifest-columns.js';
import {
  inspectManifest,
  type ManifestFile,
  type ManifestText,
  readManifest,
} from './manifest-file.js';
import { timeMs } from './manifest-time.js';
import type { RejectReason, Rejects } from './rejects.js';

const SLASH = 0x2f;
const FALSE = 'false';

export type ManifestOptions = {
  readonly files: readonly string[];
  /** For files that no manifest.json describes. */
  readonly format: ManifestFormat;
  /** Names of the columns, instead of the format's. */
  readonly columns?: string | undefined;
  /** Of the keys of an inventory. */
  readonly isUrlEncoded: boolean;
  /** Keys of an inventory below this prefix are taken, without it: the mount's prefix with '/'. */
  readonly prefix: string;
  /** The bucket of the mount: rows of other buckets are left out. */
  readonly bucket?: string | undefined;
  readonly room: PathRoom;
  readonly rejects: Rejects;
};

/** One file with entries. */
type Part = {
  readonly file: ManifestFile;
  readonly format: ManifestFormat;
  readonly columns: Columns;
  /** Its first line may name the columns. */
  readonly mayHaveHeader: boolean;
};

const positionSchema = z.object({ file: z.int(), offset: z.int(), line: z.int(), done: z.int() });
const noRecords = (): CsvRecords => new CsvRecords({ offset: 0, line: 1 });

export class ManifestSource implements EntrySource {
  readonly identity: string;
  readonly size: number;
  readonly #options: ManifestOptions;
  readonly #parts: readonly Part[];
  readonly #prefix: Buffer;
  #columns: Columns;
  /** Index of the part that is read. */
  #at = 0;
  #records = noRecords();
  #text: ManifestText | undefined;
  #isEnd = false;
  /** Bytes of the files before. */
  #doneBefore = 0;

  private constructor(options: ManifestOptions, parts: readonly Part[]) {
    this.#options = options;
    this.#parts = parts;
    this.size = parts.reduce((sum, { file }) => sum + file.size, 0);
    this.#columns = parts[0]!.columns;
    this.#prefix = Buffer.from(options.prefix);
    const { format, columns, isUrlEncoded, prefix, bucket } = options;
    const how = { format, columns, isUrlEncoded, prefix, bucket };
    const files = parts.map(({ file: { path, size, mtimeMs } }) => ({ path, size, mtimeMs }));
    this.identity = JSON.stringify({ files, ...how });
  }

  /** Throws a StatusError if a file is missing, is not a list, or is not complete. */
  static async open(options: ManifestOptions): Promise<ManifestSource> {
    const parts: Part[] = [];
    for (const path of options.files) parts.push(...(await partsOf(path, options)));
    return new ManifestSource(options, parts);
  }

  get done(): number {
    return this.#doneBefore + (this.#text?.raw.bytesRead ?? 0);
  }

  async read(batch: EntryBatch): Promise<boolean> {
    while (!batch.isFull) {
      const found = this.#text === undefined ? Found.MORE : this.#records.next(this.#isEnd);
      if (found === Found.RECORD) this.#take(batch);
      else if (found === Found.TOO_LONG) this.#reject('record', Buffer.alloc(0));
      else if (!(await this.#more())) break;
    }
    return batch.count > 0;
  }

  position(): unknown {
    const { offset, nextLine: line } = this.#records;
    return { file: this.#at, offset, line, done: this.#doneBefore };
  }

  async seek(position?: unknown): Promise<void> {
    await this.close();
    const at =
      position === undefined
        ? { file: 0, offset: 0, line: 1, done: 0 }
        : positionSchema.parse(position);
    this.#at = at.file;
    this.#doneBefore = at.done;
    const part = this.#parts[at.file];
    if (part === undefined) return;
    this.#open(part, { offset: 0, line: 1 });
    if (at.line === 1) return;
    // The first line may have named the columns.
    await this.#readHeader();
    const columns = this.#columns;
    await this.close();
    this.#open(part, at);
    this.#columns = columns;
  }

  async close(): Promise<void> {
    this.#text?.raw.destroy();
    await this.#text?.chunks.return?.();
    this.#text = undefined;
    this.#isEnd = false;
  }

  /** False when all files are read. */
  async #more(): Promise<boolean> {
    if (this.#text === undefined) {
      const part = this.#parts[this.#at];
      if (part === undefined) return false;
      this.#open(part, { offset: 0, line: 1 });
    } else if (this.#isEnd) {
      this.#doneBefore += this.#part.file.size;
      await this.close();
      this.#at++;
      this.#records = noRecords();
      return this.#at < this.#parts.length;
    }
    const { value, done } = await this.#text!.chunks.next();
    if (done === true) this.#isEnd = true;
    else this.#records.feed(value);
    return true;
  }

  get #part(): Part {
    return this.#parts[this.#at]!;
  }

  #open({ file, columns }: Part, at: { readonly offset: number; readonly line: number }): void {
    const offset = Math.max(at.offset, file.textAt);
    this.#records = new CsvRecords({ offset, line: at.line });
    this.#columns = columns;
    this.#text = readManifest(file, offset);
    this.#isEnd = false;
  }

  async #readHeader(): Promise<void> {
    while (this.#records.next(this.#isEnd) === Found.MORE && !this.#isEnd) await this.#more();
    this.#columns = this.#header() ?? this.#columns;
  }

  #header(): Columns | undefined {
    const records = this.#records;
    if (records.line !== 1 || !this.#part.mayHaveHeader) return undefined;
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
    if (this.#field(columns.isLatest) === FALSE || this.#field(columns.isDeleteMarker) === 'true') {
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

  /** Copies it to the batch, decoded and without the prefix; returns its bytes, or why not. */
  #copyPath(batch: EntryBatch): number | RejectReason | 'passed' {
    const records = this.#records;
    const { path } = this.#columns;
    const at = records.fieldAt[path]!;
    let end = records.fieldEnd[path]!;
    const { bytes: target, end: to } = batch;
    // The batch has room for this many bytes; decoding only makes them fewer.
    if (end - at > RAW_PATH_BYTES_MAX) return 'path';
    if (records.hasQuotes[path] === 1) {
      end = copyUnquoted({ bytes: records.buffer, at, end }, target, to);
    } else {
      records.buffer.copy(target, to, at, end);
      end = to + (end - at);
    }
    if (this.#isInventory && this.#options.isUrlEncoded) {
      end = urlDecode(target, to, end);
      if (end < 0) return 'escape';
    }
    return this.#withoutPrefix(target, to, end);
  }

  #withoutPrefix(target: Buffer, to: number, end: number): number | RejectReason | 'passed' {
    const prefix = this.#prefix;
    // A plain list has paths below the target, which may begin with a slash.
    const skip = this.#isInventory ? prefix.length : Number(target[to] === SLASH);
    if (this.#isInventory && skip > 0) {
      const isInside = end - to >= skip && prefix.equals(target.subarray(to, to + skip));
      if (!isInside) return 'outside';
    }
    // The marker of the target itself.
    if (end - to === skip && skip > 0) return 'passed';
    if (skip > 0) target.copy(target, to, to + skip, end);
    return end - to - skip;
  }

  get #isInventory(): boolean {
    return this.#part.format === 's3-inventory';
  }

  #isOfOther(): boolean {
    const { bucket } = this.#options;
    const column = this.#columns.bucket;
    return bucket !== undefined && column >= 0 && this.#field(column) !== bucket;
  }

  #field(column: number): string | undefined {
    const records = this.#records;
    if (column < 0 || column >= records.fieldCount) return undefined;
    return records.buffer.toString('latin1', records.fieldAt[column]!, records.fieldEnd[column]!);
  }

  /** The fingerprint that a load from the store would note. */
  #fingerprint(column: number, length: number, mtimeMs: number): number {
    const etag = this.#field(column)?.replaceAll('"', '');
    const time = mtimeMs === TIME_UNKNOWN ? {} : { mtimeMs };
    const status = { name: '', type: 'file', length, ...time } as const;
    return fingerprint(etag === undefined || etag === '' ? status : { ...status, etag });
  }

  #reject(reason: RejectReason, text: Buffer): void {
    this.#options.rejects.add(reason, this.#records.line, text);
  }
}

/** The file itself, or those that it lists. */
async function partsOf(path: string, options: ManifestOptions): Promise<Part[]> {
  const { format, columns, bucket } = options;
  const file = await inspectManifest(path);
  const list = await readInventoryList(file);
  if (list === undefined) {
    const mayHaveHeader = columns === undefined;
    return [{ file, format, columns: columnsOf(format, columns), mayHaveHeader }];
  }
  if (bucket !== undefined && bucket !== list.bucket) throw otherBucket(path, list.bucket, bucket);
  const inventory = 's3-inventory';
  const parts = {
    format: inventory,
    columns: columnsOf(inventory, columns ?? list.columns),
  } as const;
  return list.files.map((one) => ({ file: one, ...parts, mayHaveHeader: false }));
}

const otherBucket = (path: string, its: string, bucket: string): StatusError =>
  new StatusError(
    Code.INVALID_ARGUMENT,
    `${path} lists the bucket "${its}", and the store there is the bucket "${bucket}".`,
    {
      path,
      hint: 'Give the report of that bucket, or the directory that its store is mounted at.',
    },
  );
