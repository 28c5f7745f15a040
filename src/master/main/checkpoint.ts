/**
 * A checkpoint on demand: all that has happened until now goes to tier 2, and the segments of the
 * journal that nobody needs then are taken away. The flusher does both by itself as well, after its
 * interval; this is for whoever wants to know when it is done.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { refuseEnding } from '../background/directory-load.js';
import type { Caller } from '../executor/caller.js';
import type { Executor } from '../executor/executor.js';
import { Park } from '../executor/park.js';
import type { Scheduler } from '../executor/scheduler.js';
import { CONTROL, CONTROL_BASE } from '../memory/layout.js';
import { reading } from '../ops/mechanism/promise-calls.js';

const LOOK_MS = 5;

/** Resolves with the last seq that tier 2 surely has; `signal`: nobody waits any more. */
export async function checkpoint(
  scheduler: Scheduler,
  caller: Caller,
  signal: AbortSignal,
): Promise<number> {
  const seq = await reading(scheduler, 'checkpoint', caller, flushedSince(), { signal });
  const { shared } = scheduler.executor;
  shared.store(CONTROL.TRIM_WANTED, 1);
  shared.ring(CONTROL_BASE + CONTROL.FLUSHER_BELL);
  while (shared.load(CONTROL.TRIM_WANTED) !== 0 && !signal.aborted) {
    refuseEnding({ scheduler });
    await delay(LOOK_MS);
  }
  return seq;
}

/** A read that parks until tier 2 has all that had happened when it was first tried; that seq. */
export function flushedSince(): (executor: Executor) => number {
  let since = 0;
  return (executor) => {
    if (since === 0) {
      const durable = executor.load64(CONTROL.DURABLE_SEQ);
      since = Math.max(durable, executor.load64(CONTROL.APPLIED_SEQ));
    }
    if (since > executor.flushedSeq) throw Park.flush(since);
    return since;
  };
}
