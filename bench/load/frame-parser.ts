/**
 * Cuts what a server sends over one connection into WebSocket frames, without an allocation a
 * frame:
 * a frame that lies in the chunk is handed over in place, and only one that straddles two chunks is
 * put together in a buffer of its own.
 *
 *   0 opcode | 1 length (126: u16 big-endian follows, 127: u64) | payload
 *
 * Servers do not mask what they send. A server that sends back our own frames as they are sends
 * masked ones, with the key 0 that frame-template.ts gives them, so the payload reads the same.
 *
 * Invariant: the frames handed over do not depend on where the stream was cut into chunks.
 */
export const Opcode = { BINARY: 0x82, CLOSE: 0x88, PING: 0x89, PONG: 0x8a } as const;

export type FrameTaker = (opcode: number, bytes: Uint8Array, start: number, length: number) => void;

const LENGTH_MASK = 0x7f;
const MASKED = 0x80;
/** The mask bit, shifted, is the four bytes of the key. */
const MASKED_TO_BYTES = 5;
const HEADER_BYTES_MAX = 14;
const TWO_32 = 2 ** 32;

export class FrameParser {
  readonly #take: FrameTaker;
  /** Made when the first frame straddles two chunks: most connections of a fleet never need it. */
  #partial: Uint8Array = new Uint8Array(0);
  #partialBytes = 0;

  constructor(take: FrameTaker) {
    this.#take = take;
  }

  push(chunk: Uint8Array, end: number): void {
    let at = this.#partialBytes === 0 ? 0 : this.#complete(chunk, end);
    while (at < end) {
      const total = frameBytes(chunk, at, end);
      if (total < 0 || at + total > end) {
        this.#keep(chunk, at, end, total);
        return;
      }
      this.#give(chunk, at, total);
      at += total;
    }
  }

  /** Adds to the kept part until its frame is whole. Where the next frame starts in the chunk. */
  #complete(chunk: Uint8Array, end: number): number {
    let at = 0;
    for (;;) {
      const total = frameBytes(this.#partial, 0, this.#partialBytes);
      if (total >= 0 && this.#partialBytes === total) {
        this.#partialBytes = 0;
        this.#give(this.#partial, 0, total);
        return at;
      }
      if (at === end) return end;
      const wanted = total < 0 ? this.#partialBytes + 1 : total;
      const take = Math.min(wanted - this.#partialBytes, end - at);
      this.#append(chunk, at, at + take, wanted);
      at += take;
    }
  }

  #keep(chunk: Uint8Array, at: number, end: number, total: number): void {
    this.#append(chunk, at, end, Math.max(total, HEADER_BYTES_MAX));
  }

  #append(chunk: Uint8Array, at: number, end: number, wanted: number): void {
    if (wanted > this.#partial.length) {
      const larger = new Uint8Array(wanted * 2);
      larger.set(this.#partial.subarray(0, this.#partialBytes));
      this.#partial = larger;
    }
    this.#partial.set(chunk.subarray(at, end), this.#partialBytes);
    this.#partialBytes += end - at;
  }

  #give(bytes: Uint8Array, at: number, total: number): void {
    const header = headerBytes(bytes[at + 1]!);
    this.#take(bytes[at]!, bytes, at + header, total - header);
  }
}

/** A mask key stands behind the length. */
function headerBytes(lengthByte: number): number {
  const length = lengthByte & LENGTH_MASK;
  return (length < 126 ? 2 : length === 126 ? 4 : 10) + ((lengthByte & MASKED) >> MASKED_TO_BYTES);
}

/** Header and payload together; -1 = the header is not there yet. */
function frameBytes(bytes: Uint8Array, at: number, end: number): number {
  if (at + 2 > end) return -1;
  const lengthByte = bytes[at + 1]!;
  const length = lengthByte & LENGTH_MASK;
  const header = headerBytes(lengthByte);
  if (length < 126) return header + length;
  if (at + header > end) return -1;
  if (length === 126) return header + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
  return header + u32(bytes, at + 2) * TWO_32 + u32(bytes, at + 6);
}

const u32 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
