/**
 * The namespace of a master in one thread: shared memory, kernels, both tiers, journal, writer,
 * flusher and executors, without sockets and threads. pump() does the work of the threads. So a
 * test sees every step in order, and a failure can be stepped through.
 *
 *   const fixture = Fixture.open({ tier1Bytes: 64 * 1024 });
 *   const made = await fixture.run((sink) => new Create(fixture.root, 0, options, sink));
 *   await fixture.restart();      // as after a SIGKILL: tier 1 is gone, the journal is replayed
 *   await fixture.close();
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Code, StatusError } from '../../src/base/status.js';
import { Epochs } from '../../src/master/commit/epochs.js';
import { Writer } from '../../src/master/commit/writer.js';
import type { Call, Sink } from '../../src/master/executor/call.js';
import type { Caller } from '../../src/master/executor/caller.js';
import { Executor, type ExecutorOptions } from '../../src/master/executor/executor.js';
import { Scheduler } from '../../src/master/executor/scheduler.js';
import { wakeExecutors } from '../../src/master/executor/wake.js';
import { EntryWriter } from '../../src/master/journal/entry.js';
import type { JournalAppender } from '../../src/master/journal/journal.js';
import { LocalJournal } from '../../src/master/journal/local/local-journal.js';
import { PUT_NEW } from '../../src/master/memory/entry-format.js';
import type { KernelExports } from '../../src/master/memory/exports.js';
import { instantiate } from '../../src/master/memory/kernel.js';
import { CONTROL, CONTROL_BASE, EXECUTOR } from '../../src/master/memory/layout.js';
import { planLayout } from '../../src/master/memory/layout-plan.js';
import { Op } from '../../src/master/memory/op-codes.js';
import { rarePathCounts } from '../../src/master/memory/rare-paths.js';
import * as R from '../../src/master/memory/record.js';
import { SharedMemory } from '../../src/master/memory/shared-memory.js';
import { State } from '../../src/master/memory/state.js';
import { Tier2 } from '../../src/master/storage/tier2.js';
import { Applier } from '../../src/master/tier/applier.js';
import { Flusher } from '../../src/master/tier/flusher.js';
import { loadRetryWindow } from '../../src/master/tier/retry-window.js';
import { SharedTables } from '../../src/master/tier/shared-tables.js';
import { loadInodeCounts } from '../../src/master/tier/stored-inode-counts.js';
import type { Coin, FaultFs } from './fault-fs.js';
import { type Info, OutcomeSink } from './outcome.js';

export type FixtureOptions = {
  /** 64 KiB is the tiny tier of the suite. */
  readonly tier1Bytes: number;
  readonly executorCount: number;
  readonly permissions: boolean;
  readonly trashRetentionMs: number;
  readonly flushSlotsMax: number;
  readonly loader: ExecutorOptions['loader'];
  /** The journal's disk, synced before anything is acknowledged; default: files, not synced. */
  readonly disk: FaultFs | undefined;
  readonly retryEntryCount: number;
  readonly retryWindowMs: number;
  /** By default so small that larger tests fill it again, or switch it off. */
  readonly filterBytes: number;
  /** As ORCHARD_INVARIANTS. */
  readonly checked: boolean;
  /** Replaces the kernel of the executors, to force their slow paths. */
  readonly kernelOf: (kernel: KernelExports) => KernelExports;
};

const defaults: FixtureOptions = {
  tier1Bytes: 4 * 1024 * 1024,
  executorCount: 2,
  permissions: true,
  trashRetentionMs: 60_000,
  flushSlotsMax: 4096,
  loader: undefined,
  disk: undefined,
  retryEntryCount: 4096,
  retryWindowMs: 600_000,
  filterBytes: 128,
  checked: true,
  kernelOf: (kernel) => kernel,
};

/** Tier-1 bytes of a suite that runs with both sizes. */
export const TIER1_SIZES = [64 * 1024, 4 * 1024 * 1024] as const;

const SEGMENT_BYTES = 4 * 1024 * 1024;
/**
 * A call without an answer by then will never get one. Some wait for a file system, in real time.
 */
const TURNS_MAX = 20_000;
const ANSWER_MS_MAX = 10_000;

export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** One life of the process: a restart makes all of it again. */
class Life {
  readonly shared: SharedMemory;
  readonly tier2: Tier2;
  readonly journal: JournalAppender;
  readonly epochs: Epochs;
  readonly writer: Writer;
  readonly flusher: Flusher;
  readonly executors: Executor[] = [];
  readonly schedulers: Scheduler[] = [];
  readonly bugs: unknown[] = [];
  readonly #disk: FaultFs | undefined;

