/**
 * Gives a user or group name its number: one entry with one SIDE_STRING change. The number is
 * chosen when the entry is applied. Names of any client come this way, and the writer stops the
 * master rather than drop one that is durable: so what does not fit is refused here.
 * Refused: names of more than INTERNED_BYTES_MAX bytes, those beyond the client's share
 *          (name-shares.ts), and all new ones when the table is full.
 * Locks:   one stripe for all names: the table cannot fill up between the check and the entry.
 */

import { INTERNED_BYTES_MAX } from '../../base/limits.js';
import { Code, StatusError } from '../../base/status.js';
import type { LockList } from '../lock/lock-list.js';
import { Side } from '../lock/lock-table.js';
import { SIDE_STRING } from '../memory/entry-format.js';
import { STRING_UNKNOWN } from '../memory/kernel-constants.js';
import { Mutation } from './call.js';
import type { Caller } from './caller.js';
import type { Executor } from './executor.js';
import { takeNameShare } from './name-shares.js';

const OP_INTERN = 1;
const NOBODY = { user: '', groups: [], clientId: 0 } as const;
/** No inode has this id, so its lock can stand for the table of names. */
const NAMES_LOCK_ID = 0;

export class InternCall extends Mutation {
  readonly name = 'intern';
  protected readonly op = OP_INTERN;
  readonly #text: string;
  readonly #asker: Caller;
  readonly #settle: (error: StatusError | undefined) => void;

  constructor(text: string, asker: Caller, settle: (error: StatusError | undefined) => void) {
    super(NOBODY, 0);
    this.#text = text;
    this.#asker = asker;
    this.#settle = settle;
  }

  protected plan(executor: Executor, locks: LockList): void {
    locks.add(executor.locks.inodeStripe(NAMES_LOCK_ID, Side.LEAF), true);
  }

  protected execute(executor: Executor): boolean {
    const { strings, ring } = executor;
    // Another executor asked for the same name at the same time.
    if (strings.idOf(this.#text) !== STRING_UNKNOWN) {
      this.#settle(undefined);
      return false;
    }
    const bytes = new TextEncoder().encode(this.#text);
    if (bytes.length > INTERNED_BYTES_MAX) throw nameTooLong(bytes.length);
    if (!strings.hasRoomFor(bytes.length)) throw tableFull();
    if (!isOperator(executor, this.#asker)) {
      takeNameShare(executor.shared, this.#asker, bytes.length);
    }
    ring.entry.side(SIDE_STRING, bytes, new Uint8Array(0));
    return true;
  }

  complete(): void {
    this.#settle(undefined);
  }

  protected repeat(): void {
    this.#settle(undefined);
  }

  fail(error: StatusError): void {
    this.#settle(error);
  }

  describe(): string {
    return this.#text;
  }
}

/** Also without permission checks: then everybody is super, and shares matter even more. */
function isOperator({ options }: Executor, { user, groups }: Caller): boolean {
  return user === options.superuser || groups.includes(options.supergroup);
}

/** One call for each name and client, however many others wait for its number. */
export class Interning {
  readonly #submit: (call: InternCall) => void;
  readonly #begun = new Map<string, Promise<void>>();

  constructor(submit: (call: InternCall) => void) {
    this.#submit = submit;
  }

  /** Settles when the name has its number. A client that may bring none does not fail another. */
  number(name: string, caller: Caller): Promise<void> {
    const { user, groups, source = '' } = caller;
    const key = [name, source, user, ...groups].join('\0');
    const begun = this.#begun.get(key);
    if (begun !== undefined) return begun;
    const done = new Promise<void>((resolve, reject) => {
      const settle = (error: StatusError | undefined): void => {
        this.#begun.delete(key);
        if (error === undefined) resolve();
        else reject(error);
      };
      queueMicrotask(() => this.#submit(new InternCall(name, caller, settle)));
    });
    this.#begun.set(key, done);
    return done;
  }
}

function nameTooLong(bytes: number): StatusError {
  const reason = `A user or group name of ${bytes} bytes is longer than ${INTERNED_BYTES_MAX}.`;
  return new StatusError(Code.INVALID_ARGUMENT, reason, { hint: 'Use a shorter name.' });
}

function tableFull(): StatusError {
  return new StatusError(
    Code.FAILED_PRECONDITION,
    'The master holds as many different user and group names as it can.',
    { hint: 'Call as a user, and with groups, that the master has seen before.' },
  );
}
