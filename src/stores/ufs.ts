/**
 * The contract of an under file system (UFS): the store behind one mount. The stores
 * themselves are local.ts and s3.ts, opened by registry.ts.
 *
 * Paths are relative to the root of the mount in the store, '/'-separated, '' is the root itself;
 * no component is empty, '.' or '..' (checkUfsPath). Every call takes an AbortSignal and is
 * bounded by the mount's own timeout: a store that hangs gives UNAVAILABLE, never a stuck caller.
 * Calls beyond the mount's concurrency wait, beyond its queue they get RESOURCE_EXHAUSTED.
 *
 * Errors are StatusErrors that name the URI and never a credential: NOT_FOUND, PERMISSION_DENIED,
 * INVALID_ARGUMENT, UNAVAILABLE (network, timeout, a root that has vanished: never mistaken for
 * "the file was deleted"), FAILED_PRECONDITION (a store that lists out of order; a file that is not
 * the expected one), ALREADY_EXISTS (ifAbsent), RESOURCE_EXHAUSTED, CANCELLED or DEADLINE_EXCEEDED
 * (the caller's signal).
 *
 * Invariant: entries of list() rise strictly by the UTF-8 bytes of their names, over all pages.
 * Invariant: an entry that exists during the whole paging is listed exactly once.
 * Invariant: write() shows either the old object or the whole new one, and leaves nothing behind
 * when it fails.
 */
import type { Readable } from 'node:stream';
import { NAME_BYTES_MAX } from '../base/limits.js';
import { Code, StatusError } from '../base/status.js';
import type { Skips } from './skips.js';

export type UfsStatus = {
  /** Last component; '' for the root. */
  readonly name: string;
  readonly type: 'file' | 'directory';
  /** Bytes of a file, 0 for a directory. */
  readonly length: number;
  /** Whole milliseconds since 1970, negative before; absent where the store knows none. */
  readonly mtimeMs?: number;
  /** Changes whenever the content does; opaque. Not for directories. */
  readonly etag?: string;
  /** Permission bits, at most 0o7777. */
  readonly mode?: number;
  readonly owner?: string;
  readonly group?: string;
};

export type UfsPage = {
  readonly entries: readonly UfsStatus[];
  /**
   * Pass as startAfter for the next page; absent on the last one, and only there. A page may be
   * shorter than the limit and still not be the last.
   */
  readonly nextStartAfter?: string;
  /** What was left out: the namespace cannot hold it, or a mount must not follow it. */
  readonly skipped: Skips;
};

export type UfsListOptions = {
  /** Only names after this one, by UTF-8 bytes; it need not exist. */
  readonly startAfter?: string | undefined;
  /** Entries at most, 1 or more. */
  readonly limit: number;
  readonly signal: AbortSignal;
};

export type UfsReadOptions = {
  readonly offset?: number | undefined;
  /** Bytes at most; to the end of the file without it. */
  readonly length?: number | undefined;
  /**
   * The fingerprint that the file must have still, checked on what is really opened; 0 = any.
   * Another file gives FAILED_PRECONDITION, before the first byte or in place of the end.
   */
  readonly expect?: number | undefined;
  /** Told of what the store gave, chunk by chunk. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
  readonly signal: AbortSignal;
};

export type UfsWriteOptions = {
  /** Only where nothing has the name when the data appears: else ALREADY_EXISTS. */
  readonly ifAbsent?: boolean | undefined;
  /** Only over the file of this fingerprint, as `expect` of a read. */
  readonly ifMatch?: number | undefined;
  readonly signal: AbortSignal;
};

/** What a store must know of the mount that it is opened for. */
export type UfsPlace = {
  /** Nothing is changed there, not even to tidy up. */
  readonly readOnly?: boolean;
  /** Where uploads under way are noted (upload-notes.ts); without it, they are not. */
  readonly uploadNotes?: string | undefined;
};

export interface Ufs {
  /** Canonical, without credentials, without a trailing '/' (except file:///). */
  readonly uri: string;

  /** Undefined = there is no such path. Where a file and a directory share a name, a directory. */
  stat(path: string, signal: AbortSignal): Promise<UfsStatus | undefined>;

  /** Immediate children. NOT_FOUND when dirPath is no directory. */
  list(dirPath: string, options: UfsListOptions): Promise<UfsPage>;

  /**
   * The bytes from offset, none when it is past the end. The stream reads ahead no more than its
   * high-water mark; whoever gets it must read it to the end or destroy() it. Errors after the
   * first byte arrive as StatusErrors of the stream.
   */
  read(path: string, options: UfsReadOptions): Promise<Readable>;

  /** Creates or replaces one file, and whatever directories it needs above it. */
  write(
    path: string,
    data: AsyncIterable<Uint8Array>,
    options: UfsWriteOptions,
  ): Promise<UfsStatus>;

  /**
   * Ends an upload that a process was killed in, and frees its parts; one that is over is no
   * failure. Only of stores that have such uploads.
   */
  endUpload?(path: string, uploadId: string, signal: AbortSignal): Promise<void>;

  /** Ends what is idle; calls in flight end with CANCELLED or UNAVAILABLE. Idempotent. */
  close(): Promise<void>;
}

/** Refuses whatever is not a clean relative path, so that nothing can climb out of the root. */
export function checkUfsPath(path: string): void {
  if (path === '') return;
  const clean = path.split('/').every((name) => name !== '' && name !== '.' && name !== '..');
  if (clean && !path.includes('\0')) return;
  throw new StatusError(Code.INVALID_ARGUMENT, `"${path}" is not a clean relative store path.`, {
    hint: 'Give components separated by single slashes, without "." and "..".',
  });
}

/** True when the namespace can hold an edge of this name. */
export function isUfsName(name: string): boolean {
  if (name === '' || name === '.' || name === '..') return false;
  if (name.includes('\0') || name.includes('/')) return false;
  return name.length * 3 <= NAME_BYTES_MAX || Buffer.byteLength(name) <= NAME_BYTES_MAX;
}

/**
 * Whether a fingerprint that the namespace holds is that of this file. One that came with a
 * manifest may rest on the time instead of the etag: of listings in milliseconds, of objects in
 * whole seconds, or of the length alone. 0 is none, and every file is as good.
 */
export function isFingerprintOf(status: UfsStatus, known: number): boolean {
  if (known === 0 || fingerprint(status) === known) return true;
  const { name, type, length, mtimeMs = 0 } = status;
  const times = [mtimeMs, Math.floor(mtimeMs / 1000) * 1000, 0];
  return times.some((time) => fingerprint({ name, type, length, mtimeMs: time }) === known);
}

/**
 * 53 bits that change when the content of a file changes; 0 for a directory, never for a file.
 * The etag alone decides where there is one: object stores give the modification time of one
 * object in milliseconds in one call and in seconds in another.
 */
export function fingerprint(status: UfsStatus): number {
  if (status.type === 'directory') return 0;
  const text =
    status.etag === undefined
      ? `m:${status.mtimeMs ?? 0}:${status.length}`
      : `e:${status.etag}:${status.length}`;
  return hash53(text) || 1;
}

/** Two 32-bit multiply-xor lanes with a final cross mix, cut to 53 bits so that it is a number. */
function hash53(text: string): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    high = Math.imul(high ^ unit, 2654435761);
    low = Math.imul(low ^ unit, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return 4294967296 * (low & 0x1fffff) + (high >>> 0);
}
