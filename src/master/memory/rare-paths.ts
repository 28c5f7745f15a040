/**
 * Paths that are taken seldom, and where faults hide for that: how often each was, in the counters
 * of its thread (layout-counters.ts). `orchard admin report` shows them, tests take each, and the
 * soak fails if its load has missed one of those that it must take. Always counted: a path that is
 * taken seldom pays one addition. Pure.
 */
import { assert } from '../../base/assert.js';
import { counterSum } from './counters.js';
import { COUNTER } from './layout-counters.js';
import type { SharedMemory } from './shared-memory.js';

export const RARE_PATHS = [
  /** A call waited: for a lock, a flush, room in the ring, a name's number, a store, a rename. */
  'parkedForLock',
  'parkedForFlush',
  'parkedForRing',
  'parkedForName',
  'parkedForStore',
  'parkedForTurn',
  /** A lock that was free was put back, since somebody else had it for a moment too. */
  'lockSteppedBack',
  /** Under its locks, a call found that it needs others. */
  'plannedAgain',
  /** A repeated call got its first answer. */
  'answeredAgain',
  /** A kernel's write went on after a name was read from tier 2. */
  'fastWriteFilled',
  /** Between a miss and its fill somebody changed the set. */
  'fillRaced',
  /** All ways of a set were dirty: a record was not kept; the writer waited for a flush. */
  'fillHadNoRoom',
  'applyHadNoRoom',
  /** The writer read a directory from tier 2. */
  'applyMissed',
  /** A walk began anew, since a directory was renamed meanwhile. */
  'walkBegunAnew',
  /** The ring of side records was full. */
  'sideRingFull',
  /** A batch was full before the rings were empty. */
  'batchFull',
  'segmentSwitched',
  /** The writer waited: for the flusher by its pace, for room in the journal, for a disk. */
  'writerPaced',
  'journalFull',
  'diskFull',
] as const;
export type RarePath = (typeof RARE_PATHS)[number];

const offsets = Object.fromEntries(
  RARE_PATHS.map((path, i) => [path, COUNTER.RARE_PATHS + i * 8]),
) as Readonly<Record<RarePath, number>>;
assert(COUNTER.RARE_PATHS + RARE_PATHS.length * 8 <= COUNTER.STORES, 'rare paths have their words');

/** A thread, by its executor's number, has come by. */
export function sometimes(shared: SharedMemory, executor: number, path: RarePath): void {
  shared.f64[shared.counterAt(executor, offsets[path])]!++;
}

/** Of all threads. */
export const rarePathCounts = (shared: SharedMemory): Record<RarePath, number> =>
  Object.fromEntries(RARE_PATHS.map((path) => [path, counterSum(shared, offsets[path])])) as Record<
    RarePath,
    number
  >;
