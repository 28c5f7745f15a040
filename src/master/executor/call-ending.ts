/**
 * How calls end that do not answer by themselves, and what a bug costs. What is neither a refusal
 * nor a reason to wait is a bug. It costs the call that met it, which has changed nothing, or all
 * that it was to: only the writer changes what others see, and what an attempt held it has given
 * back (call.ts). Unless words that all threads share may stand half changed: then the thread ends
 * (mayHaveBrokenState), and nobody is answered.
 */
import { mayHaveBrokenState } from '../../base/assert.js';
import { StatusError } from '../../base/status.js';
import { internalError, unanswerable } from '../../base/status-form.js';
import { NO_TICKET } from '../lock/lock-table.js';
import { type Call, Mutation } from './call.js';
import type { Executor } from './executor.js';
import { FastWrite } from './fast-write.js';

export class CallEnding {
  readonly #executor: Executor;
  readonly #onBug: (error: unknown) => void;

  constructor(executor: Executor, onBug: (error: unknown) => void) {
    this.#executor = executor;
    this.#onBug = onBug;
  }

  giveUp(call: Call, error: StatusError): void {
    if (call instanceof Mutation) {
      if (call.ticket !== NO_TICKET && call.locks !== undefined) {
        this.#executor.locks.abandon(call.locks, call.ticket);
      }
      call.dropPlan();
    }
    call.fail(error);
  }

  /** By what was thrown before the call had an entry. */
  end(call: Call, error: unknown): void {
    if (error instanceof StatusError) this.giveUp(call, error);
    else this.#told(error, () => this.giveUp(call, internalError()));
  }

  /** The entry is durable and applied. */
  finish(call: Mutation | FastWrite): void {
    try {
      call.finish(this.#executor);
    } catch (error) {
      this.#told(error, () => {
        if (call instanceof FastWrite) call.fail(unanswerable());
        else this.giveUp(call, unanswerable());
      });
    }
  }

  #told(bug: unknown, tell: () => void): void {
    this.#onBug(bug);
    if (mayHaveBrokenState(bug)) return;
    try {
      tell();
    } catch (error) {
      this.#onBug(error);
    }
  }
}
