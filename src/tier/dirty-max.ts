/**
 * How many slots an epoch may make dirty before it is to be closed. By the Poisson tail, with both
 * epochs at this share about one set in a thousand million has more dirty slots than ways: the
 * writer nearly never waits for room. Floor 3.
 */
import { CONTROL } from '../base/layout.js';
import type { SharedMemory } from '../kernel/shared-memory.js';

/** Of all slots. */
const DIRTY_SHARE = 1 / 32;

export const dirtyMaxOf = (shared: SharedMemory): number =>
  shared.fixed(CONTROL.DIRTY_LIST_CAPACITY) * DIRTY_SHARE;
