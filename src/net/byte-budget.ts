/**
 * What callers make the process hold: requests whose answers are not there yet, bodies that have
 * not come as a whole, sessions, replies that nobody reads. Counted when it is taken and given
 * back, so that no number of calls and connections, each of them allowed, ends the process.
 *
 * Each thread counts for itself and takes grants of an account that all threads share: a call
 * touches no shared word as long as what the thread holds stays within what it was granted.
 *
 * Invariant: `used` is at most what was granted, but for what stood already when it was counted
 * (unread replies); whoever adds that is told, and gives something up.
 */
import { assert } from '../base/assert.js';

/** What one grant is. */
export const GRANT_BYTES = 1 << 18;
/** Grants that a thread keeps beyond what it uses, so that it seldom comes back for one. */
const GRANTS_KEPT = 2;
/** Larger ones leave an eighth of the account to small ones: who looks after the master gets in. */
const SMALL_BYTES_MAX = 1 << 14;

/** Grants of all threads together. */
export type ByteAccount = {
  /** How many there are. */
  readonly max: number;
  /** Adds to those that are taken, also below zero; gives what it is then. */
  add(grants: number): number;
};

/** For an edge by itself. */
export function ownAccount(max = Number.POSITIVE_INFINITY): ByteAccount {
  let taken = 0;
  return {
    max,
    add: (grants) => {
      taken += grants;
      return taken;
    },
  };
}

export class ByteBudget {
  readonly #account: ByteAccount;
  readonly #onUsed: (bytes: number) => void;
  #used = 0;
  #granted = 0;

  /** `onUsed` is told what this thread holds whenever that changes. */
  constructor(account: ByteAccount, onUsed: (bytes: number) => void = () => undefined) {
    this.#account = account;
    this.#onUsed = onUsed;
  }

  get used(): number {
    return this.#used;
  }

  /** So much can be added in this turn. */
  hasRoom(bytes: number): boolean {
    if (this.#used + bytes <= this.#granted) return true;
    const { max } = this.#account;
    return this.#grant(bytes, bytes <= SMALL_BYTES_MAX ? max : max - (max >> 3));
  }

  /** False: it is counted, and there was no room for it. */
  add(bytes: number): boolean {
    const isIn = this.hasRoom(bytes);
    this.#used += bytes;
    this.#onUsed(this.#used);
    return isIn;
  }

  remove(bytes: number): void {
    this.#used -= bytes;
    assert(this.#used >= 0, 'what is given back was taken before');
    this.#onUsed(this.#used);
    const idle = Math.floor((this.#granted - this.#used) / GRANT_BYTES);
    if (idle <= 2 * GRANTS_KEPT) return;
    this.#account.add(GRANTS_KEPT - idle);
    this.#granted -= (idle - GRANTS_KEPT) * GRANT_BYTES;
  }

  #grant(bytes: number, max: number): boolean {
    const missing = Math.ceil((this.#used + bytes - this.#granted) / GRANT_BYTES);
    if (this.#account.add(missing) > max) {
      this.#account.add(-missing);
      return false;
    }
    this.#granted += missing * GRANT_BYTES;
    return true;
  }
}
