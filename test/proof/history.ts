/**
 * Puts what many clients recorded into one order of time. A client tells operations as they are
 * answered, and up to which moment it has told all; what is before the earliest of these moments
 * is complete, and goes to the checker as calls and returns.
 *
 * Invariant: at equal times calls come before returns, so that what touches counts as concurrent:
 *   a doubt never makes a violation.
 */
import type { Checker } from './checker.js';
import type { Operation } from './operation.js';

export class History {
  readonly #checker: Checker;
  /** By source: all its operations that were called before this are known. */
  readonly #toldNs = new Map<string, number>();
  #calls: Operation[] = [];
  #returns: Operation[] = [];
  /** Not told to the checker yet. */
  #deathsNs: number[] = [];
  readonly #allDeathsNs: number[] = [];

  constructor(checker: Checker) {
    this.#checker = checker;
  }

  /** A source holds back all others until it has reported something, or is closed. */
  open(source: string, fromNs = 0): void {
    this.#toldNs.set(source, fromNs);
  }

  close(source: string): void {
    this.#toldNs.delete(source);
    this.#advance();
  }

  /** Answered operations, and the moment before which no other one was called. */
  add(source: string, operations: readonly Operation[], toldNs: number): void {
    for (const recorded of operations) {
      const operation = this.#sentAgain(recorded);
      this.#calls.push(operation);
      if (operation.answer !== undefined) this.#returns.push(operation);
    }
    this.#toldNs.set(source, toldNs);
    this.#advance();
  }

  /**
   * The master was dead at this moment; told before anything is added that returned later. A
   * source of its own must hold the history up meanwhile.
   */
  death(atNs: number): void {
    this.#deathsNs.push(atNs);
    this.#allDeathsNs.push(atNs);
  }

  /**
   * A change that outlived a master was sent again, and such a one is answered with the inode of
   * the first time as it is by then: its attributes say nothing about the change.
   */
  #sentAgain(operation: Operation): Operation {
    const { calledNs, returnedNs, answer, request } = operation;
    if (answer?.sight === undefined || request.do === 'getStatus') return operation;
    const outlived = this.#allDeathsNs.some((atNs) => calledNs < atNs && atNs < returnedNs);
    return outlived ? { ...operation, answer: { code: 'OK', id: answer.sight.id } } : operation;
  }

  #advance(): void {
    const untilNs = Math.min(...this.#toldNs.values());
    this.#calls.sort((a, b) => a.calledNs - b.calledNs);
    this.#returns.sort((a, b) => a.returnedNs - b.returnedNs);
    let [call, back] = [0, 0];
    for (;;) {
      const callNs = this.#calls[call]?.calledNs ?? Number.POSITIVE_INFINITY;
      const returnNs = this.#returns[back]?.returnedNs ?? Number.POSITIVE_INFINITY;
      const deathNs = this.#deathsNs[0] ?? Number.POSITIVE_INFINITY;
      const atNs = Math.min(callNs, returnNs, deathNs);
      if (atNs >= untilNs || atNs === Number.POSITIVE_INFINITY) break;
      if (callNs === atNs) this.#checker.call(this.#calls[call++]!);
      else if (returnNs === atNs) this.#checker.return(this.#returns[back++]!);
      else this.#checker.death(this.#deathsNs.shift()!);
    }
    this.#calls = this.#calls.slice(call);
    this.#returns = this.#returns.slice(back);
  }
}
