/** An S3 that hangs, refuses, or is down: what the caller sees, and what it never sees. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Code, type StatusError } from '../../src/base/status.js';
import { openUfs } from '../../src/stores/registry.js';
import { explainS3 } from '../../src/stores/s3-errors.js';
import type { Ufs } from '../../src/stores/ufs.js';
import { startS3Server } from '../support/s3-server.js';
import { chunksOf, listAll, readAll, signal } from './stores.js';

const ACCESS_KEY = 'AKIDVERYSECRETKEYID0';
const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYSECRETKEY';
const TOKEN = 'SESSIONTOKENSECRET';
const keys = { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET, sessionToken: TOKEN };

let server: Server | undefined;
let ufs: Ufs | undefined;

async function openOver(listener: RequestListener, timeoutMs: number): Promise<Ufs> {
  const started = createServer(listener);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
  ufs = await openUfs('s3://bucket/p', { ...keys, endpoint, timeoutMs, maxConcurrent: 2 });
  return ufs;
}

afterEach(async () => {
  await ufs?.close();
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  ufs = undefined;
});

const errorOf = (promise: Promise<unknown>): Promise<StatusError> =>
  promise.then(
    () => expect.unreachable('no error'),
    (error) => error,
  );

/** Everything that a log or an answer could show of an error. */
const textOf = (error: Error): string =>
  [error.message, error.stack, JSON.stringify(error), JSON.stringify(Object.entries(error))].join();

function expectNoSecret(error: StatusError): void {
  for (const secret of [ACCESS_KEY, SECRET, TOKEN]) expect(textOf(error)).not.toContain(secret);
  expect(error.cause).toBeUndefined();
}

const callsOn = (store: Ufs): (() => Promise<unknown>)[] => [
  () => store.stat('f', signal()),
  () => store.list('', { limit: 10, signal: signal() }),
  () => store.read('f', { signal: signal() }),
  () => store.write('f', chunksOf('x'), { signal: signal() }),
];

describe('a store that hangs', () => {
  it('gives UNAVAILABLE after the timeout, on every call, and holds no permit', async () => {
    const store = await openOver(() => undefined, 150);
    for (const call of callsOn(store)) {
      const began = Date.now();
      const error = await errorOf(call());
      expect(error.code).toBe(Code.UNAVAILABLE);
      expect(error.hint).toBeDefined();
      expect(Date.now() - began).toBeLessThan(2000);
      expectNoSecret(error);
    }
    const many = Array.from({ length: 10 }, () => errorOf(store.stat('f', signal())));
    for (const error of await Promise.all(many)) expect(error.code).toBe(Code.UNAVAILABLE);
  });

  it('in the middle of a file ends the stream with UNAVAILABLE', async () => {
    const store = await openOver((_request, response) => {
      response.writeHead(200, { 'content-length': '1000', etag: '"e"' });
      response.write('half');
    }, 150);
    const error = await errorOf(readAll(store, 'f'));
    expect(error.code).toBe(Code.UNAVAILABLE);
    expectNoSecret(error);
  });

  it('cut off in the middle of a file gives UNAVAILABLE, never a short file', async () => {
    const store = await openOver((_request, response) => {
      response.writeHead(200, { 'content-length': '1000', etag: '"e"' });
      response.write('half', () => response.destroy());
    }, 2000);
    expect((await errorOf(readAll(store, 'f'))).code).toBe(Code.UNAVAILABLE);
  });

  it('a slow consumer is no slow store', async () => {
    const body = Buffer.alloc(2_000_000, 7);
    const store = await openOver((_request, response) => {
      response.writeHead(200, { 'content-length': String(body.length), etag: '"e"' });
      response.end(body);
    }, 1000);
    let length = 0;
    for await (const chunk of await store.read('f', { signal: signal() })) {
      if (length === 0) await new Promise((resolve) => setTimeout(resolve, 2000));
      length += chunk.length;
    }
    expect(length).toBe(body.length);
  });
});

