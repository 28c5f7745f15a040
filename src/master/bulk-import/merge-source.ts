/**
 * The second half of an external sort: runs become one stream in the order of their paths' bytes.
 * Memory: one buffer for each run.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { assert } from '../../base/assert.js';
import { Code, StatusError } from '../../base/status.js';
import { systemCode } from '../../stores/local-errors.js';
import type { EntryBatch, EntrySource } from './entry-batch.js';
import { PATH_BYTES_AT, RUN_HEAD_BYTES, readEntry } from './run-format.js';

const BUFFER_BYTES = 256 * 1024;

const positionSchema = z.array(z.int());

export class MergeSource implements EntrySource {
  readonly identity: string;
  readonly size: number;
  readonly #runs: Run[];
  /** A heap of the runs that have entries, the first path on top. */
  #heap: Run[] = [];

  constructor(directory: string, names: readonly string[], identity: string) {
    this.identity = identity;
    this.#runs = names.map((name, i) => new Run(join(directory, name), i));
    this.size = this.#runs.reduce((sum, { size }) => sum + size, 0);
  }

  get done(): number {
    return this.#runs.reduce((sum, { offset }) => sum + offset, 0);
  }

  async read(batch: EntryBatch): Promise<boolean> {
    while (!batch.isFull) {
      const run = this.#heap[0];
      if (run === undefined) break;
      readEntry(run.buffer, run.at, batch);
      if (!run.next()) {
        const last = this.#heap.pop()!;
        if (this.#heap.length > 0) this.#heap[0] = last;
      }
      this.#sink(0);
    }
    return batch.count > 0;
  }

  position(): unknown {
    return this.#runs.map(({ offset }) => offset);
  }

  async seek(position?: unknown): Promise<void> {
    const offsets = position === undefined ? [] : positionSchema.parse(position);
    this.#heap = this.#runs.filter((run, i) => run.open(offsets[i] ?? 0));
    for (let i = (this.#heap.length >> 1) - 1; i >= 0; i--) this.#sink(i);
  }

  async close(): Promise<void> {
    for (const run of this.#runs) run.close();
  }

  #sink(from: number): void {
    const heap = this.#heap;
    for (let i = from; ; ) {
      const left = 2 * i + 1;
      let least = i;
      if (left < heap.length && heap[left]!.isBefore(heap[least]!)) least = left;
      if (left + 1 < heap.length && heap[left + 1]!.isBefore(heap[least]!)) least = left + 1;
      if (least === i) return;
      [heap[i], heap[least]] = [heap[least]!, heap[i]!];
      i = least;
    }
  }
}

class Run {
  readonly size: number;
  readonly buffer = Buffer.alloc(BUFFER_BYTES);
  /** Where the current entry stands in the buffer. */
  at = 0;
  readonly #file: number;
  readonly #index: number;
  #end = 0;
  /** Where the buffer begins in the file. */
  #base = 0;

  constructor(path: string, index: number) {
    this.#index = index;
    this.#file = openRun(path);
    this.size = fstatSync(this.#file).size;
  }

  /** Of the current entry in the file. */
  get offset(): number {
    return this.#base + this.at;
  }

  /** False if there is no entry at the offset. */
  open(offset: number): boolean {
    this.#base = offset;
    this.at = 0;
    this.#end = 0;
    return this.#fill();
  }

  next(): boolean {
    this.at += this.#bytes();
    return this.#fill();
  }

  isBefore(other: Run): boolean {
    const at = this.at + RUN_HEAD_BYTES;
    const its = other.at + RUN_HEAD_BYTES;
    const end = this.at + this.#bytes();
    const itsEnd = other.at + other.#bytes();
    const order = this.buffer.compare(other.buffer, its, itsEnd, at, end);
    if (order !== 0) return order < 0;
    // Runs keep the order of the source: of two entries for a path the first one comes first.
    return this.#index < other.#index;
  }

  close(): void {
    closeSync(this.#file);
  }

  #bytes(): number {
    return RUN_HEAD_BYTES + this.buffer.readUInt16LE(this.at + PATH_BYTES_AT);
  }

  /** The whole current entry is in the buffer then. */
  #fill(): boolean {
    const have = this.#end - this.at;
    if (have >= RUN_HEAD_BYTES && have >= this.#bytes()) return true;
    this.buffer.copyWithin(0, this.at, this.#end);
    this.#base += this.at;
    this.at = 0;
    this.#end = have;
    const left = BUFFER_BYTES - have;
    this.#end += readSync(this.#file, this.buffer, have, left, this.#base + have);
    if (this.#end === 0) return false;
    assert(this.#end >= RUN_HEAD_BYTES && this.#end >= this.#bytes(), 'a run ends with an entry');
    return true;
  }
}

/** Somebody may have tidied up while the import was interrupted. */
function openRun(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    const code = systemCode(error);
    if (code === '') throw error;
    throw new StatusError(
      Code.DATA_LOSS,
      `What the import has sorted so far cannot be read: ${path} (${code}).`,
      {
        path,
        hint: 'Drop the import (orchard admin import --drop), and give the same command again.',
      },
    );
  }
}
