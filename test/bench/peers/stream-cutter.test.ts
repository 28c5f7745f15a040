/**
 * The cutter of the peers' streams gives the same messages wherever the stream is cut, and of a
 * message too long to keep its head and its length.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  HEAD_BYTES,
  MESSAGE_KEPT_BYTES_MAX,
  StreamCutter,
} from '../../../bench/peers/wire/stream-cutter.js';
import { readU32, TemplateWriter } from '../../../bench/peers/wire/template-writer.js';

const RUNS = 200;
const LENGTH_BYTES = 4;

const measure = (bytes: Uint8Array, at: number, end: number): number =>
  at + LENGTH_BYTES > end ? -1 : LENGTH_BYTES + readU32(bytes, at);

/** Of each message its length and as much of it as may be read. */
function cut(stream: Uint8Array, cuts: readonly number[]): string[] {
  const found: string[] = [];
  const cutter = new StreamCutter(measure, (bytes, at, total) => {
    const readable = total > MESSAGE_KEPT_BYTES_MAX ? HEAD_BYTES : total;
    found.push(`${total} ${Buffer.from(bytes.slice(at, at + readable)).toString('hex')}`);
  });
  const edges = [...cuts.map((edge) => edge % (stream.length + 1)), 0, stream.length];
  edges.sort((a, b) => a - b);
  for (let i = 1; i < edges.length; i++) {
    const chunk = stream.slice(edges[i - 1], edges[i]);
    cutter.push(chunk, chunk.length);
  }
  return found;
}

const message = (length: number, fill: number): Buffer =>
  new TemplateWriter().counted(Buffer.alloc(length, fill)).done();

describe('StreamCutter', () => {
  it('gives the messages that went in, however the stream is cut', () => {
    const sizes = fc.oneof(
      fc.integer({ min: 0, max: 300 }),
      fc.constantFrom(HEAD_BYTES - 4, HEAD_BYTES, MESSAGE_KEPT_BYTES_MAX - 4),
      fc.constantFrom(MESSAGE_KEPT_BYTES_MAX - 3, MESSAGE_KEPT_BYTES_MAX * 2),
    );
    fc.assert(
      fc.property(
        fc.array(sizes, { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat(2_000_000), { maxLength: 30 }),
        (lengths, cuts) => {
          const messages = lengths.map((length, i) => message(length, i + 1));
          const wanted = messages.map((each) => {
            const isLong = each.length > MESSAGE_KEPT_BYTES_MAX;
            const readable = isLong ? each.subarray(0, HEAD_BYTES) : each;
            return `${each.length} ${readable.toString('hex')}`;
          });
          expect(cut(Buffer.concat(messages), cuts)).toEqual(wanted);
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('gives the same messages byte by byte', () => {
    const stream = Buffer.concat([message(3, 1), message(0, 2), message(200, 3)]);
    const everywhere = Array.from({ length: stream.length }, (_, i) => i);
    expect(cut(stream, everywhere)).toEqual(cut(stream, []));
  });
});
