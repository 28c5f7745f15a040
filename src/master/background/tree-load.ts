/**
 * `load -R`: every directory below a path is listed in its store and merged, nested mounts too.
 * How it goes through the tree: tree-walk.ts.
 *
 *   frame:  store pages ─▶ (had children already: pages of the namespace) ─▶ gone
 *
 * Inodes that were there before follow their store: store-refresh.ts.
 *
 * A directory that cannot be listed is counted and skipped; the inodes that the namespace has below
 * it are visited all the same.
 */

import { Code, StatusError } from '../../base/status.js';
import { SkipCount } from '../../stores/skips.js';
import type { Caller } from '../executor/caller.js';
import { INODE_TYPE_DIRECTORY } from '../memory/record.js';
import type { Mount } from '../mount/mount-table.js';
import { childrenPage } from './children-page.js';
import { findPlace, isStatus, type LoadContext, loadPage, type Place } from './directory-load.js';
import { type LoadReport, reportOf } from './load-report.js';
import { StorePatience } from './store-patience.js';
import { StoreRefresh } from './store-refresh.js';
import { childPath, TreeWalk, type WalkFrame } from './tree-walk.js';
import { WorkFailures } from './work-failures.js';

export type WorkProgress = {
  readonly done: number;
  /** 0: not known. */
  readonly total: number;
  readonly failed: number;
  readonly bytes: number;
  /** What is in work now. */
  readonly path: string;
};

export type WorkControl = {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: WorkProgress) => void;
};

type Frame = WalkFrame & {
  readonly place: Place;
  /** The namespace may have children that the store does not have. */
  readonly hadChildren: boolean;
  phase: 'store' | 'namespace';
  cursor: string | undefined;
  after: Uint8Array | undefined;
};

export class TreeLoad extends TreeWalk<Frame> {
  readonly #context: LoadContext;
  readonly #control: WorkControl;
  readonly #caller: Caller;
  readonly failures = new WorkFailures();
  #done = 0;
  #bytes = 0;
  #path: string;
  #root: Place | undefined;
  readonly #skipped = new SkipCount();
  readonly #refresh: StoreRefresh;

  /** `caller`: directories that it may not list are skipped. */
  constructor(
    context: LoadContext,
    path: string,
    control: WorkControl,
    caller: Caller = context.caller,
  ) {
    super(control.signal);
    this.#context = { ...context, patience: new StorePatience() };
    this.#control = control;
    this.#path = path;
    this.#caller = caller;
    this.#refresh = new StoreRefresh(this.#context, {
      signal: control.signal,
      onFailure: (error, at) => this.#note(error, { path: at }),
    });
  }

  get progress(): WorkProgress {
    return {
      done: this.#done,
      total: 0,
      failed: this.failures.count,
      bytes: this.#bytes,
      path: this.#path,
    };
  }

  get report(): LoadReport {
    return reportOf(this.#skipped.plain, this.#refresh, this.failures);
  }

  /**
   * Resolves when all is loaded; rejects when cancelled, when the path does not exist, or is
   * unmounted or moved before the end: what is missing then is missing for good.
   */
  async run(): Promise<WorkProgress> {
    const path = this.#path;
    // A caller without permission is told before anything is asked.
    await findPlace(this.#context, path, this.#caller);
    await this.#refresh.path(path);
    const place = await findPlace(this.#context, path, this.#caller);
    if (place === undefined) throw noSuchDirectory(path);
    this.#root = place;
    await this.walk(frameOf(place));
    const now = await findPlace(this.#context, path);
    if (now?.id !== place.id) throw goneMeanwhile(path);
    return this.progress;
  }

  protected async open(path: string): Promise<Frame | undefined> {
    try {
      const place = await findPlace(this.#context, path, this.#caller);
      // Undefined: deleted or moved since its parent was listed.
      if (place === undefined) this.#refuseUnmounted(this.#root);
      return place && frameOf(place);
    } catch (error) {
      this.#note(error, { path });
      return undefined;
    }
  }

  protected async goOn(frame: Frame): Promise<void> {
    this.#path = frame.place.path;
    const { phase } = frame;
    try {
      if (phase === 'store') await this.#storePage(frame);
      else await this.#namespacePage(frame);
    } catch (error) {
      this.#note(error, frame.place);
      if (phase === 'store') endStorePages(frame);
      else frame.isDone = true;
    }
  }

  protected tell(): void {
    this.#control.onProgress(this.progress);
  }

  async #storePage(frame: Frame): Promise<void> {
    const page = await loadPage(this.#context, frame.place, frame.cursor, this.#control.signal);
    this.#done += page.entryCount;
    this.#bytes += page.bytes;
    this.#skipped.addAll(page.skipped, childPath(frame.place.path, ''));
    if (frame.hadChildren) await this.#refresh.page(frame.place, page, frame.cursor);
    frame.cursor = page.cursor;
    if (page.cursor === undefined) endStorePages(frame);
    if (frame.hadChildren) return;
    frame.pending = page.directories.map(({ name }) => childPath(frame.place.path, name));
  }

  async #namespacePage(frame: Frame): Promise<void> {
    const { place, after } = frame;
    const limit = this.#context.pageEntries;
    const page = await childrenPage(this.#context, place.id, { after, limit });
    frame.after = page.next;
    frame.isDone = page.next === undefined;
    const decoder = new TextDecoder();
    frame.pending = page.children
      .filter(({ type }) => type === INODE_TYPE_DIRECTORY)
      .map(({ name }) => childPath(place.path, decoder.decode(name)));
  }

  /** Counts an expected failure; anything else is a bug. */
  #note(error: unknown, at: { readonly path: string; readonly mount?: Mount }): void {
    if (!(error instanceof StatusError)) throw error;
    if (this.#control.signal.aborted) return;
    this.#refuseUnmounted(this.#root);
    // It exists only in the namespace, or was moved meanwhile: nothing to load.
    if (isStatus(error, Code.NOT_FOUND) && !this.#isUnmounted(at)) return;
    this.failures.note(error, at.path);
  }

  #isUnmounted({ mount }: { readonly mount?: Mount }): boolean {
    const { mounts } = this.#context.scheduler.executor;
    return mount !== undefined && mounts.byId(mount.mountId) === undefined;
  }

  /** Ends the whole walk: no directory of it will be found any more. */
  #refuseUnmounted(root: Place | undefined): void {
    if (root !== undefined && this.#isUnmounted(root)) throw goneMeanwhile(root.path);
  }
}

function endStorePages(frame: Frame): void {
  if (frame.hadChildren) frame.phase = 'namespace';
  else frame.isDone = true;
}

function frameOf(place: Place): Frame {
  return {
    place,
    hadChildren: place.length > 0,
    phase: 'store',
    cursor: undefined,
    after: undefined,
    pending: [],
    busy: false,
    isDone: false,
  };
}

function goneMeanwhile(path: string): StatusError {
  return new StatusError(
    Code.ABORTED,
    `"${path}" was unmounted or moved while it was being loaded.`,
    { path, hint: 'Mount it again, or load it under its new name.' },
  );
}

function noSuchDirectory(path: string): StatusError {
  return new StatusError(Code.NOT_FOUND, `"${path}" is no directory of a mounted store.`, {
    path,
    hint: 'Check the spelling, or list its parent.',
  });
}
