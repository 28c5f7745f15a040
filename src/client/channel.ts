/**
 * Calls over successive connections: pipelined, bounded, and sent again if an answer was lost.
 *
 *   call() ─▶ queue ─▶ in flight (≤ limit) ─▶ answer        connection lost: in flight ─▶ front of
 *               ▲         │ RESOURCE_EXHAUSTED, UNAVAILABLE   the queue, in the order of their ids
 *               └─ wait ◀─┘
 *
 * Invariant: at most `inFlightMax` calls are unanswered by the master. A call that was given up
 * counts until its answer arrives, because the master counts it too.
 * Invariant: a queued call has a connection coming: the channel opens one when it is needed.
 */
import { Builder, type IGeneratedObject } from 'flatbuffers';
import pRetry, { AbortError } from 'p-retry';
import { checkBody, checkCallId } from '../wire/body-check.js';
import { CancelT, CloseSessionT, type Reply, RequestBody } from '../wire/generated/index.js';
import { Call } from './call.js';
import { type CallSpec, encodeRequest } from './call-spec.js';
import { decodeOutcome } from './decode.js';
import { asOrchardError, errorOfReply, OrchardError } from './errors.js';
import { FifoQueue } from './fifo-queue.js';
import {
  type Greeting,
  type Link,
  type LinkOptions,
  openLink,
  openSessionCall,
  type WelcomeInfo,
} from './link.js';
import type { CallOptions } from './types.js';

export type ChannelOptions = Omit<LinkOptions, 'nextCallId'> & {
  /** 0 = none. */
  readonly deadlineMs: number;
  /** Of calls that may take long; 0 = none. */
  readonly longDeadlineMs: number;
  readonly inFlightMax: number;
  readonly queueMax: number;
  /** How long to try to connect before the waiting calls fail. */
  readonly reconnectMs: number;
};

const RECONNECT_DELAY_MS_MIN = 50;
const RECONNECT_DELAY_MS_MAX = 2000;
const RETRY_DELAY_MS_MIN = 10;
const RETRY_DELAY_MS_MAX = 2000;
/** For calls without a deadline. */
const RETRY_TIME_MS_MAX = 60_000;
const SEND_BUFFER_BYTES_MAX = 4 * 2 ** 20;
const SEND_BUFFER_POLL_MS = 5;
/** Ids of one millisecond. A client that takes over a client id so avoids older call ids. */
const CALL_IDS_PER_MS = 2 ** 11;

export class Channel {
  readonly #options: ChannelOptions;
  readonly #builder = new Builder(1024);
  readonly #queue = new FifoQueue<Call>();
  readonly #inFlight = new Map<number, Call>();
  /** Further sessions of the connection; each new connection opens them first. */
  readonly #sessions = new Map<number, Greeting>();
  #nextSession = 1;
  readonly #waiting = new Map<Call, ReturnType<typeof setTimeout>>();
  readonly #roomWaiters: (() => void)[] = [];
  readonly #idleWaiters: (() => void)[] = [];
  readonly #closing = new AbortController();
  #link: Link | undefined;
  #connecting: Promise<void> | undefined;
  #pumpTimer: ReturnType<typeof setTimeout> | undefined;
  #nextCallId = Date.now() * CALL_IDS_PER_MS;
  #refusesCalls = false;
  /** Finished calls that are still in the queue: skipped when their turn comes. */
  #givenUpQueued = 0;

  constructor(options: ChannelOptions) {
    this.#options = options;
  }

  get welcome(): WelcomeInfo | undefined {
    return this.#link?.welcome;
  }

  /** Calls that have no answer yet. */
  get pending(): number {
    return this.#queued + this.#waiting.size + this.#inFlight.size;
  }

  /** Opens the first connection; fails when that takes longer than `withinMs`. */
  async connect(withinMs: number): Promise<void> {
    await this.#connect(withinMs);
  }

  /** Opens another client on this connection. Returns its number, for call(). */
  async openSession(greeting: Greeting): Promise<number> {
    const session = this.#nextSession++;
    await this.call(openSessionCall(session, greeting));
    this.#sessions.set(session, greeting);
    return session;
  }

