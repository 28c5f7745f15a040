/**
 * Writes one object to S3: in one request when it is small, otherwise as a multipart upload, part
 * by part from one buffer of PART_BYTES. Either way it appears completely or not at all. A failure
 * aborts the multipart upload, so that no invisible parts remain that somebody pays for.
 */
import { createHash } from 'node:crypto';
import type { CompletedPart } from '@aws-sdk/client-s3';
import { Code, StatusError } from '../base/status.js';
import type { Call, CallGate } from './call-gate.js';
import { PartBuffer } from './part-buffer.js';
import { type Condition, type Conditional, conditionOf, sendConditional } from './s3-condition.js';
import { sourceChunks } from './source-chunks.js';
import { TransferPace } from './transfer-pace.js';

export type S3Sdk = typeof import('@aws-sdk/client-s3');

export type S3Upload = Omit<Conditional, 'uri'> & {
  readonly sdk: S3Sdk;
  readonly gate: CallGate;
  readonly call: Call;
  readonly object: { readonly Bucket: string; readonly Key: string };
  readonly data: AsyncIterable<Uint8Array>;
  readonly timeoutMs: number;
  /** Told of a multipart upload when it begins; what it returns, when nothing is left of it. */
  readonly onBegun: (uploadId: string) => () => void;
};
export type S3Uploaded = { readonly length: number; readonly etag: string | undefined };

export const PART_BYTES = 8 * 1024 * 1024;
/** S3's own limit; with PART_BYTES it allows 80 GiB. */
const PARTS_MAX = 10_000;

export async function uploadS3(upload: S3Upload): Promise<S3Uploaded> {
  const { gate, call } = upload;
  const write = { ...upload, uri: call.uri };
  const condition = await gate.step(call, (signal) => conditionOf(write, signal));
  const multipart = new Multipart(upload, condition);
  const part = new PartBuffer(PART_BYTES);
  let length = 0;
  try {
    const pace = new TransferPace(gate, call, 'write');
    for await (const chunk of sourceChunks(upload.data, pace)) {
      length += chunk.length;
      for (let rest = chunk; rest.length > 0; ) {
        rest = rest.subarray(part.append(rest));
        if (!part.isFull) continue;
        await multipart.send(part.bytes());
        part.clear();
      }
    }
    if (!multipart.isBegun)
      return { length, etag: await putWhole(upload, condition, part.bytes()) };
    if (part.bytes().length > 0) await multipart.send(part.bytes());
    return { length, etag: await multipart.complete() };
  } catch (error) {
    throw await multipart.abandon(error);
  }
}

async function putWhole(
  upload: S3Upload,
  condition: Condition,
  body: Uint8Array,
): Promise<string | undefined> {
  const { sdk, gate, call, object } = upload;
  const parts = {
    condition,
    command: (given: Condition) => new sdk.PutObjectCommand({ ...object, ...given, Body: body }),
    ownEtag: () => createHash('md5').update(body).digest('hex'),
  };
  const write = { ...upload, uri: call.uri };
  return (await gate.step(call, (signal) => sendConditional(write, parts, signal))).ETag;
}

/** The ETag of an upload of parts: the hash of their hashes, and how many. */
function etagOfParts(parts: readonly CompletedPart[]): string {
  const hash = createHash('md5');
  for (const { ETag } of parts) hash.update(Buffer.from(ETag?.replaceAll('"', '') ?? '', 'hex'));
  return `${hash.digest('hex')}-${parts.length}`;
}

class Multipart {
  readonly #upload: S3Upload;
  readonly #condition: Condition;
  readonly #parts: CompletedPart[] = [];
  #uploadId: string | undefined;
  #onOver: (() => void) | undefined;

  constructor(upload: S3Upload, condition: Condition) {
    this.#upload = upload;
    this.#condition = condition;
  }

  get isBegun(): boolean {
    return this.#uploadId !== undefined;
  }

  async send(body: Uint8Array): Promise<void> {
    const { sdk, client, gate, call, object } = this.#upload;
    const PartNumber = this.#parts.length + 1;
    if (PartNumber > PARTS_MAX) throw tooLarge(call.uri);
    this.#uploadId ??= await this.#begin();
    const UploadId = this.#uploadId;
    const command = new sdk.UploadPartCommand({ ...object, UploadId, PartNumber, Body: body });
    const output = await gate.step(call, (abortSignal) => client.send(command, { abortSignal }));
    this.#parts.push({ PartNumber, ETag: output.ETag });
  }

  async complete(): Promise<string | undefined> {
    const { sdk, gate, call, object } = this.#upload;
    const whole = {
      ...object,
      UploadId: this.#uploadId,
      MultipartUpload: { Parts: this.#parts },
    };
    const parts = {
      condition: this.#condition,
      command: (given: Condition) => new sdk.CompleteMultipartUploadCommand({ ...whole, ...given }),
      ownEtag: () => etagOfParts(this.#parts),
    };
    const write = { ...this.#upload, uri: call.uri };
    const { ETag } = await gate.step(call, (signal) => sendConditional(write, parts, signal));
    this.#onOver?.();
    return ETag;
  }

  /**
   * Returns the error to throw. It bypasses the gate, because it must run after the caller gave up.
   */
  async abandon(error: unknown): Promise<unknown> {
    if (this.#uploadId === undefined) return error;
    const { sdk, client, object, timeoutMs } = this.#upload;
    const command = new sdk.AbortMultipartUploadCommand({ ...object, UploadId: this.#uploadId });
    try {
      await client.send(command, { abortSignal: AbortSignal.timeout(timeoutMs) });
      this.#onOver?.();
      return error;
    } catch {
      if (!(error instanceof StatusError)) return error;
      return new StatusError(error.code, `${error.message} Its parts could not be removed.`, {
        hint: 'Let a lifecycle rule of the bucket remove unfinished multipart uploads.',
      });
    }
  }

  async #begin(): Promise<string> {
    const { sdk, client, gate, call, object } = this.#upload;
    const command = new sdk.CreateMultipartUploadCommand(object);
    const output = await gate.step(call, (abortSignal) => client.send(command, { abortSignal }));
    const { UploadId } = output;
    if (UploadId !== undefined) {
      this.#onOver = this.#upload.onBegun(UploadId);
      return UploadId;
    }
    throw new StatusError(Code.UNAVAILABLE, `No upload id from the store for ${call.uri}.`);
  }
}

const tooLarge = (uri: string): StatusError =>
  new StatusError(Code.INVALID_ARGUMENT, `${uri} is longer than ${PARTS_MAX * PART_BYTES} bytes.`, {
    hint: 'Write it into the bucket with a tool of the store.',
  });
