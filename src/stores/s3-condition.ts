/**
 * Conditional writes to S3 with If-None-Match and If-Match: the store decides in the moment in
 * which the object appears. A store that does not know these headers (501) is asked right before.
 */
import type { S3Client } from '@aws-sdk/client-s3';
import { Code, StatusError } from '../base/status.js';
import { alreadyThere, changed } from './failures.js';
import { failureOf } from './s3-errors.js';
import { isFingerprintOf, type UfsStatus, type UfsWriteOptions } from './ufs.js';

export type Condition = { readonly IfNoneMatch?: string; readonly IfMatch?: string };

export type Conditional = {
  readonly client: S3Client;
  readonly uri: string;
  readonly need: Pick<UfsWriteOptions, 'ifAbsent' | 'ifMatch'>;
  /** The object that has the key now. */
  readonly head: (signal: AbortSignal) => Promise<UfsStatus | undefined>;
};

/** Throws if the condition does not hold now. Returns the headers that keep it until the write. */
export async function conditionOf(write: Conditional, signal: AbortSignal): Promise<Condition> {
  const { ifAbsent, ifMatch = 0 } = write.need;
  if (ifAbsent !== true && ifMatch === 0) return {};
  const found = await write.head(signal);
  if (ifAbsent === true) {
    if (found !== undefined) throw alreadyThere(write.uri);
    return { IfNoneMatch: '*' };
  }
  if (found === undefined || !isFingerprintOf(found, ifMatch)) throw changed(write.uri);
  return found.etag === undefined ? {} : { IfMatch: `"${found.etag}"` };
}

export type Sent = { readonly ETag?: string | undefined };

export async function sendConditional(
  write: Conditional,
  parts: {
    readonly condition: Condition;
    readonly command: (condition: Condition) => object;
    /** What the ETag of our own object is, in most stores. */
    readonly ownEtag: () => string;
  },
  abortSignal: AbortSignal,
): Promise<Sent> {
  const { condition, command, ownEtag } = parts;
  const send = async (given: Condition): Promise<Sent> =>
    (await write.client.send(command(given) as never, { abortSignal })) as Sent;
  try {
    return await send(condition);
  } catch (error) {
    if (condition.IfMatch === undefined && condition.IfNoneMatch === undefined) throw error;
    const { name, httpStatus, attempts } = failureOf(error);
    if (httpStatus === 501) {
      await conditionOf(write, abortSignal);
      return await send({});
    }
    const isRace = name === 'ConditionalRequestConflict';
    if (httpStatus !== 412 && !isRace) throw error;
    const found = await write.head(abortSignal);
    // An earlier try arrived but its answer was lost: the present object is ours.
    if (attempts > 1 && found?.etag === ownEtag()) return { ETag: found.etag };
    if (isRace && found === undefined) throw contended(write.uri);
    throw condition.IfNoneMatch === undefined ? changed(write.uri) : alreadyThere(write.uri);
  }
}

const contended = (uri: string): StatusError =>
  new StatusError(Code.UNAVAILABLE, `Another write to ${uri} is under way in the store.`, {
    hint: 'Try again when it has ended.',
  });
