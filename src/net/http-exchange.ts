/**
 * One HTTP request and its answer, as surfaces see it. The request is copied out, because
 * uWebSockets takes it back when the handler returns. The answer goes out at the client's pace and
 * never waits in memory: bytes that the socket does not accept stay with their source.
 *
 * Invariant: it is answered once. After that, or after the client has left, the response is not
 * touched.
 * Invariant: a connection has at most one chunk and one head unsent. uWebSockets closes a client
 * that sends a further request before it has taken this answer.
 */
import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import { codeOfHttp, statusLine } from '../base/http-status.js';
import { Code, StatusError } from '../base/status.js';
import type { ByteBudget } from './byte-budget.js';
import { headerIdentity } from './header-identity.js';
import { HttpBody } from './http-body.js';
import { plainFailure, retryAfterSeconds, type ToldFailure } from './http-failure.js';
import type { HttpLimits } from './http-limits.js';
import type { Identity } from './identity.js';
import { sourceOf } from './source-address.js';

/** Of the server that it belongs to. */
export type HttpBounds = { readonly limits: HttpLimits; readonly bytes: ByteBudget };

export type Headers = Readonly<Record<string, string | number>>;

/** A chunk that the socket accepted only in part. */
type Unsent = {
  readonly chunk: Uint8Array;
  /** Write offset at which it begins. */
  readonly from: number;
  readonly done: () => void;
};

const NO_BYTES = new Uint8Array(0);

export class HttpExchange {
  /** As it was sent, in capitals. */
  readonly method: string;
  /** Without the query, not decoded; characters above ASCII may stand in it as they are. */
  readonly path: string;
  readonly query: string;
  /** The address that it comes from. */
  readonly source: string;
  readonly #headers = new Map<string, string>();
  readonly #response: HttpResponse;
  readonly #body: HttpBody | undefined;
  readonly #onEnd: (exchange: HttpExchange) => void;
  readonly #gone = new AbortController();
  #state: 'open' | 'headSent' | 'over' = 'open';
  #unsent: Unsent | undefined;
  #code: Code | undefined;
  #isGivenUp = false;
  #total = 0;
  #sentBytes = 0;
  /** The value of `#sentBytes` when the client was last checked. */
  #windowBytes = 0;
  #windowStart = 0;
  #framing: StatusError | undefined;

