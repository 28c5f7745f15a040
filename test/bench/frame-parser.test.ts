/**
 * The load generator's parser gives the same frames wherever the stream is cut, for all three
 * forms of a frame's length.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameParser, Opcode } from '../../bench/load/frame-parser.js';

const RUNS = 200;

/** As a server sends it: not masked. */
function serverFrame(payload: Uint8Array): Buffer {
  const { length } = payload;
  if (length < 126) return Buffer.concat([Buffer.of(Opcode.BINARY, length), payload]);
  if (length < 65_536) {
    const head = Buffer.of(Opcode.BINARY, 126, length >> 8, length & 255);
    return Buffer.concat([head, payload]);
  }
  const head = Buffer.alloc(10);
  head[0] = Opcode.BINARY;
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

function parse(stream: Uint8Array, cuts: readonly number[]): Buffer[] {
  const found: Buffer[] = [];
  const parser = new FrameParser((opcode, bytes, start, length) => {
    expect(opcode).toBe(Opcode.BINARY);
    found.push(Buffer.from(bytes.slice(start, start + length)));
  });
  const edges = [...cuts.map((cut) => cut % (stream.length + 1)), 0, stream.length];
  edges.sort((a, b) => a - b);
  for (let i = 1; i < edges.length; i++) {
    const chunk = stream.slice(edges[i - 1], edges[i]);
    parser.push(chunk, chunk.length);
  }
  return found;
}

describe('FrameParser', () => {
  it('gives the frames that went in, however the stream is cut', () => {
    const sizes = fc.oneof(
      fc.integer({ min: 0, max: 130 }),
      fc.constantFrom(125, 126, 127, 65_535, 65_536, 70_000),
    );
    fc.assert(
      fc.property(
        fc.array(sizes, { minLength: 1, maxLength: 12 }),
        fc.array(fc.nat(200_000), { maxLength: 40 }),
        (lengths, cuts) => {
          const payloads = lengths.map((length, i) => Buffer.alloc(length, i + 1));
          const stream = Buffer.concat(payloads.map(serverFrame));
          const found = parse(stream, cuts);
          expect(found.length).toBe(payloads.length);
          for (const [i, payload] of payloads.entries()) {
            expect(found[i]?.equals(payload)).toBe(true);
          }
        },
      ),
      { numRuns: RUNS, examples: [[[0], [1]]] },
    );
  });

  it('gives the same frames byte by byte', () => {
    const payloads = [Buffer.from('a'), Buffer.alloc(200, 7), Buffer.alloc(0), Buffer.from('end')];
    const stream = Buffer.concat(payloads.map(serverFrame));
    const everywhere = Array.from({ length: stream.length }, (_, i) => i);
    expect(parse(stream, everywhere)).toEqual(payloads);
  });
});
