/**
 * One bulk import: entries of a source become rows of tier 2, and at the end, in one transaction,
 * children of the target.
 *
 *   source ─▶ tree builder ─▶ encoder ─▶ blocks ═══▶ writing thread: rows + checkpoint, durable
 *      ▲ out of order: what was written is dropped, the entries are sorted in runs on disk
 *
 * A checkpoint holds the place in the source and the directories that are open there. So whoever
 * starts after a crash goes on from the last one, with nothing lost and nothing twice.
 *
 * Invariant: until the last transaction nothing of the import can be reached from the root.
 * Invariant: memory is bounded: a batch, what the builder holds back, two commits.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { INTERNED_COUNT_MAX } from '../../base/limits.js';
import { Code, StatusError } from '../../base/status.js';
import { SIDE_STRING } from '../memory/entry-format.js';
import * as R from '../memory/record.js';
import { IDS_PER_ROW } from '../storage/id-index.js';
import type { Tier2 } from '../storage/tier2.js';
import { EntryBatch, type EntrySource } from './entry-batch.js';
import type { ImportKernel } from './import-kernel.js';
import { encodeTarget, type ImportTarget, idPrefix, knownNames } from './import-target.js';
import { MergeSource } from './merge-source.js';
import type { RejectSummary, Rejects } from './rejects.js';
import { type InodeDefaults, type RowBlock, RowEncoder } from './row-encoder.js';
import { type Commit, dropRows, type Finish } from './row-writer.js';
import { RunSorter } from './sort-runs.js';
import { OutOfOrder, TreeBuilder, type TreeCounts, treeStateSchema } from './tree-builder.js';

const COMMIT_ROWS = 524_288;
/** Ids that directories of one import may take: files come behind them. */
const DIRECTORY_IDS = 2 ** 30;

const stateSchema = z.object({
  target: z.string(),
  targetId: z.int(),
  identity: z.string(),
  nowMs: z.int(),
  startedMs: z.int(),
  inodesBefore: z.int(),
  directoryFirst: z.int(),
  fileFirst: z.int(),
  entries: z.int(),
  rejects: z.optional(z.unknown()),
  /** Names that tier 2 learns at the end, in the order of their numbers. */
  names: z.array(z.tuple([z.string(), z.int()])),
  /** Runs of the sort, and whether all are there. */
  runs: z.array(z.string()),
  phase: z.enum(['build', 'sort', 'merge']),
  position: z.optional(z.unknown()),
  tree: z.optional(treeStateSchema),
});
type State = z.output<typeof stateSchema>;

/** The writing thread; one call at a time. */
export type RowPort = {
  commit(commit: Commit): Promise<void>;
  finish(finish: Finish): Promise<void>;
};

export type ImportProgress = {
  readonly entries: number;
  /** Of the source; 0 = not known. */
  readonly share: number;
  readonly phase: 'build' | 'sort' | 'merge';
};

export type ImportResult = TreeCounts & {
  readonly entries: number;
  readonly rejects: RejectSummary;
  /** Entries that an earlier run had brought in. */
  readonly resumedEntries: number;
  readonly isSorted: boolean;
  /** Of this run. */
  readonly seconds: number;
};

export type ImporterOptions = {
  readonly tier2: Tier2;
  readonly kernel: ImportKernel;
  readonly target: ImportTarget;
  readonly source: EntrySource;
  readonly rejects: Rejects;
  readonly names: ImportNames;
  readonly port: RowPort;
  /** Where runs of a sort lie. */
  readonly directory: string;
  readonly defaults: Omit<InodeDefaults, 'nowMs' | 'mountId' | 'isPinned'>;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ImportProgress) => void;
  /** Rows between two checkpoints. */
  readonly commitRows?: number | undefined;
};

/** Numbers of user and group names: those that tier 2 knows, and new ones behind them. */
export class ImportNames {
  readonly #numbers: Map<string, number>;
  readonly #fresh: [string, number][] = [];

  constructor(tier2: Tier2) {
    this.#numbers = knownNames(tier2);
  }

  get fresh(): readonly [string, number][] {
    return this.#fresh;
  }

  readonly intern = (name: string): number => {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    if (number >= INTERNED_COUNT_MAX) throw tooManyNames();
    this.#numbers.set(name, number);
    this.#fresh.push([name, number]);
    return number;
  };

  restore(fresh: readonly [string, number][]): void {
    for (const [name] of fresh) this.intern(name);
  }
}