  constructor(
    response: HttpResponse,
    request: HttpRequest,
    { limits, bytes }: HttpBounds,
    onEnd: (exchange: HttpExchange) => void,
  ) {
    this.#response = response;
    this.#onEnd = onEnd;
    this.method = request.getCaseSensitiveMethod();
    this.path = request.getUrl();
    this.query = request.getQuery() ?? '';
    this.source = sourceOf(response.getRemoteAddress());
    request.forEach((name, value) => {
      this.#header(name, value);
    });
    response.onAborted(() => this.#aborted());
    const hasBody = this.method !== 'GET' && this.method !== 'HEAD';
    if (hasBody) this.#body = new HttpBody(response, limits.bodyBytesHigh, bytes);
    response.onWritable((offset) => this.#writable(offset));
  }

  /** '' = absent. Of a header that came several times: all values, with commas between. */
  readonly header = (name: string): string => this.#headers.get(name) ?? '';

  /** Why this request is malformed; undefined: it is well-formed. */
  get framing(): StatusError | undefined {
    return this.#framing;
  }

  get identity(): Identity {
    return headerIdentity(this.header);
  }

  get parameters(): URLSearchParams {
    return new URLSearchParams(this.query);
  }

  /** Aborted when the client goes away, or is given up. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  /** Something has been sent: another answer is not possible. */
  get isBegun(): boolean {
    return this.#state !== 'open';
  }

  get isOver(): boolean {
    return this.#state === 'over';
  }

  /** How it was answered, once it is over. */
  get code(): Code {
    return this.#code ?? Code.OK;
  }

  /** The client was too slow. */
  get isGivenUp(): boolean {
    return this.#isGivenUp;
  }

  /** Bytes of the request's body that have come. */
  get bytesIn(): number {
    return this.#body?.bytesIn ?? 0;
  }

  /** Bytes of the answer's body that the socket has taken. */
  get bytesOut(): number {
    return this.#sentBytes;
  }

  /** May be taken once. */
  body(): AsyncIterable<Uint8Array> {
    return this.#body?.chunks() ?? nothing();
  }

  /** Sends the complete answer: small, or already in memory. */
  reply(status: number, headers: Headers = {}, body: string | Uint8Array = NO_BYTES): void {
    if (this.#state !== 'open') return;
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    if (bytes.length === 0 || this.method === 'HEAD') {
      this.replyHead(status, headers, bytes.length);
      return;
    }
    this.#total = bytes.length;
    void this.#send(bytes, status, headers);
  }

  /** The answer to HEAD, and any answer without a body. */
  replyHead(status: number, headers: Headers, length = 0): void {
    if (this.#state !== 'open') return;
    this.#body?.drop();
    this.#response.cork(() => {
      this.#writeHead(status, headers);
      // In these two statuses a length would describe another answer.
      if (status === 204 || status === 304) this.#response.endWithoutBody();
      else this.#response.endWithoutBody(length);
    });
    this.#over();
  }

  /**
   * Sends exactly `length` bytes of the source, as fast as they are taken. Rejects when the source
   * fails, and the client must be told: by fail(), which cuts what has begun.
   */
  async stream(
    status: number,
    headers: Headers,
    length: number,
    source: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    this.#total = length;
    for await (const chunk of source) {
      if (this.isOver) return;
      if (chunk.length === 0) continue;
      const waits = this.#send(chunk, status, headers);
      if (waits !== undefined) await waits;
    }
    if (!this.isOver) throw new Error(`a source of ${length} bytes has ended before`);
  }

  /**
   * Sends the reason. A body that has begun is cut off, because nothing else can signal the
   * failure.
   */
  fail(error: StatusError, tell: (error: StatusError) => ToldFailure = plainFailure): void {
    if (this.#state === 'over') return;
    this.#code ??= error.code;
    if (this.#state === 'headSent') {
      this.cut(error);
      return;
    }
    const retryAfter = retryAfterSeconds(error);
    const { status, contentType, body } = tell(error);
    const headers = {
      'content-type': contentType,
      ...(retryAfter !== undefined && { 'retry-after': retryAfter }),
    };
    this.reply(status, headers, body);
  }

  /** Ends the connection at once. */
  cut(error: StatusError): void {
    if (this.#state === 'over') return;
    this.#code ??= error.code;
    this.#gone.abort(error);
    // Runs #aborted.
    this.#response.close();
  }

  /**
   * Called from time to time: ends a transfer whose client moves nothing; slow clients may go on.
   */
  look(now: number, { transferMsMax, transferBytesMin }: HttpLimits): void {
    const isAwaited = this.#unsent !== undefined || this.#body?.isAwaited === true;
    if (!isAwaited || this.#windowStart === 0) this.#beginWindow(now);
    if (!isAwaited) return;
    const moved = this.#sentBytes - this.#windowBytes + (this.#body?.movedBytes ?? 0);
    if (now - this.#windowStart < transferMsMax) {
      this.#keepAlive();
      return;
    }
    if (moved >= transferBytesMin) {
      this.#beginWindow(now);
      this.#keepAlive();
      return;
    }
    const late = tooSlow(transferMsMax);
    this.#isGivenUp = true;
    if (this.#unsent !== undefined) this.cut(late);
    else this.#body?.end(late);
  }

  #beginWindow(now: number): void {
    this.#windowStart = now;
    this.#windowBytes = this.#sentBytes;
    this.#body?.beginWindow();
  }

  /** uWebSockets cuts a reader that takes nothing for ten seconds, unless it is tried again. */
  #keepAlive(): void {
    if (this.#unsent !== undefined) this.#writable(this.#response.getWriteOffset());
    else this.#body?.keepAlive();
  }

  #header(name: string, value: string): void {
    const before = this.#headers.get(name);
    if (before !== undefined && (name === 'content-length' || name === 'host')) {
      this.#framing = doubled(name);
    }
    this.#headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }

  #writeHead(status: number, headers: Headers): void {
    this.#state = 'headSent';
    if (status >= 400) this.#code ??= Code[codeOfHttp(status)];
    this.#response.writeStatus(statusLine(status));
    for (const name in headers) this.#response.writeHeader(name, String(headers[name]));
  }

  /** Undefined: everything was sent. It also settles when the answer is over. */
  #send(chunk: Uint8Array, status: number, headers: Headers): Promise<void> | undefined {
    const response = this.#response;
    let ok = false;
    let isDone = false;
    let from = 0;
    response.cork(() => {
      if (this.#state === 'open') {
        this.#writeHead(status, headers);
        this.#body?.drop();
      }
      from = response.getWriteOffset();
      [ok, isDone] = response.tryEnd(chunk, this.#total);
    });
    this.#sentBytes += chunk.length;
    if (isDone) this.#over();
    if (ok || isDone) return undefined;
    return new Promise((done) => {
      this.#unsent = { chunk, from, done };
    });
  }

  #writable(offset: number): boolean {
    const unsent = this.#unsent;
    if (unsent === undefined || this.#state === 'over') return true;
    let ok = false;
    let isDone = false;
    this.#response.cork(() => {
      const rest = unsent.chunk.subarray(offset - unsent.from);
      [ok, isDone] = this.#response.tryEnd(rest, this.#total);
    });
    if (isDone) this.#over();
    if (!ok && !isDone) return false;
    this.#unsent = undefined;
    unsent.done();
    return true;
  }

  #aborted(): void {
    if (this.#state === 'over') return;
    this.#code ??= Code.CANCELLED;
    const gone = new StatusError(Code.CANCELLED, 'The client has gone.');
    this.#gone.abort(gone);
    this.#body?.end(gone);
    this.#over();
  }

  #over(): void {
    this.#state = 'over';
    const unsent = this.#unsent;
    this.#unsent = undefined;
    unsent?.done();
    this.#onEnd(this);
  }
}

async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {}

const tooSlow = (ms: number): StatusError =>
  new StatusError(Code.DEADLINE_EXCEEDED, `The client moved next to nothing for ${ms} ms.`, {
    hint: 'Try again on a better connection; ORCHARD_TRANSFER_TIMEOUT of the master sets the time.',
  });

const doubled = (name: string): StatusError =>
  new StatusError(Code.INVALID_ARGUMENT, `The header ${name} came twice.`, {
    hint: 'Send it once: what it means would be anybody’s guess.',
  });
