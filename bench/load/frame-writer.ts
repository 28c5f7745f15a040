/**
 * The calls of one connection that leave together: whole frames one after the other, ready for one
 * write. Where there is one kind of call the buffer holds copies of its frame from the start, so
 * that the next calls are a few bytes written in place; otherwise each frame is copied in.
 *
 * Invariant: a buffer that was handed over is not written to again until `reusable` says so.
 */
import { assert } from '../../src/base/assert.js';
import type { Operation } from './operations.js';

export class FrameWriter {
  /** Frames that are ready. */
  frames = 0;
  bytes: Uint8Array;
  readonly #operations: readonly Operation[];
  readonly #capacity: number;
  #end = 0;

  constructor(operations: readonly Operation[], capacity: number) {
    this.#operations = operations;
    this.#capacity = capacity;
    this.bytes = this.#fresh();
  }

  /** The place of the next frame; it counts only after keep(). */
  begin(operation: number): number {
    assert(this.frames < this.#capacity, 'a connection sends no more than its depth at a time');
    if (this.#operations.length > 1) {
      this.bytes.set(this.#operations[operation]!.template.bytes, this.#end);
    }
    return this.#end;
  }

  keep(operation: number): void {
    this.#end += this.#operations[operation]!.template.bytes.length;
    this.frames++;
  }

  take(): Uint8Array {
    const taken = this.bytes.subarray(0, this.#end);
    this.#end = 0;
    this.frames = 0;
    return taken;
  }

  /** After take(): whether the socket is done with what it was given. */
  reusable(isDone: boolean): void {
    if (!isDone) this.bytes = this.#fresh();
  }

  #fresh(): Uint8Array {
    const frameBytes = Math.max(...this.#operations.map(({ template }) => template.bytes.length));
    const bytes = new Uint8Array(frameBytes * this.#capacity);
    if (this.#operations.length > 1) return bytes;
    const { template } = this.#operations[0]!;
    for (let at = 0; at < bytes.length; at += frameBytes) bytes.set(template.bytes, at);
    return bytes;
  }
}
