/**
 * Replies that become ready outside of a socket's own callback. Each send there costs a system
 * call. So replies are copied here and written together, and each touched socket is corked once.
 *
 *   arena   [frame][frame][frame]…            frames of all sockets as they came
 *   links   next[frame]: the next frame of the same socket, -1 = last
 *
 * flush() comes by itself at the end of the turn (a microtask); a loop that completes many calls
 * in one turn may call it itself. Invariant: after flush() the outbox is empty.
 */

/** What the outbox needs of a socket's session; it owns the three fields. */
export type OutboxTarget = {
  readonly open: boolean;
  readonly socket: { cork(callback: () => void): unknown };
  outboxFirst: number;
  outboxLast: number;
  outboxBytes: number;
  sendNow(bytes: Uint8Array): void;
  flushed(): void;
};

const ARENA_BYTES_INITIAL = 1 << 18;
const ARENA_BYTES_KEPT_MAX = 1 << 22;
/** From this size on a system call is cheaper than a copy. */
const DIRECT_BYTES_MIN = 1 << 15;

export class Outbox {
  #arena = new Uint8Array(ARENA_BYTES_INITIAL);
  #used = 0;
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #next: number[] = [];
  readonly #touched: OutboxTarget[] = [];
  #scheduled = false;
  #current: OutboxTarget | undefined;
  readonly #writeCurrent = (): void => this.#write(this.#current!);
  readonly #flushScheduled = (): void => {
    this.#scheduled = false;
    this.flush();
  };

  add(session: OutboxTarget, bytes: Uint8Array): void {
    if (bytes.length >= DIRECT_BYTES_MIN) {
      this.flush();
      session.sendNow(bytes);
      return;
    }
    const start = this.#reserve(bytes.length);
    this.#arena.set(bytes, start);
    this.#link(session, start, bytes.length);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(this.#flushScheduled);
  }

  flush(): void {
    for (const session of this.#touched) {
      if (session.open) {
        this.#current = session;
        session.socket.cork(this.#writeCurrent);
      }
      session.outboxFirst = -1;
      session.outboxBytes = 0;
      session.flushed();
    }
    this.#current = undefined;
    this.#touched.length = 0;
    this.#starts.length = 0;
    this.#ends.length = 0;
    this.#next.length = 0;
    this.#used = 0;
    if (this.#arena.length > ARENA_BYTES_KEPT_MAX)
      this.#arena = new Uint8Array(ARENA_BYTES_INITIAL);
  }

  #write(session: OutboxTarget): void {
    for (
      let frame = session.outboxFirst;
      frame !== -1 && session.open;
      frame = this.#next[frame]!
    ) {
      session.sendNow(this.#arena.subarray(this.#starts[frame]!, this.#ends[frame]!));
    }
  }

  #reserve(bytes: number): number {
    const start = this.#used;
    this.#used += bytes;
    if (this.#used > this.#arena.length) {
      const larger = new Uint8Array(2 ** Math.ceil(Math.log2(this.#used)));
      larger.set(this.#arena.subarray(0, start));
      this.#arena = larger;
    }
    return start;
  }

  #link(session: OutboxTarget, start: number, bytes: number): void {
    const frame = this.#starts.length;
    this.#starts.push(start);
    this.#ends.push(start + bytes);
    this.#next.push(-1);
    if (session.outboxFirst === -1) {
      session.outboxFirst = frame;
      this.#touched.push(session);
    } else {
      this.#next[session.outboxLast] = frame;
    }
    session.outboxLast = frame;
    session.outboxBytes += bytes;
  }
}
