/**
 * One WebSocket connection: its caller, its waiting calls, and its unread bytes.
 *
 * Invariant: a member's `inFlight` is the number of its calls in `waiting`.
 * Invariant: `waiting` holds exactly the calls that did not end within their own message callback.
 * Invariant: a stream that was told to stop is in `paused` and is woken once, below the low mark.
 * Invariant: `heldBytes` is what its calls in `waiting`, its members and itself cost; that and what
 *   it has not read are counted in the budget of bytes until the connection is gone.
 * Invariant: frames of a session leave in the order in which they were written.
 */
import type { WebSocket } from 'uWebSockets.js';
import type { CallCounters } from '../wire/call-counters.js';
import type { ByteBudget } from './byte-budget.js';
import type { MemberSession } from './member-session.js';
import type { OriginRule } from './origin-rule.js';
import type { Outbox, OutboxTarget } from './outbox.js';
import type { Session } from './rpc-handler.js';
import type { RpcLimits } from './rpc-limits.js';
import type { TurnClock } from './turn-clock.js';

/**
 * To ask the socket how much it holds is a call into uWS, so it is asked once per this many bytes.
 */
const BUFFERED_CHECK_BYTES = 1 << 16;

/**
 * What uWS keeps of a socket: it copies the properties of this object, so it is but a reference.
 */
export type SocketData = { readonly session: SocketSession };

export type EdgeContext = {
  readonly limits: RpcLimits;
  readonly counters: CallCounters;
  readonly clock: TurnClock;
  readonly outbox: Outbox;
  readonly origin: OriginRule;
  readonly bytes: ByteBudget;
  /** What must not happen has happened in a callback of the floor below. */
  readonly onBug: (error: unknown) => void;
};

/** A call that has not ended within its own message callback. */
export type WaitingReply = {
  aborted: boolean;
  /** Whose call it is, if not the connection's own. */
  readonly member: MemberSession | undefined;
  /** What it counts in the budget of bytes, for as long as it waits. */
  readonly cost: number;
  readonly onDrain: (() => void) | undefined;
  readonly onAbort: (() => void) | undefined;
};

export class SocketSession implements Session, OutboxTarget {
  clientId = 0;
  user = '';
  groups: readonly string[] = [];
  clientName = '';
  attachment: unknown = undefined;
  open = true;
  greeted = false;
  /** Closes a connection that has not said Hello by then. */
  helloTimer: NodeJS.Timeout | undefined;
  /** Within the socket's own callback, where uWS groups what is sent. */
  inCallback = false;

  /** Of gather.ts. */
  gatherWindow = 0;

  /** The outbox's own fields about this session. */
  outboxFirst = -1;
  outboxLast = -1;
  outboxBytes = 0;

  heldBytes = 0;
  readonly waiting = new Map<number, WaitingReply>();
  /** Sessions beside its own, by number; most connections have none. */
  members: Map<number, MemberSession> | undefined;
  /** Set when the connection opens, before anything else happens to the session. */
  socket!: WebSocket<SocketData>;

