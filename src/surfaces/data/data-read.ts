/**
 * GET and HEAD /v1/data/<path>: the bytes of a file as its store gives them, one range of them if
 * asked for. The store is read as fast as the client takes them; a client that goes stops it.
 * EXECUTE on the directories above, READ on the file.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Code, StatusError } from '../../base/status.js';
import type { Caller } from '../../master/executor/caller.js';
import { Bits } from '../../master/memory/kernel-constants.js';
import { FLAG_COMPLETED, FLAG_PERSISTED } from '../../master/memory/record.js';
import { readRecord } from '../../master/memory/record-fields.js';
import type { Mount } from '../../master/mount/mount-table.js';
import type { Origin } from '../../master/mount/store-path.js';
import { checkBits, checkTraverse } from '../../master/ops/mechanism/access.js';
import { invalid, requireFound } from '../../master/ops/mechanism/failures.js';
import { awaitPath, LoadType, nothingAsked } from '../../master/ops/mechanism/loading.js';
import { originOf } from '../../master/ops/mechanism/origins.js';
import { reading } from '../../master/ops/mechanism/promise-calls.js';
import { type ByteRange, parseRange } from '../../net/byte-range.js';
import { type DataContext, encoder } from './data-context.js';

type Readable = {
  readonly path: string;
  readonly mount: Mount;
  readonly origin: Origin;
  readonly length: number;
  readonly mtimeMs: number;
  readonly fingerprint: number;
};

export async function answerRead(
  context: DataContext,
  request: IncomingMessage,
  response: ServerResponse,
  who: { readonly caller: Caller; readonly path: string },
): Promise<void> {
  const file = await findReadable(context, who.caller, who.path);
  const range = parseRange(request.headers.range, file.length);
  response.setHeader('accept-ranges', 'bytes');
  response.setHeader('content-type', 'application/octet-stream');
  response.setHeader('last-modified', new Date(file.mtimeMs).toUTCString());
  if (file.fingerprint !== 0) response.setHeader('etag', `"${file.fingerprint.toString(16)}"`);
  if (range === 'unsatisfiable') {
    response.writeHead(416, { 'content-range': `bytes */${file.length}`, 'content-length': 0 });
    response.end();
    return;
  }
  const part: ByteRange = range === 'whole' ? { offset: 0, length: file.length } : range;
  if (range !== 'whole') {
    const last = part.offset + part.length - 1;
    response.statusCode = 206;
    response.setHeader('content-range', `bytes ${part.offset}-${last}/${file.length}`);
  }
  response.setHeader('content-length', part.length);
  if (request.method === 'HEAD' || part.length === 0) {
    response.end();
    return;
  }
  await stream(context, response, file, part);
}

function findReadable(context: DataContext, caller: Caller, path: string): Promise<Readable> {
  const asked = nothingAsked();
  return reading(context.scheduler, 'read', caller, (executor) => {
    const walk = executor.walkA;
    executor.resolve(walk, encoder.encode(path));
    awaitPath(executor, walk, LoadType.ONCE, asked);
    requireFound(walk);
    const { depth } = walk;
    const text = walk.text();
    checkTraverse(executor, caller, walk, depth - 1);
    if (!walk.isFile(depth)) {
      throw invalid(text, `"${text}" is a directory.`, 'Name a file in it.');
    }
    checkBits(executor, caller, walk, depth, Bits.READ);
    const { flags, length, mtimeMs, fingerprint } = readRecord(executor.shared.view, walk.record);
    if ((flags & FLAG_COMPLETED) === 0) {
      throw notReadable(text, 'is still being written', 'Try again when it is complete.');
    }
    const mount = executor.mounts.byId(walk.mountId(depth));
    if (mount === undefined || (length > 0 && (flags & FLAG_PERSISTED) === 0)) {
      throw notReadable(text, 'has no data in a store', 'Write it anew with put.');
    }
    const origin = originOf(executor, walk);
    return { path: text, mount, origin, length, mtimeMs, fingerprint };
  });
}

async function stream(
  context: DataContext,
  response: ServerResponse,
  file: Readable,
  part: ByteRange,
): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const store = await context.stores.open(file.mount);
  const source = await store.read(file.origin.path, { ...part, signal: gone.signal });
  if (response.destroyed) {
    source.destroy();
    return;
  }
  // The store may have less by now than when the file was loaded: the promise of the header
  // cannot be kept then, and the connection must not look as if it were.
  let left = part.length;
  const counter = new Transform({
    transform(chunk: Uint8Array, _encoding, next) {
      left -= chunk.length;
      next(null, chunk);
    },
    flush(next) {
      next(
        left === 0 ? null : notReadable(file.path, 'has changed in its store', 'Load it again.'),
      );
    },
  });
  await pipeline(source, counter, response);
}

function notReadable(path: string, what: string, hint: string): StatusError {
  return new StatusError(Code.FAILED_PRECONDITION, `"${path}" ${what}.`, { path, hint });
}
