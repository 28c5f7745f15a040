/**
 * A store that reports how long each call took, whether it failed, and how many bytes it moved. A
 * read ends with its first bytes; a later failure of its stream is reported as a failure.
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

/** Answers of a working store: the caller asked for something that is not there. */
const ANSWERS: ReadonlySet<Code> = new Set([
  Code.NOT_FOUND,
  Code.ALREADY_EXISTS,
  Code.FAILED_PRECONDITION,
  Code.CANCELLED,
]);

/** What is told. */
export type StoreMeter = {
  /** A call has ended. */
  called(ms: number, failed: boolean): void;
  /** A call that had succeeded has failed after all. */
  failedLate(): void;
  read(bytes: number): void;
  wrote(bytes: number): void;
};

export class MeteredStore implements Ufs {
  readonly #store: Ufs;
  readonly #meter: StoreMeter;

  constructor(store: Ufs, meter: StoreMeter) {
    this.#store = store;
    this.#meter = meter;
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
    const onBytes = (bytes: number): void => this.#meter.read(bytes);
    const stream = await this.#metered(this.#store.read(path, { ...options, onBytes }));
    stream.once('error', (error) => {
      if (isFailure(error)) this.#meter.failedLate();
    });
    return stream;
  }

  write(
    path: string,
    data: AsyncIterable<Uint8Array>,
    options: UfsWriteOptions,
  ): Promise<UfsStatus> {
    return this.#metered(this.#store.write(path, this.#counted(data), options));
  }

  async endUpload(path: string, uploadId: string, signal: AbortSignal): Promise<void> {
    await this.#store.endUpload?.(path, uploadId, signal);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async *#counted(data: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of data) {
      this.#meter.wrote(chunk.length);
      yield chunk;
    }
  }

  async #metered<T>(call: Promise<T>): Promise<T> {
    const began = performance.now();
    try {
      const answer = await call;
      this.#meter.called(performance.now() - began, false);
      return answer;
    } catch (error) {
      this.#meter.called(performance.now() - began, isFailure(error));
      throw error;
    }
  }
}

const isFailure = (error: unknown): boolean =>
  !(error instanceof StatusError && ANSWERS.has(error.code));