  constructor(directory: string, options: FixtureOptions) {
    const { executorCount } = options;
    this.#disk = options.disk;
    const writerBlock = executorCount;
    const flusherBlock = executorCount + 1;
    this.shared = SharedMemory.create(
      planLayout({
        executorCount: executorCount + 2,
        tier1Bytes: options.tier1Bytes,
        lockStripeCount: 4096,
        ringBytes: 1 << 20,
        sideRingBytes: 1 << 20,
        retryEntryCount: options.retryEntryCount,
        filterBytes: options.filterBytes,
        checked: options.checked,
      }),
    );
    const { shared } = this;
    shared.store(CONTROL.EPOCH, 1);
    shared.store(CONTROL.STATE, State.SERVING);
    shared.store(CONTROL.RETRY_WINDOW_MS, options.retryWindowMs);
    this.tier2 = new Tier2(path.join(directory, 'namespace'), { mapBytes: 4 * 2 ** 30 });
    const kernel = instantiate(shared.memory, writerBlock);
    const tables = new SharedTables(shared);
    tables.load(this.tier2);
    this.epochs = new Epochs(shared, kernel);
    const applier = new Applier({
      shared,
      kernel,
      tier2: this.tier2,
      executor: writerBlock,
      tables,
      makeRoom: () => this.flush(),
    });
    const flusherKernel = instantiate(shared.memory, flusherBlock);
    this.flusher = new Flusher({
      shared,
      kernel: flusherKernel,
      tier2: this.tier2,
      slotsMax: options.flushSlotsMax,
      executor: flusherBlock,
    });
    this.journal = this.#replay(directory, kernel, applier, writerBlock);
    this.writer = new Writer({
      shared,
      kernel,
      journal: this.journal,
      applier,
      epochs: this.epochs,
      executorCount,
      executor: writerBlock,
      journalBytesMax: Number.MAX_SAFE_INTEGER,
    });
    if (this.journal.nextSeq === 1) this.#bootstrap(writerBlock);
    for (let index = 0; index < executorCount; index++) this.#addExecutor(index, options);
  }

  /** Everything applied goes to tier 2, and waiters are woken. */
  flush(): void {
    const { shared } = this;
    shared.store(CONTROL.FLUSH_WANTED, 0);
    if (!this.flusher.pending) this.epochs.close();
    this.flusher.flush();
    wakeExecutors(shared, EXECUTOR.WAITS_FLUSH, -1);
    this.flusher.fillFilter();
  }

  /** Does what the writer's and the flusher's thread would do now; false: nothing. */
  pump(): boolean {
    let worked = false;
    while (this.writer.turn()) worked = true;
    if (this.shared.load(CONTROL.FLUSH_WANTED) !== 0) {
      this.flush();
      worked = true;
    }
    return worked;
  }

  async end(): Promise<void> {
    const gone = new StatusError(Code.UNAVAILABLE, 'The master is stopping.');
    for (const scheduler of this.schedulers) scheduler.drain(gone);
    noteRarePaths(this.shared);
    this.journal.close();
    await this.tier2.close();
  }

  #replay(
    directory: string,
    kernel: KernelExports,
    applier: Applier,
    block: number,
  ): JournalAppender {
    const { shared, tier2 } = this;
    const { appliedSeq, idNext } = tier2.state ?? { appliedSeq: 0, idNext: R.ID_FIRST_FREE };
    kernel.store64(CONTROL_BASE + CONTROL.ID_NEXT, idNext);
    kernel.store64(CONTROL_BASE + CONTROL.FLUSHED_SEQ, appliedSeq);
    this.epochs.appliedSeq = appliedSeq;
    loadRetryWindow(kernel, tier2);
    loadInodeCounts(shared, kernel, tier2, shared.executorBase(block));
    const staging = shared.executorBase(block) + EXECUTOR.REPLY;
    const place = {
      directory: path.join(directory, 'journal'),
      clusterId: 'fixture',
      segmentBytes: SEGMENT_BYTES,
      sync: this.#disk === undefined ? ('none' as const) : ('commit' as const),
      reserveBytes: 0,
      spareCount: 0,
    };
    const journal = new LocalJournal(place, this.#disk).recover({
      fromSeq: appliedSeq + 1,
      onEntry: (bytes, offset, length, seq) => {
        shared.u8.set(bytes.subarray(offset, offset + length), staging);
        applier.apply(staging);
        this.epochs.appliedSeq = seq;
      },
    });
    kernel.store64(CONTROL_BASE + CONTROL.APPLIED_SEQ, this.epochs.appliedSeq);
    return journal;
  }

  /** The root, as the first entry of a new journal. */
  #bootstrap(block: number): void {
    const entry = new EntryWriter(this.shared.u8);
    const at = this.shared.executorBase(block) + EXECUTOR.REQUEST;
    const now = Date.now();
    entry.begin(at, now, 0, 0, Op.BOOTSTRAP);
    const root = {
      seq: 0,
      parentId: 0,
      id: R.ROOT_ID,
      length: 0,
      mtimeMs: now,
      ctimeMs: now,
      ttlMs: -1,
      blockSize: 0,
      mode: 0o755,
      type: R.INODE_TYPE_DIRECTORY,
      flags: R.FLAG_COMPLETED | R.FLAG_CHILDREN_LOADED,
      owner: 0,
      group: 0,
      mountId: 1,
      replicationMin: 0,
      replicationMax: -1,
      fingerprint: 0,
      name: new Uint8Array(0),
    };
    entry.putFields(root, PUT_NEW);
    entry.finish();
    this.writer.commitOwn(at);
  }

  #addExecutor(index: number, options: FixtureOptions): void {
    const executor = new Executor({
      index,
      shared: this.shared,
      kernel: options.kernelOf(instantiate(this.shared.memory, index)),
      tier2: this.tier2,
      supergroup: 'supergroup',
      superuser: 'root',
      permissions: options.permissions,
      umask: 0o022,
      trashRetentionMs: options.trashRetentionMs,
      ...(options.loader === undefined ? {} : { loader: options.loader }),
    });
    this.executors.push(executor);
    this.schedulers.push(
      new Scheduler(executor, { parkedMax: 10_000, onBug: (bug) => this.bugs.push(bug) }),
    );
  }
}

