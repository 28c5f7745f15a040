/**
 * Tells whether this thread is short of cores, from the kernel's account in
 * /proc/thread-self/schedstat: how long the thread ran, and how long it waited for a core. Without
 * that account the answer is no.
 */
import { readFileSync } from 'node:fs';

const ACCOUNT = '/proc/thread-self/schedstat';
/** How long an answer is used again. */
const LOOK_EVERY_MS = 200;
/** Short of cores: it waits for at least this share of the time for which it runs. */
const WAIT_SHARE = 0.1;

/** Nanoseconds. */
type Account = { readonly ran: number; readonly waited: number };

export class CoreWait {
  #isShort = false;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #before: Account | undefined;
  readonly #read: () => Account | undefined;

  constructor(read: () => Account | undefined = readAccount) {
    this.#read = read;
  }

  isShort(nowMs: number): boolean {
    if (nowMs - this.#lookedAtMs < LOOK_EVERY_MS) return this.#isShort;
    this.#lookedAtMs = nowMs;
    const account = this.#read();
    const before = this.#before;
    this.#before = account;
    if (account === undefined || before === undefined) return this.#isShort;
    const waited = account.waited - before.waited;
    this.#isShort = waited > 0 && waited >= (account.ran - before.ran) * WAIT_SHARE;
    return this.#isShort;
  }
}

function readAccount(): Account | undefined {
  let text: string;
  try {
    text = readFileSync(ACCOUNT, 'latin1');
  } catch {
    return undefined;
  }
  const [ran = 0, waited = 0] = text.split(' ').map(Number);
  return { ran, waited };
}
