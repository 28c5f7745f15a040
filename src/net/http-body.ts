/**
 * The body of one request. After a few untaken chunks the socket is paused; it goes on when they
 * are taken. A body that nobody takes is skipped, because an answer before its end must reach a
 * client that still sends.
 *
 *   socket ──onData──▶ chunks (≤ bodyBytesHigh and one more) ──for await──▶ whoever reads it
 *
 * Chunks count in the budget of bytes; where that has no room, the socket is paused with the first.
 *
 * Invariant: the socket is paused only while somebody reads the body.
 */
import type { HttpResponse } from 'uWebSockets.js';
import type { StatusError } from '../base/status.js';
import type { ByteBudget } from './byte-budget.js';

export class HttpBody {
  readonly #response: HttpResponse;
  readonly #bytesHigh: number;
  readonly #budget: ByteBudget;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #bytesIn = 0;
  #windowStart = 0;
  #isLast = false;
  #isPaused = false;
  #isDropped = false;
  #failure: StatusError | undefined;
  #wake: (() => void) | undefined;

  constructor(response: HttpResponse, bytesHigh: number, budget: ByteBudget) {
    this.#response = response;
    this.#budget = budget;
    this.#bytesHigh = bytesHigh;
    response.onData((chunk, isLast) => this.#take(chunk, isLast));
  }

  /** All that came. */
  get bytesIn(): number {
    return this.#bytesIn;
  }

  /** What came since somebody last looked. */
  get movedBytes(): number {
    return this.#bytesIn - this.#windowStart;
  }

  beginWindow(): void {
    this.#windowStart = this.#bytesIn;
  }

  /** A reader wants the next chunk, and the client has not sent it yet. */
  get isAwaited(): boolean {
    return this.#wake !== undefined;
  }

  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (;;) {
        if (this.#failure !== undefined) throw this.#failure;
        const chunk = this.#chunks.shift();
        if (chunk !== undefined) {
          this.#bytes -= chunk.length;
          this.#budget.remove(chunk.length);
          if (this.#bytes <= this.#bytesHigh / 2) this.#resume();
          yield chunk;
        } else if (this.#isLast) {
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      this.drop();
    }
  }

  /**
   * The rest of the body is dropped. Call it before the answer ends: then the response may be gone.
   */
  drop(): void {
    this.#giveBack();
    this.#resume();
  }

  #giveBack(): void {
    this.#isDropped = true;
    this.#chunks = [];
    this.#budget.remove(this.#bytes);
    this.#bytes = 0;
  }

  /**
   * uWebSockets cuts what is slower than 16 KiB/s; how slow it may be we say ourselves. Resuming a
   * paused socket begins its time anew; resuming one that is not paused stops its reading.
   */
  keepAlive(): void {
    if (this.#isPaused || this.#isLast) return;
    this.#response.pause();
    this.#response.resume();
  }

  /** The client has left, or its time is over: the reader gets the reason. */
  end(failure: StatusError): void {
    this.#failure ??= failure;
    this.#isPaused = false;
    this.#giveBack();
    this.#awake();
  }

  #take(chunk: ArrayBuffer, isLast: boolean): void {
    this.#bytesIn += chunk.byteLength;
    this.#isLast = isLast;
    if (!this.#isDropped && chunk.byteLength > 0) {
      // uWebSockets takes its bytes back when this callback returns.
      this.#chunks.push(new Uint8Array(chunk.slice(0)));
      this.#bytes += chunk.byteLength;
      const isIn = this.#budget.add(chunk.byteLength);
      if ((!isIn || this.#bytes > this.#bytesHigh) && !isLast) this.#pause();
    }
    this.#awake();
  }

  #awake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#response.pause();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#response.resume();
  }
}
