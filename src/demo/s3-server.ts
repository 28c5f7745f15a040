/**
 * An S3 server in this process, on loopback and a free port: s3rver, which keeps each object as a
 * file below its directory, with its gaps closed by the middleware below.
 *
 * Listing: s3rver makes continuation tokens with DES, which OpenSSL 3 of Node 20 no longer has, so
 * every truncated listing fails; its order is that of files on disk, not of keys; it trims white
 * space. So ListObjectsV2 is answered here, after s3rver has checked the request (it is passed on
 * asking for no keys). Aborting a multipart upload and conditional writes, which it lacks, are
 * answered here too.
 *
 * Key:  S3RVER / S3RVER, the one account it knows; it looks at the key, not at the signature.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { answerList, type ListQuery, OBJECT_SUFFIX } from './s3-list-answer.js';

export type S3Server = {
  readonly endpoint: string;
  readonly directory: string;
  /** Mount options for it. */
  readonly options: Readonly<Record<string, string>>;
  /** Uploads that were begun and neither completed nor aborted. */
  uploadCount(bucket: string): Promise<number>;
  close(): Promise<void>;
};

type Context = {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: Record<string, string | undefined>;
  status: number;
  type: string;
  body: unknown;
};
type Middleware = (context: Context, next: () => Promise<void>) => Promise<void>;
type S3rver = {
  middleware: Middleware[];
  run(): Promise<AddressInfo>;
  close(): Promise<void>;
  httpServer: { closeAllConnections(): void };
};

const S3rverClass = createRequire(import.meta.url)('s3rver') as new (
  options: Record<string, unknown>,
) => S3rver;

export async function startS3Server(options: {
  buckets: readonly string[];
  /** Kept after close() when given, otherwise a new one that is removed. */
  directory?: string;
  /** Keys in one answer at most, to have many pages with few keys. */
  pageKeyCountMax?: number;
}): Promise<S3Server> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'orchard-s3-')));
  const server = new S3rverClass({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory,
    vhostBuckets: false,
    configureBuckets: options.buckets.map((name) => ({ name })),
  });
  server.middleware.unshift(
    listing(directory, options.pageKeyCountMax ?? 1000),
    abortedUploads(directory),
    conditions(directory),
  );
  const { port } = await server.run();
  const endpoint = `http://127.0.0.1:${port}`;
  return {
    endpoint,
    directory,
    options: { endpoint, accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
    uploadCount: (bucket) => countUploads(directory, bucket),
    async close() {
      server.httpServer.closeAllConnections();
      // s3rver logs what was cut off, and must not find its log closed by then.
      await setImmediate();
      await setImmediate();
      await server.close();
      if (options.directory === undefined) await rm(directory, { recursive: true, force: true });
    },
  };
}

function listing(directory: string, pageKeyCountMax: number): Middleware {
  return async (context, next) => {
    if (context.method !== 'GET' || context.query['list-type'] !== '2') return next();
    const query: ListQuery = { ...context.query };
    context.query = { 'list-type': '2', 'max-keys': '0' };
    await next();
    if (context.status !== 200) return;
    const bucket = context.path.split('/')[1] ?? '';
    context.type = 'application/xml';
    context.body = await answerList(join(directory, bucket), query, pageKeyCountMax);
  };
}

function abortedUploads(directory: string): Middleware {
  return async (context, next) => {
    const uploadId = context.query['uploadId'];
    if (context.method !== 'DELETE' || uploadId === undefined) return next();
    const bucket = context.path.split('/')[1] ?? '';
    await rm(join(uploadsOf(directory, bucket), uploadId), { recursive: true, force: true });
    context.status = 204;
  };
}

/** If-None-Match: * and If-Match of writes: one write at a time, so that of many one wins. */
function conditions(directory: string): Middleware {
  let turn = Promise.resolve();
  return (context, next) => {
    const { 'if-none-match': none, 'if-match': match } = context.headers;
    const isWrite = context.method === 'PUT' || context.method === 'POST';
    if (!isWrite || (none === undefined && match === undefined)) return next();
    const work = async (): Promise<void> => {
      const file = join(directory, decodeURIComponent(context.path));
      const found = await readFile(`${file}${OBJECT_SUFFIX}.md5`, 'utf8').catch(() => undefined);
      const isMet = none === '*' ? found === undefined : `"${found}"` === match;
      if (isMet) return next();
      context.status = 412;
      context.type = 'application/xml';
      context.body = '<Error><Code>PreconditionFailed</Code></Error>';
    };
    const done = turn.then(work);
    turn = done.catch(() => undefined);
    return done;
  };
}

/** Where s3rver keeps the parts of unfinished uploads. */
const uploadsOf = (directory: string, bucket: string): string =>
  join(directory, bucket, '._S3rver_uploads');

async function countUploads(directory: string, bucket: string): Promise<number> {
  const uploads = await readdir(uploadsOf(directory, bucket)).catch(() => []);
  return uploads.length;
}
