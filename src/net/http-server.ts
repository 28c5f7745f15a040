/**
 * The HTTP edge of one thread: sockets, limits, routing, and the end of each request. Surfaces
 * register routes; what they throw is answered here, and nowhere else. Several threads may listen
 * on one port (SO_REUSEPORT).
 *
 *   socket ─▶ too many? ─▶ page of a foreign site? ─▶ route ─▶ too many requests? ─▶ handler
 *
 * Bounded: connections, requests in flight (one for each connection), waiting bytes of bodies and
 * answers, and the time that a client may take. Health and metrics do not count as requests, so
 * they answer even when data transfers fill every place.
 */
import uWS, {
  type HttpRequest,
  type HttpResponse,
  type TemplatedApp,
  type us_listen_socket,
} from 'uWebSockets.js';
import { Code, StatusError } from '../base/status.js';
import { CallCounters } from '../wire/call-counters.js';
import type { SurfaceCall } from '../wire/surface-calls.js';
import { type ByteAccount, ByteBudget, ownAccount } from './byte-budget.js';
import { type ConnectionBudget, ConnectionGate } from './connection-gate.js';
import { HttpCalls } from './http-calls.js';
import { type HttpBounds, HttpExchange } from './http-exchange.js';
import type { ToldFailure } from './http-failure.js';
import { type HttpLimits, httpLimitsDefault } from './http-limits.js';
import { type OriginRule, originRule } from './origin-rule.js';

export type HttpHandler = (exchange: HttpExchange) => void | Promise<void>;

export type HttpRoute = {
  /** A complete path, or a prefix if it ends in "/". */
  readonly path: string;
  readonly methods: Readonly<Record<string, HttpHandler>>;
  /** The name under which requests of a method are counted; without a name they are not counted. */
  readonly calls?: Readonly<Record<string, SurfaceCall>>;
  /** How its failures look; by default as everywhere else. */
  readonly tell?: (error: StatusError) => ToldFailure;
  /** Answered whatever else is going on, because it is small and quick. */
  readonly isVital?: boolean;
};

export type HttpServerOptions = {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Other threads listen on it too; otherwise a port in use is refused. */
  readonly isShared?: boolean;
  /** Of web pages that may call; see origin-rule.ts. */
  readonly allowedOrigins?: readonly string[];
  readonly routes: readonly HttpRoute[];
  /** Connections that it may accept; any number when absent. */
  readonly connections?: ConnectionBudget;
  readonly limits?: Partial<HttpLimits>;
  /** What it counts into; its own when absent. */
  readonly counters?: CallCounters;
  /** What bodies may make it hold; anything when absent. */
  readonly heldBytes?: ByteAccount;
  readonly onBug: (error: unknown) => void;
};

/** Its LIBUS_LISTEN_EXCLUSIVE_PORT. */
const EXCLUSIVE_PORT = 1;
const LOOK_MS = 2000;
const DRAIN_POLL_MS = 10;

