/**
 * The port of one call over HTTP. A single reply is the response's body. A call that streams is
 * answered with `application/vnd.orchard.stream`: each frame behind its length, a u32
 * little-endian.
 *
 * Invariant: what the request costs is counted in the budget of bytes until its answer is sent or
 *   the client has gone, and so is what the client does not read.
 */
import type { HttpResponse } from 'uWebSockets.js';
import { httpStatus, statusLine } from '../base/http-status.js';
import { Code, type StatusError } from '../base/status.js';
import type { ReplyEncoder } from '../wire/encode.js';
import type { ByteBudget } from './byte-budget.js';
import type { ReplyPort, Session } from './rpc-handler.js';

export type HttpReplyParts = {
  readonly session: Session;
  readonly response: HttpResponse;
  readonly encoder: ReplyEncoder;
  readonly bytes: ByteBudget;
};

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
  readonly #budget: ByteBudget;
  readonly #onEnd: (bytes: number, code: Code) => void;
  #ended = false;
  #streaming = false;
  #writable = true;
  #bytes = 0;
  #heldBytes = 0;
  /** What the socket did not take of the answer, and the write offset at which that begins. */
  #unsent: { readonly rest: Uint8Array; readonly from: number } | undefined;

  constructor(parts: HttpReplyParts, onEnd: (bytes: number, code: Code) => void) {
    this.session = parts.session;
    this.#response = parts.response;
    this.#encoder = parts.encoder;
    this.#budget = parts.bytes;
    this.#onEnd = onEnd;
  }

  /** Counts what the request makes the master hold. False: there is no room for it. */
  charge(bytes: number): boolean {
    if (!this.#budget.hasRoom(bytes)) return false;
    this.#budget.add(bytes);
    this.#heldBytes += bytes;
    return true;
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
    this.#unsent = undefined;
    this.#refund();
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
        if (bytes === undefined) this.#response.end();
        else this.#send(bytes);
      });
    }
    // Also when the client went away, or was given up, meanwhile.
    if (!this.#ended) this.#over(code);
  }

  #over(code: Code): void {
    this.#ended = true;
    this.#onEnd(this.#bytes, code);
    if (this.#unsent === undefined) this.#refund();
  }

  #refund(): void {
    this.#budget.remove(this.#heldBytes);
    this.#heldBytes = 0;
  }

  /** What the socket does not take now, it takes later; a reader has ten seconds for a part. */
  #send(bytes: Uint8Array): void {
    const response = this.#response;
    const [, isDone] = response.tryEnd(bytes, bytes.length);
    if (isDone) return;
    const from = response.getWriteOffset();
    const rest = bytes.slice(from);
    this.#unsent = { rest, from };
    if (!this.charge(rest.length)) {
      // Runs abort().
      response.close();
      return;
    }
    response.onWritable((offset) => this.#sendRest(offset));
  }

  #sendRest(offset: number): boolean {
    const unsent = this.#unsent;
    if (unsent === undefined) return true;
    let isDone = false;
    this.#response.cork(() => {
      const left = unsent.rest.subarray(offset - unsent.from);
      [, isDone] = this.#response.tryEnd(left, unsent.from + unsent.rest.length);
    });
    if (!isDone) return false;
    this.#unsent = undefined;
    this.#refund();
    return true;
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
