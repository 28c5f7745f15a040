/**
 * Goes through a subtree depth first, several directories at a time, for work that waits for
 * stores, the journal or flushes. Subclasses decide what to do in a directory. Pure.
 *
 * Memory: a stack of frames. A frame is a directory with those sub-directories of its last page
 * that nobody has begun yet; its next page is not asked for before they are. So it holds at most
 * about (depth + parallel) frames of one page each, however large the tree is.
 *
 * Invariant: one unit of work at a time in one frame.
 */

/** Directories that are being worked at, at a time. */
const PARALLEL = 16;

export type WalkFrame = {
  /** Paths of sub-directories that nobody has begun. */
  pending: string[];
  /** A unit of work is under way. */
  busy: boolean;
  /** No page is left. */
  isDone: boolean;
};

export abstract class TreeWalk<Frame extends WalkFrame> {
  readonly #stack: Frame[] = [];
  readonly #signal: AbortSignal;
  #working = 0;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** The frame of a sub-directory; undefined if it no longer exists. */
  protected abstract open(path: string): Promise<Frame | undefined>;
  /** One page of it: leaves `pending` and, after the last one, `isDone`. */
  protected abstract goOn(frame: Frame): Promise<void>;
  /** After each unit of work. */
  protected abstract tell(): void;

  /** Resolves when nothing is left. Rejects with the signal's reason, or with a bug. */
  protected async walk(root: Frame): Promise<void> {
    this.#stack.push(root);
    await this.#workAll();
    this.#signal.throwIfAborted();
  }

  #workAll(): Promise<void> {
    return new Promise((resolve, reject) => {
      let ended = false;
      const start = (): void => {
        while (!ended && this.#working < PARALLEL && !this.#signal.aborted) {
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
        this.tell();
        start();
      };
      const failed = (error: unknown): void => {
        ended = true;
        reject(error);
      };
      start();
    });
  }

  /** The next unit from the top of the stack: a sub-directory to begin, or the next page. */
  #take(): (() => Promise<void>) | undefined {
    for (let i = this.#stack.length - 1; i >= 0; i--) {
      const frame = this.#stack[i]!;
      const path = frame.pending.pop();
      if (path !== undefined) return () => this.#begin(path);
      if (frame.busy) continue;
      if (!frame.isDone) return () => this.#page(frame);
      this.#stack.splice(i, 1);
    }
    return undefined;
  }

  async #begin(path: string): Promise<void> {
    const frame = await this.open(path);
    if (frame === undefined) return;
    const page = this.#page(frame);
    this.#stack.push(frame);
    await page;
  }

  async #page(frame: Frame): Promise<void> {
    frame.busy = true;
    try {
      await this.goOn(frame);
    } finally {
      frame.busy = false;
    }
  }
}

export const childPath = (parent: string, name: string): string =>
  parent === '/' ? `/${name}` : `${parent}/${name}`;
