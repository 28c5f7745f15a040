/**
 * Questions between main and the threads it started, by messages: for what is rare (reports, jobs,
 * loads). The hot path never comes here. Either side asks and answers; an expected failure
 * crosses with its code, reason, path and hint.
 *
 * Invariant: every question is answered once. None waits for ever: a thread that goes away takes
 * the process with it.
 */
import type { MessagePort, Worker } from 'node:worker_threads';
import { type Code, StatusError } from '../base/status.js';

type Failure = {
  readonly code: Code;
  readonly reason: string;
  readonly path: string | undefined;
  readonly hint: string | undefined;
  readonly retryAfterMs: number | undefined;
};

type Message =
  | { readonly kind: 'ask'; readonly id: number; readonly what: string; readonly given: unknown }
  | { readonly kind: 'answer'; readonly id: number; readonly got: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly failure: Failure };

export type Answers = Readonly<Record<string, (given: never) => unknown>>;

type Waiting = { resolve(value: unknown): void; reject(error: Error): void };

export class Exchange {
  readonly #port: MessagePort | Worker;
  readonly #answers: Answers;
  readonly #onBug: (error: unknown) => void;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  constructor(port: MessagePort | Worker, answers: Answers, onBug: (error: unknown) => void) {
    this.#port = port;
    this.#answers = answers;
    this.#onBug = onBug;
    port.on('message', (message: Message) => this.#receive(message));
  }

  /** What the other side's `what` returns for `given`; rejects with its StatusError. */
  ask<T>(what: string, given: unknown): Promise<T> {
    const id = this.#nextId++;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: (value) => resolve(value as T), reject });
      this.#send({ kind: 'ask', id, what, given });
    });
  }

  #receive(message: Message): void {
    if (message.kind === 'ask') {
      void this.#answer(message.id, message.what, message.given);
      return;
    }
    if (message.kind !== 'answer' && message.kind !== 'failure') return;
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === 'answer') waiting?.resolve(message.got);
    else waiting?.reject(revive(message.failure));
  }

  async #answer(id: number, what: string, given: unknown): Promise<void> {
    const answer = this.#answers[what] as ((given: unknown) => unknown) | undefined;
    try {
      if (answer === undefined) throw new Error(`nobody answers "${what}" here`);
      this.#send({ kind: 'answer', id, got: await answer(given) });
    } catch (error) {
      if (!(error instanceof StatusError)) this.#onBug(error);
      this.#send({ kind: 'failure', id, failure: describe(error) });
    }
  }

  #send(message: Message): void {
    this.#port.postMessage(message);
  }
}

function describe(error: unknown): Failure {
  const known = error as StatusError;
  const INTERNAL = 13;
  return {
    code: error instanceof StatusError ? known.code : INTERNAL,
    reason: error instanceof Error ? error.message : String(error),
    path: known.path,
    hint: known.hint,
    retryAfterMs: known.retryAfterMs,
  };
}

function revive({ code, reason, path, hint, retryAfterMs }: Failure): StatusError {
  return new StatusError(code, reason, {
    ...(path === undefined ? {} : { path }),
    ...(hint === undefined ? {} : { hint }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
