/**
 * `load -R`: every directory below a path is listed in its store and merged, nested mounts too.
 * Depth first, several directories at a time. Floor 6.
 *
 * Memory: a stack of frames. A frame is a directory with the cursor of its next page and those
 * sub-directories of its last page that nobody has begun yet; its next page is not asked for
 * before they are. So it holds at most about (depth + parallel) frames of one page each, however
 * large the tree is.
 *
 *   frame:  store pages ─▶ (had children already: pages of the namespace) ─▶ gone
 *
 * A directory that cannot be listed is counted and passed over; what the namespace has below it
 * is visited all the same.
 */

import { INODE_TYPE_DIRECTORY } from '../base/record.js';
import { Code, StatusError } from '../base/status.js';
import { childrenPage } from './children-page.js';
import { findPlace, isStatus, type LoadContext, loadPage, type Place } from './directory-load.js';

/** Directories that are being worked at, at a time. */
const PARALLEL = 16;

export type WorkProgress = {
  readonly done: number;
  /** 0: not known. */
  readonly total: number;
  readonly failed: number;
  readonly bytes: number;
  /** What is being worked at. */
  readonly path: string;
};

export type WorkControl = {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: WorkProgress) => void;
};

type Frame = {
  readonly place: Place;
  /** The namespace may have children that the store does not have. */
  readonly hadChildren: boolean;
  phase: 'store' | 'namespace' | 'done';
  cursor: string | undefined;
  after: Uint8Array | undefined;
  /** Paths that nobody has begun. */
  pending: string[];
  busy: boolean;
};

export class TreeLoad {
  readonly #context: LoadContext;
  readonly #control: WorkControl;
  readonly #stack: Frame[] = [];
  #done = 0;
  #failed = 0;
  #bytes = 0;
  #path: string;
  #firstError: StatusError | undefined;
  #working = 0;

  constructor(context: LoadContext, path: string, control: WorkControl) {
    this.#context = context;
    this.#control = control;
    this.#path = path;
  }

  get progress(): WorkProgress {
    return {
      done: this.#done,
      total: 0,
      failed: this.#failed,
      bytes: this.#bytes,
      path: this.#path,
    };
  }

  /** Why the first directory that failed did. */
  get firstError(): StatusError | undefined {
    return this.#firstError;
  }

  /** Resolves when all is loaded; rejects when cancelled or when the path does not exist. */
  async run(): Promise<WorkProgress> {
    const place = await findPlace(this.#context, this.#path);
    if (place === undefined) throw noSuchDirectory(this.#path);
    this.#stack.push(frameOf(place));
    await this.#workAll();
    this.#control.signal.throwIfAborted();
    return this.progress;
  }

  /** Starts units of work until none is left or under way. */
  #workAll(): Promise<void> {
    return new Promise((resolve, reject) => {
      let ended = false;
      const go = (): void => {
        while (!ended && this.#working < PARALLEL && !this.#control.signal.aborted) {
          const unit = this.#take();
          if (unit === undefined) break;
          this.#working++;
          unit().then(settled, failed);
        }
        if (this.#working === 0 && !ended) {
          ended = true;
          resolve();
        }
      };
      const settled = (): void => {
        this.#working--;
        this.#control.onProgress(this.progress);
        go();
      };
      const failed = (error: unknown): void => {
        ended = true;
        reject(error);
      };
      go();
    });
  }

  /** The next unit from the top of the stack: a sub-directory to begin, or a page to go on with. */
  #take(): (() => Promise<void>) | undefined {
    for (let i = this.#stack.length - 1; i >= 0; i--) {
      const frame = this.#stack[i]!;
      const path = frame.pending.pop();
      if (path !== undefined) return () => this.#begin(path);
      if (frame.busy) continue;
      if (frame.phase === 'done') {
        this.#stack.splice(i, 1);
        continue;
      }
      frame.busy = true;
      return () => this.#goOn(frame);
    }
    return undefined;
  }

  async #begin(path: string): Promise<void> {
    const place = await findPlace(this.#context, path).catch((error: unknown) => {
      this.#note(error);
      return undefined;
    });
    // Deleted or moved since its parent was listed.
    if (place === undefined) return;
    const frame = frameOf(place);
    frame.busy = true;
    this.#stack.push(frame);
    await this.#goOn(frame);
  }

  async #goOn(frame: Frame): Promise<void> {
    this.#path = frame.place.path;
    try {
      if (frame.phase === 'store') await this.#storePage(frame);
      else await this.#namespacePage(frame);
    } catch (error) {
      this.#note(error);
      frame.phase = frame.phase === 'store' && frame.hadChildren ? 'namespace' : 'done';
    } finally {
      frame.busy = false;
    }
  }

  async #storePage(frame: Frame): Promise<void> {
    const page = await loadPage(this.#context, frame.place, frame.cursor, this.#control.signal);
    this.#done += page.entryCount;
    this.#bytes += page.bytes;
    frame.cursor = page.cursor;
    if (page.cursor === undefined) frame.phase = frame.hadChildren ? 'namespace' : 'done';
    if (frame.hadChildren) return;
    frame.pending = page.directories.map(({ name }) => childPath(frame.place.path, name));
  }

  async #namespacePage(frame: Frame): Promise<void> {
    const { place, after } = frame;
    const limit = this.#context.pageEntries;
    const page = await childrenPage(this.#context, place.id, { after, limit });
    frame.after = page.next;
    if (page.next === undefined) frame.phase = 'done';
    const decoder = new TextDecoder();
    frame.pending = page.children
      .filter(({ type }) => type === INODE_TYPE_DIRECTORY)
      .map(({ name }) => childPath(place.path, decoder.decode(name)));
  }

  /** Counts an expected failure; anything else is a bug. */
  #note(error: unknown): void {
    if (!(error instanceof StatusError)) throw error;
    if (this.#control.signal.aborted) return;
    // Only in the namespace, or moved meanwhile: nothing to load.
    if (isStatus(error, Code.NOT_FOUND)) return;
    this.#failed++;
    this.#firstError ??= error;
  }
}

const childPath = (parent: string, name: string): string =>
  parent === '/' ? `/${name}` : `${parent}/${name}`;

function frameOf(place: Place): Frame {
  return {
    place,
    hadChildren: place.length > 0,
    phase: 'store',
    cursor: undefined,
    after: undefined,
    pending: [],
    busy: false,
  };
}

function noSuchDirectory(path: string): StatusError {
  return new StatusError(Code.NOT_FOUND, `"${path}" is no directory of a mounted store.`, {
    path,
    hint: 'Check the spelling, or list its parent.',
  });
}
