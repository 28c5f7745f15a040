/**
 * The HTTP port, on main: health, metrics, file data.
 *
 *   GET  /healthz            200 while the master serves, 503 while it starts or stops
 *   GET  /metrics            Prometheus text
 *   GET, HEAD, PUT  /v1/data/<percent-encoded path>
 *
 * Every failure has a JSON body: code, reason, path, hint. A bug is answered with 500 and told to
 * onBug, never swallowed.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Code, StatusError } from '../../base/status.js';
import { answerFailure, asStatusError } from '../../net/http-failure.js';
import { type OriginRule, originRule } from '../../net/origin-rule.js';
import type { Metrics } from '../../process/metrics.js';
import type { DataContext } from './data-context.js';
import { answerRead } from './data-read.js';
import { callerOf, DATA_PREFIX, dataPath, type RequestUrl } from './data-request.js';
import { answerWrite } from './data-write.js';

export type HttpServerOptions = {
  readonly host: string;
  readonly port: number;
  /** Of web pages that may call; see origin-rule.ts. */
  readonly allowedOrigins?: readonly string[];
  readonly data: DataContext;
  readonly metrics: Metrics;
  /** What /healthz says: whether the master serves, and anything else worth seeing. */
  readonly health: () => { readonly serving: boolean; readonly [detail: string]: unknown };
  readonly onBug: (error: unknown) => void;
};

/** For the rest of a body that nobody wants, so that the client reads the answer first. */
const LEFTOVER_MS_MAX = 1000;

export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #server: Server;
  readonly #origin: OriginRule;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#origin = originRule(options);
    // An upload takes as long as it takes; a client that sends no header is cut off by default.
    this.#server = createServer({ requestTimeout: 0 }, (request, response) => {
      void this.#answer(request, response);
    });
  }

  /** Resolves with the port that it listens on. */
  listen(): Promise<number> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  /** Lets transfers end for `withinMs`, then cuts them off. */
  async close(withinMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const cut = setTimeout(() => this.#server.closeAllConnections(), withinMs);
    await closed;
    clearTimeout(cut);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#route(request, response);
    } catch (error) {
      const known = asStatusError(error);
      if (known === undefined) this.#options.onBug(error);
      answerFailure(response, known ?? new StatusError(Code.INTERNAL, 'A bug in the master.'));
    } finally {
      passOverRest(request);
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const foreign = this.#origin(request.headers.origin, request.headers.host);
    if (foreign !== undefined) throw foreign;
    const url = urlOf(request);
    const { method = 'GET' } = request;
    const isRead = method === 'GET' || method === 'HEAD';
    if (url.pathname.startsWith(DATA_PREFIX) && (isRead || method === 'PUT')) {
      const who = { caller: callerOf(request), path: dataPath(url), url };
      const { data } = this.#options;
      if (isRead) await answerRead(data, request, response, who);
      else await answerWrite(data, request, response, who);
    } else if (isRead && url.pathname === '/healthz') {
      const health = this.#options.health();
      answerText(response, health.serving ? 200 : 503, 'application/json', JSON.stringify(health));
    } else if (isRead && url.pathname === '/metrics') {
      const { metrics } = this.#options;
      answerText(response, 200, metrics.contentType, await metrics.text());
    } else {
      throw noSuchPage(method, url.pathname);
    }
  }
}

/** The body is read or dropped: an answer before its end must reach a client that still sends. */
function passOverRest(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  request.resume();
  const timer = setTimeout(() => request.destroy(), LEFTOVER_MS_MAX);
  request.once('close', () => clearTimeout(timer));
  timer.unref();
}

/** Not by the URL class, which would resolve the `.` and `..` of the namespace's own paths. */
function urlOf(request: IncomingMessage): RequestUrl {
  const given = request.url ?? '/';
  const at = given.indexOf('?');
  return {
    pathname: at === -1 ? given : given.slice(0, at),
    searchParams: new URLSearchParams(at === -1 ? '' : given.slice(at)),
  };
}

function answerText(response: ServerResponse, status: number, type: string, text: string): void {
  const body = text.endsWith('\n') ? text : `${text}\n`;
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

const noSuchPage = (method: string, path: string): StatusError =>
  new StatusError(Code.NOT_FOUND, `${method} ${path} is nothing that this port answers.`, {
    hint: 'GET /healthz, GET /metrics, GET or PUT /v1/data/<path>.',
  });
