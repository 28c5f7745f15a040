/**
 * The counters of one edge since it began, in a block of f64 words. Only the edge's thread writes
 * them. They stand in shared memory, where other threads read them, or in memory of its own.
 *
 *   gauges and totals │ calls: operation × status │ latencies: operation × bucket, and their sum
 *
 * Buckets are two to the octave, from a microsecond on: 1, 2, 3, 4, 6, 8, 12, … µs. So a quantile
 * is right within half of its value, and a block has a fixed size.
 */
import { type Code, codeName } from '../base/status.js';
import { operationOf } from './operations.js';
import { surfaceCallOf } from './surface-calls.js';

const W = {
  CONNECTIONS: 0,
  CONNECTIONS_TOTAL: 1,
  SESSIONS: 2,
  IN_FLIGHT: 3,
  BYTES_IN: 4,
  BYTES_OUT: 5,
  FRAMES_OUT: 6,
  MALFORMED: 7,
  EXHAUSTED: 8,
  REFUSED: 9,
  DROPPED: 10,
  BUGS: 11,
  FRAMES_IN: 12,
  HELD_BYTES: 13,
  CALLS: 16,
} as const;

/** A union's type is a byte; 0 is UNREADABLE, and surfaces number theirs from the end. */
const OPERATIONS = 256;
const CODES = 17;
/** The first bucket counts times below 1 µs, the last one times above 100 s. */
const BUCKETS = 54;
const LATENCIES = W.CALLS + OPERATIONS * CODES;
const SECONDS = LATENCIES + OPERATIONS * BUCKETS;

export const CALL_WORDS = SECONDS + OPERATIONS;

/** Upper bounds of the buckets in seconds; the last bucket has none. */
export const BUCKET_BOUNDS: readonly number[] = Array.from({ length: BUCKETS - 1 }, (_, bucket) =>
  bucket < 2 ? (bucket + 1) / 1e6 : ((3 + (bucket & 1)) * 2 ** (bucket >> 1)) / 2e6,
);

/** The bucket for a time. */
export function bucketOf(ms: number): number {
  const us = Math.min(ms * 1000, 2 ** 30) | 0;
  if (us < 2) return us < 1 ? 0 : 1;
  const octave = 31 - Math.clz32(us);
  return Math.min(2 * octave + ((us >> (octave - 1)) & 1), BUCKETS - 1);
}

/** The quantile `part` of the times, as the upper bound of its bucket. */
export function quantileMs(counts: readonly number[], part: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let below = 0;
  for (const [bucket, count] of counts.entries()) {
    below += count;
    if (count > 0 && below >= total * part) return (BUCKET_BOUNDS[bucket] ?? Infinity) * 1000;
  }
  return 0;
}

/** How often an operation ended with one status. */
export type CallCount = {
  readonly operation: string;
  /** Name of the status code, OK included. */
  readonly code: string;
  readonly count: number;
};

/** The times of an operation: `counts` by bucket, each bucket alone. */
export type CallLatency = {
  readonly operation: string;
  readonly counts: readonly number[];
  readonly seconds: number;
};

export class CallCounters {
  readonly words: Float64Array;

  constructor(words: Float64Array = new Float64Array(CALL_WORDS)) {
    this.words = words;
  }

  /** A call of this operation has ended. */
  ended(operation: number, code: Code): void {
    this.words[W.CALLS + operation * CODES + code]!++;
  }

  /** Counts calls of this operation, each with this time. */
  took(operation: number, ms: number, calls = 1): void {
    this.words[LATENCIES + operation * BUCKETS + bucketOf(ms)]! += calls;
    this.words[SECONDS + operation]! += (ms * calls) / 1000;
  }

  callCounts(): CallCount[] {
    const found: CallCount[] = [];
    for (let operation = 0; operation < OPERATIONS; operation++) {
      for (let code = 0; code < CODES; code++) {
        const count = this.words[W.CALLS + operation * CODES + code]!;
        if (count === 0) continue;
        found.push({ operation: nameOf(operation), code: codeName(code), count });
      }
    }
    return found;
  }

