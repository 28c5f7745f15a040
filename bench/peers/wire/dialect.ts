/**
 * How a peer's protocol looks to the generator: one request, encoded once, over which the name and
 * the id of the next call are written in place, and a reader that says which calls were answered.
 */
import { type PathKind, PathPattern } from '../../load/path-pattern.js';
import { Random } from '../../load/random.js';

export const verbs = ['create', 'stat', 'rename', 'delete', 'list'] as const;
export type Verb = (typeof verbs)[number];

/** What to do to files <kind><first> … <kind><end - 1>: stat draws them, the others go through. */
export type PeerWork = {
  readonly verb: Verb;
  readonly kind: PathKind;
  readonly first: number;
  readonly end: number;
  /** Leaf directories over which the files are spread; 0 = the one flat directory. */
  readonly directories: number;
  /** Of the directories, in their order, where the protocol names them by number. */
  readonly inodes?: readonly number[];
  /** list: entries that must be there. */
  readonly entries?: number;
};

/** In place of a call id, where the wire has none: the call that was sent first. */
export const OLDEST_CALL = -1;

/** What a reader tells its connection. */
export type ReaderEvents = {
  send(bytes: Uint8Array): void;
  /** Calls may be sent now. */
  greeted(): void;
  /** A call was answered well, and stands for so many operations. */
  succeeded(call: number, operations: number): void;
  failed(call: number, why: string): void;
  lost(why: string): void;
};

export type WireReader = { push(chunk: Uint8Array, end: number): void };

export type Dialect = {
  /** First bytes of a connection; without any, calls may be sent at once. */
  readonly hello: Uint8Array | undefined;
  readonly template: Uint8Array;
  /** Writes the next name over a template at `at`; false when the work is used up. */
  prepare(target: Uint8Array, at: number): boolean;
  /** Call ids of a connection grow, and stay below 2^31 / slots of it. */
  stamp(target: Uint8Array, at: number, call: number): void;
  /** Index after the last that was sent. */
  next(): number;
  reader(events: ReaderEvents, slots: number): WireReader;
};

/** Which file comes next. */
export class WorkCursor {
  readonly #work: PeerWork;
  readonly #random: Random;
  #next: number;

  constructor(work: PeerWork, seed: number) {
    this.#work = work;
    this.#random = new Random(seed);
    this.#next = work.first;
  }

  /** -1: used up. */
  take(): number {
    const { verb, first, end } = this.#work;
    if (verb === 'stat') return first + this.#random.below(end - first);
    return this.#next < end ? this.#next++ : -1;
  }

  get next(): number {
    return this.#next;
  }
}

/** The full path of a file, for protocols that take one. */
export function pathOf(work: PeerWork, kind: PathKind): PathPattern {
  const { directories } = work;
  if (directories === 0) return new PathPattern({ shape: 'flat' }, kind);
  return new PathPattern({ shape: 'spread', directories }, kind);
}

/** The kind that a rename gives a file. */
export const RENAMED_KIND: PathKind = 'r';

/** What a key-value store keeps in place of an inode's attributes. */
export const VALUE_BYTES = 100;
export const VALUE = Buffer.alloc(VALUE_BYTES, 'x');
