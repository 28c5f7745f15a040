/**
 * A store that tells how long each call took and whether it failed. A read is over when its first
 * bytes are there; what its stream meets later is told as a failure of its own.
 */
import type { Readable } from 'node:stream';
import { Code, StatusError } from '../base/status.js';
import type {
  Ufs,
  UfsListOptions,
  UfsPage,
  UfsReadOptions,
  UfsStatus,
  UfsWriteOptions,
} from './ufs.js';

/** Answers of a store that works: the caller asked for what is not so. */
const ANSWERS: ReadonlySet<Code> = new Set([
  Code.NOT_FOUND,
  Code.ALREADY_EXISTS,
  Code.FAILED_PRECONDITION,
  Code.CANCELLED,
]);

export class MeteredStore implements Ufs {
  readonly #store: Ufs;
  readonly #onCall: (ms: number, failed: boolean) => void;

  constructor(store: Ufs, onCall: (ms: number, failed: boolean) => void) {
    this.#store = store;
    this.#onCall = onCall;
  }

  get uri(): string {
    return this.#store.uri;
  }

  stat(path: string, signal: AbortSignal): Promise<UfsStatus | undefined> {
    return this.#metered(this.#store.stat(path, signal));
  }

  list(dirPath: string, options: UfsListOptions): Promise<UfsPage> {
    return this.#metered(this.#store.list(dirPath, options));
  }

  async read(path: string, options: UfsReadOptions): Promise<Readable> {
    const stream = await this.#metered(this.#store.read(path, options));
    stream.once('error', (error) => {
      if (isFailure(error)) this.#onCall(0, true);
    });
    return stream;
  }

  write(
    path: string,
    data: AsyncIterable<Uint8Array>,
    options: UfsWriteOptions,
  ): Promise<UfsStatus> {
    return this.#metered(this.#store.write(path, data, options));
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #metered<T>(call: Promise<T>): Promise<T> {
    const began = performance.now();
    try {
      const answer = await call;
      this.#onCall(performance.now() - began, false);
      return answer;
    } catch (error) {
      this.#onCall(performance.now() - began, isFailure(error));
      throw error;
    }
  }
}

const isFailure = (error: unknown): boolean =>
  !(error instanceof StatusError && ANSWERS.has(error.code));
