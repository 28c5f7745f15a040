/**
 * The number of slots that an epoch may make dirty before it is closed and the writer waits. When
 * both epochs hold a quarter more than that, a set of 16 ways has four dirty ones on average. By
 * the Poisson tail one set in a million is then full, so the writer hardly ever waits for room. In
 * a larger epoch more rows share a page of tier 2.
 */
import { CONTROL } from '../memory/layout.js';
import type { SharedMemory } from '../memory/shared-memory.js';

/** A share of all slots. */
const DIRTY_SHARE = 1 / 10;

export const dirtyMaxOf = (shared: SharedMemory): number =>
  shared.fixed(CONTROL.DIRTY_LIST_CAPACITY) * DIRTY_SHARE;
