/**
 * Counts the requests of an HTTP port in the counters of its edge, like calls of the RPC port.
 * Routes without a name are not counted: readers of the figures do not count themselves.
 *
 *   taken ─▶ admitted (in flight) ─▶ ended: how, how long, how many bytes
 *        └─▶ refused by the edge ──┘
 */
import { Code, type StatusError } from '../base/status.js';
import type { CallCounters } from '../wire/call-counters.js';
import { type SurfaceCall, surfaceCallNumber, UNREADABLE } from '../wire/surface-calls.js';
import type { HttpExchange } from './http-exchange.js';

type Counted = {
  /** Undefined: the request is not counted. */
  operation: number | undefined;
  isAdmitted: boolean;
  readonly beganMs: number;
};

export class HttpCalls {
  readonly #counters: CallCounters;
  readonly #open = new Map<HttpExchange, Counted>();

  constructor(counters: CallCounters) {
    this.#counters = counters;
  }

  /** Those without an answer yet. */
  get exchanges(): HttpExchange[] {
    return [...this.#open.keys()];
  }

  get size(): number {
    return this.#open.size;
  }

  taken(exchange: HttpExchange): void {
    const counted = { operation: UNREADABLE, isAdmitted: false, beganMs: performance.now() };
    this.#open.set(exchange, counted);
  }

  /** The operation of the request is known. */
  routed(exchange: HttpExchange, call: SurfaceCall | undefined): void {
    const counted = this.#open.get(exchange);
    if (counted === undefined) return;
    counted.operation = call === undefined ? undefined : surfaceCallNumber(call);
  }

  /** It goes to its handler. */
  admitted(exchange: HttpExchange): void {
    const counted = this.#open.get(exchange);
    if (counted?.operation === undefined) return;
    counted.isAdmitted = true;
    this.#counters.inFlight++;
  }

  refused({ code }: StatusError): void {
    this.#counters.refused++;
    if (code === Code.RESOURCE_EXHAUSTED) this.#counters.exhausted++;
  }

  /** The socket has the whole answer, or the client has left. */
  ended(exchange: HttpExchange): void {
    const counted = this.#open.get(exchange);
    if (counted === undefined) return;
    this.#open.delete(exchange);
    const { operation, isAdmitted, beganMs } = counted;
    if (operation === undefined) return;
    if (isAdmitted) this.#counters.inFlight--;
    if (exchange.isGivenUp) this.#counters.dropped++;
    this.#counters.bytesIn += exchange.bytesIn;
    this.#counters.bytesOut += exchange.bytesOut;
    this.#counters.ended(operation, exchange.code);
    this.#counters.took(operation, performance.now() - beganMs);
  }
}
