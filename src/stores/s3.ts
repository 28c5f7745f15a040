/**
 * A bucket, or what lies below a prefix of it, as a store: Amazon S3 and whatever speaks its
 * protocol. The SDK is loaded when the first such mount opens, not before.
 *
 * A directory is what has keys below it: 'a/b' makes a directory a, and so does a marker 'a/'. It
 * has no times and no rights of its own. A directory hides a file of its name. The root of a
 * bucket always is a directory; a mount at a prefix needs something below it to be found there.
 */

import type { Readable } from 'node:stream';
import type { GetObjectCommandOutput, S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { LIST_PAGE_ENTRIES_MAX } from '../base/limits.js';
import { Code, StatusError } from '../base/status.js';
import { type Call, CallGate } from './call-gate.js';
import { changed, isADirectory, notADirectory } from './failures.js';
import type { S3Options } from './options.js';
import { type ChunkSource, openStream } from './pull-stream.js';
import {
  explainS3,
  isAbsentObject,
  isNoSuchBucket,
  isPastTheEnd,
  isUnexplained,
} from './s3-errors.js';
import { S3Lister } from './s3-lister.js';
import { listS3, type S3Request } from './s3-listing.js';
import { type SeenResponse, sendSeen } from './s3-send.js';
import { type S3Sdk, uploadS3 } from './s3-upload.js';
import { directoryEntry, requireEntry } from './s3-values.js';
import {
  checkUfsPath,
  isFingerprintOf,
  type Ufs,
  type UfsListOptions,
  type UfsPage,
  type UfsReadOptions,
  type UfsStatus,
  type UfsWriteOptions,
} from './ufs.js';
import { noteUpload } from './upload-notes.js';

export type S3Place = {
  readonly bucket: string;
  readonly prefix: string;
  readonly uploadNotes?: string | undefined;
};

/** What S3 gives at most in one answer. */
const LIST_KEYS_MAX = 1000;
/** Tries of the SDK within one step's timeout. */
const ATTEMPTS_MAX = 3;
/** For each permit: a look sends two requests at a time, a read and a write one each. */
const REQUESTS_PER_PERMIT_MAX = 4;

export async function openS3(place: S3Place, options: S3Options): Promise<S3Ufs> {
  if (options.endpoint === undefined) requireAmazonName(place.bucket);
  const sdk = await import('@aws-sdk/client-s3');
  const agent = { maxSockets: options.maxConcurrent * REQUESTS_PER_PERMIT_MAX };
  const client = new sdk.S3Client({
    region: options.region,
    forcePathStyle: options.pathStyle ?? options.endpoint !== undefined,
    maxAttempts: ATTEMPTS_MAX,
    // Checksums beyond the protocol's own are refused by older stores that speak it.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { httpAgent: agent, httpsAgent: agent },
    ...(options.endpoint !== undefined && { endpoint: options.endpoint }),
    ...credentialsOf(options),
  });
  return new S3Ufs(place, { sdk, client, options });
}

/** Without any, the SDK looks where the machine has some. */
function credentialsOf(options: S3Options): Partial<S3ClientConfig> {
  const { accessKeyId, secretAccessKey, sessionToken } = options;
  if (options.anonymous) {
    const credentials = { accessKeyId: 'anonymous', secretAccessKey: 'anonymous' };
    return { credentials, signer: { sign: async (request) => request } };
  }
  if (accessKeyId === undefined || secretAccessKey === undefined) return {};
  return { credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) } };
}

/** Other stores have upper case, underscores and tenants. */
function requireAmazonName(bucket: string): void {
  if (/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) return;
  throw new StatusError(Code.INVALID_ARGUMENT, `"${bucket}" is not a bucket name of Amazon S3.`, {
    hint: 'Buckets of other stores need the option endpoint.',
  });
}

export class S3Ufs implements Ufs {
  readonly uri: string;
  readonly #bucket: string;
  /** '' or ending in '/'. */
  readonly #prefix: string;
  readonly #sdk: S3Sdk;
  readonly #client: S3Client;
  readonly #lister: S3Lister;
  readonly #gate: CallGate;
  readonly #timeoutMs: number;
  readonly #uploadNotes: string | undefined;

  constructor(place: S3Place, parts: { sdk: S3Sdk; client: S3Client; options: S3Options }) {
    this.#bucket = place.bucket;
    this.#prefix = place.prefix === '' ? '' : `${place.prefix}/`;
    this.uri = `s3://${place.bucket}${place.prefix === '' ? '' : `/${place.prefix}`}`;
    this.#sdk = parts.sdk;
    this.#client = parts.client;
    this.#lister = new S3Lister({ ...parts, bucket: place.bucket });
    this.#timeoutMs = parts.options.timeoutMs;
    this.#uploadNotes = place.uploadNotes;
    this.#gate = new CallGate({ ...parts.options, explain: explainS3 });
  }

