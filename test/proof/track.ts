/**
 * A partition and its recent history: the last moment at which only one state was possible, that
 * state, and the operations since. A violation is explained with it.
 *
 * Invariant: `base` followed by `log` leads to the partition's configurations, unless too long.
 */
import { isFixedDirectory, isListing, partsOf } from './listing-parts.js';
import { EMPTY, Inode } from './namespace-model.js';
import type { Operation } from './operation.js';
import { type Partition, type Pending, pendingOf } from './partition.js';

/** Operations kept for explanations; a partition that is never quiet forgets its oldest. */
const LOG_MAX = 4000;
/** Operations before those, which led to `base`; shown to people. */
const RECENT_MAX = 8;

/** What is in flight of each operation, wherever its partition has gone. */
export type Flights = Map<Operation, readonly Pending[]>;

export class Track {
  readonly partition: Partition;
  readonly #flights: Flights;
  base: Inode;
  log: Operation[];
  /** The beginning of the log is missing. */
  isCut = false;
  /** The last ones before the log. */
  recent: readonly Operation[] = [];

  constructor(partition: Partition, flights: Flights, base = EMPTY, log: Operation[] = []) {
    this.partition = partition;
    this.#flights = flights;
    this.base = base;
    this.log = log;
  }

  call(operation: Operation): void {
    if (this.log.length >= LOG_MAX) {
      this.log = this.log.slice(LOG_MAX / 2);
      this.isCut = true;
    }
    this.log.push(operation);
    const pending = [pendingOf(operation)];
    if (isListing(operation) && !isFixedDirectory(operation.request.path)) {
      const parts = partsOf(operation, (id) => this.partition.childNames(id));
      pending.push(...parts.map((request) => pendingOf({ request, answer: undefined })));
    }
    for (const one of pending) this.partition.call(one);
    this.#flights.set(operation, pending);
  }

  /** False: a violation. */
  return(operation: Operation): boolean {
    const pending = this.#flights.get(operation) ?? [];
    this.#flights.delete(operation);
    const explained = pending.every((one) => this.partition.return(one));
    if (explained) this.#settle();
    return explained;
  }

  /** The operations had no answer, and are over. */
  expire(operations: readonly Operation[], atNs: number): void {
    const over = new Set(operations);
    this.log = this.log.map((one) => (over.has(one) ? { ...one, returnedNs: atNs } : one));
    this.partition.expire(operations.flatMap((one) => this.#flights.get(one) ?? []));
    for (const one of operations) this.#flights.delete(one);
    this.#settle();
  }

  merge(other: Track): void {
    this.partition.merge(other.partition);
    this.base = new Inode(EMPTY.sight, new Map([...this.base.children, ...other.base.children]));
    this.log = [...this.log, ...other.log].sort((a, b) => a.calledNs - b.calledNs);
    this.isCut ||= other.isCut;
    this.recent = [...this.recent, ...other.recent]
      .sort((a, b) => a.calledNs - b.calledNs)
      .slice(-RECENT_MAX);
  }

  split(): Track[] | undefined {
    return this.partition.split()?.map((partition) => {
      const part = new Track(partition, this.#flights, this.base, [...this.log]);
      part.isCut = this.isCut;
      part.recent = this.recent;
      part.#settle();
      return part;
    });
  }

  #settle(): void {
    const { settled } = this.partition;
    if (settled === undefined) return;
    this.base = settled;
    this.recent = [...this.recent, ...this.log].slice(-RECENT_MAX);
    this.log = [];
    this.isCut = false;
  }
}