describe('a store that answers with an error', () => {
  const answers: [number, string, Code][] = [
    [403, 'AccessDenied', Code.PERMISSION_DENIED],
    [403, 'InvalidAccessKeyId', Code.PERMISSION_DENIED],
    [403, 'SignatureDoesNotMatch', Code.PERMISSION_DENIED],
    [400, 'ExpiredToken', Code.PERMISSION_DENIED],
    [400, 'InvalidArgument', Code.INVALID_ARGUMENT],
    [301, 'PermanentRedirect', Code.INVALID_ARGUMENT],
    [404, 'NoSuchBucket', Code.NOT_FOUND],
    [500, 'InternalError', Code.UNAVAILABLE],
    [503, 'SlowDown', Code.UNAVAILABLE],
  ];
  for (const [httpStatus, name, code] of answers) {
    it(`${httpStatus} ${name}: that code, and none of the keys it repeats`, async () => {
      const store = await openOver((_request, response) => {
        response.writeHead(httpStatus, { 'content-type': 'application/xml' });
        response.end(
          `<Error><Code>${name}</Code><Message>${ACCESS_KEY} ${SECRET} ${TOKEN}</Message>` +
            `<AWSAccessKeyId>${ACCESS_KEY}</AWSAccessKeyId></Error>`,
        );
      }, 5000);
      const error = await errorOf(store.list('', { limit: 10, signal: signal() }));
      expect(error.code).toBe(code);
      expect(error.message).toContain('s3://bucket/p');
      expect(error.hint).toBeDefined();
      expectNoSecret(error);
    });
  }

  it('names nothing of an error whose name is a text of its own', () => {
    const error = Object.assign(new Error(SECRET), { name: `Weird ${SECRET}` });
    expectNoSecret(explainS3(error, 's3://b/k'));
  });
});

it('a store that is not there gives UNAVAILABLE', async () => {
  ufs = await openUfs('s3://bucket', { ...keys, endpoint: 'http://127.0.0.1:1', timeoutMs: 5000 });
  for (const call of callsOn(ufs)) {
    const error = await errorOf(call());
    expect(error.code).toBe(Code.UNAVAILABLE);
    expectNoSecret(error);
  }
});

it('a bucket that is not there, a key that is not known', async () => {
  const s3 = await startS3Server({ buckets: ['bucket'] });
  const missing = await openUfs('s3://missing', s3.options);
  expect(await missing.stat('', signal())).toBeUndefined();
  expect((await errorOf(missing.stat('f', signal()))).code).toBe(Code.NOT_FOUND);
  expect((await errorOf(listAll(missing, '', 5))).code).toBe(Code.NOT_FOUND);
  const strange = await openUfs('s3://bucket', { ...s3.options, ...keys });
  for (const call of callsOn(strange)) {
    const error = await errorOf(call());
    expect(error.code).toBe(Code.PERMISSION_DENIED);
    expectNoSecret(error);
  }
  await Promise.all([missing.close(), strange.close(), s3.close()]);
});

describe('multipart uploads', () => {
  const part = Buffer.alloc(1024 * 1024, 5);
  const parts = async function* (count: number, atEnd?: () => void) {
    for (let index = 0; index < count; index++) yield part;
    atEnd?.();
  };

  it('write what is long in bounded memory, byte for byte', async () => {
    const s3 = await startS3Server({ buckets: ['bucket'] });
    const store = await openUfs('s3://bucket', s3.options);
    const status = await store.write('big', parts(21), { signal: signal() });
    expect(status.length).toBe(21 * part.length);
    expect((await readAll(store, 'big')).equals(Buffer.alloc(21 * part.length, 5))).toBe(true);
    expect(await s3.uploadCount('bucket')).toBe(0);
    await Promise.all([store.close(), s3.close()]);
  });

  it('that are aborted leave neither an object nor parts', async () => {
    const s3 = await startS3Server({ buckets: ['bucket'] });
    const store = await openUfs('s3://bucket', s3.options);
    const controller = new AbortController();
    let uploading = 0;
    const data = async function* () {
      yield* parts(17);
      uploading = await s3.uploadCount('bucket');
      controller.abort();
      yield part;
    };
    const error = await errorOf(store.write('big', data(), { signal: controller.signal }));
    expect(error.code).toBe(Code.CANCELLED);
    expect(uploading).toBe(1);
    expect(await s3.uploadCount('bucket')).toBe(0);
    expect(await store.stat('big', signal())).toBeUndefined();
    await Promise.all([store.close(), s3.close()]);
  });
});
