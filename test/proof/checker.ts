/**
 * Is a history linearizable? Takes its events in the order of time, one by one, and never looks
 * back. Memory holds the calls in flight and one state for each subtree `/x/y` that is not empty.
 *
 * Each such subtree is a partition of its own (a namespace is linearizable if its independent parts
 * are). A rename from one to another joins the two while it is in flight, or while its outcome is
 * undecided.
 *
 * Invariant: a root has at most one track; one without is absent, with nothing in flight.
 */
import { isFixedDirectory, isListing, looksOf } from './listing-parts.js';
import type { Operation, Request } from './operation.js';
import { Partition, rootsOf } from './partition.js';
import { explain } from './shrink.js';
import { type Flights, Track } from './track.js';

export type Counts = {
  operations: number;
  /** Calls without an answer: they may have happened or not. */
  open: number;
  /** Operations that touched two partitions. */
  joins: number;
  /** The most configurations that one partition had at a time. */
  configsMax: number;
};

export class Checker {
  readonly counts: Counts = { operations: 0, open: 0, joins: 0, configsMax: 1 };
  /** For people: the smallest part of the history that has no explanation. */
  violation: string | undefined;
  readonly #tracks = new Map<string, Track>();
  /** Roots with a track, by the fixed directory they are in. */
  readonly #rootsIn = new Map<string, Set<string>>();
  readonly #flights: Flights = new Map();
  /** Of listings of fixed directories: the looks they were taken apart into. */
  readonly #looks = new Map<Operation, readonly Operation[]>();
  readonly #open = new Set<Operation>();

  call(operation: Operation): void {
    if (this.violation !== undefined) return;
    this.counts.operations++;
    if (operation.answer === undefined) {
      this.counts.open++;
      this.#open.add(operation);
    }
    if (isFixedDirectory(operation.request.path)) {
      if (isListing(operation)) this.#callLooks(operation);
      return;
    }
    this.#callAt(operation, rootsOf(operation));
  }

  return(operation: Operation): void {
    if (this.violation !== undefined) return;
    if (isFixedDirectory(operation.request.path)) {
      for (const look of this.#looks.get(operation) ?? []) this.#returnAt(look);
      this.#looks.delete(operation);
      return;
    }
    this.#returnAt(operation);
  }

  /** The master has died: earlier calls without an answer are over. */
  death(atNs: number): void {
    if (this.violation !== undefined) return;
    const over = [...this.#open].filter(({ calledNs }) => calledNs < atNs);
    const byTrack = new Map<Track, Operation[]>();
    for (const operation of over) {
      this.#open.delete(operation);
      const track = this.#tracks.get(rootsOf(operation)[0]!);
      if (track === undefined) continue;
      byTrack.set(track, [...(byTrack.get(track) ?? []), operation]);
    }
    for (const [track, operations] of byTrack) {
      track.expire(operations, atNs);
      this.#tidy(track);
    }
  }

  #callLooks(operation: Operation & Parameters<typeof looksOf>[0]): void {
    const roots = this.#rootsIn.get(operation.request.path) ?? new Set();
    const looks = looksOf(operation, roots).map(
      ({ look }): Operation => ({
        ...operation,
        request: look.request as Request,
        answer: look.answer,
        listed: operation.request.path,
      }),
    );
    for (const look of looks) this.#callAt(look, rootsOf(look));
    this.#looks.set(operation, looks);
  }

  #callAt(operation: Operation, roots: readonly string[]): void {
    const [track, other] = roots.map((root) => this.#trackOf(root));
    if (other !== undefined) this.counts.joins++;
    if (other !== undefined && other !== track) {
      track!.merge(other);
      for (const root of other.partition.roots) this.#tracks.set(root, track!);
    }
    track!.call(operation);
  }

  #returnAt(operation: Operation): void {
    if (this.violation !== undefined) return;
    const track = this.#tracks.get(rootsOf(operation)[0]!);
    if (track === undefined) {
      // A look that was explained when it was called, at a root that is gone now.
      this.#flights.delete(operation);
      return;
    }
    if (track.return(operation)) this.#tidy(track);
    else this.violation = explain(track, operation);
  }

  #tidy(track: Track): void {
    this.counts.configsMax = Math.max(this.counts.configsMax, track.partition.configsMax);
    const parts = track.split() ?? [track];
    for (const part of parts) {
      for (const root of part.partition.roots) {
        if (part.partition.settled?.children.size === 0) this.#forget(root);
        else if (part !== track) this.#tracks.set(root, part);
      }
    }
  }

  #trackOf(root: string): Track {
    const known = this.#tracks.get(root);
    if (known !== undefined) return known;
    const track = new Track(new Partition([root]), this.#flights);
    this.#tracks.set(root, track);
    const directory = root.slice(0, root.indexOf('/', 1));
    const siblings = this.#rootsIn.get(directory) ?? new Set();
    this.#rootsIn.set(directory, siblings.add(root));
    return track;
  }

  #forget(root: string): void {
    this.#tracks.delete(root);
    this.#rootsIn.get(root.slice(0, root.indexOf('/', 1)))?.delete(root);
  }
}