export class Importer {
  readonly #options: ImporterOptions;
  #source: EntrySource;
  #state: State;
  #encoder!: RowEncoder;
  #builder!: TreeBuilder;
  #blocks: RowBlock[] = [];
  #rows = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: ImporterOptions) {
    this.#options = options;
    this.#source = options.source;
    const { tier2, target, source } = options;
    const pending = pendingState(tier2);
    if (pending !== undefined) refuseOther(pending, target.path, source.identity);
    this.#state = pending ?? freshState(tier2, target, source);
  }

  async run(): Promise<ImportResult> {
    const began = performance.now();
    const resumedEntries = this.#state.entries;
    this.#options.names.restore(this.#state.names);
    this.#options.rejects.restore(this.#state.rejects as RejectSummary);
    mkdirSync(this.#options.directory, { recursive: true });
    for (;;) {
      try {
        if (this.#state.phase === 'sort') await this.#sort();
        await this.#build();
        break;
      } catch (error) {
        await this.#writing;
        if (!(error instanceof OutOfOrder) || this.#state.phase !== 'build') throw error;
        await this.#startSorting();
      }
    }
    await this.#publish();
    rmSync(this.#options.directory, { recursive: true, force: true });
    return {
      ...this.#builder.counts,
      entries: this.#state.entries,
      rejects: this.#options.rejects.summary,
      resumedEntries,
      isSorted: this.#state.phase === 'merge',
      seconds: (performance.now() - began) / 1000,
    };
  }

  async #build(): Promise<void> {
    const state = this.#state;
    if (state.phase === 'merge') {
      this.#source = new MergeSource(this.#options.directory, state.runs, state.identity);
    }
    this.#begin(state);
    await this.#source.seek(state.position ?? undefined);
    const batch = new EntryBatch();
    const { commitRows = COMMIT_ROWS } = this.#options;
    for (;;) {
      this.#options.signal.throwIfAborted();
      batch.clear();
      if (!(await this.#source.read(batch))) break;
      for (let i = 0; i < batch.count; i++) this.#builder.add(batch, i);
      this.#state.entries += batch.count;
      this.#tell();
      if (this.#rows + this.#encoder.count >= commitRows) await this.#commit();
    }
  }

  #begin(state: State): void {
    const { kernel, target, defaults, rejects } = this.#options;
    const inodes = {
      ...defaults,
      nowMs: state.nowMs,
      mountId: target.mount.mountId,
      isPinned: (target.record.flags & R.FLAG_PINNED) !== 0,
    };
    this.#encoder = new RowEncoder(kernel, inodes, state.tree?.parentMax ?? 0);
    this.#builder = new TreeBuilder({
      targetId: state.targetId,
      directoryFirst: state.directoryFirst,
      fileFirst: state.fileFirst,
      defaults: inodes,
      encoder: this.#encoder,
      rejects,
      onFull: () => this.#takeBlock(),
    });
    if (state.tree !== undefined) this.#builder.restore(state.tree);
  }

  #takeBlock(): void {
    const block = this.#encoder.take();
    this.#rows += block.count;
    this.#blocks.push(block);
  }

  /** All that was built so far, durable when the next commit begins. */
  async #commit(): Promise<void> {
    this.#state = { ...this.#state, position: this.#source.position(), tree: this.#builder.save() };
    await this.#send();
  }

  async #send(): Promise<void> {
    if (this.#encoder?.count > 0) this.#takeBlock();
    const blocks = this.#blocks;
    this.#blocks = [];
    this.#rows = 0;
    const checkpoint = this.#checkpoint();
    const { fileFirst } = this.#state;
    await this.#writing;
    this.#writing = this.#options.port.commit({ blocks, fileFirst, checkpoint });
    // It fails whoever waits for it next.
    this.#writing.catch(() => undefined);
  }

  #checkpoint(): State {
    const { rejects, names } = this.#options;
    return { ...this.#state, rejects: rejects.summary, names: [...names.fresh] };
  }

  async #startSorting(): Promise<void> {
    const { tier2, target, rejects } = this.#options;
    this.#blocks = [];
    this.#rows = 0;
    this.#encoder.take();
    drop(tier2, this.#options.kernel, this.#state);
    rejects.restore({ count: 0, byReason: {}, first: [] });
    const fresh = freshState(tier2, target, this.#options.source);
    this.#state = { ...fresh, startedMs: this.#state.startedMs, phase: 'sort' };
  }

  async #sort(): Promise<void> {
    const { source, directory } = this.#options;
    const sorter = new RunSorter(directory);
    await source.seek(this.#state.position ?? undefined);
    const batch = new EntryBatch();
    for (let more = true; more; ) {
      this.#options.signal.throwIfAborted();
      batch.clear();
      more = await source.read(batch);
      for (let i = 0; i < batch.count; i++) sorter.add(batch, i);
      this.#state.entries += batch.count;
      this.#tell();
      if (sorter.isFull || (!more && sorter.count > 0)) await this.#flushRun(sorter);
    }
    const { runs } = this.#state;
    const fresh = freshState(this.#options.tier2, this.#options.target, source);
    this.#state = { ...fresh, startedMs: this.#state.startedMs, runs, phase: 'merge' };
    await this.#send();
  }

  async #flushRun(sorter: RunSorter): Promise<void> {
    const name = `run-${this.#state.runs.length}`;
    sorter.flush(name);
    const position = this.#options.source.position();
    this.#state = { ...this.#state, runs: [...this.#state.runs, name], position };
    await this.#send();
  }

  /** Makes all of it visible. */
  async #publish(): Promise<void> {
    const { tier2, kernel, target, port, names } = this.#options;
    const children = this.#builder.finish();
    await this.#commit();
    await this.#writing;
    tier2.releaseSnapshot();
    const { files, directories } = this.#builder.counts;
    const stored = tier2.stats().inodes - this.#state.inodesBefore;
    if (stored !== files + directories) throw miscounted(stored, files + directories);
    const { record, key } = target;
    const flags = record.flags | R.FLAG_CHILDREN_LOADED;
    const { appliedSeq } = tier2.state!;
    await port.finish({
      key,
      value: encodeTarget(kernel, key, { ...record, flags, length: children }),
      sides: names.fresh.map(([name, number]) => ({
        kind: SIDE_STRING,
        key: new TextEncoder().encode(name),
        value: new Uint8Array(Uint32Array.of(number).buffer),
      })),
      state: { appliedSeq, idNext: this.#builder.idNext },
    });
  }

  #tell(): void {
    const { entries, phase } = this.#state;
    const { size, done } = this.#source;
    this.#options.onProgress({ entries, phase, share: size > 0 ? done / size : 0 });
  }
}

