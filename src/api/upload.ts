/**
 * A file that is written in steps, over any FileService: create ─▶ write … ─▶ commit | abort.
 *
 *   write(chunk)   resolves when the chunk was taken, so a slow store slows its writer down
 *   commit()       the file is there, whole
 *   abort()        as if it had never begun
 *
 * Invariant: at most one chunk is held. A caller that neither commits nor aborts holds an
 * unfinished file until the signal of the call comes.
 */
import { Code, StatusError } from '../base/status.js';
import type { CallContext, CreateOptions, FileService } from './file-service.js';
import type { FileStatus } from './file-status.js';

type Waiting = {
  readonly chunk: Uint8Array;
  readonly taken: () => void;
  readonly lost: (error: unknown) => void;
};

export class Upload {
  readonly #done: Promise<FileStatus>;
  #waiting: Waiting | undefined;
  #wake: (() => void) | undefined;
  #end: 'open' | 'committed' | StatusError = 'open';
  #failure: unknown;
  #isOver = false;

  constructor(service: FileService, call: CallContext, path: string, options?: CreateOptions) {
    this.#done = service.put(call, path, this.#chunks(), options);
    this.#done.then(
      // The same call has already written it: the repeated bytes are skipped.
      () => {
        this.#isOver = true;
        this.#waiting?.taken();
      },
      (error: unknown) => {
        this.#failure = error;
        this.#waiting?.lost(error);
      },
    );
  }

  /** One at a time. Rejects when the file cannot be written, with the reason. */
  write(chunk: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#isOver) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting = { chunk, taken: resolve, lost: reject };
      this.#wake?.();
    });
  }

  commit(): Promise<FileStatus> {
    this.#end = 'committed';
    this.#wake?.();
    return this.#done;
  }

  /** Resolves when nothing of it is left. */
  async abort(): Promise<void> {
    this.#end = new StatusError(Code.CANCELLED, 'The upload was given up.');
    this.#wake?.();
    await this.#done.catch(() => undefined);
  }

  async *#chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const waiting = this.#waiting;
      if (waiting !== undefined) {
        yield waiting.chunk;
        this.#waiting = undefined;
        waiting.taken();
        continue;
      }
      if (this.#end === 'committed') return;
      if (this.#end !== 'open') throw this.#end;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
