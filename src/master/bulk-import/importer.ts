/**
 * One bulk import: entries of a source become rows of tier 2, and at the end, in one transaction,
 * children of the target.
 *
 *   source ─▶ tree builder ─▶ encoder ─▶ blocks ═══▶ writing thread: rows + checkpoint, durable
 *      ▲ out of order: what was written is dropped, the entries are sorted in runs on disk
 *
 * A checkpoint holds the position in the source and the open directories. So a start after a crash
 * resumes from the last checkpoint, with nothing lost and nothing twice.
 *
 * Invariant: until the last transaction nothing of the import can be reached from the root.
 * Invariant: memory is bounded: a batch, what the builder holds back, two commits.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { INTERNED_COUNT_MAX } from '../../base/limits.js';
import { Code, StatusError } from '../../base/status.js';
import { SIDE_STRING } from '../memory/entry-format.js';
import * as R from '../memory/record.js';
import type { Tier2 } from '../storage/tier2.js';
import { EntryBatch, type EntrySource } from './entry-batch.js';
import type { ImportKernel } from './import-kernel.js';
import { drop, freshState, pendingState, refuseOther, type State } from './import-state.js';
import { encodeTarget, type ImportTarget, knownNames } from './import-target.js';
import { MergeSource } from './merge-source.js';
import { MovedNames } from './moved-names.js';
import { type RejectSummary, type Rejects, rejectReasons } from './rejects.js';
import { type InodeDefaults, type RowBlock, RowEncoder } from './row-encoder.js';
import type { Commit, Finish } from './row-writer.js';
import { RunSorter } from './sort-runs.js';
import { OutOfOrder, TreeBuilder, type TreeCounts } from './tree-builder.js';

const COMMIT_ROWS = 524_288;
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
  /** Entries that an earlier run imported. */
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

/** Numbers of user and group names: the known ones of tier 2, then the new ones. */
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
    mkdirSync(this.#options.directory, { recursive: true, mode: 0o700 });
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
    const { commitRows = COMMIT_ROWS, tier2, target } = this.#options;
    const { mountId } = target.mount;
    const moved = new MovedNames(tier2, { mountId, storePath: target.storePath });
    for (;;) {
      this.#options.signal.throwIfAborted();
      batch.clear();
      if (!(await this.#source.read(batch))) break;
      for (let i = 0; i < batch.count; i++) {
        if (moved.has(batch, i)) this.#options.rejects.addEntry('moved', batch, i);
        else this.#builder.add(batch, i);
      }
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
    this.#encoder = new RowEncoder(kernel, inodes);
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

  /** Everything built so far; durable when the next commit begins. */
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
    // The next call that waits for it gets the failure.
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

  /** Makes everything visible. */
  async #publish(): Promise<void> {
    const { tier2, kernel, target, port, names } = this.#options;
    const children = this.#builder.finish();
    const { files, directories } = this.#builder.counts;
    if (files + directories === 0) await this.#giveUp();
    await this.#commit();
    await this.#writing;
    tier2.releaseSnapshot();
    const stored = tier2.stats().inodes - this.#state.inodesBefore;
    if (stored !== files + directories) throw miscounted(stored, files + directories);
    const { record } = target;
    const flags = record.flags | R.FLAG_CHILDREN_LOADED;
    const changed = [{ ...target, record: { ...record, flags, length: children } }];
    const records = [...changed, ...target.unpersisted].map(({ key, record: fields }) => {
      const persisted = { ...fields, flags: fields.flags | R.FLAG_PERSISTED };
      return { key, value: encodeTarget(kernel, key, persisted) };
    });
    const { appliedSeq, inodes } = tier2.state!;
    const counts =
      inodes === undefined
        ? {}
        : {
            inodes: {
              ...inodes,
              files: inodes.files + files,
              directories: inodes.directories + directories,
            },
          };
    await port.finish({
      records,
      sides: names.fresh.map(([name, number]) => ({
        kind: SIDE_STRING,
        key: new TextEncoder().encode(name),
        value: new Uint8Array(Uint32Array.of(number).buffer),
      })),
      state: { appliedSeq, idNext: this.#builder.idNext, ...counts },
    });
  }

  /** Nothing came in: the target stays as it was, or it would count as loaded and empty. */
  async #giveUp(): Promise<never> {
    const { tier2, kernel, target, rejects, directory } = this.#options;
    await this.#writing;
    drop(tier2, kernel, this.#state);
    rmSync(directory, { recursive: true, force: true });
    throw nothingTaken(target.path, rejects);
  }

  #tell(): void {
    const { entries, phase } = this.#state;
    const { size, done } = this.#source;
    this.#options.onProgress({ entries, phase, share: size > 0 ? done / size : 0 });
  }
}

function nothingTaken(path: string, { summary, hint }: Rejects): StatusError {
  const { count, byReason, first } = summary;
  const reasons = Object.entries(byReason).map(
    ([reason, times]) => `${times}: ${rejectReasons[reason as keyof typeof byReason]}`,
  );
  const [sample] = first;
  const told = sample === undefined ? '' : ` The first, line ${sample.line}: ${sample.text}`;
  return new StatusError(
    Code.FAILED_PRECONDITION,
    count === 0
      ? `Nothing was imported into "${path}": the source holds nothing.`
      : `Nothing was imported into "${path}": all ${count} entries were left out ` +
          `(${reasons.join('; ')}).${told}`,
    { path, hint: `${hint}; the directory is as before.` },
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
