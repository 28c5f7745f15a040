/**
 * Why a call cannot go on now. Any code may throw it; only the scheduler catches it, and starts the
 * call again when the reason is gone. Calls keep no state between attempts. A parked call holds
 * nothing: no lock, no ring space, no scratch. Pure.
 */
export type ParkReason =
  /** Another operation holds a lock; tried again when locks are released, oldest first. */
  | { readonly kind: 'lock' }
  /** Tier 2 does not have everything up to this seq yet. */
  | { readonly kind: 'flush'; readonly seq: number }
  /** The ring to the writer is full; tried again after the next completion. */
  | { readonly kind: 'ring' }
  /** A user or group name has no number yet: an entry must give it one. */
  | { readonly kind: 'intern'; readonly name: string }
  /** Other work (such as a call to a store) is running; tried again when the promise settles. */
  | { readonly kind: 'work'; readonly done: Promise<unknown> }
  /** A structural change is being applied; tried again in the next turn. */
  | { readonly kind: 'turn' };

export class Park {
  readonly reason: ParkReason;

  private constructor(reason: ParkReason) {
    this.reason = reason;
  }

  static readonly lock = new Park({ kind: 'lock' });
  static readonly ring = new Park({ kind: 'ring' });
  static readonly turn = new Park({ kind: 'turn' });

  static flush(seq: number): Park {
    return new Park({ kind: 'flush', seq });
  }

  static intern(name: string): Park {
    return new Park({ kind: 'intern', name });
  }

  static work(done: Promise<unknown>): Park {
    return new Park({ kind: 'work', done });
  }
}
