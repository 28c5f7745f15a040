/**
 * Gives a user or group name its number: one entry with one SIDE_STRING change. The number is
 * chosen when the entry is applied, so two threads may ask for one name at once. Floor 4.
 */
import { SIDE_STRING } from '../base/entry-format.js';
import type { StatusError } from '../base/status.js';
import { Mutation } from './call.js';
import type { Executor } from './executor.js';

const OP_INTERN = 1;
const NOBODY = { user: '', groups: [], clientId: 0 } as const;

export class InternCall extends Mutation {
  readonly name = 'intern';
  protected readonly op = OP_INTERN;
  readonly #text: string;
  readonly #done: () => void;

  constructor(text: string, done: () => void) {
    super(NOBODY, 0);
    this.#text = text;
    this.#done = done;
  }

  protected plan(): void {
    // Names only ever get numbers: nothing to lock.
  }

  protected execute(executor: Executor): boolean {
    executor.ring.entry.side(SIDE_STRING, new TextEncoder().encode(this.#text), new Uint8Array(0));
    return true;
  }

  complete(): void {
    this.#done();
  }

  protected repeat(): void {
    this.#done();
  }

  /** Whoever waits for the name tries again, and asks again. */
  fail(_error: StatusError): void {
    this.#done();
  }

  describe(): string {
    return this.#text;
  }
}
