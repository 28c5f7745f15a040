/**
 * Questions between main and the threads it started, sent as messages, for rare work (reports,
 * jobs, loads). The hot path never uses it. Both sides ask and answer. An expected failure keeps
 * its code, reason, path and hint.
 *
 * Invariant: every question is answered once. None waits for ever: a thread that goes away takes
 * the process with it.
 */
import type { MessagePort, Worker } from 'node:worker_threads';
import { StatusError } from '../base/status.js';
import { asStatus, fromPlain, type PlainStatus, toPlain } from '../base/status-form.js';

type Message =
  | { readonly kind: 'ask'; readonly id: number; readonly what: string; readonly given: unknown }
  | { readonly kind: 'answer'; readonly id: number; readonly got: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly failure: PlainStatus };

/** What one side can be asked: for each name, the type of the question and of the answer. */
export type Questions = { readonly [what: string]: (given: never) => unknown };

type Given<Q extends Questions, W extends keyof Q> = Parameters<Q[W]>[0];
type Got<Q extends Questions, W extends keyof Q> = Awaited<ReturnType<Q[W]>>;

/** Answers to the questions, at once or later. */
export type Answers<Q extends Questions> = {
  readonly [W in keyof Q]: (given: Given<Q, W>) => Got<Q, W> | Promise<Got<Q, W>>;
};

type Waiting = { resolve(value: unknown): void; reject(error: Error): void };

/** `Theirs`: what the other side may ask this one; `Ours`: what this side may ask the other. */
export class Channel<Theirs extends Questions, Ours extends Questions> {
  readonly #port: MessagePort | Worker;
  readonly #answers: Answers<Ours>;
  readonly #onBug: (error: unknown) => void;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  constructor(port: MessagePort | Worker, answers: Answers<Ours>, onBug: (error: unknown) => void) {
    this.#port = port;
    this.#answers = answers;
    this.#onBug = onBug;
    port.on('message', (message: Message) => this.#receive(message));
  }

  /** What the other side's `what` returns for `given`; rejects with its StatusError. */
  ask<W extends keyof Theirs & string>(what: W, given: Given<Theirs, W>): Promise<Got<Theirs, W>> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: (value) => resolve(value as Got<Theirs, W>), reject });
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
    else waiting?.reject(fromPlain(message.failure));
  }

  async #answer(id: number, what: string, given: unknown): Promise<void> {
    const answer = this.#answers[what] as unknown as ((given: unknown) => unknown) | undefined;
    try {
      if (answer === undefined) throw new Error(`nobody answers "${what}" here`);
      this.#send({ kind: 'answer', id, got: await answer(given) });
    } catch (error) {
      if (!(error instanceof StatusError)) this.#onBug(error);
      this.#send({ kind: 'failure', id, failure: toPlain(asStatus(error)) });
    }
  }

  #send(message: Message): void {
    this.#port.postMessage(message);
  }
}
