/**
 * File data by WebHDFS, in two steps: the first is answered with the place to go to (307, or 200
 * with `noredirect`), the second moves the bytes. This door is its own data node: it sends clients
 * to itself, as they named it in Host.
 */
import { createHash } from 'node:crypto';
import type { FileService, OpenFile } from '../../api/file-service.js';
import type { FileStatus } from '../../api/file-status.js';
import { crc32c } from '../../base/crc32c.js';
import { Code } from '../../base/status.js';
import { hasCode, makeFailure } from './failures.js';
import { HdfsFailure } from './remote-exception.js';
import type { HdfsRequest } from './request.js';

/** Says that this is the second step. */
const STEP = 'datanode';
const FILE_MODE = 0o644;
const CHUNK_BYTES = 512;

export const isSecondStep = ({ parameters }: HdfsRequest): boolean => parameters.text(STEP) !== '';

/** Where the second step is asked for: the same request here, marked. */
export function redirect({ exchange, parameters }: HdfsRequest): void {
  const host = exchange.header('host');
  const location = `http://${host}${encoded(exchange.path)}?${exchange.query}&${STEP}=true`;
  if (parameters.flag('noredirect')) {
    const headers = { 'content-type': 'application/json' };
    exchange.reply(200, headers, JSON.stringify({ Location: location }));
  } else exchange.replyHead(307, { location });
}

/** Raw UTF-8 is no header's text; what was encoded stays as it is. */
const encoded = (path: string): string =>
  path.replace(/[^\x21-\x7e]+/gu, (characters) => encodeURIComponent(characters));

export async function open(files: FileService, request: HdfsRequest): Promise<void> {
  const { parameters, exchange } = request;
  const file = await readable(files, request);
  const size = file.status.length;
  const offset = parameters.whole('offset') ?? 0;
  if (offset < 0 || (offset > 0 && offset >= size)) {
    throw new HdfsFailure('IOException', `Offset=${offset} out of the range [0, ${size})`);
  }
  if (!isSecondStep(request)) {
    redirect(request);
    return;
  }
  const length = Math.min(parameters.whole('length') ?? size, size - offset);
  const headers = { 'content-type': 'application/octet-stream' };
  if (length <= 0) {
    exchange.replyHead(200, headers);
    return;
  }
  await exchange.stream(200, headers, length, await file.read({ offset, length }, exchange.signal));
}

/** HDFS's words for what is no file. */
export async function readable(files: FileService, { call, path }: HdfsRequest): Promise<OpenFile> {
  try {
    return await files.open(call, path);
  } catch (error) {
    if (!hasCode(error, Code.INVALID_ARGUMENT)) throw error;
    throw new HdfsFailure('FileNotFoundException', `Path is not a file: ${path}`);
  }
}

export async function create(files: FileService, request: HdfsRequest): Promise<void> {
  const { call, path, parameters, exchange } = request;
  const options = {
    overwrite: parameters.flag('overwrite'),
    recursive: parameters.flag('createparent', true),
    mode: parameters.mode('permission') ?? FILE_MODE,
    blockSize: parameters.whole('blocksize'),
    replicationMin: parameters.whole('replication'),
  };
  if (!isSecondStep(request)) {
    redirect(request);
    return;
  }
  try {
    await files.put(call, path, exchange.body(), options);
  } catch (error) {
    throw await makeFailure(files, call, path, error);
  }
  exchange.replyHead(201, { location: `webhdfs://${exchange.header('host')}${encoded(path)}` });
}

/** MD5 of the MD5s of each block's checksums, which HDFS compares files by. */
export async function getFileChecksum(files: FileService, request: HdfsRequest): Promise<void> {
  const { exchange } = request;
  const file = await readable(files, request);
  if (!isSecondStep(request)) {
    redirect(request);
    return;
  }
  const { length } = file.status;
  const sum = new Checksum(file.status);
  for await (const chunk of await file.read({ offset: 0, length }, exchange.signal)) sum.add(chunk);
  const body = JSON.stringify({ FileChecksum: sum.end() });
  exchange.reply(200, { 'content-type': 'application/json' }, body);
}

class Checksum {
  readonly #blockBytes: number;
  readonly #isOneBlock: boolean;
  readonly #file = createHash('md5');
  #block = createHash('md5');
  #blockLeft: number;
  /** What is left of the last chunk. */
  #held: Uint8Array = new Uint8Array(0);

  constructor({ length, blockSize }: FileStatus) {
    this.#blockBytes = blockSize;
    this.#blockLeft = blockSize;
    this.#isOneBlock = length <= blockSize;
  }

  add(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      const want = Math.min(CHUNK_BYTES, this.#blockLeft) - this.#held.length;
      const part = bytes.subarray(at, at + want);
      at += part.length;
      if (part.length < want) this.#held = Buffer.concat([this.#held, part]);
      else this.#sum(this.#held.length === 0 ? part : Buffer.concat([this.#held, part]));
    }
  }

  end(): object {
    if (this.#held.length > 0) this.#sum(this.#held);
    if (this.#blockLeft < this.#blockBytes) this.#endBlock();
    const perBlock = this.#isOneBlock ? 0 : this.#blockBytes / CHUNK_BYTES;
    const head = Buffer.alloc(12);
    head.writeUInt32BE(CHUNK_BYTES, 0);
    head.writeBigUInt64BE(BigInt(perBlock), 4);
    const bytes = Buffer.concat([head, this.#file.digest()]).toString('hex');
    const algorithm = `MD5-of-${perBlock}MD5-of-${CHUNK_BYTES}CRC32C`;
    return { algorithm, bytes, length: bytes.length / 2 };
  }

  #sum(chunk: Uint8Array): void {
    const crc = Buffer.alloc(4);
    crc.writeUInt32BE(crc32c(chunk, 0, chunk.length));
    this.#block.update(crc);
    this.#held = new Uint8Array(0);
    this.#blockLeft -= chunk.length;
    if (this.#blockLeft === 0) this.#endBlock();
  }

  #endBlock(): void {
    this.#file.update(this.#block.digest());
    this.#block = createHash('md5');
    this.#blockLeft = this.#blockBytes;
  }
}
