/**
 * GET and HEAD /v1/data/<path>: a file, one range of it, or nothing if the client already has it.
 * Bytes go out as fast as the client takes them. A client that leaves ends the read.
 */
import type { FileService, OpenFile } from '../../api/file-service.js';
import type { FileStatus } from '../../api/file-status.js';
import { Code, StatusError } from '../../base/status.js';
import { parseRange } from '../../net/byte-range.js';
import { conditionOf, rangeHolds, type Validators } from '../../net/http-conditions.js';
import type { HttpExchange } from '../../net/http-exchange.js';
import { callOf, dataPath } from './data-request.js';

/** Beyond it JavaScript has no dates. */
const TIME_MS_MAX = 8_640_000_000_000_000;

/**
 * A PUT over a file has the new content in the store a moment before the namespace has it. Who
 * reads in that moment waits for the new file: so many looks, with such pauses.
 */
const LOOKS_MAX = 10;
const LOOK_PAUSE_MS = 30;

export async function answerRead(files: FileService, exchange: HttpExchange): Promise<void> {
  const call = callOf(exchange);
  const path = dataPath(exchange.path);
  let tried: { readonly fingerprint: number; failure?: unknown } | undefined;
  for (let looks = 1; ; looks++) {
    try {
      const file = await files.open(call, path);
      const { fingerprint } = file.status;
      // The store would refuse it again.
      if (tried?.fingerprint === fingerprint) throw tried.failure;
      tried = { fingerprint };
      await answerFile(exchange, file);
      return;
    } catch (error) {
      const isUnsettled = error instanceof StatusError && error.code === Code.FAILED_PRECONDITION;
      if (!isUnsettled || exchange.isBegun || looks === LOOKS_MAX) throw error;
      if (tried !== undefined) tried.failure ??= error;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_PAUSE_MS));
  }
}

async function answerFile(exchange: HttpExchange, file: OpenFile): Promise<void> {
  const { header, method, signal } = exchange;
  const { length } = file.status;
  const now = validatorsOf(file.status);
  const condition = conditionOf(method, header, now);
  if (condition === 412) {
    exchange.fail(conditionFailed(file.status.path));
    return;
  }
  const headers = headersOf(now);
  if (condition === 304) {
    exchange.replyHead(304, headers);
    return;
  }
  const asked = method === 'GET' && rangeHolds(header, now) ? header('range') : '';
  const range = parseRange(asked, length);
  if (range === 'unsatisfiable') {
    exchange.replyHead(416, { ...headers, 'content-range': `bytes */${length}` });
    return;
  }
  const part = range === 'whole' ? { offset: 0, length } : range;
  if (method === 'HEAD' || part.length === 0) {
    exchange.replyHead(200, headers, part.length);
    return;
  }
  const bytes = await file.read(part, signal);
  if (range === 'whole') {
    await exchange.stream(200, headers, part.length, bytes);
    return;
  }
  const last = part.offset + part.length - 1;
  const partial = { ...headers, 'content-range': `bytes ${part.offset}-${last}/${length}` };
  await exchange.stream(206, partial, part.length, bytes);
}

export function validatorsOf({ fingerprint, mtimeMs }: FileStatus): Validators {
  const etag = fingerprint === 0 ? undefined : `"${fingerprint.toString(16)}"`;
  return { etag, mtimeMs };
}

function headersOf({ etag, mtimeMs }: Validators): Record<string, string> {
  const hasDate = Math.abs(mtimeMs) <= TIME_MS_MAX;
  return {
    'accept-ranges': 'bytes',
    'content-type': 'application/octet-stream',
    ...(hasDate && { 'last-modified': new Date(mtimeMs).toUTCString() }),
    ...(etag !== undefined && { etag }),
  };
}

export const conditionFailed = (path: string): StatusError =>
  new StatusError(Code.FAILED_PRECONDITION, `A condition on "${path}" does not hold.`, {
    path,
    hint: 'Look at its ETag and Last-Modified of now.',
  });
