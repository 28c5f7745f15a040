/**
 * Thread entry: decides when dirty slots go to tier 2 and lets the flusher carry them. It also
 * keeps the journal short and its next segment ready.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Code, StatusError } from '../../base/status.js';
import { createLog } from '../../process/log.js';
import { opened } from '../../process/opened.js';
import { wakeExecutors } from '../executor/wake.js';
import { instantiate } from '../memory/kernel.js';
import { CONTROL, CONTROL_BASE, EXECUTOR } from '../memory/layout.js';
import { OpeningGate } from '../memory/opening-gate.js';
import { SharedMemory } from '../memory/shared-memory.js';
import { State } from '../memory/state.js';
import { Tier2 } from '../storage/tier2.js';
import { dirtyMaxOf } from '../tier/dirty-max.js';
import { Flusher } from '../tier/flusher.js';
import { openJournal } from './open-journal.js';
import type { ThreadData } from './thread-data.js';

/** The interval at which it looks by itself; bells make it look at once. */
const LOOK_MS = 20;

const data = workerData as ThreadData;
const { config } = data;
await opened();
const shared = new SharedMemory(data.memory);
const kernel = instantiate(data.memory, data.executor);
const tier2 = new Tier2(data.meta, {
  mapBytes: config.tier2MapBytes,
  gate: new OpeningGate(shared),
});
const { executor } = data;
const slotsMax = config.flushSlotsMax;
const journal = openJournal(data.journal).trimmer();
const flusher = new Flusher({
  shared,
  kernel,
  tier2,
  slotsMax,
  executor,
  committed: () => journal.prepare(),
});
const dirtyMax = dirtyMaxOf(shared);
let flushedAt = performance.now();
/** A damaged page was met while the filter was filled. */
let hasNoFilter = false;

parentPort!.postMessage({ kind: 'ready' });
while (!finished()) {
  if (flusher.pending) flush();
  else if (shouldClose()) askToClose();
  else if (shared.load(CONTROL.TRIM_WANTED) !== 0) trim();
  else idle();
}
journal.close();
await tier2.close();

function finished(): boolean {
  const state = shared.load(CONTROL.STATE);
  if (state === State.FAILED) return true;
  return state === State.STOPPED && !flusher.pending && !isBehind();
}

/** Something was applied that tier 2 does not have. */
function isBehind(): boolean {
  return word(CONTROL.APPLIED_SEQ) > word(CONTROL.FLUSHED_SEQ);
}

function shouldClose(): boolean {
  if (flusher.dirtyCount > dirtyMax) return true;
  if (!isBehind()) return false;
  if (shared.load(CONTROL.FLUSH_WANTED) !== 0) return true;
  return performance.now() - flushedAt >= config.flushIntervalMs;
}

function idle(): void {
  fillFilter();
  sleep(LOOK_MS);
}

/** The filter gets a fifth of a core at most, or a large one would slow the start. */
function fillFilter(): void {
  if (hasNoFilter) return;
  try {
    flusher.fillFilter();
  } catch (error) {
    if (!(error instanceof StatusError && error.code === Code.DATA_LOSS)) throw error;
    hasNoFilter = true;
    const log = createLog(config, { thread: 'flusher' });
    log.error({ err: error }, 'no filter of keys: look-ups of new names go to disk');
  }
}

function askToClose(): void {
  // Before the epoch closes: a request for a flush from now on gets the next one.
  shared.store(CONTROL.FLUSH_WANTED, 0);
  shared.store(CONTROL.CLOSE_WANTED, 1);
  shared.ring(CONTROL_BASE + CONTROL.WRITER_BELL);
  sleep(LOOK_MS);
}

function flush(): void {
  flushedAt = performance.now();
  flusher.flush();
  wakeExecutors(shared, EXECUTOR.WAITS_FLUSH, -1);
  trim();
  // It goes on even when flushes follow each other without pause.
  fillFilter();
}

function trim(): void {
  // Before: who asks from now on gets the next one.
  const isAsked = shared.load(CONTROL.TRIM_WANTED) !== 0;
  journal.trim({
    durableSeq: word(CONTROL.DURABLE_SEQ),
    flushedSeq: word(CONTROL.FLUSHED_SEQ),
    trimSeq: trimmableSeq(),
  });
  const usage = journal.usage();
  kernel.store64(CONTROL_BASE + CONTROL.STAT_SEGMENTS, usage.partCount);
  kernel.store64(CONTROL_BASE + CONTROL.STAT_JOURNAL_BYTES, usage.bytes);
  if (isAsked) shared.store(CONTROL.TRIM_WANTED, 0);
}

/** Read after FLUSHED_SEQ was stored: inspect/capture.ts says why no needed entry is lost. */
function trimmableSeq(): number {
  const keep = word(CONTROL.JOURNAL_KEEP_SEQ);
  const flushed = word(CONTROL.FLUSHED_SEQ);
  return keep === 0 ? flushed : Math.min(flushed, keep - 1);
}

function sleep(ms: number): void {
  const bell = (CONTROL_BASE + CONTROL.FLUSHER_BELL) >> 2;
  const seen = Atomics.load(shared.i32, bell);
  if (flusher.pending || (shared.load(CONTROL.FLUSH_WANTED) !== 0 && isBehind())) return;
  Atomics.wait(shared.i32, bell, seen, ms);
}

function word(offset: number): number {
  return kernel.load64(CONTROL_BASE + offset);
}