  latencies(): CallLatency[] {
    const found: CallLatency[] = [];
    for (let operation = 0; operation < OPERATIONS; operation++) {
      const from = LATENCIES + operation * BUCKETS;
      const counts = [...this.words.subarray(from, from + BUCKETS)];
      if (counts.every((count) => count === 0)) continue;
      const seconds = this.words[SECONDS + operation]!;
      found.push({ operation: nameOf(operation), counts, seconds });
    }
    return found;
  }

  /** Calls that ended with any status, or with a failure. */
  get calls(): number {
    return this.#sum(0);
  }
  get errors(): number {
    return this.#sum(1);
  }

  /** Open now. */
  get connections(): number {
    return this.words[W.CONNECTIONS]!;
  }
  set connections(value: number) {
    this.words[W.CONNECTIONS] = value;
  }
  get connectionsTotal(): number {
    return this.words[W.CONNECTIONS_TOTAL]!;
  }
  set connectionsTotal(value: number) {
    this.words[W.CONNECTIONS_TOTAL] = value;
  }
  /** Open ones beside those of the connections themselves. */
  get sessions(): number {
    return this.words[W.SESSIONS]!;
  }
  set sessions(value: number) {
    this.words[W.SESSIONS] = value;
  }
  /** Calls that still wait for their last reply. */
  get inFlight(): number {
    return this.words[W.IN_FLIGHT]!;
  }
  set inFlight(value: number) {
    this.words[W.IN_FLIGHT] = value;
  }
  get bytesIn(): number {
    return this.words[W.BYTES_IN]!;
  }
  set bytesIn(value: number) {
    this.words[W.BYTES_IN] = value;
  }
  get bytesOut(): number {
    return this.words[W.BYTES_OUT]!;
  }
  set bytesOut(value: number) {
    this.words[W.BYTES_OUT] = value;
  }
  get framesIn(): number {
    return this.words[W.FRAMES_IN]!;
  }
  set framesIn(value: number) {
    this.words[W.FRAMES_IN] = value;
  }
  get framesOut(): number {
    return this.words[W.FRAMES_OUT]!;
  }
  set framesOut(value: number) {
    this.words[W.FRAMES_OUT] = value;
  }
  get malformed(): number {
    return this.words[W.MALFORMED]!;
  }
  set malformed(value: number) {
    this.words[W.MALFORMED] = value;
  }
  /** Refused because of a limit. */
  get exhausted(): number {
    return this.words[W.EXHAUSTED]!;
  }
  set exhausted(value: number) {
    this.words[W.EXHAUSTED] = value;
  }
  /** Answered by the edge itself: the handler never saw the call. */
  get refused(): number {
    return this.words[W.REFUSED]!;
  }
  set refused(value: number) {
    this.words[W.REFUSED] = value;
  }
  /** Connections given up: too slow, or not speaking the protocol. */
  get dropped(): number {
    return this.words[W.DROPPED]!;
  }
  set dropped(value: number) {
    this.words[W.DROPPED] = value;
  }
  /** What callers make this thread hold, now. */
  get heldBytes(): number {
    return this.words[W.HELD_BYTES]!;
  }
  set heldBytes(value: number) {
    this.words[W.HELD_BYTES] = value;
  }
  get bugs(): number {
    return this.words[W.BUGS]!;
  }
  set bugs(value: number) {
    this.words[W.BUGS] = value;
  }

  /** Adds another block, for sums over all edges. */
  add({ words }: CallCounters): void {
    for (let i = 0; i < CALL_WORDS; i++) this.words[i]! += words[i]!;
  }

  #sum(firstCode: number): number {
    let sum = 0;
    for (let operation = 0; operation < OPERATIONS; operation++) {
      const row = W.CALLS + operation * CODES;
      for (let code = firstCode; code < CODES; code++) sum += this.words[row + code]!;
    }
    return sum;
  }
}

function nameOf(operation: number): string {
  const name = operationOf(operation)?.name ?? surfaceCallOf(operation) ?? 'unreadable';
  return name[0]!.toLowerCase() + name.slice(1);
}
