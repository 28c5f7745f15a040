/**
 * POST /rpc: the messages of the WebSocket, one a request, for load generators and simple clients.
 * GET /healthz: whether this thread takes calls.
 */
import type { HttpRequest, HttpResponse, TemplatedApp } from 'uWebSockets.js';
import { Code, StatusError } from '../base/status.js';
import type { Dispatcher } from './dispatcher.js';
import { headerIdentity } from './header-identity.js';
import { HttpReply } from './http-reply.js';
import type { Identity } from './identity.js';
import { memoryIsShort } from './refusals.js';
import type { Session } from './rpc-handler.js';
import type { EdgeContext } from './socket-session.js';
import { sourceOf } from './source-address.js';

/** One HTTP request's caller. */
class HttpSession implements Session {
  readonly clientId: number;
  readonly user: string;
  readonly groups: readonly string[];
  readonly clientName: string;
  readonly source: string;
  attachment: unknown = undefined;
  open = true;

  constructor(identity: Identity, source: string) {
    this.clientId = identity.clientId;
    this.user = identity.user;
    this.groups = identity.groups;
    this.clientName = identity.clientName;
    this.source = source;
  }
}

const nobody: Identity = { clientId: 0, user: '', groups: [], clientName: 'http' };

export class HttpEdge {
  inFlight = 0;
  readonly #edge: EdgeContext;
  readonly #dispatcher: Dispatcher;

  constructor(edge: EdgeContext, dispatcher: Dispatcher) {
    this.#edge = edge;
    this.#dispatcher = dispatcher;
  }

  attach(app: TemplatedApp): void {
    app.post('/rpc', (response, request) => this.#post(response, request));
    app.get('/healthz', (response, request) => {
      const { draining } = this.#dispatcher;
      const foreign = this.#foreign(request);
      if (foreign !== undefined) {
        response.writeStatus('403 Forbidden');
        response.end(`${foreign.message} ${foreign.hint}\n`);
        return;
      }
      response.writeStatus(draining ? '503 Service Unavailable' : '200 OK');
      response.end(draining ? 'stopping\n' : 'ok\n');
    });
  }

  #post(response: HttpResponse, request: HttpRequest): void {
    const { identity, refusal } = this.#callerOf(request);
    const session = new HttpSession(identity, sourceOf(response.getRemoteAddress()));
    const { counters, clock, bytes: held } = this.#edge;
    const began = clock.now();
    this.inFlight++;
    counters.inFlight++;
    const { encoder } = this.#dispatcher;
    const reply = new HttpReply({ session, response, encoder, bytes: held }, (bytes, code) => {
      this.inFlight--;
      counters.inFlight--;
      session.open = false;
      counters.framesOut++;
      counters.bytesOut += bytes;
      counters.ended(reply.operation, code);
      clock.answered(reply.operation, began);
    });
    response.onAborted(() => this.#aborted(reply));
    if (refusal !== undefined) {
      this.#dispatcher.refuseHttp(reply, refusal);
      return;
    }
    this.#collect(response, reply, (body) => {
      const problem = body instanceof StatusError ? body : this.#limit();
      if (problem !== undefined) this.#dispatcher.refuseHttp(reply, problem);
      else this.#dispatcher.httpBody(session, body as Uint8Array, reply);
    });
  }

  #foreign(request: HttpRequest): StatusError | undefined {
    return this.#edge.origin(request.getHeader('origin'), request.getHeader('host'));
  }

  #callerOf(request: HttpRequest): HttpCaller {
    const foreign = this.#foreign(request);
    return foreign === undefined ? identityOf(request) : { identity: nobody, refusal: foreign };
  }

  #aborted(reply: HttpReply): void {
    try {
      reply.abort();
    } catch (error) {
      this.#edge.onBug(error);
    }
  }

  #limit(): StatusError | undefined {
    const { limits } = this.#edge;
    if (this.inFlight <= limits.httpInFlightMax) return undefined;
    return new StatusError(Code.RESOURCE_EXHAUSTED, `${this.inFlight} HTTP calls are in flight.`, {
      retryAfterMs: limits.retryAfterMs,
    });
  }

  /**
   * Gives the whole body once it is there, or at once why there will be none. A client that sends
   * next to nothing for ten seconds is cut off by uWebSockets, and what it sent is given back.
   */
  #collect(
    response: HttpResponse,
    reply: HttpReply,
    take: (body: Uint8Array | StatusError) => void,
  ): void {
    const { frameBytesMax: bytesMax, retryAfterMs } = this.#edge.limits;
    let chunks: Uint8Array[] = [];
    let bytes = 0;
    let taken = false;
    response.onData((chunk, isLast) => {
      if (taken) return;
      bytes += chunk.byteLength;
      const refusal = bytes > bytesMax ? tooLarge(bytesMax) : undefined;
      if (refusal !== undefined || !reply.charge(chunk.byteLength)) {
        taken = true;
        chunks = [];
        take(refusal ?? memoryIsShort(retryAfterMs));
      } else if (isLast) {
        taken = true;
        take(chunks.length === 0 ? new Uint8Array(chunk) : joined(chunks, new Uint8Array(chunk)));
      } else {
        chunks.push(new Uint8Array(chunk).slice()); // uWS takes the chunk back on return
      }
    });
  }
}

const tooLarge = (bytesMax: number): StatusError =>
  new StatusError(Code.INVALID_ARGUMENT, `A request has at most ${bytesMax} bytes.`);

type HttpCaller = { readonly identity: Identity; readonly refusal?: StatusError };

function identityOf(request: HttpRequest): HttpCaller {
  try {
    return { identity: headerIdentity((name) => request.getHeader(name)) };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return { identity: nobody, refusal: error };
  }
}

function joined(chunks: readonly Uint8Array[], last: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([...chunks, last]));
}
