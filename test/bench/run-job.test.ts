/**
 * The load generator over the master's real edge, with a floor below that answers by a script: what
 * it
 * counts is what was answered, and no wrong reply goes unseen.
 */
import { afterEach, describe, expect, it } from 'vitest';
import type { LoadJob, Work } from '../../bench/load/load-job.js';
import { runJob } from '../../bench/load/run-job.js';
import { Code, StatusError } from '../../src/base/status.js';
import { listenRpc, type RpcServer } from '../../src/net/listen.js';
import type { RpcHandler } from '../../src/net/rpc-handler.js';
import { ReplyEncoder } from '../../src/wire/encode.js';
import {
  BatchReplyT,
  FileInfoT,
  InodeT,
  ListPageT,
  ReplyBody,
  RequestBody,
  ResultT,
} from '../../src/wire/generated/index.js';

const paths = { shape: 'spread', directories: 100 } as const;
const encoder = new ReplyEncoder();
const info = new FileInfoT(new InodeT(1));
const PATHS_SLOT = 4;
const PAGES = 3;
const PAGE_ENTRIES = 7;

type Generator = { readonly runJob: typeof runJob };
const BUILT = new URL('../../dist/bench/load/run-job.js', import.meta.url).href;

let server: RpcServer | undefined;
afterEach(() => {
  server?.close();
  server = undefined;
});

async function run(
  handle: RpcHandler['handle'],
  work: Work,
  loop: Pick<LoadJob, 'connections' | 'depth' | 'threads' | 'rate' | 'seconds'> = {
    connections: 4,
    depth: 5,
  },
) {
  server = await listenRpc({
    host: '127.0.0.1',
    port: 0,
    serverVersion: 'test',
    clusterId: 'test',
    handler: { handle },
    onBug: (error) => {
      throw error;
    },
  });
  // Threads cannot be started from TypeScript: a job of several takes the built generator.
  const built = loop.threads === undefined ? { runJob } : ((await import(BUILT)) as Generator);
  return built.runJob({
    target: { host: '127.0.0.1', port: server.port, pid: process.pid },
    work,
    ...loop,
    warmSeconds: 0,
    seed: 1,
  });
}

const deletes: Work = { verb: 'delete', kind: 'n', paths, first: 0, end: 1_000 };

describe('runJob', () => {
  it('sends every path once, and counts every answer once', async () => {
    const seen = new Set<string>();
    const result = await run((_, request, reply) => {
      request.string(PATHS_SLOT);
      const { bytes, textStart, textBytes } = request;
      seen.add(Buffer.from(bytes.subarray(textStart, textStart + textBytes)).toString());
      reply.end(encoder.empty(reply.call));
    }, deletes);
    expect(result).toMatchObject({ operations: 1_000, errors: 0, next: 1_000 });
    expect(seen.size).toBe(1_000);
    expect(result.p50Ms).toBeGreaterThan(0);
    expect(result.maxMs).toBeGreaterThanOrEqual(result.p99Ms);
  });

  it('counts replies with a code as errors and tells the first', async () => {
    let call = 0;
    const result = await run((_, _request, reply) => {
      if (++call % 10 === 0) throw new StatusError(Code.NOT_FOUND, 'scripted', { path: '/x' });
      reply.end(encoder.empty(reply.call));
    }, deletes);
    expect(result).toMatchObject({ operations: 900, errors: 100 });
    expect(result.firstError).toBe(`delete: code ${Code.NOT_FOUND}: scripted /x`);
  });

  it('looks into each result of a batch', async () => {
    let frame = 0;
    const result = await run(
      (_, request, reply) => {
        const bad = ++frame === 3 ? 1 : 0;
        const results = Array.from(
          { length: request.vectorLength(PATHS_SLOT) },
          (_unused, i) => new ResultT(i < bad ? Code.NOT_FOUND : Code.OK, null, info),
        );
        const builder = encoder.begin();
        const body = new BatchReplyT(results).pack(builder);
        reply.end(encoder.finish(reply.call, ReplyBody.BatchReply, body));
      },
      { verb: 'batchCreate', kind: 'n', paths, first: 0, end: 1_000, perFrame: 50 },
    );
    expect(result).toMatchObject({ operations: 999, errors: 1 });
    expect(result.firstError).toBe(`batchCreate: code ${Code.NOT_FOUND}: no reason given`);
  });

  it('counts the entries of all pages of a streamed listing', async () => {
    const work: Work = { verb: 'listStatus', kind: 'f', paths, path: '/flat', repeat: 4 };
    const result = await run(
      (_, request, reply) => {
        expect(request.bodyType).toBe(RequestBody.ListStatus);
        for (let page = 1; page <= PAGES; page++) {
          const builder = encoder.begin();
          const body = new ListPageT(Array(PAGE_ENTRIES).fill(info)).pack(builder);
          const more = page < PAGES;
          const bytes = encoder.finish(reply.call, ReplyBody.ListPage, body, { more });
          if (more) reply.send(bytes);
          else reply.end(bytes);
        }
      },
      work,
      { connections: 1, depth: 1 },
    );
    expect(result).toMatchObject({ operations: 4 * PAGES * PAGE_ENTRIES, errors: 0 });
  });

  it('several threads go through one range together', async () => {
    const seen = new Set<string>();
    const result = await run(
      (_, request, reply) => {
        request.string(PATHS_SLOT);
        const { bytes, textStart, textBytes } = request;
        seen.add(Buffer.from(bytes.subarray(textStart, textStart + textBytes)).toString());
        reply.end(encoder.empty(reply.call));
      },
      deletes,
      { connections: 4, depth: 5, threads: 2 },
    );
    expect(result).toMatchObject({ operations: 1_000, calls: 1_000, errors: 0, next: 1_000 });
    expect(seen.size).toBe(1_000);
  });

  it('an open loop charges a stall with everybody who had to wait', async () => {
    const stallMs = 300;
    let stalled = false;
    const begun = performance.now();
    const result = await run(
      (_, _request, reply) => {
        if (!stalled && performance.now() - begun > stallMs) {
          stalled = true;
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, stallMs);
        }
        reply.end(encoder.empty(reply.call));
      },
      { verb: 'getStatus', kind: 'f', paths, end: 100 },
      { connections: 2, depth: 1, rate: 1000, seconds: 1 },
    );
    // A closed loop would have seen two slow calls of a thousand: those that were in flight.
    expect(stalled).toBe(true);
    expect(result.errors).toBe(0);
    expect(result.open?.rate).toBe(1000);
    const { maxMs } = result;
    expect(maxMs).toBeGreaterThan(stallMs * 0.9);
    // On a busy machine others wait too; the stall is the most that anybody did.
    expect(result.p50Ms).toBeLessThan(maxMs);
    expect(result.operations + (result.open?.unsent ?? 0)).toBeGreaterThan(900);
    expect(result.p99Ms).toBeGreaterThan(stallMs / 2);
  });

  it('fails when the connection is lost', async () => {
    const result = await run(() => server?.close(), deletes);
    expect(result.operations).toBe(0);
    expect(result.errors).toBe(4);
    expect(result.firstError).toContain('unexpected frame 0x88');
  });
});
