/**
 * One connection to a master: opened, greeted, watched, lost. It knows frames and the handshake.
 * channel.ts decides which calls use it, and whether they are sent again on the next one.
 *
 *   transport opens ─▶ Hello ─▶ Welcome ─▶ requests and replies ─▶ lost, once
 *
 * Invariant: `lost` is called once, and only for a link that was welcomed.
 * A connection that is silent while the master owes an answer is asked by Ping, and then dropped.
 * TCP would notice a peer that vanished without a FIN only after a quarter of an hour.
 */
import { Builder, ByteBuffer } from 'flatbuffers';
import {
  HelloT,
  OpenSessionT,
  Reply,
  ReplyBody,
  RequestBody,
  Welcome,
} from '../wire/generated/index.js';
import { Verdict, verifyReply } from '../wire/verify.js';
import { pingCall } from './admin-calls.js';
import { type CallSpec, encodeRequest } from './call-spec.js';
import { errorOfReply, OrchardError } from './errors.js';
import type { Transport, Wire } from './transport.js';

export const PROTOCOL_VERSION = 1;

export type Greeting = {
  readonly clientId: number;
  readonly user: string;
  readonly groups: readonly string[];
  readonly clientName: string;
};

export type LinkOptions = {
  readonly url: string;
  readonly transport: Transport;
  readonly greeting: Greeting;
  readonly openTimeoutMs: number;
  /**
   * Silence after which the master is asked whether it is alive; three times this ends the link.
   */
  readonly silenceMs: number;
  readonly nextCallId: () => number;
};

export type LinkEvents = {
  /** Valid during the call only. */
  reply(reply: Reply): void;
  lost(error: OrchardError): void;
  /** Whether the master owes an answer. */
  isWaiting(): boolean;
};

export type WelcomeInfo = {
  readonly version: number;
  readonly serverVersion: string;
  readonly clusterId: string;
  readonly frameBytesMax: number;
  readonly inFlightMax: number;
  /** Sessions that one connection may carry beside its own. */
  readonly sessionsMax: number;
};

export type Link = {
  readonly welcome: WelcomeInfo;
  send(frame: Uint8Array): void;
  bufferedBytes(): number;
  /** Ends it without `lost`. */
  close(): void;
};

const SILENCES_MAX = 3;
/** The limits to assume for a master that names none. */
const IN_FLIGHT_DEFAULT = 256;
const FRAME_BYTES_DEFAULT = 1 << 20;

export function openSessionCall(session: number, greeting: Greeting): CallSpec<void> {
  const { clientId, user, groups, clientName } = greeting;
  return {
    type: RequestBody.OpenSession,
    body: new OpenSessionT(session, clientId, user, [...groups], clientName),
    decode: () => undefined,
  };
}

export function openLink(options: LinkOptions, events: LinkEvents): Promise<Link> {
  return new Promise((resolve, reject) => {
    const opening = new OpeningLink(options, events, { resolve, reject });
    opening.start();
  });
}

class OpeningLink {
  readonly #options: LinkOptions;
  readonly #events: LinkEvents;
  readonly #outcome: { resolve: (link: Link) => void; reject: (error: OrchardError) => void };
  readonly #builder = new Builder(256);
  readonly #helloId: number;
  #wire: Wire | undefined;
  #state: 'opening' | 'welcomed' | 'over' = 'opening';
  #timer: ReturnType<typeof setTimeout> | undefined;
  #heardMs = 0;

  constructor(
    options: LinkOptions,
    events: LinkEvents,
    outcome: { resolve: (link: Link) => void; reject: (error: OrchardError) => void },
  ) {
    this.#options = options;
    this.#events = events;
    this.#outcome = outcome;
    this.#helloId = options.nextCallId();
  }

  start(): void {
    const { url, transport, openTimeoutMs } = this.#options;
    this.#timer = setTimeout(
      () => this.#end(`No answer from ${url} in ${openTimeoutMs} ms.`),
      openTimeoutMs,
    );
    this.#wire = transport(url, {
      opened: () => this.#hello(),
      frame: (bytes) => this.#frame(bytes),
      closed: (reason) => this.#end(`No connection to ${url}: ${reason}.`),
    });
  }

  #hello(): void {
    const { clientId, user, groups, clientName } = this.#options.greeting;
    const body = new HelloT(PROTOCOL_VERSION, clientId, user, [...groups], clientName);
    const spec = { type: RequestBody.Hello, body };
    this.#wire?.send(encodeRequest(this.#builder, spec, { call: this.#helloId, deadlineMs: 0 }));
  }

  #frame(bytes: Uint8Array): void {
    if (this.#state === 'over') return;
    this.#heardMs = performance.now();
    if (verifyReply(bytes) === Verdict.MALFORMED) {
      this.#end('The master sent a malformed frame.');
      return;
    }
    const reply = Reply.getRootAsReply(new ByteBuffer(bytes));
    if (this.#state === 'welcomed') this.#events.reply(reply);
    else if (reply.call() === this.#helloId || reply.code() !== 0) this.#welcomed(reply);
  }

  #welcomed(reply: Reply): void {
    if (reply.code() !== 0 || reply.bodyType() !== ReplyBody.Welcome) {
      const refusal =
        reply.code() !== 0
          ? errorOfReply(reply.code(), reply.error())
          : new OrchardError('INTERNAL', 'The master did not say Welcome.');
      this.#over();
      this.#outcome.reject(refusal);
      return;
    }
    const welcome = reply.body(new Welcome()) as Welcome;
    this.#state = 'welcomed';
    clearTimeout(this.#timer);
    this.#watch();
    this.#outcome.resolve({
      welcome: {
        version: welcome.version(),
        serverVersion: welcome.serverVersion() ?? '',
        clusterId: welcome.clusterId() ?? '',
        frameBytesMax: welcome.frameBytesMax() || FRAME_BYTES_DEFAULT,
        inFlightMax: welcome.inFlightMax() || IN_FLIGHT_DEFAULT,
        sessionsMax: welcome.sessionsMax(),
      },
      send: (frame) => this.#wire?.send(frame),
      bufferedBytes: () => this.#wire?.bufferedBytes() ?? 0,
      close: () => this.#over(),
    });
  }

  #watch(): void {
    const { silenceMs } = this.#options;
    const timer = setInterval(() => {
      const silentMs = performance.now() - this.#heardMs;
      if (!this.#events.isWaiting()) this.#heardMs = performance.now();
      else if (silentMs > silenceMs * SILENCES_MAX) {
        this.#end(`nothing heard from the master for ${Math.round(silentMs)} ms`);
      } else if (silentMs > silenceMs) this.#ping();
    }, silenceMs);
    timer.unref?.();
    this.#timer = timer;
  }

  #ping(): void {
    const call = this.#options.nextCallId();
    this.#wire?.send(encodeRequest(this.#builder, pingCall(), { call, deadlineMs: 0 }));
  }

  #end(reason: string): void {
    const before = this.#state;
    if (before === 'over') return;
    this.#over();
    const error = new OrchardError('UNAVAILABLE', reason);
    if (before === 'welcomed') this.#events.lost(error);
    else this.#outcome.reject(error);
  }

  #over(): void {
    this.#state = 'over';
    clearTimeout(this.#timer);
    this.#wire?.close();
  }
}
