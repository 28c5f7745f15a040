/** Views of the counters of layout-counters.ts, and their sums over all threads. */
import { CALL_WORDS, CallCounters } from '../../wire/call-counters.js';
import { CONTROL } from './layout.js';
import { COUNTER } from './layout-counters.js';
import type { SharedMemory } from './shared-memory.js';

/** The counters of the edge of an executor's thread. */
export function edgeCounters(shared: SharedMemory, executor: number): CallCounters {
  const at = shared.counterAt(executor, COUNTER.CALLS);
  return new CallCounters(shared.f64.subarray(at, at + CALL_WORDS));
}

/** The sum over all edges at this moment. */
export function callSums(shared: SharedMemory): CallCounters {
  const sums = new CallCounters();
  for (let executor = 0; executor < shared.fixed(CONTROL.EXECUTOR_COUNT); executor++) {
    sums.add(edgeCounters(shared, executor));
  }
  return sums;
}

/** How many jobs are in each state. */
export function jobCounters(shared: SharedMemory, executor: number): Float64Array {
  const at = shared.counterAt(executor, COUNTER.JOBS);
  return shared.f64.subarray(at, at + 4);
}

/** One word of COUNTER, over all threads. */
export function counterSum(shared: SharedMemory, word: number): number {
  let sum = 0;
  for (let executor = 0; executor < shared.fixed(CONTROL.EXECUTOR_COUNT); executor++) {
    sum += shared.f64[shared.counterAt(executor, word)]!;
  }
  return sum;
}
