/**
 * From a frame to the handler: verify, check every field, read the envelope, answer what belongs to
 * the session itself, keep the limits, and catch what the handler throws. This is the only
 * try/catch of a request.
 *
 * A frame of the fast path is served first, by kernels that accept only values that the table of
 * fields (wire/field-rules.ts) allows. Any other frame:
 *
 * Life of a frame: verifyRequest -> checkRequest -> cursor.move
 *                  -> session messages | limits -> handler.handle
 *   ended within the callback: its port is used again for the next frame
 *   otherwise:                 its port stays in session.waiting, and the next frame gets a new one
 */
import { Code, StatusError } from '../base/status.js';
import { internalError } from '../base/status-form.js';
import { ReplyEncoder } from '../wire/encode.js';
import { Cancel, RequestBody } from '../wire/generated/index.js';
import { callWordsOf, checkRequest } from '../wire/request-check.js';
import { RequestCursor } from '../wire/request-cursor.js';
import { UNREADABLE } from '../wire/surface-calls.js';
import { callNumberOf, unfoldedBytes, Verdict, verifyRequest } from '../wire/verify.js';
import { encodeWelcome, readHello, type ServerIdentity } from './handshake.js';
import type { HttpReply } from './http-reply.js';
import type { MemberSession } from './member-session.js';
import {
  exhausted,
  malformed,
  memoryIsShort,
  noCancelling,
  noSessions,
  notGreeted,
  stopping,
  unknownRequest,
} from './refusals.js';
import type { ReplyPort, RpcHandler, Session } from './rpc-handler.js';
import { closeSession, notOpen, openSession } from './session-table.js';
import { SocketReply } from './socket-reply.js';
import type { EdgeContext, SocketSession, WaitingReply } from './socket-session.js';

/** WebSocket close codes. */
export const CloseCode = { GOING_AWAY: 1001, PROTOCOL: 1002, TEXT: 1003, TOO_BIG: 1009 } as const;

/** What a call takes that waits, beside what was asked. */
const CALL_BYTES = 1024;

export class Dispatcher {
  /** No new calls: the thread is about to stop. */
  draining = false;

  readonly encoder = new ReplyEncoder();
  readonly #cursor = new RequestCursor();
  readonly #edge: EdgeContext;
  readonly #handler: RpcHandler;
  readonly #server: ServerIdentity;
  #spare = new SocketReply(this.encoder);
  /** What the frame that was read last costs if its call stays. */
  #cost = 0;
  /** The cursor stands on the frame that was read last, whether or not its fields are allowed. */
  #isVerified = false;

  constructor(edge: EdgeContext, handler: RpcHandler, server: ServerIdentity) {
    this.#edge = edge;
    this.#handler = handler;
    this.#server = server;
  }