  async stat(path: string, signal: AbortSignal): Promise<UfsStatus | undefined> {
    checkUfsPath(path);
    return this.#gate.run(this.#call(path, signal), async (step) => {
      const name = path.slice(path.lastIndexOf('/') + 1);
      if (path === '') return (await this.#rootExists(step)) ? directoryEntry('') : undefined;
      const [file, isDirectory] = await Promise.all([
        this.#head(path, step),
        this.#hasKeysBelow(this.#keyOf(path), step),
      ]);
      return isDirectory ? directoryEntry(name) : file;
    });
  }

  async list(dirPath: string, options: UfsListOptions): Promise<UfsPage> {
    checkUfsPath(dirPath);
    const call = this.#call(dirPath, options.signal);
    const prefix = dirPath === '' ? this.#prefix : `${this.#keyOf(dirPath)}/`;
    const startAfter = options.startAfter ?? '';
    const limit = Math.min(options.limit, LIST_PAGE_ENTRIES_MAX);
    return this.#gate.run(call, async (signal) => {
      const directory = {
        keyCountMax: LIST_KEYS_MAX,
        fetch: (request: S3Request) => this.#lister.fetch(prefix, request, signal),
        hasDirectory: (name: string) => this.#hasKeysBelow(prefix + name, signal),
      };
      const { exists, ...page } = await listS3(directory, { startAfter, limit });
      if (exists || startAfter !== '' || dirPath === '') return page;
      throw notADirectory(call.uri);
    });
  }

  async read(path: string, options: UfsReadOptions): Promise<Readable> {
    checkUfsPath(path);
    const call = this.#call(path, options.signal);
    if (path === '') throw isADirectory(call.uri);
    const { onBytes } = options;
    return openStream({ gate: this.#gate, call, onBytes }, async (signal) => {
      try {
        return await this.#open(path, options, signal);
      } catch (error) {
        if (isPastTheEnd(error)) return this.#pastTheEnd(path, options, signal);
        const isKeyless = isAbsentObject(error);
        if (isKeyless && (await this.#hasKeysBelow(this.#keyOf(path), signal))) {
          throw isADirectory(call.uri);
        }
        throw error;
      }
    });
  }

  async write(
    path: string,
    data: AsyncIterable<Uint8Array>,
    options: UfsWriteOptions,
  ): Promise<UfsStatus> {
    checkUfsPath(path);
    const call = this.#call(path, options.signal);
    if (path === '') throw isADirectory(call.uri);
    const release = await this.#gate.enter(call, 'write');
    try {
      const key = this.#keyOf(path);
      const isDirectory = await this.#gate.step(call, (signal) => this.#hasKeysBelow(key, signal));
      if (isDirectory) throw isADirectory(call.uri);
      const written = await uploadS3({
        sdk: this.#sdk,
        client: this.#client,
        gate: this.#gate,
        call,
        object: { Bucket: this.#bucket, Key: key },
        data,
        need: options,
        head: (signal) => this.#head(path, signal),
        timeoutMs: this.#timeoutMs,
        onBegun: (uploadId) => this.#note(path, uploadId),
      });
      return await this.#written(path, written, call);
    } finally {
      release();
    }
  }

  async endUpload(path: string, uploadId: string, signal: AbortSignal): Promise<void> {
    checkUfsPath(path);
    const object = { Bucket: this.#bucket, Key: this.#keyOf(path), UploadId: uploadId };
    const command = new this.#sdk.AbortMultipartUploadCommand(object);
    await this.#gate.run(this.#call(path, signal), async (abortSignal) => {
      try {
        await this.#client.send(command, { abortSignal });
      } catch (error) {
        if (!(error instanceof Error && error.name === 'NoSuchUpload')) throw error;
      }
    });
  }

  /** Returns what forgets it. */
  #note(path: string, uploadId: string): () => void {
    const { uri } = this;
    if (this.#uploadNotes === undefined) return () => undefined;
    return noteUpload(this.#uploadNotes, { uri, path, uploadId });
  }

  async close(): Promise<void> {
    this.#gate.close();
    this.#client.destroy();
  }

  #call(path: string, signal: AbortSignal): Call {
    return { uri: path === '' ? this.uri : `${this.uri}/${path}`, signal };
  }

  #keyOf(path: string): string {
    return this.#prefix + path;
  }

  async #rootExists(signal: AbortSignal): Promise<boolean> {
    try {
      const found = await this.#hasKeysBelow(this.#prefix.slice(0, -1), signal);
      return found || this.#prefix === '';
    } catch (error) {
      if (isNoSuchBucket(error)) return false;
      throw error;
    }
  }

  /** From the headers themselves: the SDK refuses the answer for one odd value. */
  async #head(path: string, signal: AbortSignal): Promise<UfsStatus | undefined> {
    const command = new this.#sdk.HeadObjectCommand({
      Bucket: this.#bucket,
      Key: this.#keyOf(path),
    });
    let found: UfsStatus | undefined;
    try {
      await sendSeen(this.#client, command, signal, (response) => {
        found = this.#entryOf(path, takeHeaders(response));
      });
      return found;
    } catch (error) {
      if (isAbsentObject(error)) return undefined;
      // An answer without a body names no reason; a list that is refused for the same one does.
      if (isUnexplained(error)) await this.#hasKeysBelow(this.#keyOf(path), signal);
      throw error;
    }
  }

  #entryOf(path: string, seen: Headers): UfsStatus {
    const name = path.slice(path.lastIndexOf('/') + 1);
    return requireEntry({ ...seen, name }, this.#call(path, never).uri);
  }

  /** '' means the whole bucket. */
  #hasKeysBelow(key: string, signal: AbortSignal): Promise<boolean> {
    return this.#lister.hasKeys(key === '' ? '' : `${key}/`, signal);
  }

  async #open(path: string, range: UfsReadOptions, signal: AbortSignal): Promise<ChunkSource> {
    const offset = range.offset ?? 0;
    // An empty range cannot be requested; one byte shows whether the object exists.
    const end = range.length === undefined ? '' : offset + Math.max(range.length, 1) - 1;
    const command = new this.#sdk.GetObjectCommand({
      Bucket: this.#bucket,
      Key: this.#keyOf(path),
      ...((offset > 0 || end !== '') && { Range: `bytes=${offset}-${end}` }),
    });
    const { expect = 0 } = range;
    let entry: UfsStatus | undefined;
    const output = await sendSeen<GetObjectCommandOutput>(
      this.#client,
      command,
      signal,
      (response) => {
        const seen = takeHeaders(response);
        if (expect !== 0) entry = this.#entryOf(path, seen);
      },
    );
    const source = bodySource(output, range.length);
    const isWrongPart = offset > 0 && output.ContentRange === undefined;
    const { uri } = this.#call(path, signal);
    const isOther = entry !== undefined && !isFingerprintOf(entry, expect);
    if (range.length !== 0 && !signal.aborted && !isWrongPart && !isOther) return source;
    await source.close();
    if (isOther) throw changed(uri);
    if (isWrongPart) throw rangeIgnored(uri);
    return nothing;
  }

  /** No bytes there: of the file that is expected, or of another one that is shorter. */
  async #pastTheEnd(path: string, { expect = 0 }: UfsReadOptions, signal: AbortSignal) {
    if (expect === 0) return nothing;
    const found = await this.#head(path, signal);
    if (found !== undefined && isFingerprintOf(found, expect)) return nothing;
    throw changed(this.#call(path, signal).uri);
  }

  /** An upload returns the etag, but not the time that the store will list; the object has both. */
  async #written(
    path: string,
    written: { length: number; etag: string | undefined },
    call: Call,
  ): Promise<UfsStatus> {
    const name = path.slice(path.lastIndexOf('/') + 1);
    // The object exists whatever this look at it returns, so a failure here is not a failure.
    const found = await this.#gate
      .step(call, (signal) => this.#head(path, signal))
      .catch(() => undefined);
    const { length, etag } = written;
    const known = { name, size: length, modified: new Date().toISOString(), etag };
    const mine = requireEntry(known, call.uri);
    return found !== undefined && found.etag === mine.etag ? found : mine;
  }
}

