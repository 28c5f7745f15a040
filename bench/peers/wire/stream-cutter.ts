/**
 * Cuts what a peer sends over one connection into its messages, in place where a message lies in
 * one chunk. Of a message above MESSAGE_KEPT_BYTES_MAX only the head is kept, and the rest is
 * counted: a listing of a million entries must cost the generator no copy.
 *
 * Invariant: the messages handed over do not depend on where the stream was cut into chunks.
 */

/** All bytes of the message that begins at `at`; -1 = its head is not there yet. */
export type MessageMeasure = (bytes: Uint8Array, at: number, end: number) => number;
/** Of a long message only the first HEAD_BYTES may be read. */
export type MessageTaker = (bytes: Uint8Array, at: number, total: number) => void;

export const HEAD_BYTES = 4096;
export const MESSAGE_KEPT_BYTES_MAX = 1 << 18;

export class StreamCutter {
  readonly #measure: MessageMeasure;
  readonly #take: MessageTaker;
  #partial: Uint8Array = new Uint8Array(HEAD_BYTES);
  #partialBytes = 0;
  /** Of a long message: bytes that are still to come and are not kept. */
  #skipBytes = 0;
  #longBytes = 0;

  constructor(measure: MessageMeasure, take: MessageTaker) {
    this.#measure = measure;
    this.#take = take;
  }

  push(chunk: Uint8Array, end: number): void {
    let at = 0;
    while (at < end) {
      if (this.#skipBytes > 0) at = this.#skip(at, end);
      else if (this.#partialBytes > 0) at = this.#complete(chunk, at, end);
      else at = this.#whole(chunk, at, end);
    }
  }

  #whole(chunk: Uint8Array, begin: number, end: number): number {
    let at = begin;
    while (at < end) {
      const total = this.#measure(chunk, at, end);
      if (total < 0 || at + total > end) {
        // One byte is enough to go on from: complete() takes what it needs.
        this.#append(chunk, at, at + 1);
        return at + 1;
      }
      this.#take(chunk, at, total);
      at += total;
    }
    return at;
  }

  /** Adds to the kept part until its message is whole, or long enough to be skipped. */
  #complete(chunk: Uint8Array, begin: number, end: number): number {
    let at = begin;
    while (at < end) {
      const total = this.#measure(this.#partial, 0, this.#partialBytes);
      const isLong = total > MESSAGE_KEPT_BYTES_MAX;
      const wanted = total < 0 ? this.#partialBytes + 1 : isLong ? HEAD_BYTES : total;
      const take = Math.min(wanted - this.#partialBytes, end - at);
      this.#append(chunk, at, at + take);
      at += take;
      if (total < 0 || this.#partialBytes < wanted) continue;
      if (isLong) {
        this.#longBytes = total;
        this.#skipBytes = total - HEAD_BYTES;
      } else {
        this.#give(total);
      }
      return at;
    }
    // The chunk may have ended just where its message became known to be whole.
    if (this.#measure(this.#partial, 0, this.#partialBytes) === this.#partialBytes) {
      this.#give(this.#partialBytes);
    }
    return at;
  }

  #skip(at: number, end: number): number {
    const skipped = Math.min(this.#skipBytes, end - at);
    this.#skipBytes -= skipped;
    if (this.#skipBytes === 0) this.#give(this.#longBytes);
    return at + skipped;
  }

  #give(total: number): void {
    this.#partialBytes = 0;
    this.#take(this.#partial, 0, total);
  }

  #append(chunk: Uint8Array, at: number, end: number): void {
    const wanted = this.#partialBytes + end - at;
    if (wanted > this.#partial.length) {
      const larger = new Uint8Array(wanted * 2);
      larger.set(this.#partial.subarray(0, this.#partialBytes));
      this.#partial = larger;
    }
    this.#partial.set(chunk.subarray(at, end), this.#partialBytes);
    this.#partialBytes = wanted;
  }
}
