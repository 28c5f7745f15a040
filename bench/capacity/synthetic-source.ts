/**
 * A manifest of any length without a file: a000/b000/f00000000 and so on, sorted, with lengths,
 * times and fingerprints as various as those of a real store.
 */
import { z } from 'zod';
import {
  ENTRIES_MAX,
  type EntryBatch,
  type EntrySource,
  MODE_UNKNOWN,
  TIME_UNKNOWN,
} from '../../src/master/bulk-import/entry-batch.js';
import { PathPattern, type PathShape } from '../load/path-pattern.js';

export const FILES_PER_DIRECTORY = 100;

const LEAVES_PER_DIRECTORY = 1000;
/** Of "a000/" and of "a000/b000/", as far as they are directories. */
const UPPER_BYTES = 5;
const LEAF_BYTES = 10;
const LENGTH_STEP = 7919;
const LENGTH_MAX = 50_000_000;
const MTIME_FIRST = 1_600_000_000_000;
const MTIME_SECONDS = 150_000_000;
const MTIME_STEP = 104_729;
/** Odd, so that no fingerprint comes twice in 2^53. */
const FINGERPRINT_STEP = 5_404_319_552_844_595;
const FINGERPRINT_MAX = 2 ** 53;

const positionSchema = z.int();

export const shapeOf = (files: number): PathShape => ({
  shape: 'spread',
  directories: Math.ceil(files / FILES_PER_DIRECTORY),
  perDirectory: FILES_PER_DIRECTORY,
});

export type SyntheticOptions = {
  readonly files: number;
  readonly owner: number;
  readonly group: number;
  /** Behind every name. */
  readonly suffix: string;
};

export class SyntheticSource implements EntrySource {
  readonly identity: string;
  readonly size: number;
  readonly #options: SyntheticOptions;
  readonly #pattern: PathPattern;
  readonly #template: Buffer;
  #next = 0;

  constructor(options: SyntheticOptions) {
    this.#options = options;
    this.size = options.files;
    this.identity = `synthetic ${JSON.stringify(options)}`;
    this.#pattern = new PathPattern({ ...shapeOf(options.files), root: '' } as PathShape, 'f');
    // Without the slash that it begins with.
    this.#template = Buffer.from(this.#pattern.placeholder.slice(1) + options.suffix);
  }

  get done(): number {
    return this.#next;
  }

  async read(batch: EntryBatch): Promise<boolean> {
    const { files, owner, group } = this.#options;
    const template = this.#template;
    // Room for a file and for both directories that it may be the first of.
    for (; this.#next < files && batch.count <= ENTRIES_MAX - 3; this.#next++) {
      const i = this.#next;
      if (i % FILES_PER_DIRECTORY === 0) this.#directories(batch, i);
      batch.bytes.set(template, batch.end);
      this.#pattern.write(batch.bytes, batch.end - 1, i);
      batch.take(template.length, {
        length: (i * LENGTH_STEP) % LENGTH_MAX,
        mtimeMs: MTIME_FIRST + ((i * MTIME_STEP) % MTIME_SECONDS) * 1000,
        fingerprint: (i * FINGERPRINT_STEP) % FINGERPRINT_MAX,
        mode: MODE_UNKNOWN,
        owner,
        group,
        line: i + 1,
      });
    }
    return batch.count > 0;
  }

  /** Of file i, the first one of its directory. */
  #directories(batch: EntryBatch, i: number): void {
    const isFirst = i % (FILES_PER_DIRECTORY * LEAVES_PER_DIRECTORY) === 0;
    for (const bytes of isFirst ? [UPPER_BYTES, LEAF_BYTES] : [LEAF_BYTES]) {
      batch.bytes.set(this.#template, batch.end);
      this.#pattern.write(batch.bytes, batch.end - 1, i);
      const { owner, group } = this.#options;
      const nothing = { length: 0, mtimeMs: TIME_UNKNOWN, fingerprint: 0, mode: MODE_UNKNOWN };
      batch.take(bytes, { ...nothing, owner, group, line: i + 1 });
    }
  }

  position(): unknown {
    return this.#next;
  }

  async seek(position: unknown = 0): Promise<void> {
    this.#next = positionSchema.parse(position);
  }

  async close(): Promise<void> {
    this.#next = 0;
  }
}
