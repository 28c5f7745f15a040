/**
 * A bucket, or what lies below a prefix of it, as a store: Amazon S3 and whatever speaks its
 * protocol. The SDK is loaded when the first such mount opens, not before.
 *
 * A directory is what has keys below it: 'a/b' makes a directory a, and so does a marker 'a/'. It
 * has no times and no rights of its own. A directory hides a file of its name. The root of a
 * bucket always is a directory; a mount at a prefix needs something below it to be found there.
 */

import type { Readable } from 'node:stream';
import type {
  GetObjectCommandOutput,
  ListObjectsV2CommandOutput,
  S3Client,
} from '@aws-sdk/client-s3';
import { LIST_PAGE_ENTRIES_MAX } from '../base/limits.js';
import { Code, StatusError } from '../base/status.js';
import { type Call, CallGate } from './call-gate.js';
import { compareNames } from './name-order.js';
import type { S3Options } from './options.js';
import { type ChunkSource, openStream } from './pull-stream.js';
import { explainS3, isAbsentObject, isNoSuchBucket, isPastTheEnd } from './s3-errors.js';
import { listS3, type S3Item, type S3Request, type S3Response } from './s3-listing.js';
import { type S3Sdk, uploadS3 } from './s3-upload.js';
import {
  checkUfsPath,
  type Ufs,
  type UfsListOptions,
  type UfsPage,
  type UfsReadOptions,
  type UfsStatus,
  type UfsWriteOptions,
} from './ufs.js';

export type S3Place = { readonly bucket: string; readonly prefix: string };

/** What S3 gives at most in one answer. */
const LIST_KEYS_MAX = 1000;
/** Tries of the SDK within one step's timeout. */
const ATTEMPTS_MAX = 3;
/** A stat sends two requests at a time, everything else one. */
const REQUESTS_PER_CALL_MAX = 2;

export async function openS3(place: S3Place, options: S3Options): Promise<S3Ufs> {
  const sdk = await import('@aws-sdk/client-s3');
  const { accessKeyId, secretAccessKey, sessionToken } = options;
  const agent = { maxSockets: options.maxConcurrent * REQUESTS_PER_CALL_MAX };
  const client = new sdk.S3Client({
    region: options.region,
    forcePathStyle: options.pathStyle ?? options.endpoint !== undefined,
    maxAttempts: ATTEMPTS_MAX,
    // Checksums beyond the protocol's own are refused by older stores that speak it.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { httpAgent: agent, httpsAgent: agent },
    ...(options.endpoint !== undefined && { endpoint: options.endpoint }),
    ...(accessKeyId !== undefined &&
      secretAccessKey !== undefined && {
        credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
      }),
  });
  return new S3Ufs(place, { sdk, client, options });
}

export class S3Ufs implements Ufs {
  readonly uri: string;
  readonly #bucket: string;
  /** '' or ending in '/'. */
  readonly #prefix: string;
  readonly #sdk: S3Sdk;
  readonly #client: S3Client;
  readonly #gate: CallGate;
  readonly #timeoutMs: number;

