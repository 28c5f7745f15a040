/**
 * The edge of one thread: a uWebSockets.js app with /rpc (WebSocket and POST) and /healthz. Several
 * threads listen on one port: the kernel spreads connections over them (SO_REUSEPORT).
 *
 * rpc-limits.ts says what a connection may do; dispatcher.ts handles frames. A frame above the
 * limit gets a clean close up to twice the limit; uWS itself cuts larger ones.
 */
import uWS, {
  type TemplatedApp,
  type us_listen_socket,
  type WebSocket,
  type WebSocketBehavior,
} from 'uWebSockets.js';
import { CallCounters } from '../wire/call-counters.js';
import { type ByteAccount, ByteBudget, ownAccount } from './byte-budget.js';
import { type ConnectionBudget, ConnectionGate } from './connection-gate.js';
import { CloseCode, Dispatcher } from './dispatcher.js';
import { Gather } from './gather.js';
import type { ServerIdentity } from './handshake.js';
import { HttpEdge } from './http-edge.js';
import { originRule } from './origin-rule.js';
import { Outbox } from './outbox.js';
import type { RpcHandler } from './rpc-handler.js';
import { checkRpcLimits, type RpcLimits, rpcLimitsDefault } from './rpc-limits.js';
import { type EdgeContext, type SocketData, SocketSession } from './socket-session.js';
import { sourceOf } from './source-address.js';
import { TurnClock } from './turn-clock.js';

export type RpcOptions = ServerIdentity & {
  readonly port: number;
  /** All interfaces when absent. */
  readonly host?: string;
  /** Of web pages that may call; see origin-rule.ts. */
  readonly allowedOrigins?: readonly string[];
  readonly handler: RpcHandler;
  readonly limits?: Partial<RpcLimits>;
  /** Connections that this edge may accept; any number when absent. */
  readonly connections?: ConnectionBudget;
  /** What callers may make it hold; anything when absent. */
  readonly heldBytes?: ByteAccount;
  /** What it counts into; one of its own when absent. */
  readonly counters?: CallCounters;
  /** Blocks the thread for a moment, so that frames of a crowd gather; never when absent. */
  readonly pause?: (ms: number) => void;
  /** Takes an exception that no caller can have caused. The call has already been answered. */
  readonly onBug: (error: unknown) => void;
  /** Stops the edge as close() does. */
  readonly signal?: AbortSignal;
};

const DRAIN_POLL_MS = 10;

export class RpcServer {
  readonly counters: CallCounters;
  readonly outbox = new Outbox();
  readonly #sessions = new Set<SocketSession>();
  readonly #dispatcher: Dispatcher;
  readonly #http: HttpEdge;
  readonly #gather: Gather | undefined;
  readonly #edge: EdgeContext;
  readonly #gate: ConnectionGate;
  readonly #app: TemplatedApp;
  #listening: us_listen_socket | undefined;
  #port = 0;

