/** A sink that keeps the answer of a call; the record is read at once. */

import type { StatusError } from '../../src/base/status.js';
import type { Sink } from '../../src/master/executor/call.js';
import type { Executor } from '../../src/master/executor/executor.js';
import { type RecordFields, readRecord } from '../../src/master/memory/record-fields.js';

export type Info = Omit<RecordFields, 'name' | 'owner' | 'group'> & {
  readonly name: string;
  readonly owner: string;
  readonly group: string;
};

export class OutcomeSink implements Sink {
  settled = false;
  #info: Info | undefined;
  #seq = 0;
  #error: StatusError | undefined;

  info(executor: Executor, record: number, seq: number): void {
    this.#info = infoOf(executor, record);
    this.#settle(seq);
  }

  empty(seq: number): void {
    this.#settle(seq);
  }

  fail(error: StatusError): void {
    this.#error = error;
    this.#settle(0);
  }

  outcome(): { readonly info: Info | undefined; readonly seq: number } {
    if (this.#error !== undefined) throw this.#error;
    return { info: this.#info, seq: this.#seq };
  }

  #settle(seq: number): void {
    if (this.settled) throw new Error('a call answers once');
    this.settled = true;
    this.#seq = seq;
  }
}

export function infoOf(executor: Executor, record: number): Info {
  const fields = readRecord(executor.shared.view, record);
  return {
    ...fields,
    name: new TextDecoder().decode(fields.name),
    owner: executor.strings.textOf(fields.owner),
    group: executor.strings.textOf(fields.group),
  };
}
