/**
 * One thread of contention.test.ts: takes random sets of locks, as a scheduler would, and writes
 * the guarded words only while it holds them. Runs over the built dist/.
 *
 * Each stripe guards two plain words that every writer raises together: a reader or a writer that
 * finds them unequal was not alone.
 */
import { workerData } from 'node:worker_threads';
import { wakeExecutors } from '../../../dist/src/master/executor/wake.js';
import { LockList } from '../../../dist/src/master/lock/lock-list.js';
import { LockTable, NO_TICKET } from '../../../dist/src/master/lock/lock-table.js';
import { CONTROL, EXECUTOR } from '../../../dist/src/master/memory/layout.js';
import { SharedMemory } from '../../../dist/src/master/memory/shared-memory.js';

const { memory, guarded, gate, results, executor, seed, rounds, stripes } = workerData;
const shared = new SharedMemory(memory);
const table = new LockTable(shared, executor);
const base = shared.executorBase(executor);
const words = new Int32Array(guarded);
const start = new Int32Array(gate);
const result = new Int32Array(results, executor * 32, 8);
const list = new LockList();
/** A sleeper looks again after that, as the sweep of a scheduler does. */
const SWEEP_MS = 250;

let state = seed >>> 0;
/** mulberry32: a number in [0, below). */
function draw(below) {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return (((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below;
}

function pick() {
  list.clear();
  const count = 1 + Math.floor(draw(5));
  for (let i = 0; i < count; i++) list.add(Math.floor(draw(stripes)), draw(1) < 0.4);
  list.seal();
}

/** A failed try may count as a release too: whoever it stopped is told. */
function attempt(ticket) {
  const releases = shared.load(CONTROL.LOCK_RELEASES);
  const taken = table.tryAcquire(list, ticket);
  if (shared.load(CONTROL.LOCK_RELEASES) !== releases) ringOthers();
  return taken;
}

function ringOthers() {
  if (shared.load(CONTROL.LOCK_PARKED) !== 0) wakeExecutors(shared, EXECUTOR.WAITS_LOCK, executor);
}

/** Once without a ticket, then with one, asleep while nothing is released. */
function acquire() {
  if (attempt(NO_TICKET)) return;
  const ticket = table.takeTicket();
  Atomics.store(shared.i32, (base + EXECUTOR.WAITS_LOCK) >> 2, 1);
  shared.add(CONTROL.LOCK_PARKED, 1);
  const from = performance.now();
  for (;;) {
    const bell = Atomics.load(shared.i32, (base + EXECUTOR.BELL) >> 2);
    const seen = shared.load(CONTROL.LOCK_RELEASES);
    if (attempt(ticket)) break;
    Atomics.store(shared.i32, (base + EXECUTOR.ASLEEP) >> 2, 1);
    if (shared.load(CONTROL.LOCK_RELEASES) === seen) {
      const woken = Atomics.wait(shared.i32, (base + EXECUTOR.BELL) >> 2, bell, SWEEP_MS);
      if (woken === 'timed-out') result[3]++;
    }
    Atomics.store(shared.i32, (base + EXECUTOR.ASLEEP) >> 2, 0);
  }
  Atomics.store(shared.i32, (base + EXECUTOR.WAITS_LOCK) >> 2, 0);
  shared.add(CONTROL.LOCK_PARKED, -1);
  result[1]++;
  result[2] = Math.max(result[2], Math.ceil(performance.now() - from));
}

function useLocks() {
  for (let i = 0; i < list.count; i++) {
    const at = list.stripe(i) * 2;
    const before = words[at];
    if (words[at + 1] !== before) result[0]++;
    if (!list.isWrite(i)) continue;
    words[at] = before + 1;
    // Long enough for another thread to come in between, if it could.
    for (let turn = draw(200); turn > 0; turn--) words[stripes * 2 + executor]++;
    words[at + 1] = before + 1;
    result[4]++;
  }
  for (let i = 0; i < list.count; i++) {
    const at = list.stripe(i) * 2;
    if (words[at + 1] !== words[at]) result[0]++;
  }
}

Atomics.add(start, 0, 1);
Atomics.notify(start, 0);
Atomics.wait(start, 1, 0);
for (let round = 0; round < rounds; round++) {
  pick();
  acquire();
  useLocks();
  table.release(list);
  ringOthers();
}
