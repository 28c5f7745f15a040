/** Gathers entries into chunks of whole ones, so that they are written and read in few steps. */
import { assert } from '../../base/assert.js';
import { ENTRY_BYTES_MAX } from '../../base/limits.js';

export const ENTRY_CHUNK_BYTES = 1024 * 1024;

export class EntryChunks {
  readonly #buffer = Buffer.alloc(ENTRY_CHUNK_BYTES);
  readonly #onChunk: (chunk: Buffer, entryCount: number) => void;
  #used = 0;
  #entryCount = 0;

  /** `chunk` is valid until `onChunk` returns. */
  constructor(onChunk: (chunk: Buffer, entryCount: number) => void) {
    this.#onChunk = onChunk;
  }

  add(bytes: Uint8Array, offset: number, length: number): void {
    assert(length <= ENTRY_BYTES_MAX, 'an entry fits a chunk');
    if (this.#used + length > ENTRY_CHUNK_BYTES) this.flush();
    this.#buffer.set(bytes.subarray(offset, offset + length), this.#used);
    this.#used += length;
    this.#entryCount++;
  }

  flush(): void {
    if (this.#used > 0) this.#onChunk(this.#buffer.subarray(0, this.#used), this.#entryCount);
    this.#used = 0;
    this.#entryCount = 0;
  }
}
