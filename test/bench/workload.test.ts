/**
 * What the load generator sends is what it means to send: its templates, patched in place, are
 * valid
 * requests with the call id and the paths that were written over them.
 */
import { ByteBuffer } from 'flatbuffers';
import { describe, expect, it } from 'vitest';
import { writeCall } from '../../bench/load/frame-template.js';
import type { Work } from '../../bench/load/load-job.js';
import { PathPattern } from '../../bench/load/path-pattern.js';
import { makeWorkload, type Workload } from '../../bench/load/workload.js';
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
} from '../../src/protocol/generated/index.js';
import { Verdict, verifyRequest } from '../../src/protocol/verify.js';

const spread = { shape: 'spread', directories: 10_000 } as const;
const SEED = 7;

/** Two frames in one buffer, the second one used, as the generator does. */
function send(workload: Workload, call: number): RequestT {
  const { bytes, callAt } = workload.template;
  const out = new Uint8Array(bytes.length * 2);
  out.set(bytes, bytes.length);
  expect(workload.prepare(out, bytes.length)).toBe(true);
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
    const [one, other] = [makeWorkload(work, SEED), makeWorkload(work, SEED)];
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
    const reads = makeWorkload(
      { verb: 'batchGetStatus', paths: spread, kind: 'f', end: 500_000, perFrame },
      SEED,
    );
    const asked = send(reads, 4_000_000_000);
    expect(asked.call).toBe(4_000_000_000);
    expect(new Set((asked.body as BatchGetStatusT).paths).size).toBeGreaterThan(perFrame * 0.9);

    const writes = makeWorkload(
      { verb: 'batchCreate', paths: { shape: 'flat' }, kind: 'f', first: 256, end: 1024, perFrame },
      SEED,
    );
    const made = (send(writes, 1).body as BatchCreateT).files.map((file) => file.path).sort();
    const wanted = new PathPattern({ shape: 'flat' }, 'f');
    expect(made).toEqual(Array.from({ length: perFrame }, (_, i) => wanted.text(256 + i)));
    expect(writes.next()).toBe(512);
  });

  it('goes once through a range and then ends', () => {
    const workload = makeWorkload(
      { verb: 'createFile', paths: spread, kind: 'n', first: 10, end: 12 },
      SEED,
    );
    expect((send(workload, 1).body as CreateFileT).path).toBe('/bench/a00/b10/n00000010');
    expect((send(workload, 2).body as CreateFileT).path).toBe('/bench/a00/b11/n00000011');
    const frame = Uint8Array.from(workload.template.bytes);
    expect(workload.prepare(frame, 0)).toBe(false);
    expect(workload.next()).toBe(12);
  });

  it('renames within a directory', () => {
    const workload = makeWorkload(
      { verb: 'rename', paths: spread, kind: 'n', first: 77, end: 100 },
      SEED,
    );
    const { source, target } = send(workload, 1).body as RenameT;
    expect(source).toBe('/bench/a00/b77/n00000077');
    expect(target).toBe('/bench/a00/b77/r00000077');
  });

  it('makes directories with their ancestors and streams a listing with attributes', () => {
    const leaf = { shape: 'leaf', directories: 100 } as const;
    const directories = makeWorkload(
      { verb: 'createDirectory', paths: leaf, kind: 'f', end: 100 },
      SEED,
    );
    const made = send(directories, 1).body as CreateDirectoryT;
    expect([made.path, made.recursive, made.allowExists]).toEqual(['/bench/a00/b00', true, true]);

    const listing = makeWorkload(
      { verb: 'listStatus', paths: { shape: 'flat' }, kind: 'f', path: '/flat', repeat: 1 },
      SEED,
    );
    const asked = send(listing, 1).body as ListStatusT;
    expect([asked.path, asked.stream, asked.withAttributes]).toEqual(['/flat', true, true]);
  });
});

const pathOf = (index: number): string => new PathPattern(spread, 'f').text(index);
