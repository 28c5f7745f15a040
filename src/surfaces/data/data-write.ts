/**
 * PUT /v1/data/<path>: the body becomes a file, completely or not at all. Missing directories above
 * it are made on request.
 *
 * Query: overwrite, recursive (true or false), mode (octal), blockSize and replicationMin
 * (numbers), over (a fingerprint: the file that has it gets a new content, and stays itself).
 * `If-None-Match: *` is the same as no overwrite, and answered with 412. With x-orchard-client-id
 * and x-orchard-call-id the same request again is answered as the first was.
 */
import type { FileService } from '../../api/file-service.js';
import { Code, StatusError } from '../../base/status.js';
import { conditionOf } from '../../net/http-conditions.js';
import type { HttpExchange } from '../../net/http-exchange.js';
import { conditionFailed, validatorsOf } from './data-read.js';
import { callOf, dataPath, flagOf, hexOf, modeOf, wholeOf } from './data-request.js';

export async function answerWrite(files: FileService, exchange: HttpExchange): Promise<void> {
  const { header, parameters } = exchange;
  const call = callOf(exchange);
  const path = dataPath(exchange.path);
  refuseMisunderstood(exchange, path);
  if (header('if-match') !== '' || header('if-unmodified-since') !== '') {
    const { status } = await files.open(call, path);
    if (conditionOf('PUT', header, validatorsOf(status)) !== 'go') throw conditionFailed(path);
  }
  const isNew = header('if-none-match').trim() === '*';
  const options = {
    overwrite: flagOf(parameters, 'overwrite') && !isNew,
    recursive: flagOf(parameters, 'recursive'),
    mode: modeOf(parameters),
    blockSize: wholeOf(parameters, 'blockSize'),
    replicationMin: wholeOf(parameters, 'replicationMin'),
  };
  try {
    const over = hexOf(parameters, 'over');
    const body = exchange.body();
    const written =
      over === undefined
        ? await files.put(call, path, body, options)
        : await files.rewrite(call, path, body, { fingerprint: over });
    const { path: at, id, length } = written;
    const told = `${JSON.stringify({ path: at, id, length })}\n`;
    exchange.reply(201, { 'content-type': 'application/json; charset=utf-8' }, told);
  } catch (error) {
    const isThere = error instanceof StatusError && error.code === Code.ALREADY_EXISTS;
    throw isNew && isThere ? conditionFailed(path) : error;
  }
}

/** Refuses headers and paths with which the request would not mean a whole file. */
function refuseMisunderstood({ header }: HttpExchange, path: string): void {
  if (header('content-range') !== '') {
    throw new StatusError(Code.INVALID_ARGUMENT, 'A part of a file cannot be put.', {
      path,
      hint: 'Send the whole file, without Content-Range.',
    });
  }
  if (path.endsWith('/')) {
    throw new StatusError(Code.INVALID_ARGUMENT, `"${path}" ends in a slash: no file does.`, {
      path,
      hint: 'Name a file, or make the directory with mkdir.',
    });
  }
}
