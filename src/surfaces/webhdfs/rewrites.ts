/**
 * APPEND, CONCAT and TRUNCATE: a file gets a new content, made of the old one. Stores keep whole
 * objects, so each writes the whole file anew; of two at a time one is told to come again.
 */
import type { FileService, OpenFile } from '../../api/file-service.js';
import { isSecondStep, readable, redirect } from './data.js';
import { HdfsFailure } from './remote-exception.js';
import { destinationPath, type HdfsRequest } from './request.js';

export async function append(files: FileService, request: HdfsRequest): Promise<void> {
  const { call, path, exchange } = request;
  const old = await readable(files, request);
  if (!isSecondStep(request)) {
    redirect(request);
    return;
  }
  const { length, fingerprint } = old.status;
  const content = joined(contentOf(old, length, exchange.signal), exchange.body());
  await files.rewrite(call, path, content, { fingerprint });
  exchange.replyHead(200, {});
}

export async function truncate(files: FileService, request: HdfsRequest): Promise<object> {
  const { call, path, parameters, exchange } = request;
  const old = await readable(files, request);
  const { length, fingerprint } = old.status;
  const wanted = parameters.whole('newlength') ?? 0;
  if (wanted < 0 || wanted > length) {
    const sizes = `Current size: ${length}, truncate size: ${wanted}.`;
    const reason = `Cannot truncate to a larger file size. ${sizes}`;
    throw new HdfsFailure('HadoopIllegalArgumentException', reason);
  }
  if (wanted < length) {
    const content = joined(contentOf(old, wanted, exchange.signal));
    await files.rewrite(call, path, content, { fingerprint });
  }
  return { boolean: true };
}

/** The sources go when the target has their bytes: a crash in between leaves both. */
export async function concat(files: FileService, request: HdfsRequest): Promise<undefined> {
  const { call, path, parameters, exchange } = request;
  const sources = parameters.required('sources').split(',').map(destinationPath);
  if (sources.includes(path) || new Set(sources).size < sources.length) {
    const reason = `concat: a source is the target ${path}, or comes twice`;
    throw new HdfsFailure('HadoopIllegalArgumentException', reason);
  }
  const target = await readable(files, request);
  const parts: OpenFile[] = [target];
  for (const source of sources) parts.push(await readable(files, { ...request, path: source }));
  const { fingerprint } = target.status;
  const contents = parts.map((part) => contentOf(part, part.status.length, exchange.signal));
  await files.rewrite(call, path, joined(...contents), { fingerprint });
  for (const source of sources) await files.remove(call, source);
  return undefined;
}

async function* contentOf(
  file: OpenFile,
  length: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (length > 0) yield* await file.read({ offset: 0, length }, signal);
}

async function* joined(
  ...parts: readonly AsyncIterable<Uint8Array>[]
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const part of parts) yield* part;
}