  socketFrame(session: SocketSession, bytes: Uint8Array): void {
    if (session.greeted && this.#serve(session, bytes)) return;
    const refusal = this.#read(bytes);
    if (refusal !== undefined) {
      this.#refuseFrame(session, bytes, refusal);
      return;
    }
    const { call } = this.#cursor;
    if (!session.greeted && this.#cursor.bodyType !== RequestBody.Hello) {
      this.#refuse(session, call, notGreeted);
      return;
    }
    if (this.#cursor.bodyType <= RequestBody.CloseSession) {
      this.#sessionMessage(session, call);
      return;
    }
    const limit = this.#limit(session, call, this.#cost);
    if (limit !== undefined) {
      this.#refuse(session, call, limit);
      return;
    }
    if (this.#cursor.session === 0) this.#call(session, undefined, call);
    else this.#memberCall(session, this.#cursor.session, call);
  }

  /** A call of one of the further sessions of the connection. */
  #memberCall(session: SocketSession, number: number, call: number): void {
    const member = session.members?.get(number);
    if (member === undefined) {
      this.#refuse(session, call, notOpen(number));
      return;
    }
    if (this.#isFull(member)) {
      const reason = `${member.inFlight} calls of session ${number} are in flight.`;
      this.#refuse(session, call, exhausted(reason, this.#edge.limits.retryAfterMs));
      return;
    }
    this.#call(session, member, call);
  }

  #call(session: SocketSession, member: MemberSession | undefined, call: number): void {
    const reply = this.#spare;
    reply.begin(session, member, call, this.#cursor.bodyType, this.#cost);
    this.#hand(member ?? session, reply);
    this.#keep(session, reply);
  }

  /** True: a kernel has answered or begun the request, or refused it. */
  #serve(session: SocketSession, bytes: Uint8Array): boolean {
    const { fast } = this.#handler;
    if (fast === undefined) return false;
    const call = fast.open(bytes);
    const cost = CALL_BYTES + bytes.length;
    if (call < 0 || this.#limit(session, call, cost) !== undefined) return false;
    const number = fast.session;
    const member = number === 0 ? undefined : session.members?.get(number);
    if (number !== 0 && (member === undefined || this.#isFull(member))) return false;
    const reply = this.#spare;
    reply.begin(session, member, call, fast.operation, cost);
    try {
      if (!fast.serve(member ?? session, reply)) return false;
    } catch (error) {
      this.#failed(reply, error);
    }
    const { counters } = this.#edge;
    counters.framesIn++;
    counters.bytesIn += bytes.length;
    this.#keep(session, reply);
    return true;
  }

  #isFull(member: MemberSession): boolean {
    return member.inFlight >= this.#edge.limits.sessionInFlightMax;
  }

  /** Ports of unfinished calls wait with their session. */
  #keep(session: SocketSession, reply: SocketReply): void {
    if (reply.ended) return;
    this.#spare = new SocketReply(this.encoder);
    if (session.open) session.hold(reply.call, reply);
    else session.abort(reply);
  }

  httpBody(session: Session, bytes: Uint8Array, reply: HttpReply): void {
    const refusal = this.#read(bytes);
    if (refusal !== undefined) {
      reply.operation = this.#isVerified ? this.#cursor.bodyType : UNREADABLE;
      // A number that is too large is left out: nobody needs it over HTTP.
      reply.call = callNumberOf(bytes);
      this.refuseHttp(reply, refusal);
      return;
    }
    reply.call = this.#cursor.call;
    reply.operation = this.#cursor.bodyType;
    if (this.draining) {
      this.refuseHttp(reply, stopping(this.#edge.limits.retryAfterMs));
      return;
    }
    if (this.#cursor.session !== 0) {
      this.refuseHttp(reply, noSessions);
      return;
    }
    switch (this.#cursor.bodyType) {
      case RequestBody.OpenSession:
      case RequestBody.CloseSession:
        this.refuseHttp(reply, noSessions);
        return;
      case RequestBody.Hello:
      case RequestBody.Ping:
        reply.end(this.encoder.empty(reply.call));
        return;
      case RequestBody.Cancel:
        this.refuseHttp(reply, noCancelling);
        return;
      default:
        if (reply.charge(this.#cost)) this.#hand(session, reply);
        else this.refuseHttp(reply, memoryIsShort(this.#edge.limits.retryAfterMs));
        return;
    }
  }

  /** Counts and answers as a refused call over a WebSocket. */
  refuseHttp(reply: HttpReply, error: StatusError): void {
    this.#countRefusal(error);
    reply.fail(error);
  }

  socketClosed(session: SocketSession): void {
    session.closed();
    const members = [...(session.members?.values() ?? [])];
    this.#edge.counters.sessions -= members.length;
    session.members = undefined;
    try {
      for (const member of members) {
        member.open = false;
        this.#handler.closed?.(member);
      }
      this.#handler.closed?.(session);
    } catch (error) {
      this.#edge.onBug(error);
    }
  }

  /** Moves the cursor to the frame, or says what is wrong with it. */
  #read(bytes: Uint8Array): StatusError | undefined {
    const { counters } = this.#edge;
    counters.framesIn++;
    counters.bytesIn += bytes.length;
    this.#isVerified = false;
    const verdict = verifyRequest(bytes);
    if (verdict === Verdict.UNKNOWN_MEMBER) return unknownRequest;
    if (verdict !== Verdict.VALID) {
      counters.malformed++;
      return malformed;
    }
    this.#cost = CALL_BYTES + unfoldedBytes();
    this.#cursor.move(bytes);
    this.#isVerified = true;
    return checkRequest(bytes);
  }

  /** A connection whose Hello is wrong is closed after the answer. */
  #refuseFrame(session: SocketSession, bytes: Uint8Array, refusal: StatusError): void {
    const { counters } = this.#edge;
    counters.refused++;
    counters.ended(this.#isVerified ? this.#cursor.bodyType : UNREADABLE, refusal.code);
    if (!this.#isVerified) {
      session.write(this.encoder.error(callNumberOf(bytes), refusal));
      return;
    }
    session.write(this.encoder.refusal(callWordsOf(bytes), refusal));
    if (!session.greeted && this.#cursor.bodyType === RequestBody.Hello) {
      this.#endUngreeted(session, refusal);
    }
  }

  #endUngreeted(session: SocketSession, refusal: StatusError): void {
    this.#edge.counters.dropped++;
    session.socket.end(CloseCode.PROTOCOL, refusal.codeName);
  }

  #hand(session: Session, reply: ReplyPort): void {
    try {
      this.#handler.handle(session, this.#cursor, reply);
    } catch (error) {
      this.#failed(reply, error);
    }
  }

  #failed(reply: ReplyPort, error: unknown): void {
    if (error instanceof StatusError) {
      reply.fail(error);
      return;
    }
    this.#edge.onBug(error);
    reply.fail(internalError());
  }

  #limit(session: SocketSession, call: number, cost: number): StatusError | undefined {
    if (this.draining) return stopping(this.#edge.limits.retryAfterMs);
    const { limits } = this.#edge;
    const { waiting } = session;
    if (waiting.size > 0) {
      if (waiting.has(call)) {
        return new StatusError(Code.INVALID_ARGUMENT, `Call ${call} is in flight already.`);
      }
      if (waiting.size >= limits.inFlightMax) {
        return exhausted(
          `${waiting.size} calls of this connection are in flight.`,
          limits.retryAfterMs,
        );
      }
    }
    const full = this.#memory(session, cost);
    if (full !== undefined) return full;
    if (session.isCongested())
      return exhausted('This connection does not read its replies.', limits.retryAfterMs);
    return undefined;
  }

  /** Undefined: there is room for what costs so much to wait. */
  #memory({ heldBytes }: SocketSession, cost: number): StatusError | undefined {
    const { limits, bytes } = this.#edge;
    if (heldBytes > 0 && heldBytes + cost > limits.heldBytesMax) {
      return exhausted(
        `The calls of this connection hold ${heldBytes} bytes.`,
        limits.retryAfterMs,
      );
    }
    return bytes.hasRoom(cost) ? undefined : memoryIsShort(limits.retryAfterMs);
  }

  /** The refused call does not reach the handler. */
  #refuse(session: SocketSession, call: number, error: StatusError): void {
    this.#countRefusal(error);
    this.#edge.counters.ended(this.#cursor.bodyType, error.code);
    session.write(this.encoder.error(call, error));
  }

  #countRefusal({ code }: StatusError): void {
    const { counters } = this.#edge;
    counters.refused++;
    if (code === Code.RESOURCE_EXHAUSTED) counters.exhausted++;
  }

