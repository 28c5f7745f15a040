/**
 * List requests to one bucket. By ListObjectsV2 until the store shows that it speaks V1 only.
 *
 * No single sign decides whether there is more. An answer that says so must also say how to go on
 * (a token, a marker, or a last key to start after), and the next answer must bring new keys. An
 * answer that does neither is refused, because losing entries silently would be worse.
 *
 * Keys are requested unencoded, because stores differ in what encoding-type=url makes of a '+'.
 * Only a page with U+FFFD, which some stores write for characters that XML cannot hold, is
 * requested again encoded, to see the real keys.
 */
import type { S3Client } from '@aws-sdk/client-s3';
import { Code, StatusError } from '../base/status.js';
import { compareNames } from './name-order.js';
import { type ListAnswer, parseListAnswer } from './s3-list-answer.js';
import type { S3Continuation, S3Item, S3Request, S3Response } from './s3-listing.js';
import { bodyOf, sendSeen } from './s3-send.js';
import type { S3Sdk } from './s3-upload.js';
import { decodePercent, entryOf, type Key, keyOf } from './s3-values.js';

/** Of one answer: far more than a thousand keys take. */
const ANSWER_BYTES_MAX = 32 * 1024 * 1024;
const REPLACEMENT = '\ufffd';

export type Listed = {
  readonly prefix: string;
  readonly keyCountMax: number;
  readonly from: S3Continuation;
};

export class S3Lister {
  readonly #sdk: S3Sdk;
  readonly #client: S3Client;
  readonly #bucket: string;
  #isV1 = false;

  constructor(parts: { sdk: S3Sdk; client: S3Client; bucket: string }) {
    this.#sdk = parts.sdk;
    this.#client = parts.client;
    this.#bucket = parts.bucket;
  }

  /** One page of what lies directly below the prefix. */
  async fetch(prefix: string, request: S3Request, signal: AbortSignal): Promise<S3Response> {
    const { startAfter, keyCountMax, continuation } = request;
    const from = continuation ?? { after: startAfter };
    const asked = { prefix, keyCountMax, from };
    const answer = await this.#ask(asked, false, signal);
    if (!this.#isV1 && speaksV1(answer)) {
      this.#isV1 = true;
      // The store did not understand where to begin.
      if (!('after' in from) || from.after !== '') return this.fetch(prefix, request, signal);
    }
    const items = await this.#items(asked, answer, signal);
    if ('after' in from && continuation !== undefined)
      requireProgress(items, from.after, this.#uri);
    const next = continuationOf(answer, { items, asked, uri: this.#uri });
    return next === undefined ? { items } : { items, continuation: next };
  }

  /** Whether any key begins with the prefix. */
  async hasKeys(prefix: string, signal: AbortSignal): Promise<boolean> {
    let request: S3Request = { startAfter: '', keyCountMax: 1 };
    for (;;) {
      const { items, continuation } = await this.fetch(prefix, request, signal);
      if (items.length > 0) return true;
      if (continuation === undefined) return false;
      request = { ...request, continuation };
    }
  }

  get #uri(): string {
    return `s3://${this.#bucket}`;
  }

  async #ask(asked: Listed, isUrl: boolean, signal: AbortSignal): Promise<ListAnswer> {
    const { prefix, keyCountMax, from } = asked;
    const shared = {
      Bucket: this.#bucket,
      Prefix: prefix,
      Delimiter: '/',
      MaxKeys: keyCountMax,
      ...(isUrl && { EncodingType: 'url' as const }),
    };
    const after = 'after' in from && from.after !== '' ? prefix + from.after : undefined;
    const command = this.#isV1
      ? new this.#sdk.ListObjectsCommand({ ...shared, ...(after && { Marker: after }) })
      : new this.#sdk.ListObjectsV2Command({
          ...shared,
          ...(after && { StartAfter: after }),
          ...('token' in from && { ContinuationToken: from.token }),
        });
    let answer: ListAnswer | undefined;
    await sendSeen(this.#client, command, signal, async (response) => {
      const body = await bodyOf(response, ANSWER_BYTES_MAX);
      answer = parseListAnswer(body, `${this.#uri}/${prefix}`);
      // The SDK gets nothing to read except success.
      response.body = Buffer.from('<ListBucketResult/>');
    });
    if (answer === undefined) throw noAnswer(this.#uri);
    return answer;
  }

  /** Contents and prefixes come apart, each in order: together they are in the order of keys. */
  async #items(asked: Listed, answer: ListAnswer, signal: AbortSignal): Promise<S3Item[]> {
    const keys = keysOf(answer);
    const hasLost = keys.some(({ text }) => text.includes(REPLACEMENT));
    const encoded = hasLost ? await this.#ask(asked, true, signal) : answer;
    const { length } = asked.prefix;
    const items: S3Item[] = [];
    for (const [i, lossy] of keys.entries()) {
      const key = lossy.text.includes(REPLACEMENT) ? foundKey(lossy, encoded, i) : lossy;
      // A store that ignores the prefix sends keys that nobody asked for.
      if (!key.text.startsWith(asked.prefix)) continue;
      const object = answer.objects[i];
      items.push(itemOf(key, key.text.slice(length), object));
    }
    return items.sort((left, right) => compareNames(left.key, right.key));
  }
}

