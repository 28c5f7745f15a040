/** Sealed batches of entries that tell their seq, for any journal. */
import { EntryWriter, sealEntry } from '../../../src/master/journal/entry.js';
import type { Entry } from '../../../src/master/journal/entry-decode.js';

const SIDE_STRING = 1;

/** One entry per size: a side record whose value has that many bytes, all of them the seq's. */
export function makeBatch(firstSeq: number, salt: number, sizes: readonly number[]): Uint8Array {
  const room = sizes.reduce((sum, size) => sum + size + 256, 0);
  const bytes = new Uint8Array(room);
  const writer = new EntryWriter(bytes);
  let at = 0;
  for (const [i, size] of sizes.entries()) {
    const seq = firstSeq + i;
    writer.begin(at, 1_000 + seq, 7, seq, 3);
    writer.side(SIDE_STRING, keyOf(seq), new Uint8Array(size).fill(seq & 0xff));
    const length = writer.finish();
    sealEntry(bytes, at, seq, salt);
    at += length;
  }
  return bytes.subarray(0, at);
}

export const seqsOf = (entries: readonly Entry[]): number[] => entries.map(({ seq }) => seq);

/** 1 … last. */
export const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1);

export function keyOf(seq: number): Uint8Array {
  return new TextEncoder().encode(`key-${seq}`);
}