  readonly edge: EdgeContext;
  readonly source: string;
  readonly #paused: WaitingReply[] = [];
  #bufferedBytes = 0;
  #uncheckedBytes = 0;
  #resumeScheduled = false;
  readonly #resumeLater = (): void => {
    this.#resumeScheduled = false;
    this.drained();
  };

  constructor(edge: EdgeContext, source: string) {
    this.edge = edge;
    this.source = source;
  }

  /** False: the frame is taken, but the reader is behind. */
  write(bytes: Uint8Array): boolean {
    if (!this.open) return false;
    if (this.inCallback && this.outboxBytes === 0) this.sendNow(bytes);
    else this.edge.outbox.add(this, bytes);
    return !this.isCongested();
  }

  sendNow(bytes: Uint8Array): void {
    if (!this.open) return;
    const { counters } = this.edge;
    counters.framesOut++;
    counters.bytesOut += bytes.length;
    this.#uncheckedBytes += bytes.length;
    const sent = this.socket.send(bytes, true, false);
    if (sent === 1) return;
    // Built up (0), or dropped (2): then uWS closes the connection by itself.
    if (!this.open || this.#checkBuffered()) return;
    if (this.#bufferedBytes > BUFFERED_CHECK_BYTES) this.#giveUp();
  }

  /** Memory is short, and this connection does not read what it has asked for. */
  #giveUp(): void {
    this.edge.counters.dropped++;
    this.socket.close();
  }

  isCongested(): boolean {
    if (!this.open) return true;
    if (this.#uncheckedBytes >= BUFFERED_CHECK_BYTES || this.#bufferedBytes > 0) {
      this.#checkBuffered();
    }
    return this.#bufferedBytes + this.outboxBytes > this.edge.limits.bufferedBytesHigh;
  }

  pause(reply: WaitingReply): void {
    if (!this.#paused.includes(reply)) this.#paused.push(reply);
  }

  /** Until refund(), or until the connection is gone. */
  charge(bytes: number): void {
    this.heldBytes += bytes;
    this.edge.bytes.add(bytes);
  }

  refund(bytes: number): void {
    this.heldBytes -= bytes;
    this.edge.bytes.remove(bytes);
  }

  /** The call goes on after its message callback. */
  hold(call: number, reply: WaitingReply): void {
    this.waiting.set(call, reply);
    this.charge(reply.cost);
    this.edge.counters.inFlight++;
    if (reply.member !== undefined) reply.member.inFlight++;
  }

  /** The opposite of hold(). */
  release(call: number, reply: WaitingReply): void {
    if (this.waiting.delete(call)) {
      this.edge.counters.inFlight--;
      this.refund(reply.cost);
    }
    if (reply.member !== undefined) reply.member.inFlight--;
  }

  /** The call is over. It is not waiting when it ended in its own callback or was cancelled. */
  forget(call: number, reply: WaitingReply): void {
    if (this.waiting.size > 0 && this.waiting.get(call) === reply) this.release(call, reply);
    if (this.#paused.length === 0) return;
    const index = this.#paused.indexOf(reply);
    if (index !== -1) this.#paused.splice(index, 1);
  }

  /** The socket has written some of what it held. */
  drained(): void {
    if (!this.open) return;
    this.#checkBuffered();
    if (this.#paused.length === 0) return;
    if (this.#bufferedBytes + this.outboxBytes > this.edge.limits.bufferedBytesLow) return;
    const woken = this.#paused.splice(0);
    for (const reply of woken) this.#guarded(reply.onDrain);
  }

  /**
   * After the outbox has written for this session. What paused because of the outbox alone would
   * wait for a drain that never comes; it goes on in a later turn, so that others have theirs.
   */
  flushed(): void {
    if (this.#paused.length === 0 || this.#resumeScheduled || !this.open) return;
    this.#resumeScheduled = true;
    setImmediate(this.#resumeLater);
  }

  closed(): void {
    this.open = false;
    this.#paused.length = 0;
    this.edge.bytes.remove(this.heldBytes + this.#bufferedBytes);
    this.heldBytes = 0;
    this.#bufferedBytes = 0;
    const replies = [...this.waiting.values()];
    this.edge.counters.inFlight -= replies.length;
    this.waiting.clear();
    for (const reply of replies) this.abort(reply);
  }

  abort(reply: WaitingReply): void {
    reply.aborted = true;
    this.#guarded(reply.onAbort);
  }

  /** False: it is more than it was, and no room is left for it. */
  #checkBuffered(): boolean {
    this.#uncheckedBytes = 0;
    const before = this.#bufferedBytes;
    this.#bufferedBytes = this.socket.getBufferedAmount();
    const more = this.#bufferedBytes - before;
    if (more > 0) return this.edge.bytes.add(more);
    if (more < 0) this.edge.bytes.remove(-more);
    return true;
  }

  #guarded(callback: (() => void) | undefined): void {
    if (callback === undefined) return;
    try {
      callback();
    } catch (error) {
      this.edge.onBug(error);
    }
  }
}
