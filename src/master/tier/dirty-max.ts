/**
 * How many slots an epoch may make dirty before it is to be closed, and the writer to wait. With
 * both epochs at a quarter more than that, a set of 16 ways has four dirty ones in the mean, and by
 * the Poisson tail one in a million is full of them: the writer nearly never waits for room. The
 * larger an epoch, the more of its rows share a page of tier 2.
 */
import { CONTROL } from '../memory/layout.js';
import type { SharedMemory } from '../memory/shared-memory.js';

/** Of all slots. */
const DIRTY_SHARE = 1 / 10;

export const dirtyMaxOf = (shared: SharedMemory): number =>
  shared.fixed(CONTROL.DIRTY_LIST_CAPACITY) * DIRTY_SHARE;
