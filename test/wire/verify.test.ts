/**
 * The verifier against damage. Method: mutate well-formed messages; decode every accepted one
 * completely through a buffer that throws when a byte outside of it is read. So an accessor that
 * could leave the frame, or loop, fails the test. ORCHARD_FUZZ_SEED and ORCHARD_FUZZ_COUNT set the
 * run.
 */
import { Builder, ByteBuffer } from 'flatbuffers';
import { describe, expect, it } from 'vitest';
import * as wire from '../../src/wire/generated/index.js';
import { RequestCursor } from '../../src/wire/request-cursor.js';
import { callNumberOf, Verdict, verifyReply, verifyRequest } from '../../src/wire/verify.js';
import { mutate, Random } from './mutate.js';
import { encodeReply, encodeRequest, replyBodies, requestBodies } from './samples.js';

const seed = Number(process.env['ORCHARD_FUZZ_SEED'] ?? Date.now() % 2 ** 31);
const count = Number(process.env['ORCHARD_FUZZ_COUNT'] ?? 100_000);

/** Reads like ByteBuffer, but refuses what lies outside. */
class StrictBuffer extends ByteBuffer {
  #check(at: number, bytes: number): void {
    if (at < 0 || at + bytes > this.capacity()) throw new RangeError(`read of ${bytes} at ${at}`);
  }
  override readUint8(at: number): number {
    this.#check(at, 1);
    return super.readUint8(at);
  }
  override readInt16(at: number): number {
    this.#check(at, 2);
    return super.readInt16(at);
  }
  override readInt32(at: number): number {
    this.#check(at, 4);
    return super.readInt32(at);
  }
  override __string(at: number, encoding?: unknown): string | Uint8Array {
    const start = at + this.readInt32(at);
    this.#check(start + 4, this.readInt32(start));
    return super.__string(at, encoding as never);
  }
}

const requests = requestBodies.map(([name, body], i) => encodeRequest(i + 1, name, body, i));
const replies = replyBodies.map(([name, body], i) => encodeReply(i + 1, name, body));

function fuzz(
  samples: Uint8Array[],
  check: (bytes: Uint8Array) => Verdict,
  decode: (bytes: Uint8Array) => void,
): number {
  const random = new Random(seed);
  let accepted = 0;
  for (let i = 0; i < count; i++) {
    const bytes = mutate(samples[random.below(samples.length)]!, random);
    if (check(bytes) !== Verdict.VALID) continue;
    accepted++;
    decode(bytes);
  }
  return accepted;
}

describe(`damaged messages, seed ${seed}`, () => {
  it('requests: what is accepted can be decoded', () => {
    const cursor = new RequestCursor();
    const accepted = fuzz(requests, verifyRequest, (bytes) => {
      const request = wire.Request.getRootAsRequest(new StrictBuffer(bytes)).unpack();
      cursor.move(bytes);
      expect(cursor.call).toBe(request.call);
      expect(cursor.bodyType).toBe(request.bodyType);
    });
    expect(accepted).toBeGreaterThan(count / 100);
    expect(accepted).toBeLessThan(count);
  });

  it('replies: what is accepted can be decoded', () => {
    const accepted = fuzz(replies, verifyReply, (bytes) => {
      wire.Reply.getRootAsReply(new StrictBuffer(bytes)).unpack();
    });
    expect(accepted).toBeGreaterThan(count / 100);
  });

  it('every truncation is refused', () => {
    for (const sample of [...requests]) {
      for (let bytes = 0; bytes < sample.length; bytes++) {
        const cut = sample.subarray(0, bytes);
        if (verifyRequest(cut) === Verdict.VALID) {
          wire.Request.getRootAsRequest(new StrictBuffer(cut)).unpack();
        }
      }
      expect(verifyRequest(new Uint8Array(0))).toBe(Verdict.MALFORMED);
    }
  });

  it('noise is refused', () => {
    const random = new Random(seed);
    for (let i = 0; i < 10_000; i++) {
      const noise = Uint8Array.from({ length: random.below(200) }, () => random.below(256));
      const verdict = verifyRequest(noise);
      if (verdict === Verdict.VALID)
        wire.Request.getRootAsRequest(new StrictBuffer(noise)).unpack();
      expect(callNumberOf(noise)).toBeGreaterThanOrEqual(0);
    }
  });
});

