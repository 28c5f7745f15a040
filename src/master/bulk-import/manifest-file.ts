/**
 * A file of a manifest: its kind, which the first bytes decide and not the name, and its text as a
 * stream. Other kinds of files are refused by name before anything is read.
 *
 * Offsets are those of the text when it is unpacked, its byte order mark included.
 */
import { createReadStream, constants as files } from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, gunzipSync, constants as zlib } from 'node:zlib';
import { Code, StatusError } from '../../base/status.js';
import { systemCode } from '../../stores/local-errors.js';

const CHUNK_BYTES = 1 << 20;
const HEAD_BYTES = 4096;
const GZIP = Buffer.of(0x1f, 0x8b);
const UTF8_MARK = Buffer.of(0xef, 0xbb, 0xbf);

/** Kinds of files that are not lists, and how to make a list of them. */
const FOREIGN: readonly (readonly [Buffer, name: string, hint: string])[] = [
  [Buffer.of(0xff, 0xfe), 'UTF-16 (little endian)', 'iconv -f UTF-16 -t UTF-8 makes UTF-8 of it.'],
  [Buffer.of(0xfe, 0xff), 'UTF-16 (big endian)', 'iconv -f UTF-16 -t UTF-8 makes UTF-8 of it.'],
  [Buffer.of(0x28, 0xb5, 0x2f, 0xfd), 'packed by zstd', 'Unpack it, or pack it with gzip.'],
  [Buffer.from('\xfd7zXZ', 'latin1'), 'packed by xz', 'Unpack it, or pack it with gzip.'],
];
/** Kinds whose first bytes a path may have too: refused only if no text follows. */
const FOREIGN_BINARY: typeof FOREIGN = [
  [Buffer.from('PAR1'), 'Parquet', 'Configure the inventory as CSV, or write the table as CSV.'],
  [Buffer.from('ORC'), 'ORC', 'Configure the inventory as CSV, or write the table as CSV.'],
  [Buffer.from('Obj\x01'), 'Avro', 'Write the table as CSV.'],
  [Buffer.from('PK'), 'a ZIP archive', 'Unpack it, or pack it with gzip.'],
  [Buffer.from('BZh'), 'packed by bzip2', 'Unpack it, or pack it with gzip.'],
];

export type ManifestFile = {
  /** Absolute. */
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly isZipped: boolean;
  /** Where its text begins: after a byte order mark. */
  readonly textAt: number;
  /** The first bytes of its text. */
  readonly head: Buffer;
};

/** Bytes of a file, and the text that they are. */
export type ManifestText = {
  readonly raw: { readonly bytesRead: number; destroy(): void };
  readonly chunks: AsyncIterator<Buffer>;
};

/** Throws a StatusError for a file that is not a list. */
export async function inspectManifest(given: string): Promise<ManifestFile> {
  const path = resolve(given);
  const { head: bytes, size, mtimeMs } = await headOf(path);
  const isZipped = startsWith(bytes, GZIP);
  const text = isZipped ? unpackedHead(bytes, path) : bytes;
  refuseForeign(text, path);
  const textAt = startsWith(text, UTF8_MARK) ? UTF8_MARK.length : 0;
  return { path, size, mtimeMs, isZipped, textAt, head: text.subarray(textAt) };
}

/** Its text from an offset on. */
export function readManifest({ path, isZipped }: ManifestFile, offset: number): ManifestText {
  const raw = createReadStream(path, { highWaterMark: CHUNK_BYTES, start: isZipped ? 0 : offset });
  const text = isZipped ? unpacked(raw) : raw;
  return { raw, chunks: chunksOf(text, isZipped ? offset : 0, path) };
}

/** The failure for a file that cannot be read. */
export function explainFile(error: unknown, path: string): unknown {
  const code = systemCode(error);
  const status = (kind: Code, reason: string, hint: string): StatusError =>
    new StatusError(kind, reason, { path, hint });
  switch (code) {
    case '':
      return error;
    case 'ENOENT':
    case 'ENOTDIR':
      return status(Code.NOT_FOUND, `There is no file ${path}.`, 'Check the path on this machine.');
    case 'EACCES':
    case 'EPERM':
      return status(
        Code.PERMISSION_DENIED,
        `The file ${path} may not be read (${code}).`,
        'Give this user the right to read it.',
      );
    case 'Z_DATA_ERROR':
    case 'Z_BUF_ERROR':
      return status(
        Code.DATA_LOSS,
        `The packed file ${path} ${code === 'Z_BUF_ERROR' ? 'ends too early' : 'is damaged'}.`,
        'Fetch it again; what came in so far goes with orchard admin import --drop.',
      );
    default:
      return status(
        Code.UNAVAILABLE,
        `The file ${path} cannot be read (${code}).`,
        'Check the file system it lies in, and give the same command again.',
      );
  }
}

async function headOf(path: string) {
  try {
    // Opening a pipe without a writer would wait.
    const file = await open(path, files.O_RDONLY | files.O_NONBLOCK);
    try {
      const stats = await file.stat();
      if (!stats.isFile()) throw irregular(path, stats.isDirectory());
      const bytes = Buffer.alloc(HEAD_BYTES);
      const { bytesRead } = await file.read(bytes, 0, HEAD_BYTES, 0);
      return { head: bytes.subarray(0, bytesRead), size: stats.size, mtimeMs: stats.mtimeMs };
    } finally {
      await file.close();
    }
  } catch (error) {
    throw explainFile(error, path);
  }
}

/** As much of the text as the first bytes give. */
function unpackedHead(bytes: Buffer, path: string): Buffer {
  try {
    return gunzipSync(bytes, { finishFlush: zlib.Z_SYNC_FLUSH });
  } catch (error) {
    throw explainFile(error, path);
  }
}

function refuseForeign(text: Buffer, path: string): void {
  const kinds = isText(text) ? FOREIGN : [...FOREIGN, ...FOREIGN_BINARY];
  const [, name, hint] = kinds.find(([magic]) => startsWith(text, magic)) ?? [];
  if (name === undefined || hint === undefined) return;
  throw new StatusError(
    Code.INVALID_ARGUMENT,
    `The file ${path} is ${name}; a manifest is CSV in UTF-8, plain or packed by gzip.`,
    { path, hint },
  );
}

/** Whether a list could begin like this: it has no control characters other than white space. */
function isText(bytes: Buffer): boolean {
  return bytes.every((byte) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d));
}

const startsWith = (bytes: Buffer, magic: Buffer): boolean =>
  bytes.subarray(0, magic.length).equals(magic);

function unpacked(raw: Readable): Readable {
  const out = new PassThrough({ highWaterMark: CHUNK_BYTES });
  // A failure also reaches the reader: pipeline destroys its end with the error.
  pipeline(raw, createGunzip({ chunkSize: CHUNK_BYTES }), out).catch((error: Error) =>
    out.destroy(error),
  );
  return out;
}

async function* chunksOf(text: Readable, skip: number, path: string): AsyncGenerator<Buffer, void> {
  let left = skip;
  try {
    for await (const chunk of text as AsyncIterable<Buffer>) {
      if (left < chunk.length) yield chunk.subarray(left);
      left = Math.max(0, left - chunk.length);
    }
  } catch (error) {
    throw explainFile(error, path);
  }
}

function irregular(path: string, isDirectory: boolean): StatusError {
  const kind = isDirectory ? 'a directory' : 'no regular file';
  const hint = isDirectory
    ? 'Name the files in it, such as *.csv.gz'
    : 'Write it to a file: an interrupted import reads it again.';
  return new StatusError(Code.INVALID_ARGUMENT, `${path} is ${kind}.`, { path, hint });
}