type Headers = {
  readonly size: string | undefined;
  readonly modified: string | undefined;
  readonly etag: string | undefined;
};

/** What an answer says of the whole object, read from the headers where the SDK would fail. */
function takeHeaders({ headers }: SeenResponse): Headers {
  const total = /\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1];
  const seen = {
    size: total ?? headers['content-length'],
    modified: headers['last-modified'],
    etag: headers['etag'],
  };
  for (const name of ['last-modified', 'expires']) delete headers[name];
  return seen;
}

/** For callers that only need the name of a place. */
const never = new AbortController().signal;

/** At most the bytes requested, because some servers send the whole object for some ranges. */
function bodySource(output: GetObjectCommandOutput, length: number | undefined): ChunkSource {
  const body = output.Body as Readable | undefined;
  if (body === undefined) return nothing;
  const chunks: AsyncIterator<Uint8Array> = body[Symbol.asyncIterator]();
  let left = length ?? Number.POSITIVE_INFINITY;
  return {
    next: async () => {
      if (left === 0) return undefined;
      const next = await chunks.next();
      if (next.done === true) return undefined;
      const chunk = next.value.subarray(0, left);
      left -= chunk.length;
      return chunk;
    },
    close: async () => {
      body.destroy();
    },
  };
}

const nothing: ChunkSource = {
  next: async () => undefined,
  close: async () => undefined,
};

const rangeIgnored = (uri: string): StatusError =>
  new StatusError(Code.UNAVAILABLE, `The store does not serve ranges of ${uri}.`, {
    hint: 'Read it from its beginning.',
  });
