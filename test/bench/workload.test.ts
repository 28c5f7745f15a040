/**
 * What the load generator sends is what it means to send: its templates, patched in place, are
 * valid
 * requests with the call id and the paths that were written over them.
 */
import { ByteBuffer } from 'flatbuffers';
import { describe, expect, it } from 'vitest';
import { writeCall } from '../../bench/load/frame-template.js';
import type { Work } from '../../bench/load/load-job.js';
import type { Workload } from '../../bench/load/operations.js';
import { PathPattern } from '../../bench/load/path-pattern.js';
import { SharedCursor } from '../../bench/load/shared-cursor.js';
import { makeWorkload } from '../../bench/load/workload.js';
import {
  type BatchCreateT,
  type BatchGetStatusT,
  type CreateDirectoryT,
  type CreateFileT,
  type ListStatusT,
  type RenameT,
  Request,
  RequestBody,
  type RequestT,
} from '../../src/wire/generated/index.js';
import { Verdict, verifyRequest } from '../../src/wire/verify.js';

const spread = { shape: 'spread', directories: 10_000 } as const;
const SEED = 7;

/** The workload of the only thread, and what it goes through. */
function alone(work: Work, seed = SEED): Workload & { cursor: SharedCursor } {
  const first = work.verb === 'mix' ? work.pool.end : 'first' in work ? work.first : 0;
  const cursor = new SharedCursor(SharedCursor.buffer(first));
  return { ...makeWorkload(work, seed, { cursor, index: 0, count: 1 }), cursor };
}

/** Two frames in one buffer, the second one used, as the generator does. */
function send(workload: Workload, call: number): RequestT {
  const operation = workload.operations[workload.pick()]!;
  const { bytes, callAt } = operation.template;
  const out = new Uint8Array(bytes.length * 2);
  out.set(bytes, bytes.length);
  expect(operation.prepare(out, bytes.length)).toBeGreaterThanOrEqual(0);
  writeCall(out, bytes.length + callAt, call);
  const payload = unmasked(out.subarray(bytes.length));
  expect(verifyRequest(payload)).toBe(Verdict.VALID);
  return Request.getRootAsRequest(new ByteBuffer(payload)).unpack();
}

/** RFC 6455: FIN and binary, the mask bit, and a key of zeros. */
function unmasked(frame: Uint8Array): Uint8Array {
  expect(frame[0]).toBe(0x82);
  expect(frame[1]! & 0x80).toBe(0x80);
  const short = frame[1]! & 0x7f;
  const header = short < 126 ? 2 : short === 126 ? 4 : 10;
  const length = short < 126 ? short : Buffer.from(frame).readUInt16BE(2);
  expect([...frame.subarray(header, header + 4)]).toEqual([0, 0, 0, 0]);
  expect(frame.length).toBe(header + 4 + length);
  return frame.slice(header + 4);
}

describe('PathPattern', () => {
  it('writes paths of depth 4 over 10,000 directories', () => {
    const pattern = new PathPattern(spread, 'f');
    expect(pattern.text(0)).toBe('/bench/a00/b00/f00000000');
    expect(pattern.text(499_999)).toBe('/bench/a99/b99/f00499999');
    expect(pattern.text(12_345_678)).toBe('/bench/a56/b78/f12345678');
  });

  it('never gives one path twice', () => {
    const pattern = new PathPattern(spread, 'n');
    const paths = new Set(Array.from({ length: 30_000 }, (_, i) => pattern.text(i)));
    expect(paths.size).toBe(30_000);
  });

  it('names the leaf directories and the files of one flat directory', () => {
    expect(new PathPattern({ shape: 'leaf', directories: 10_000 }, 'f').text(307)).toBe(
      '/bench/a03/b07',
    );
    expect(new PathPattern({ shape: 'flat' }, 'f').text(307)).toBe('/flat/f00000307');
  });
});