describe('refused by name', () => {
  it('a member that nobody knows', () => {
    const bytes = encodeRequest(5, 'GetStatus', new wire.GetStatusT('/a'));
    const cursor = new RequestCursor();
    cursor.move(bytes);
    const request = new DataView(bytes.buffer).getUint32(0, true);
    bytes[cursor.at(request, 8)] = 200;
    expect(verifyRequest(bytes)).toBe(Verdict.UNKNOWN_MEMBER);
    expect(callNumberOf(bytes)).toBe(5);
  });

  it('a required string that is absent', () => {
    const builder = new Builder(64);
    wire.GetStatus.startGetStatus(builder);
    const body = builder.endObject();
    wire.Request.startRequest(builder);
    wire.Request.addCall(builder, 6);
    wire.Request.addBody(builder, body);
    wire.Request.addBodyType(builder, wire.RequestBody.GetStatus);
    builder.finish(builder.endObject());
    const bytes = builder.asUint8Array().slice();
    expect(verifyRequest(bytes)).toBe(Verdict.MALFORMED);
    expect(callNumberOf(bytes)).toBe(6);
  });

  it('a union that has a type and no value, or a value and no type', () => {
    for (const withValue of [false, true]) {
      const builder = new Builder(64);
      const empty = wire.Empty.createEmpty(builder);
      wire.Reply.startReply(builder);
      if (withValue) wire.Reply.addBody(builder, empty);
      else wire.Reply.addBodyType(builder, wire.ReplyBody.Empty);
      builder.finish(wire.Reply.endReply(builder));
      expect(verifyReply(builder.asUint8Array())).toBe(Verdict.MALFORMED);
    }
  });

  it('a small frame that names one large string over and over', () => {
    const builder = new Builder(1 << 20);
    const large = builder.createString('x'.repeat(100_000));
    const paths = wire.BatchGetStatus.createPathsVector(builder, new Array(10_000).fill(large));
    wire.BatchGetStatus.startBatchGetStatus(builder);
    wire.BatchGetStatus.addPaths(builder, paths);
    const body = wire.BatchGetStatus.endBatchGetStatus(builder);
    builder.finish(
      wire.Request.createRequest(builder, 1, 0, wire.RequestBody.BatchGetStatus, body, 0),
    );
    expect(verifyRequest(builder.asUint8Array())).toBe(Verdict.MALFORMED);
  });

  it('a small frame that names one table over and over', () => {
    const builder = new Builder(1 << 20);
    const key = builder.createString('k');
    wire.XAttr.startXAttr(builder);
    wire.XAttr.addName(builder, key);
    const attribute = wire.XAttr.endXAttr(builder);
    const xattrs = wire.CreateFile.createXattrsVector(builder, new Array(1000).fill(attribute));
    const path = builder.createString('/a');
    wire.CreateFile.startCreateFile(builder);
    wire.CreateFile.addPath(builder, path);
    wire.CreateFile.addXattrs(builder, xattrs);
    const file = wire.CreateFile.endCreateFile(builder);
    const files = wire.BatchCreate.createFilesVector(builder, new Array(1000).fill(file));
    const body = wire.BatchCreate.createBatchCreate(builder, files);
    builder.finish(
      wire.Request.createRequest(builder, 1, 0, wire.RequestBody.BatchCreate, body, 0),
    );
    expect(verifyRequest(builder.asUint8Array())).toBe(Verdict.MALFORMED);
  });
});
