/**
 * Preloaded into a real master (`node --import`), in each of its threads. SIGKILLs the process at
 * the nth passing of one named point, or lets the journal's disk fail there (`fail-…`). It wraps
 * the contracts that the threads work through (the journal's file system, the log, the pool of
 * segments, tier 2, the applier, the flusher). The product itself has no hooks.
 *
 *   ORCHARD_TEST_KILL_AT=<point>:<n>
 *
 * Invariant: the thread that kills makes no further step: it sleeps until the signal has come.
 * The names and where they lie: kill-points.ts.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread } from 'node:worker_threads';
import { nodeJournalFs as fs } from '../../dist/src/master/journal/local/journal-fs.js';
import { SegmentPool } from '../../dist/src/master/journal/local/segment-pool.js';
import { Wal } from '../../dist/src/master/journal/local/wal.js';
import { CONTROL } from '../../dist/src/master/memory/layout.js';
import { SharedMemory } from '../../dist/src/master/memory/shared-memory.js';
import { Tier2 } from '../../dist/src/master/storage/tier2.js';
import { Applier } from '../../dist/src/master/tier/applier.js';
import { Flusher } from '../../dist/src/master/tier/flusher.js';
import { Threads } from '../../dist/src/process/threads.js';

const OPENING_MS = 2500;
const [wanted, nth] = (process.env['ORCHARD_TEST_KILL_AT'] ?? ':0').split(':');
let left = Number(nth);

function point(name) {
  if (name !== wanted || --left > 0) return;
  process.kill(process.pid, 'SIGKILL');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** True at the chosen passing: then the caller makes the call fail. */
const fails = (name) => name === wanted && --left <= 0;

const failure = (code) => Object.assign(new Error(`${code}: injected`), { code });

/** What this thread is doing: file-system calls mean something else in each thread. */
let doing = 'recovery';

function wrap(target, name, around) {
  const original = target[name];
  target[name] = function (...given) {
    return around.call(this, () => original.apply(this, given), given);
  };
}

/** Runs a method with `doing` set, and back again. */
function during(target, name, what) {
  wrap(target, name, (run) => {
    const before = doing;
    doing = what;
    try {
      return run();
    } finally {
      doing = before;
    }
  });
}

/** Points before and after file-system calls: call → what is being done → [before, after]. */
const fileCalls = {
  readSync: { recovery: ['recovery-read'] },
  writeSync: {
    recovery: ['recovery-wipe'],
    end: [undefined, 'switch-end-written'],
    take: [undefined, 'switch-header-written'],
    spare: [undefined, 'spare-half-zeroed'],
  },
  fdatasyncSync: {
    append: ['append-written', 'append-synced'],
    end: [undefined, 'switch-end-synced'],
    spare: [undefined, 'spare-zeroed'],
  },
  renameSync: {
    take: ['switch-header-synced', 'switch-named'],
    trim: ['trim-begins', 'trim-recycled'],
  },
  unlinkSync: { trim: ['trim-begins', 'trim-recycled'] },
  syncDirectorySync: {
    take: [undefined, 'switch-done'],
    trim: [undefined, 'trim-synced'],
  },
};

function wrapJournal() {
  for (const [call, contexts] of Object.entries(fileCalls)) {
    wrap(fs, call, (run) => {
      const [before, after] = contexts[doing] ?? [];
      if (before !== undefined) point(before);
      const result = run();
      if (after !== undefined) point(after);
      return result;
    });
  }
  wrap(fs, 'writevSync', (run, [fd, buffers, position]) => {
    point('append-begins');
    if (wanted === 'append-torn' && left <= 1) tear(fd, buffers, position);
    point('append-torn');
    if (fails('fail-write') || fails('fail-opening')) throw failure('EIO');
    if (fails('fail-full')) throw failure('ENOSPC');
    if (fails('fail-short-write')) {
      tear(fd, buffers, position);
      return 1;
    }
    return run();
  });
  wrap(fs, 'fdatasyncSync', (run) => {
    if (doing === 'append' && fails('fail-sync')) throw failure('EIO');
    return run();
  });
  wrap(Wal.prototype, 'append', (run) => {
    // The first one ends the recovery of this thread.
    doing = 'append';
    return run();
  });
  during(Wal.prototype, 'switchSegment', 'end');
  during(SegmentPool.prototype, 'take', 'take');
  during(SegmentPool.prototype, 'trim', 'trim');
  during(SegmentPool.prototype, 'prepareSpare', 'spare');
}

/**
 * The first part of a batch, up to the end of a sector if it has one, as after a crash in a write.
 */
function tear(fd, buffers, position) {
  const all = Buffer.concat(buffers.map((buffer) => Buffer.from(buffer)));
  const half = all.length >> 1;
  fs.writeSync(fd, all, 0, half < 512 ? half : half & ~511, position);
}

function wrapTiers() {
  wrap(Applier.prototype, 'apply', (run) => {
    const live = doing !== 'recovery';
    const result = run();
    point(live ? 'applied' : 'replayed');
    return result;
  });
  let transactions = 0;
  wrap(Tier2.prototype, 'transact', function (_run, [write]) {
    if (transactions++ > 0) point('flush-between');
    original.call(this, () => {
      write();
      point('flush-uncommitted');
    });
    point('flush-committed');
  });
  wrap(Flusher.prototype, 'flush', (run) => {
    transactions = 0;
    point('flush-begins');
    run();
    point('flush-done');
  });
}

/** Tier 1 is touched by main after start, some pages a turn: the kill comes n turns later. */
function wrapPrefault() {
  wrap(SharedMemory.prototype, 'fixed', (run, [word]) => {
    if (word === CONTROL.SMALL_BASE && wanted === 'prefault') setImmediate(turn);
    return run();
  });
  function turn() {
    point('prefault');
    setImmediate(turn);
  }
}

/** The first shard listens already when the writer fails, the second begins later. */
function wrapOpening() {
  wrap(Threads.prototype, 'open', async (run, [name]) => {
    if (name === 'shard-1') await sleep(OPENING_MS);
    return run();
  });
}

const original = Tier2.prototype.transact;
if (left > 0) {
  if (isMainThread) {
    wrapPrefault();
    if (wanted === 'fail-opening') wrapOpening();
  } else {
    wrapJournal();
    wrapTiers();
  }
}