describe('makeWorkload', () => {
  it('draws the same paths from the same seed, all of them within the tree', () => {
    const work: Work = { verb: 'getStatus', paths: spread, kind: 'f', end: 500 };
    const tree = new Set(Array.from({ length: 500 }, (_, i) => pathOf(i)));
    const [one, other] = [alone(work), alone(work)];
    for (let call = 1; call < 100; call++) {
      const request = send(one, call);
      expect(request.call).toBe(call);
      expect(request.bodyType).toBe(RequestBody.GetStatus);
      expect(request.body).toEqual(send(other, call).body);
      expect(tree.has((request.body as { path: string }).path)).toBe(true);
    }
  });

  it('puts a path of its own in every place of a batch', () => {
    const perFrame = 256;
    const reads = alone({
      verb: 'batchGetStatus',
      paths: spread,
      kind: 'f',
      end: 500_000,
      perFrame,
    });
    const asked = send(reads, 4_000_000_000);
    expect(asked.call).toBe(4_000_000_000);
    expect(new Set((asked.body as BatchGetStatusT).paths).size).toBeGreaterThan(perFrame * 0.9);

    const writes = alone({
      verb: 'batchCreate',
      paths: { shape: 'flat' },
      kind: 'f',
      first: 256,
      end: 1024,
      perFrame,
    });
    const made = (send(writes, 1).body as BatchCreateT).files.map((file) => file.path).sort();
    const wanted = new PathPattern({ shape: 'flat' }, 'f');
    expect(made).toEqual(Array.from({ length: perFrame }, (_, i) => wanted.text(256 + i)));
    expect(writes.cursor.next).toBe(512);
  });

  it('goes once through a range and then ends', () => {
    const workload = alone({ verb: 'createFile', paths: spread, kind: 'n', first: 10, end: 12 });
    expect((send(workload, 1).body as CreateFileT).path).toBe('/bench/a00/b10/n00000010');
    expect((send(workload, 2).body as CreateFileT).path).toBe('/bench/a00/b11/n00000011');
    const [operation] = workload.operations;
    const frame = Uint8Array.from(operation!.template.bytes);
    expect(operation!.prepare(frame, 0)).toBe(-1);
    expect(workload.cursor.next).toBe(12);
  });

  it('renames within a directory', () => {
    const workload = alone({ verb: 'rename', paths: spread, kind: 'n', first: 77, end: 100 });
    const { source, target } = send(workload, 1).body as RenameT;
    expect(source).toBe('/bench/a00/b77/n00000077');
    expect(target).toBe('/bench/a00/b77/r00000077');
  });

  it('makes directories with their ancestors and streams a listing with attributes', () => {
    const leaf = { shape: 'leaf', directories: 100 } as const;
    const directories = alone({ verb: 'createDirectory', paths: leaf, kind: 'f', end: 100 });
    const made = send(directories, 1).body as CreateDirectoryT;
    expect([made.path, made.recursive, made.allowExists]).toEqual(['/bench/a00/b00', true, true]);

    const listing = alone({
      verb: 'listStatus',
      paths: { shape: 'flat' },
      kind: 'f',
      path: '/flat',
      repeat: 1,
    });
    const asked = send(listing, 1).body as ListStatusT;
    expect([asked.path, asked.stream, asked.withAttributes]).toEqual(['/flat', true, true]);
  });
});

describe('a mix', () => {
  const mix: Work = {
    verb: 'mix',
    paths: spread,
    files: 1000,
    pool: { first: 0, end: 3 },
    zipf: 1,
    operations: [
      { name: 'GetFileStatus', weight: 90 },
      { name: 'RenameFile', weight: 5 },
      { name: 'DeleteFile', weight: 3 },
      { name: 'CreateFile', weight: 2 },
    ],
  };

  it('draws operations by their weights, and files by their popularity', () => {
    const workload = alone(mix);
    const counts = new Map<string, number>();
    const asked = new Map<string, number>();
    for (let call = 1; call <= 20_000; call++) {
      const operation = workload.operations[workload.pick()]!;
      const out = Uint8Array.from(operation.template.bytes);
      const token = operation.prepare(out, 0);
      if (token < 0) throw new Error(`no ${operation.name} could be prepared`);
      operation.ended?.(token, true);
      counts.set(operation.name, (counts.get(operation.name) ?? 0) + 1);
      if (operation.name !== 'GetFileStatus') continue;
      const request = Request.getRootAsRequest(new ByteBuffer(unmasked(out))).unpack();
      const { path } = request.body as { path: string };
      asked.set(path, (asked.get(path) ?? 0) + 1);
    }
    expect((counts.get('GetFileStatus') ?? 0) / 20_000).toBeCloseTo(0.9, 1);
    // Deletes outrun creates: where nothing is left to delete, a file is created instead.
    expect(counts.get('CreateFile')).toBeGreaterThan(counts.get('DeleteFile')! * 0.9);
    const popular = [...asked.values()].sort((a, b) => b - a);
    // The harmonic number of 1,000 is 7.49: the most popular file gets 13 % of all look-ups.
    expect(popular[0]! / 18_000).toBeGreaterThan(0.1);
    expect(popular[0]! / popular[9]!).toBeGreaterThan(5);
  });

  it('renames what it knows to exist, there and back', () => {
    const workload = alone({ ...mix, operations: [{ name: 'RenameFile', weight: 1 }] });
    const [operation] = workload.operations;
    const seen: string[] = [];
    for (let call = 0; call < 6; call++) {
      const out = Uint8Array.from(operation!.template.bytes);
      operation!.ended?.(operation!.prepare(out, 0), true);
      const request = Request.getRootAsRequest(new ByteBuffer(unmasked(out))).unpack();
      const { source, target } = request.body as RenameT;
      seen.push(`${source} ${target}`);
    }
    expect(seen[0]).toBe('/bench/a00/b00/n00000000 /bench/a00/b00/r00000000');
    expect(seen[3]).toBe('/bench/a00/b00/r00000000 /bench/a00/b00/n00000000');
    expect(new Set(seen.map((line) => line.slice(-8))).size).toBe(3);
  });

  it('goes through a range once, shuffled', () => {
    const range = { kind: 'f', paths: spread, first: 100, end: 1100 } as const;
    const workload = alone({ verb: 'each', operation: 'GetFileStatus', shuffled: true, ...range });
    const paths = new Set<string>();
    for (let call = 1; call <= 1000; call++) {
      paths.add((send(workload, call).body as { path: string }).path);
    }
    const wanted = Array.from({ length: 1000 }, (_, i) => pathOf(100 + i));
    expect([...paths].sort()).toEqual(wanted.sort());
    expect([...paths]).not.toEqual(wanted);
  });
});

const pathOf = (index: number): string => new PathPattern(spread, 'f').text(index);
