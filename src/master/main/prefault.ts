/**
 * Touches the pages of tier 1 in the background from the start, so that neither a replay nor the
 * first creates pay a page fault for each (5 µs were measured on a virtual machine). Exchanging a
 * zero for a zero makes a page ours, and changes no byte that another thread may be writing. It
 * costs one fault a page. A thread that reads a page before it writes it pays two, and the second
 * makes every core forget the zero page (10 µs).
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CONTROL } from '../memory/layout.js';
import type { SharedMemory } from '../memory/shared-memory.js';

const PAGE_BYTES = 4096;
/** A slice of a millisecond, so that the thread's own work goes on. */
const PAGES_PER_TURN = 128;

export async function prefaultTier1(shared: SharedMemory, signal: AbortSignal): Promise<void> {
  const end = shared.u8.length >> 2;
  let at = shared.fixed(CONTROL.SMALL_BASE) >> 2;
  while (at < end && !signal.aborted) {
    for (let page = 0; page < PAGES_PER_TURN && at < end; page++) {
      Atomics.compareExchange(shared.i32, at, 0, 0);
      at += PAGE_BYTES >> 2;
    }
    await nextTurn();
  }
}