function itemOf(key: Key, relative: string, object: ListAnswer['objects'][number] | undefined) {
  const isDirectory = object === undefined;
  if (!key.isUtf8) return { key: relative, isDirectory, skip: 'encoding' } as const;
  if (object === undefined) return { key: relative, isDirectory } as const;
  const file = entryOf({ ...object, name: relative });
  if (typeof file === 'string') return { key: relative, isDirectory, skip: file };
  return { key: relative, isDirectory, file };
}

/** Of the objects, then of the prefixes. */
function keysOf({ objects, prefixes, fields }: ListAnswer): Key[] {
  const texts = [...objects.map(({ key }) => key), ...prefixes];
  if (fields.get('EncodingType')?.trim() !== 'url') return texts.map(keyOf);
  // A store that encodes without being asked may do it as forms do; then a plus is never bare.
  const all = texts.join('');
  const isForm = /%2[bB]/.test(all) && !all.includes('%20');
  return texts.map((text) => keyOf(decodePercent(text, isForm)));
}

/** The same key from the encoded answer; unchanged where that does not help. */
function foundKey(lossy: Key, { objects, prefixes, fields }: ListAnswer, i: number): Key {
  const text = objects[i]?.key ?? prefixes[i - objects.length];
  if (text === undefined || fields.get('EncodingType')?.trim() !== 'url') {
    return { ...lossy, isUtf8: false };
  }
  return keyOf(decodePercent(text, !lossy.text.includes('+')));
}

/** V2 always counts its keys, V1 always repeats the marker. */
const speaksV1 = ({ fields }: ListAnswer): boolean =>
  !fields.has('KeyCount') &&
  !fields.has('NextContinuationToken') &&
  (fields.has('Marker') || fields.has('NextMarker'));

function continuationOf(
  { fields }: ListAnswer,
  at: { readonly items: readonly S3Item[]; readonly asked: Listed; readonly uri: string },
): S3Continuation | undefined {
  const { items, asked, uri } = at;
  const token = fields.get('NextContinuationToken') ?? '';
  const marker = fields.get('NextMarker') ?? '';
  const says = fields.get('IsTruncated')?.trim().toLowerCase();
  const isFull = items.length >= asked.keyCountMax;
  const isMore = says === undefined ? token !== '' || marker !== '' || isFull : says === 'true';
  if (!isMore) return undefined;
  if (token !== '') {
    if ('token' in asked.from && asked.from.token === token) throw noWayOn(uri);
    return { token };
  }
  const last = items.at(-1)?.key;
  // A marker that is no key of this page may be encoded in an unknown way, so the last key is used.
  const isStuck = 'after' in asked.from && asked.from.after === last;
  if (last === undefined || isStuck) throw noWayOn(uri);
  return { after: last };
}

/** From now on. Otherwise a store that starts again each time would never end. */
function requireProgress(items: readonly S3Item[], after: string, uri: string): void {
  const [first] = items;
  if (first === undefined) return;
  const isRepeated = first.isDirectory && after.startsWith(first.key);
  if (!isRepeated && compareNames(first.key, after) <= 0) throw noWayOn(uri);
}

const noWayOn = (uri: string): StatusError =>
  new StatusError(
    Code.FAILED_PRECONDITION,
    `${uri} has more keys, but its answer does not say how to get them.`,
    { hint: 'Ask who runs the store for ListObjectsV2 with continuation tokens.' },
  );

const noAnswer = (uri: string): StatusError =>
  new StatusError(Code.UNAVAILABLE, `No list of keys came from ${uri}.`);
