/**
 * The port of one call over HTTP. A single reply is the response's body. A call that streams is
 * answered with `application/vnd.orchard.stream`: each frame behind its length, a u32
 * little-endian.
 */
import type { HttpResponse } from 'uWebSockets.js';
import { httpStatus, statusLine } from '../base/http-status.js';
import { Code, type StatusError } from '../base/status.js';
import type { ReplyEncoder } from '../wire/encode.js';
import type { ReplyPort, Session } from './rpc-handler.js';

export class HttpReply implements ReplyPort {
  call = 0;
  /** Of the request, once it has been read. */
  operation = 0;
  aborted = false;
  onDrain: (() => void) | undefined = undefined;
  onAbort: (() => void) | undefined = undefined;
  readonly session: Session;
  readonly #response: HttpResponse;
  readonly #encoder: ReplyEncoder;
  readonly #onEnd: (bytes: number, code: Code) => void;
  #ended = false;
  #streaming = false;
  #writable = true;
  #bytes = 0;

  constructor(
    session: Session,
    response: HttpResponse,
    encoder: ReplyEncoder,
    onEnd: (bytes: number, code: Code) => void,
  ) {
    this.session = session;
    this.#response = response;
    this.#encoder = encoder;
    this.#onEnd = onEnd;
  }

  send(bytes: Uint8Array): boolean {
    if (this.#ended || this.aborted) return false;
    this.#response.cork(() => this.#frame(bytes));
    return this.#writable;
  }

  end(bytes?: Uint8Array, code: Code = Code.OK): void {
    this.#finish(bytes, statusLine(httpStatus(code)), code);
  }

  fail(error: StatusError): void {
    const { code } = error;
    this.#finish(this.#encoder.error(this.call, error), statusLine(httpStatus(code)), code);
  }

  /** The connection is gone. */
  abort(): void {
    if (this.#ended) return;
    this.aborted = true;
    this.#over(Code.CANCELLED);
    this.onAbort?.();
  }

  #finish(bytes: Uint8Array | undefined, statusLine: string, code: Code): void {
    if (this.#ended) return;
    if (!this.aborted) {
      this.#response.cork(() => {
        if (this.#streaming) {
          if (bytes !== undefined) this.#frame(bytes);
          this.#response.end();
          return;
        }
        this.#bytes += bytes?.length ?? 0;
        this.#response.writeStatus(statusLine);
        this.#response.writeHeader('content-type', 'application/vnd.orchard.reply');
        this.#response.end(bytes ?? '');
      });
    }
    this.#over(code);
  }

  #over(code: Code): void {
    this.#ended = true;
    this.#onEnd(this.#bytes, code);
  }

  #frame(bytes: Uint8Array): void {
    if (!this.#streaming) {
      this.#streaming = true;
      this.#response.writeHeader('content-type', 'application/vnd.orchard.stream');
      this.#response.onWritable(() => {
        this.onDrain?.();
        return true;
      });
    }
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, bytes.length, true);
    this.#response.write(length);
    this.#writable = this.#response.write(bytes);
    this.#bytes += bytes.length;
  }
}