  constructor(options: RpcOptions) {
    const limits = { ...rpcLimitsDefault, ...options.limits };
    checkRpcLimits(limits);
    const counters = options.counters ?? new CallCounters();
    this.counters = counters;
    this.#edge = {
      limits,
      counters,
      clock: new TurnClock(counters),
      outbox: this.outbox,
      origin: originRule(options),
      bytes: new ByteBudget(options.heldBytes ?? ownAccount(), (held) => {
        counters.heldBytes = held;
      }),
      onBug: options.onBug,
    };
    this.#dispatcher = new Dispatcher(this.#edge, options.handler, options);
    this.#gather = options.pause === undefined ? undefined : new Gather(options.pause);
    this.#http = new HttpEdge(this.#edge, this.#dispatcher);
    this.#gate = new ConnectionGate(counters, options.connections);
    this.#app = uWS.App();
    this.#app.filter((response, count) => this.#gate.told(response, Number(count)));
    this.#http.attach(this.#app);
    this.#app.ws<SocketData>('/rpc', this.#behavior());
  }

  /** The port that was bound, also when 0 was asked for. */
  get port(): number {
    return this.#port;
  }

  /** Calls that wait for their last reply, over all connections. */
  get inFlight(): number {
    let count = this.#http.inFlight;
    for (const session of this.#sessions) count += session.waiting.size;
    return count;
  }

  listen(port: number, host: string | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const bound = (socket: us_listen_socket | false): void => {
        if (socket === false) {
          reject(new Error(`Cannot listen on port ${port} of ${host ?? '*'}: it is in use.`));
          return;
        }
        this.#listening = socket;
        this.#port = uWS.us_socket_local_port(socket);
        resolve();
      };
      if (host === undefined) this.#app.listen(port, bound);
      else this.#app.listen(host, port, bound);
    });
  }

  /**
   * No new connections; new calls are answered with UNAVAILABLE; resolves when none is in flight.
   */
  async drain(withinMs: number): Promise<void> {
    this.#stopListening();
    this.#dispatcher.draining = true;
    const until = performance.now() + withinMs;
    while (this.inFlight > 0 && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
    }
  }

  /** Ends every connection. What is still in flight is aborted. */
  close(): void {
    this.#stopListening();
    this.#dispatcher.draining = true;
    this.outbox.flush();
    for (const session of [...this.#sessions]) {
      session.socket.end(CloseCode.GOING_AWAY, 'the master is stopping');
    }
    this.#app.close();
  }

  /** Ends every connection at once; unsent answers are dropped. */
  abandon(): void {
    this.#stopListening();
    for (const session of [...this.#sessions]) session.socket.close();
    this.#app.close();
  }

  #stopListening(): void {
    if (this.#listening !== undefined) uWS.us_listen_socket_close(this.#listening);
    this.#listening = undefined;
  }

  #behavior(): WebSocketBehavior<SocketData> {
    const { limits } = this.#edge;
    return {
      compression: uWS.DISABLED,
      maxPayloadLength: limits.frameBytesMax * 2,
      maxBackpressure: limits.bufferedBytesMax,
      closeOnBackpressureLimit: 1,
      idleTimeout: limits.idleSeconds,
      sendPingsAutomatically: true,
      upgrade: (response, request, context) => {
        const foreign = this.#edge.origin(request.getHeader('origin'), request.getHeader('host'));
        if (foreign !== undefined) {
          this.counters.refused++;
          response.writeStatus('403 Forbidden');
          response.end(`${foreign.message} ${foreign.hint}\n`, true);
          return;
        }
        if (this.#gate.isFull) {
          this.counters.refused++;
          this.counters.exhausted++;
          response.writeStatus('503 Service Unavailable');
          response.end('This master has as many connections as it may: try again later.\n', true);
          return;
        }
        this.#gate.upgrade(() =>
          response.upgrade(
            { session: new SocketSession(this.#edge, sourceOf(response.getRemoteAddress())) },
            request.getHeader('sec-websocket-key'),
            request.getHeader('sec-websocket-protocol'),
            request.getHeader('sec-websocket-extensions'),
            context,
          ),
        );
      },
      open: (socket) => this.#open(socket),
      message: (socket, message, isBinary) => this.#message(socket, message, isBinary),
      drain: (socket) => socket.getUserData().session.drained(),
      close: (socket) => this.#closed(socket.getUserData().session),
    };
  }

  #open(socket: WebSocket<SocketData>): void {
    const { session } = socket.getUserData();
    session.socket = socket;
    this.#sessions.add(session);
    session.helloTimer = setTimeout(() => {
      this.#drop(session, CloseCode.PROTOCOL, 'no Hello in time');
    }, this.#edge.limits.helloMsMax).unref();
  }

  #message(socket: WebSocket<SocketData>, message: ArrayBuffer, isBinary: boolean): void {
    const { session } = socket.getUserData();
    if (!isBinary) {
      this.#drop(session, CloseCode.TEXT, 'binary frames only');
      return;
    }
    if (message.byteLength > this.#edge.limits.frameBytesMax) {
      this.#drop(session, CloseCode.TOO_BIG, 'the frame is too large');
      return;
    }
    session.inCallback = true;
    try {
      this.#dispatcher.socketFrame(session, new Uint8Array(message));
    } finally {
      session.inCallback = false;
    }
    this.#gather?.heard(session);
  }

  #drop(session: SocketSession, code: number, reason: string): void {
    this.counters.dropped++;
    session.socket.end(code, reason);
  }

  #closed(session: SocketSession): void {
    clearTimeout(session.helloTimer);
    this.#sessions.delete(session);
    this.#gate.webSocketClosed();
    this.#dispatcher.socketClosed(session);
  }
}

export async function listenRpc(options: RpcOptions): Promise<RpcServer> {
  const server = new RpcServer(options);
  await server.listen(options.port, options.host);
  options.signal?.addEventListener('abort', () => server.close(), { once: true });
  return server;
}