  /** The master cancels what the session has in flight. */
  closeSession(session: number): void {
    if (!this.#sessions.delete(session) || this.#closing.signal.aborted) return;
    const spec = { type: RequestBody.CloseSession, body: new CloseSessionT(session) };
    this.#sendAside(spec);
  }

  call<T>(spec: CallSpec<T>, options: CallOptions = {}, session = 0): Promise<T> {
    const refusal = this.#refusal(spec, options.callId);
    if (refusal !== undefined) return Promise.reject(refusal);
    const usual = spec.long ? this.#options.longDeadlineMs : this.#options.deadlineMs;
    const deadlineMs = options.deadlineMs ?? usual;
    const call = new Call(options.callId ?? this.#takeCallId(), spec, {
      ...options,
      deadlineMs,
      session,
    });
    this.#queue.push(call as Call);
    call.watch(options.signal, (error) => this.#giveUp(call as Call, error));
    this.#pump();
    return call.promise;
  }

  /** Resolves when another call would find room. */
  room(): Promise<void> {
    if (this.#queued < this.#options.queueMax) return Promise.resolve();
    return new Promise((resolve) => this.#roomWaiters.push(resolve));
  }

  /** Takes no more calls, waits for those it has, then closes the connection. */
  async close(withinMs: number): Promise<void> {
    this.#refusesCalls = true;
    if (this.pending > 0 && withinMs > 0) {
      const timer = setTimeout(() => this.#wakeIdle(), withinMs);
      await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
      clearTimeout(timer);
    }
    this.#closing.abort();
    clearTimeout(this.#pumpTimer);
    const error = new OrchardError('CANCELLED', 'The client was closed.');
    for (const call of this.#inFlight.values()) call.fail(error);
    this.#inFlight.clear();
    this.#failWaiting(error);
    this.#link?.close();
    this.#link = undefined;
    this.#wakeRoom();
  }

  #refusal(spec: CallSpec<unknown>, callId = 0): OrchardError | undefined {
    const { path } = spec;
    const bad = checkBody(spec.type, spec.body) ?? checkCallId(callId);
    if (bad !== undefined) return new OrchardError(bad.codeName, bad.message, { ...bad, path });
    if (this.#refusesCalls) return new OrchardError('CANCELLED', 'The client is closed.', { path });
    if (this.#queued < this.#options.queueMax) return undefined;
    return new OrchardError('RESOURCE_EXHAUSTED', `${this.#queued} calls wait already.`, {
      path,
      hint: 'Await client.room() before sending more.',
    });
  }

  get #queued(): number {
    return this.#queue.size - this.#givenUpQueued;
  }

  readonly #takeCallId = (): number => this.#nextCallId++;

  /** Sends what may be sent. */
  #pump(): void {
    const link = this.#link;
    if (link === undefined) {
      if (this.#queued > 0) this.#connectInBackground();
      return;
    }
    const limit = Math.min(this.#options.inFlightMax, link.welcome.inFlightMax);
    while (this.#queue.size > 0 && this.#inFlight.size < limit) {
      if (link.bufferedBytes() > SEND_BUFFER_BYTES_MAX) {
        this.#pumpTimer ??= setTimeout(() => {
          this.#pumpTimer = undefined;
          this.#pump();
        }, SEND_BUFFER_POLL_MS);
        break;
      }
      const call = this.#queue.shift()!;
      if (call.state === 'queued') this.#send(link, call);
      else this.#givenUpQueued -= 1;
    }
    if (this.#queued < this.#options.queueMax) this.#wakeRoom();
    if (this.pending === 0) this.#wakeIdle();
  }

  #send(link: Link, call: Call): void {
    if (this.#inFlight.has(call.id)) {
      call.fail(new OrchardError('INVALID_ARGUMENT', `Call id ${call.id} is in flight.`));
      return;
    }
    const frame = this.#encode(call);
    if (frame === undefined) return;
    const { frameBytesMax } = link.welcome;
    if (frame.length > frameBytesMax) {
      const reason = `The request has ${frame.length} bytes; the master takes ${frameBytesMax}.`;
      const hint = 'Send fewer or smaller items in one call.';
      call.fail(new OrchardError('INVALID_ARGUMENT', reason, { path: call.spec.path, hint }));
      return;
    }
    call.state = 'sent';
    this.#inFlight.set(call.id, call);
    link.send(frame);
  }

  /** Arguments that cannot be encoded fail that call only. */
  #encode(call: Call): Uint8Array | undefined {
    try {
      const deadlineMs = call.remainingMs();
      const { id, session } = call;
      return encodeRequest(this.#builder, call.spec, { call: id, deadlineMs, session });
    } catch (cause) {
      const { path } = call.spec;
      const reason = `The request cannot be encoded: ${asOrchardError(cause).message}`;
      call.fail(new OrchardError('INVALID_ARGUMENT', reason, { path, cause }));
      return undefined;
    }
  }

  #reply(reply: Reply): void {
    const id = reply.call();
    const call = this.#inFlight.get(id);
    if (call === undefined) return;
    if (reply.more()) {
      call.interim(reply);
      return;
    }
    this.#inFlight.delete(id);
    const code = reply.code();
    if (call.state === 'sent') {
      if (code === 0) call.succeed(reply);
      else {
        const { path } = call.spec;
        this.#refused(call, errorOfReply(code, reply.error(), path, decodeOutcome(reply)));
      }
    }
    this.#pump();
  }

  #refused(call: Call, error: OrchardError): void {
    const backOff = RETRY_DELAY_MS_MIN * 2 ** Math.min(call.retries, 16) * (1 + Math.random());
    const delayMs = error.retryAfterMs ?? Math.min(backOff, RETRY_DELAY_MS_MAX);
    const untilMs = Math.min(call.deadlineAtMs, call.startedMs + this.#retryTimeMs(call));
    const isInTime = performance.now() + delayMs < untilMs;
    if (!call.mayRetry || !error.retryable || !isInTime || this.#refusesCalls) {
      call.fail(error);
      return;
    }
    call.retries += 1;
    call.lastError = error;
    call.state = 'waiting';
    const timer = setTimeout(() => {
      this.#waiting.delete(call);
      if (call.state !== 'waiting') return;
      call.state = 'queued';
      this.#queue.push(call);
      this.#pump();
    }, delayMs);
    this.#waiting.set(call, timer);
  }

  #retryTimeMs(call: Call): number {
    return call.deadlineAtMs === Number.POSITIVE_INFINITY ? RETRY_TIME_MS_MAX : Infinity;
  }

  /** The caller no longer wants an answer; the call is cancelled at the master. */
  #giveUp(call: Call, error: OrchardError): void {
    const before = call.state;
    call.fail(error);
    clearTimeout(this.#waiting.get(call));
    this.#waiting.delete(call);
    if (before === 'sent') {
      this.#sendAside({ type: RequestBody.Cancel, body: new CancelT(call.id) });
    } else if (before === 'queued') {
      this.#givenUpQueued += 1;
      if (this.#givenUpQueued * 2 > this.#queue.size) this.#forgetGivenUp();
    }
    this.#pump();
  }

  /** Sends a message whose answer nobody waits for. */
  #sendAside(spec: { type: RequestBody; body: IGeneratedObject }, link = this.#link): void {
    const call = this.#takeCallId();
    link?.send(encodeRequest(this.#builder, spec, { call, deadlineMs: 0 }));
  }

  #forgetGivenUp(): void {
    this.#queue.removeIf((call) => call.state === 'done');
    this.#givenUpQueued = 0;
  }

  #lost(error: OrchardError): void {
    this.#link = undefined;
    const again = [...this.#inFlight.values()].filter((call) => call.state === 'sent');
    this.#inFlight.clear();
    for (const call of again) {
      call.lastError = error;
      if (call.mayRetry) call.state = 'queued';
      else call.fail(error);
    }
    this.#queue.unshift(again.filter((call) => call.state === 'queued'));
    this.#pump();
    if (this.pending === 0) this.#wakeIdle();
  }

  #connectInBackground(): void {
    if (this.#connecting !== undefined || this.#closing.signal.aborted) return;
    // The calls that waited for it have been told.
    this.#connect(this.#options.reconnectMs).catch(() => undefined);
  }

  #connect(withinMs: number): Promise<void> {
    this.#connecting ??= this.#openWithin(withinMs)
      .catch((thrown: unknown) => {
        const error = asOrchardError(thrown);
        this.#failWaiting(error);
        throw error;
      })
      .finally(() => {
        this.#connecting = undefined;
        this.#pump();
      });
    return this.#connecting;
  }

  async #openWithin(withinMs: number): Promise<void> {
    await pRetry(() => this.#open(), {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: RECONNECT_DELAY_MS_MIN,
      maxTimeout: RECONNECT_DELAY_MS_MAX,
      maxRetryTime: withinMs,
      randomize: true,
      signal: this.#closing.signal,
    });
  }

  async #open(): Promise<void> {
    let lostEarly: OrchardError | undefined;
    let isCurrent = false;
    const options = { ...this.#options, nextCallId: this.#takeCallId };
    const link = await openLink(options, {
      reply: (reply) => this.#reply(reply),
      isWaiting: () => this.#inFlight.size > 0,
      lost: (error) => {
        lostEarly = error;
        if (isCurrent) this.#lost(error);
      },
    }).catch((thrown: unknown) => {
      const error = asOrchardError(thrown);
      this.#blame(error);
      throw error.retryable ? error : new AbortError(error);
    });
    if (this.#closing.signal.aborted) link.close();
    else if (lostEarly !== undefined) throw lostEarly;
    else {
      isCurrent = true;
      for (const [session, greeting] of this.#sessions) {
        this.#sendAside(openSessionCall(session, greeting), link);
      }
      this.#link = link;
    }
  }

  /** A deadline that passes meanwhile then reports that there was no connection. */
  #blame(error: OrchardError): void {
    for (const call of this.#queue) call.lastError = error;
  }

  #failWaiting(error: OrchardError): void {
    for (const call of this.#queue.clear()) call.fail(error);
    this.#givenUpQueued = 0;
    for (const [call, timer] of this.#waiting) {
      clearTimeout(timer);
      call.fail(error);
    }
    this.#waiting.clear();
    this.#wakeIdle();
  }

  #wakeRoom(): void {
    for (const wake of this.#roomWaiters.splice(0)) wake();
  }

  #wakeIdle(): void {
    for (const wake of this.#idleWaiters.splice(0)) wake();
  }
}