export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #limits: HttpLimits;
  readonly #bounds: HttpBounds;
  readonly #routes: readonly HttpRoute[];
  readonly #origin: OriginRule;
  readonly #gate: ConnectionGate;
  readonly #app: TemplatedApp;
  readonly #calls: HttpCalls;
  readonly #timer: NodeJS.Timeout;
  #listening: us_listen_socket | undefined;
  #isDraining = false;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#limits = { ...httpLimitsDefault, ...options.limits };
    this.#origin = originRule(options);
    this.#routes = options.routes.toSorted((a, b) => b.path.length - a.path.length);
    const counters = options.counters ?? new CallCounters();
    const bytes = new ByteBudget(options.heldBytes ?? ownAccount(), (held) => {
      counters.heldBytes = held;
    });
    this.#bounds = { limits: this.#limits, bytes };
    this.#calls = new HttpCalls(counters);
    this.#gate = new ConnectionGate(counters, options.connections);
    this.#app = uWS.App();
    this.#app.filter((response, count) => this.#gate.told(response, Number(count)));
    this.#app.any('/*', (response, request) => this.#take(response, request));
    const every = Math.min(LOOK_MS, Math.max(10, this.#limits.transferMsMax / 4));
    this.#timer = setInterval(() => this.#look(), every).unref();
  }

  /** Requests that have no answer yet. */
  get inFlight(): number {
    return this.#calls.size;
  }

  /** Resolves with the port that it listens on. */
  listen(): Promise<number> {
    const { host, port, isShared = false } = this.#options;
    return new Promise((resolve, reject) => {
      const bound = (socket: us_listen_socket | false): void => {
        if (socket === false) {
          reject(new Error(`cannot listen on ${host}:${port}: is the port in use?`));
          return;
        }
        this.#listening = socket;
        resolve(uWS.us_socket_local_port(socket));
      };
      // The types lack a call with host and options, but the library has it.
      const listen = this.#app.listen.bind(this.#app) as (...given: unknown[]) => unknown;
      listen(host, port, ...(isShared ? [] : [EXCLUSIVE_PORT]), bound);
    });
  }

  /** Refuses new requests except vital ones; resolves when none is left, or after the time. */
  async drain(withinMs: number): Promise<void> {
    this.#isDraining = true;
    const until = performance.now() + withinMs;
    while (this.inFlight > 0 && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
    }
  }

  /** Ends every connection, even in the middle of a transfer. */
  close(): void {
    clearInterval(this.#timer);
    if (this.#listening !== undefined) uWS.us_listen_socket_close(this.#listening);
    this.#listening = undefined;
    for (const exchange of this.#calls.exchanges) exchange.cut(stopping());
    this.#app.close();
  }

  #take(response: HttpResponse, request: HttpRequest): void {
    const exchange = new HttpExchange(response, request, this.#bounds, (ended) => {
      this.#calls.ended(ended);
    });
    this.#calls.taken(exchange);
    void this.#answer(exchange);
  }

  async #answer(exchange: HttpExchange): Promise<void> {
    try {
      await this.#admit(exchange)(exchange);
    } catch (error) {
      const known = knownFailure(error, exchange);
      if (known === undefined) this.#options.onBug(error);
      const told = known ?? new StatusError(Code.INTERNAL, 'A bug in the master.');
      exchange.fail(told, this.#routeOf(exchange)?.tell);
    }
  }

  #admit(exchange: HttpExchange): HttpHandler {
    try {
      const handler = this.#handlerOf(exchange);
      this.#calls.admitted(exchange);
      return handler;
    } catch (error) {
      if (error instanceof StatusError) this.#calls.refused(error);
      throw error;
    }
  }

  #handlerOf(exchange: HttpExchange): HttpHandler {
    const { header, method, path } = exchange;
    const refusal = exchange.framing ?? this.#origin(header('origin'), header('host'));
    if (refusal !== undefined) throw refusal;
    const route = this.#routeOf(exchange);
    if (route === undefined) throw noSuchPage(method, path);
    const handler = route.methods[method];
    if (handler === undefined) return (refused) => notAllowed(refused, route);
    this.#calls.routed(exchange, route.calls?.[method]);
    if (route.isVital === true) return handler;
    if (this.#isDraining) throw stopping();
    const { inFlightMax, retryAfterMs } = this.#limits;
    if (this.inFlight <= inFlightMax) return handler;
    throw new StatusError(Code.RESOURCE_EXHAUSTED, `${inFlightMax} requests are in flight.`, {
      hint: 'Send fewer at a time, or give the master more ORCHARD_DOOR_THREADS.',
      retryAfterMs,
    });
  }

  #routeOf({ path }: HttpExchange): HttpRoute | undefined {
    return this.#routes.find((one) => isOf(one, path));
  }

  #look(): void {
    const now = performance.now();
    for (const exchange of this.#calls.exchanges) exchange.look(now, this.#limits);
  }
}

const isOf = ({ path }: HttpRoute, asked: string): boolean =>
  path.endsWith('/') ? asked.startsWith(path) : asked === path;

/** An expected failure, or an exchange whose client has left. */
function knownFailure(error: unknown, { signal }: HttpExchange): StatusError | undefined {
  if (error instanceof StatusError) return error;
  return signal.aborted ? (signal.reason as StatusError) : undefined;
}

function notAllowed(exchange: HttpExchange, { methods }: HttpRoute): void {
  const allow = Object.keys(methods).join(', ');
  const reason = `${exchange.method} is not answered here.`;
  const body = { code: 'UNIMPLEMENTED', reason, hint: `Use one of ${allow}.` };
  const headers = { allow, 'content-type': 'application/json; charset=utf-8' };
  exchange.reply(405, headers, `${JSON.stringify(body)}\n`);
}

const stopping = (): StatusError =>
  new StatusError(Code.UNAVAILABLE, 'The master is stopping.', {
    hint: 'Try again in a moment.',
  });

const noSuchPage = (method: string, path: string): StatusError =>
  new StatusError(Code.NOT_FOUND, `${method} ${path} is nothing that this port answers.`, {
    hint: 'GET /healthz, GET /metrics, GET, PUT or DELETE /v1/data/<path>.',
  });