/** What the lives of all fixtures of this process have come by (memory/rare-paths.ts). */
export const rarePathsOfFixtures: Record<string, number> = {};

function noteRarePaths(shared: SharedMemory): void {
  for (const [path, count] of Object.entries(rarePathCounts(shared))) {
    rarePathsOfFixtures[path] = (rarePathsOfFixtures[path] ?? 0) + count;
  }
}

export class Fixture {
  /** The superuser, and two users that are not. */
  readonly root: Caller = { user: 'root', groups: ['root'], clientId: 0 };
  readonly alice: Caller = { user: 'alice', groups: ['staff'], clientId: 0 };
  readonly bob: Caller = { user: 'bob', groups: ['guests'], clientId: 0 };
  readonly directory: string;
  #options: FixtureOptions;
  #life: Life;

  static open(options: Partial<FixtureOptions> = {}): Fixture {
    return new Fixture({ ...defaults, ...options });
  }

  private constructor(options: FixtureOptions) {
    this.#options = options;
    this.directory = mkdtempSync(path.join(tmpdir(), 'orchard-fixture-'));
    mkdirSync(path.join(this.directory, 'journal'), { recursive: true });
    this.#life = new Life(this.directory, options);
  }

  get shared(): SharedMemory {
    return this.#life.shared;
  }
  get tier2(): Tier2 {
    return this.#life.tier2;
  }
  get disk(): FaultFs {
    return this.#options.disk!;
  }
  get executors(): readonly Executor[] {
    return this.#life.executors;
  }
  get schedulers(): readonly Scheduler[] {
    return this.#life.schedulers;
  }
  get executor(): Executor {
    return this.executors[0]!;
  }

  flush(): void {
    this.pump();
    this.#life.flush();
  }

  /** Later changes belong to another epoch; nothing is flushed. */
  closeEpoch(): void {
    this.pump();
    this.#life.epochs.close();
  }

  /** One turn of the writer, and no flush. */
  turn(): void {
    this.#life.writer.turn();
  }

  pump(): boolean {
    const worked = this.#life.pump();
    const bug = this.#life.bugs.shift();
    if (bug !== undefined) throw bug;
    return worked;
  }

  /** Runs one call to its answer on an executor; rejects with its StatusError. */
  async run(
    make: (sink: Sink) => Call,
    executor = 0,
  ): Promise<{ readonly info: Info | undefined; readonly seq: number }> {
    const sink = new OutcomeSink();
    this.schedulers[executor]!.submit(make(sink));
    await this.until(() => sink.settled);
    return sink.outcome();
  }

  /** Turns the event loop, and the writer and the flusher with it, until `done` says so. */
  async until(done: () => boolean): Promise<void> {
    const until = performance.now() + ANSWER_MS_MAX;
    for (let turn = 0; turn < TURNS_MAX || performance.now() < until; turn++) {
      this.pump();
      if (done()) return;
      await nextTurn();
    }
    throw new Error(`not answered after ${TURNS_MAX} turns`);
  }

  /** A part of the flusher's work for its filter between two flushes; false: nothing. */
  fillFilter(): boolean {
    return this.#life.flusher.fillFilter();
  }

  /** As after a kill: unflushed changes are replayed; with `flushed`, none are left. */
  async restart(how: { readonly flushed?: boolean } = {}): Promise<void> {
    this.pump();
    if (how.flushed === true) this.#life.flush();
    await this.#life.end();
    this.#life = new Life(this.directory, this.#options);
  }

  /** As after a power cut: unsynced bytes are there, or not, or in part, by the coin. */
  async powerCut(coin: Coin): Promise<void> {
    const { disk } = this.#options;
    if (disk === undefined) throw new Error('a power cut needs a disk');
    await this.#life.tier2.close();
    this.#options = { ...this.#options, disk: disk.crash(coin) };
    this.#life = new Life(this.directory, this.#options);
  }

  async close(): Promise<void> {
    await this.#life.end();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
