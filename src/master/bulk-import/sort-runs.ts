/**
 * The first half of an external sort: entries in any order become runs on disk, each sorted by the
 * bytes of its paths. Memory: one run.
 */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { BATCH_BYTES, ENTRIES_MAX, type EntryBatch } from './entry-batch.js';
import { PATH_BYTES_AT, RUN_HEAD_BYTES, writeEntry } from './run-format.js';

const RUN_BYTES = 128 << 20;
const RUN_ENTRIES = 1 << 20;
const OUT_BYTES = 4 << 20;
/** Of a batch as a run keeps it. */
const BATCH_BYTES_MAX = ENTRIES_MAX * RUN_HEAD_BYTES + BATCH_BYTES;
/** Bytes of a path after the common beginning of its run, compared as one number. */
const HEAD_BYTES = 6;

export class RunSorter {
  readonly #directory: string;
  readonly #bytes = Buffer.alloc(RUN_BYTES);
  readonly #starts = new Uint32Array(RUN_ENTRIES);
  #end = 0;
  #count = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** There may be no room for another batch. */
  get isFull(): boolean {
    return this.#count + ENTRIES_MAX > RUN_ENTRIES || this.#end + BATCH_BYTES_MAX > RUN_BYTES;
  }

  get count(): number {
    return this.#count;
  }

  add(batch: EntryBatch, i: number): void {
    this.#starts[this.#count++] = this.#end;
    this.#end += writeEntry(this.#bytes, this.#end, batch, i);
  }

  /** Writes what was added as the run of this name; durable when it returns. */
  flush(name: string): void {
    const order = this.#sorted();
    const file = openSync(join(this.#directory, name), 'w', 0o600);
    try {
      const out = Buffer.alloc(OUT_BYTES);
      let end = 0;
      for (const entry of order) {
        const start = this.#starts[entry]!;
        const bytes = RUN_HEAD_BYTES + this.#pathBytes(start);
        if (end + bytes > out.length) {
          writeSync(file, out, 0, end);
          end = 0;
        }
        this.#bytes.copy(out, end, start, start + bytes);
        end += bytes;
      }
      writeSync(file, out, 0, end);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    this.#end = 0;
    this.#count = 0;
  }

  #pathBytes(start: number): number {
    return this.#bytes.readUInt16LE(start + PATH_BYTES_AT);
  }

  #sorted(): Uint32Array {
    const order = Uint32Array.from({ length: this.#count }, (_, entry) => entry);
    const common = this.#commonBytes();
    const heads = Float64Array.from(order, (entry) => this.#head(entry, common));
    return order.sort((a, b) => heads[a]! - heads[b]! || this.#compare(a, b) || a - b);
  }

  #compare(a: number, b: number): number {
    const left = this.#starts[a]! + RUN_HEAD_BYTES;
    const right = this.#starts[b]! + RUN_HEAD_BYTES;
    const bytes = this.#bytes;
    const leftEnd = left + this.#pathBytes(left - RUN_HEAD_BYTES);
    const rightEnd = right + this.#pathBytes(right - RUN_HEAD_BYTES);
    return bytes.compare(bytes, right, rightEnd, left, leftEnd);
  }

  /** The common beginning of all paths. */
  #commonBytes(): number {
    if (this.#count === 0) return 0;
    const first = this.#starts[0]! + RUN_HEAD_BYTES;
    let common = this.#pathBytes(first - RUN_HEAD_BYTES);
    for (let entry = 1; entry < this.#count; entry++) {
      const path = this.#starts[entry]! + RUN_HEAD_BYTES;
      common = Math.min(common, this.#pathBytes(path - RUN_HEAD_BYTES));
      let same = 0;
      while (same < common && this.#bytes[first + same] === this.#bytes[path + same]) same++;
      common = same;
    }
    return common;
  }

  /** A path that ends early counts as if followed by zeros, which no path holds. */
  #head(entry: number, common: number): number {
    const path = this.#starts[entry]! + RUN_HEAD_BYTES;
    const end = this.#pathBytes(path - RUN_HEAD_BYTES);
    let head = 0;
    for (let i = common; i < common + HEAD_BYTES; i++) {
      head = head * 256 + (i < end ? this.#bytes[path + i]! : 0);
    }
    return head;
  }
}
