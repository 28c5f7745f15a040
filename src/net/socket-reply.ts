/**
 * The port of one call over a WebSocket. A call that ends within its own message callback returns
 * its port, so that the common call allocates none. Other ports stay in session.waiting until they
 * end.
 */
import { Code, type StatusError } from '../base/status.js';
import type { ReplyEncoder } from '../wire/encode.js';
import type { MemberSession } from './member-session.js';
import type { ReplyPort } from './rpc-handler.js';
import type { SocketSession } from './socket-session.js';

export class SocketReply implements ReplyPort {
  session!: SocketSession;
  member: MemberSession | undefined = undefined;
  call = 0;
  cost = 0;
  #operation = 0;
  /** Of the turn in which the call came. */
  #began = 0;
  aborted = false;
  ended = true;
  onDrain: (() => void) | undefined = undefined;
  onAbort: (() => void) | undefined = undefined;
  readonly #encoder: ReplyEncoder;

  constructor(encoder: ReplyEncoder) {
    this.#encoder = encoder;
  }

  begin(
    session: SocketSession,
    member: MemberSession | undefined,
    call: number,
    operation: number,
    cost: number,
  ): void {
    this.session = session;
    this.member = member;
    this.call = call;
    this.cost = cost;
    this.#operation = operation;
    this.#began = session.edge.clock.now();
    this.aborted = false;
    this.ended = false;
    this.onDrain = undefined;
    this.onAbort = undefined;
  }

  send(bytes: Uint8Array): boolean {
    if (this.ended || this.aborted) return false;
    if (this.session.write(bytes)) return true;
    this.session.pause(this);
    return false;
  }

  end(bytes?: Uint8Array, code: Code = Code.OK): void {
    if (this.ended) return;
    this.ended = true;
    const { counters, clock } = this.session.edge;
    counters.ended(this.#operation, code);
    clock.answered(this.#operation, this.#began);
    this.session.forget(this.call, this);
    if (bytes !== undefined && !this.aborted) this.session.write(bytes);
  }

  fail(error: StatusError): void {
    if (this.ended) return;
    this.end(this.#encoder.error(this.call, error), error.code);
  }
}