  constructor(place: S3Place, parts: { sdk: S3Sdk; client: S3Client; options: S3Options }) {
    this.#bucket = place.bucket;
    this.#prefix = place.prefix === '' ? '' : `${place.prefix}/`;
    this.uri = `s3://${place.bucket}${place.prefix === '' ? '' : `/${place.prefix}`}`;
    this.#sdk = parts.sdk;
    this.#client = parts.client;
    this.#timeoutMs = parts.options.timeoutMs;
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
        fetch: (request: S3Request) => this.#fetch(prefix, request, signal),
        hasDirectory: (name: string) => this.#hasKeysBelow(prefix + name, signal),
      };
      const { exists, ...page } = await listS3(directory, { startAfter, limit });
      if (exists || startAfter !== '' || dirPath === '') return page;
      throw new StatusError(Code.NOT_FOUND, `${call.uri} is no directory in the store`, {
        hint: 'List its parent to see what is there.',
      });
    });
  }

  async read(path: string, options: UfsReadOptions): Promise<Readable> {
    checkUfsPath(path);
    const call = this.#call(path, options.signal);
    if (path === '') throw isADirectory(call.uri);
    return openStream(this.#gate, call, async (signal) => {
      try {
        return await this.#open(path, options, signal);
      } catch (error) {
        if (isPastTheEnd(error)) return nothing;
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
    const release = await this.#gate.enter(call);
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
        timeoutMs: this.#timeoutMs,
      });
      return await this.#written(path, written, call);
    } finally {
      release();
    }
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

  async #head(path: string, signal: AbortSignal): Promise<UfsStatus | undefined> {
    const command = new this.#sdk.HeadObjectCommand({
      Bucket: this.#bucket,
      Key: this.#keyOf(path),
    });
    try {
      const { ContentLength, LastModified, ETag } = await this.#client.send(command, {
        abortSignal: signal,
      });
      const name = path.slice(path.lastIndexOf('/') + 1);
      return fileEntry({ name, size: ContentLength, modified: LastModified, etag: ETag });
    } catch (error) {
      if (isAbsentObject(error)) return undefined;
      throw error;
    }
  }

  /** '' asks about the whole bucket. */
  async #hasKeysBelow(key: string, signal: AbortSignal): Promise<boolean> {
    const command = new this.#sdk.ListObjectsV2Command({
      Bucket: this.#bucket,
      Prefix: key === '' ? '' : `${key}/`,
      Delimiter: '/',
      MaxKeys: 1,
    });
    const output = await this.#client.send(command, { abortSignal: signal });
    return (output.Contents?.length ?? 0) + (output.CommonPrefixes?.length ?? 0) > 0;
  }

  async #fetch(prefix: string, request: S3Request, signal: AbortSignal): Promise<S3Response> {
    const { startAfter, keyCountMax, continuation } = request;
    const command = new this.#sdk.ListObjectsV2Command({
      Bucket: this.#bucket,
      Prefix: prefix,
      Delimiter: '/',
      // XML cannot hold every character of a key, and parsers trim white space.
      EncodingType: 'url',
      MaxKeys: keyCountMax,
      ...(continuation !== undefined && { ContinuationToken: continuation }),
      ...(continuation === undefined && startAfter !== '' && { StartAfter: prefix + startAfter }),
    });
    const output = await this.#client.send(command, { abortSignal: signal });
    const items = itemsOf(output, prefix);
    const next = output.IsTruncated === true ? output.NextContinuationToken : undefined;
    return next === undefined ? { items } : { items, continuation: next };
  }

  async #open(path: string, range: UfsReadOptions, signal: AbortSignal): Promise<ChunkSource> {
    const offset = range.offset ?? 0;
    // A range of no bytes cannot be asked for; one byte shows that the object is there.
    const end = range.length === undefined ? '' : offset + Math.max(range.length, 1) - 1;
    const command = new this.#sdk.GetObjectCommand({
      Bucket: this.#bucket,
      Key: this.#keyOf(path),
      ...((offset > 0 || end !== '') && { Range: `bytes=${offset}-${end}` }),
    });
    const output = await this.#client.send(command, { abortSignal: signal });
    const source = bodySource(output, range.length);
    const isWrongPart = offset > 0 && output.ContentRange === undefined;
    if (range.length !== 0 && !signal.aborted && !isWrongPart) return source;
    await source.close();
    if (isWrongPart) throw rangeIgnored(this.#call(path, signal).uri);
    return nothing;
  }

  /** The upload gives the etag but not the time the store will list; the object does. */
  async #written(
    path: string,
    written: { length: number; etag: string | undefined },
    call: Call,
  ): Promise<UfsStatus> {
    const name = path.slice(path.lastIndexOf('/') + 1);
    const known = { name, size: written.length, modified: new Date(), etag: written.etag };
    // The object is there whatever becomes of this look at it, so a failure here is no failure.
    const found = await this.#gate
      .step(call, (signal) => this.#head(path, signal))
      .catch(() => undefined);
    const mine = fileEntry(known);
    return found !== undefined && found.etag === mine.etag ? found : mine;
  }
}

/** Contents and prefixes come apart, each in order: together they are in the order of keys. */
function itemsOf(output: ListObjectsV2CommandOutput, prefix: string): S3Item[] {
  const decode = output.EncodingType === 'url' ? decodeKey : (key: string) => key;
  const items: S3Item[] = [];
  for (const { Key, Size, LastModified, ETag } of output.Contents ?? []) {
    const key = decode(Key ?? '').slice(prefix.length);
    const file = fileEntry({ name: key, size: Size, modified: LastModified, etag: ETag });
    items.push({ key, file });
  }
  for (const { Prefix } of output.CommonPrefixes ?? []) {
    items.push({ key: decode(Prefix ?? '').slice(prefix.length) });
  }
  return items.sort((left, right) => compareNames(left.key, right.key));
}

/** Form encoding, as S3 sends it: a space may be '+', a plus never is. */
const decodeKey = (key: string): string => decodeURIComponent(key.replaceAll('+', ' '));

const directoryEntry = (name: string): UfsStatus => ({
  name,
  type: 'directory',
  length: 0,
  mtimeMs: 0,
});

function fileEntry(object: {
  name: string;
  size: number | undefined;
  modified: Date | undefined;
  etag: string | undefined;
}): UfsStatus {
  const entry = {
    name: object.name,
    type: 'file',
    length: object.size ?? 0,
    mtimeMs: object.modified?.getTime() ?? 0,
  } as const;
  return object.etag === undefined ? entry : { ...entry, etag: object.etag.replaceAll('"', '') };
}

/** Not more than was asked for, also from servers that send the whole object for some ranges. */
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
  new StatusError(Code.UNAVAILABLE, `the store does not serve ranges of ${uri}`, {
    hint: 'Read it from its beginning.',
  });

const isADirectory = (uri: string): StatusError =>
  new StatusError(Code.INVALID_ARGUMENT, `${uri} is a directory`, {
    hint: 'Name a file in it.',
  });