  #sessionMessage(session: SocketSession, call: number): void {
    const type = this.#cursor.bodyType;
    if (type === RequestBody.Hello) {
      this.#hello(session, call);
      return;
    }
    if (type === RequestBody.Cancel) {
      this.#edge.counters.ended(type, Code.OK);
      this.#cancel(session);
      return;
    }
    if (type !== RequestBody.Ping) {
      const failure = this.#openOrClose(session, type);
      if (failure !== undefined) {
        this.#refuse(session, call, failure);
        return;
      }
    }
    this.#edge.counters.ended(this.#cursor.bodyType, Code.OK);
    session.write(this.encoder.empty(call));
  }

  #openOrClose(session: SocketSession, type: RequestBody): StatusError | undefined {
    if (this.draining) return stopping(this.#edge.limits.retryAfterMs);
    try {
      if (type === RequestBody.OpenSession) {
        const full = this.#memory(session, this.#cost);
        if (full !== undefined) return full;
        openSession(session, this.#cursor, this.#cost);
      } else this.#endMember(session, closeSession(session, this.#cursor));
      return undefined;
    } catch (error) {
      if (error instanceof StatusError) return error;
      throw error;
    }
  }

  /** Answers the calls of the session with CANCELLED. */
  #endMember(session: SocketSession, member: MemberSession): void {
    for (const [call, reply] of [...session.waiting]) {
      if (reply.member === member) this.#cancelled(session, call, reply);
    }
    try {
      this.#handler.closed?.(member);
    } catch (error) {
      this.#edge.onBug(error);
    }
  }

  #hello(session: SocketSession, call: number): void {
    if (session.greeted) {
      this.#refuse(
        session,
        call,
        new StatusError(Code.FAILED_PRECONDITION, 'This connection has already said Hello.'),
      );
      return;
    }
    try {
      Object.assign(session, readHello(this.#cursor));
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      this.#refuse(session, call, error);
      this.#endUngreeted(session, error);
      return;
    }
    session.greeted = true;
    session.charge(this.#cost);
    clearTimeout(session.helloTimer);
    session.helloTimer = undefined;
    this.#edge.counters.ended(this.#cursor.bodyType, Code.OK);
    session.write(encodeWelcome(this.encoder, call, this.#server, this.#edge.limits));
  }

  #cancel(session: SocketSession): void {
    const cancel = new Cancel().__init(this.#cursor.body, this.#cursor.buffer);
    const target = cancel.target();
    const reply = session.waiting.get(target);
    if (reply !== undefined) this.#cancelled(session, target, reply);
  }

  #cancelled(session: SocketSession, call: number, reply: WaitingReply): void {
    session.release(call, reply);
    session.abort(reply);
    // It counts when the code that works for it has given it up.
    const error = new StatusError(Code.CANCELLED, 'The caller cancelled the call.');
    session.write(this.encoder.error(call, error));
  }
}
