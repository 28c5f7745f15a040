/**
 * Doorbells: how a thread tells another that there is work. A bell is rung only for a sleeper. The
 * sleeper first sets its ASLEEP word and then looks for work once more, so either it sees the work
 * or the ringer sees the word.
 */
import { CONTROL, CONTROL_BASE, EXECUTOR } from '../memory/layout.js';
import type { SharedMemory } from '../memory/shared-memory.js';

export function wakeWriter(shared: SharedMemory): void {
  if (shared.load(CONTROL.WRITER_ASLEEP) === 1) shared.ring(CONTROL_BASE + CONTROL.WRITER_BELL);
}

export function wakeFlusher(shared: SharedMemory): void {
  shared.ring(CONTROL_BASE + CONTROL.FLUSHER_BELL);
}

/** Rings every sleeping executor whose word at `flag` is set, but not `except`. */
export function wakeExecutors(shared: SharedMemory, flag: number, except: number): void {
  const count = shared.fixed(CONTROL.EXECUTOR_COUNT);
  for (let executor = 0; executor < count; executor++) {
    if (executor === except) continue;
    const base = shared.executorBase(executor);
    if (Atomics.load(shared.i32, (base + flag) >> 2) !== 0) wakeExecutor(shared, executor);
  }
}

export function wakeExecutor(shared: SharedMemory, executor: number): void {
  const base = shared.executorBase(executor);
  if (Atomics.load(shared.i32, (base + EXECUTOR.ASLEEP) >> 2) === 1) {
    shared.ring(base + EXECUTOR.BELL);
  }
}

/** Blocks this executor's thread for this time, unless its calls wait for news. */
export function pauseExecutor(shared: SharedMemory, executor: number, ms: number): void {
  const base = shared.executorBase(executor);
  if (Atomics.load(shared.i32, (base + EXECUTOR.ASLEEP) >> 2) === 1) return;
  const bell = (base + EXECUTOR.BELL) >> 2;
  Atomics.wait(shared.i32, bell, Atomics.load(shared.i32, bell), ms);
}
