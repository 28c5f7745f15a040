/**
 * One socket of a fleet: it carries one session or several, and calls come seldom, so what counts
 * is how little it holds. Hello, all OpenSessions and the first calls leave without waiting.
 *
 *   session 0 is the connection's own; session k was opened as number k
 */
import { connect, type Socket } from 'node:net';
import { HelloT, OpenSessionT, RequestBody } from '../../src/wire/generated/index.js';
import { FrameParser, Opcode } from './frame-parser.js';
import { FrameTemplate, masked, writeCall } from './frame-template.js';
import type { LoadTarget } from './load-job.js';
import { LOAD_USER } from './load-user.js';
import { ReplyReader } from './reply-reader.js';
import { upgradeRequest } from './upgrade.js';

const PROTOCOL_VERSION = 1;
const READ_BYTES = 1 << 16;
const HELLO_CALL = 0;

/** A read is worked off before the next one begins, on whatever socket. */
const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);
const reply = new ReplyReader();

/** What is waited for. */
export type Pending = {
  readonly session: number;
  /** When it should have been sent; by performance.now(). */
  readonly sinceMs: number;
  readonly isOpening: boolean;
};

export type FleetEvents = {
  opened(connection: FleetConnection): void;
  /** `what` when it went wrong. */
  answered(pending: Pending, what: string | undefined): void;
  /** Not after destroy(). */
  lost(connection: FleetConnection, why: string): void;
};

export class FleetConnection {
  /** Place in the fleet. */
  readonly index: number;
  readonly #events: FleetEvents;
  readonly #socket: Socket;
  readonly #parser: FrameParser;
  readonly #accept: string;
  readonly #pending = new Map<number, Pending>();
  #phase: 'upgrade' | 'hello' | 'ready' | 'closed' = 'upgrade';
  #nextCall = 1;

  constructor(
    index: number,
    from: { readonly target: LoadTarget; readonly localAddress: string; readonly clientId: number },
    events: FleetEvents,
  ) {
    this.index = index;
    this.#events = events;
    this.#parser = new FrameParser((...frame) => this.#frame(...frame));
    const { text, accept } = upgradeRequest();
    this.#accept = accept;
    this.#socket = connect({
      host: from.target.host,
      port: from.target.port,
      localAddress: from.localAddress,
      noDelay: true,
      onread: { buffer: readBuffer, callback: (bytes) => this.#read(bytes, from.clientId) },
    });
    this.#socket.on('error', (error) => this.#lost(error.message));
    this.#socket.on('close', () => this.#lost('the server closed the connection'));
    this.#socket.write(text);
  }

  openSession(number: number, clientId: number, pending: Pending): void {
    const body = new OpenSessionT(number, clientId, LOAD_USER, [LOAD_USER], 'orchard-bench');
    const template = new FrameTemplate(RequestBody.OpenSession, body);
    this.call(template.bytes, template.callAt, pending);
  }

  /** The frame is copied. */
  call(frame: Uint8Array, callAt: number, pending: Pending): void {
    const call = this.#nextCall++;
    this.#pending.set(call, pending);
    const bytes = Uint8Array.from(frame);
    writeCall(bytes, callAt, call);
    this.#socket.write(bytes);
  }

  /**
   * Resolves when the descriptor is free again. A reset, as when a network is cut: the port is free
   * at once, where a close would keep it for a minute.
   */
  destroy(): Promise<void> {
    this.#phase = 'closed';
    return new Promise((resolve) => {
      this.#socket.once('close', () => resolve());
      this.#socket.resetAndDestroy();
    });
  }

  #read(bytes: number, clientId: number): boolean {
    if (this.#phase === 'upgrade') {
      const text = readBuffer.toString('latin1', 0, bytes);
      if (!text.startsWith('HTTP/1.1 101') || !text.includes(this.#accept)) {
        this.#lost(`no WebSocket: ${text.split('\r\n')[0]}`);
        return true;
      }
      this.#phase = 'hello';
      const hello = new HelloT(PROTOCOL_VERSION, clientId, LOAD_USER, [LOAD_USER], 'orchard-bench');
      this.#socket.write(new FrameTemplate(RequestBody.Hello, hello).bytes);
      return true;
    }
    this.#parser.push(readBuffer, bytes);
    return true;
  }

  #frame(opcode: number, bytes: Uint8Array, start: number, length: number): void {
    if (opcode === Opcode.PING) {
      this.#socket.write(masked(bytes.slice(start, start + length), Opcode.PONG));
      return;
    }
    if (opcode !== Opcode.BINARY) {
      this.#lost(`unexpected frame 0x${opcode.toString(16)}`);
      return;
    }
    reply.move(bytes, start, length);
    if (this.#phase === 'hello') this.#welcomed();
    else if (this.#phase === 'ready') this.#answered();
  }

  #welcomed(): void {
    if (reply.call !== HELLO_CALL || reply.code !== 0) {
      this.#lost(`Hello was refused: ${reply.describe()}`);
      return;
    }
    this.#phase = 'ready';
    this.#events.opened(this);
  }

  #answered(): void {
    const { call } = reply;
    const pending = this.#pending.get(call);
    if (pending === undefined) return;
    this.#pending.delete(call);
    this.#events.answered(pending, reply.code === 0 ? undefined : reply.describe());
  }

  #lost(why: string): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#socket.destroy();
    this.#events.lost(this, why);
  }
}