/** Gives up an import that is not finished; returns its path, undefined if there is none. */
export function dropImport(
  tier2: Tier2,
  kernel: ImportKernel,
  directory: string,
): string | undefined {
  const state = pendingState(tier2);
  if (state === undefined) return undefined;
  drop(tier2, kernel, state);
  rmSync(directory, { recursive: true, force: true });
  return state.target;
}

export const importDirectory = (dataDir: string): string => join(dataDir, 'import');

function drop(tier2: Tier2, kernel: ImportKernel, state: State): void {
  const prefix = (id: number): Uint8Array => idPrefix(kernel, id);
  dropRows(tier2, {
    keys: [
      [prefix(state.targetId), prefix(state.targetId + 1)],
      [prefix(state.directoryFirst), prefix(state.fileFirst)],
    ],
    idFirst: state.directoryFirst,
  });
}

function pendingState(tier2: Tier2): State | undefined {
  const pending = tier2.pendingImport;
  return pending === undefined ? undefined : stateSchema.parse(pending);
}

function freshState(tier2: Tier2, target: ImportTarget, source: EntrySource): State {
  tier2.releaseSnapshot();
  const { idNext } = tier2.state!;
  const directoryFirst = Math.ceil(idNext / IDS_PER_ROW) * IDS_PER_ROW;
  const startedMs = Date.now();
  return {
    target: target.path,
    targetId: target.record.id,
    identity: source.identity,
    // Whole seconds take less room, with the whole seconds of stores.
    nowMs: Math.floor(startedMs / 1000) * 1000,
    startedMs,
    inodesBefore: tier2.stats().inodes,
    directoryFirst,
    fileFirst: directoryFirst + DIRECTORY_IDS,
    entries: 0,
    rejects: { count: 0, byReason: {}, first: [] },
    names: [],
    runs: [],
    phase: 'build',
    position: undefined,
  };
}

function refuseOther(state: State, path: string, identity: string): void {
  if (state.target === path && state.identity === identity) return;
  const what = state.target === path ? 'from another source' : `into "${state.target}"`;
  throw new StatusError(
    Code.FAILED_PRECONDITION,
    `An import ${what} is not finished, or its manifest has changed since.`,
    {
      path,
      hint: 'Give the same command as then to go on, or drop it: orchard admin import --drop',
    },
  );
}

const tooManyNames = (): StatusError =>
  new StatusError(
    Code.RESOURCE_EXHAUSTED,
    `There is room for ${INTERNED_COUNT_MAX} names of users and groups, and the store has more.`,
    { hint: 'Drop the import (orchard admin import --drop) and import from a manifest.' },
  );

const miscounted = (stored: number, built: number): StatusError =>
  new StatusError(
    Code.DATA_LOSS,
    `Tier 2 holds ${stored} new inodes, and ${built} were written: nothing was made visible.`,
    { hint: 'Drop the import (orchard admin import --drop), and report this.' },
  );
