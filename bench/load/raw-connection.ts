/**
 * One WebSocket connection over a plain TCP socket: upgrade, Hello, then calls in at most `depth`
 * places. In a closed loop each answered call is followed by the next at once; in an open one calls
 * are issued from outside, each with the time at which it should have been sent. All replies of one
 * read are answered with one write.
 *
 *   call id = sequence × slots + slot      slots: depth rounded up to a power of two
 *
 * All connections of a thread share one buffer for what they read: a read is worked off before the
 * next one begins.
 */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { assert } from '../../src/base/assert.js';
import { HelloT, RequestBody } from '../../src/wire/generated/index.js';
import { FrameParser, Opcode } from './frame-parser.js';
import { FrameTemplate, masked, writeCall } from './frame-template.js';
import { FrameWriter } from './frame-writer.js';
import type { LoadTarget } from './load-job.js';
import { LOAD_USER } from './load-user.js';
import type { Workload } from './operations.js';
import { ReplyReader } from './reply-reader.js';
import { upgradeRequest } from './upgrade.js';

const READ_BYTES = 1 << 20;
const PROTOCOL_VERSION = 1;
const CALL_END = 2 ** 32;

const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);

export type Recorder = {
  /** A call is over. */
  replied(operation: number, latencyMs: number, succeeded: boolean): void;
  /** Operations that a reply brought, of a call that may go on. */
  counted(operation: number, operations: number): void;
  failed(what: string): void;
  /** Open loop: a place is free again. */
  freed(connection: RawConnection): void;
  /** Open loop: all that has come in has been worked off. */
  settled(): void;
  /** No call is in flight on this connection and none will be sent. */
  idle(): void;
  /** Nothing more is to be sent. */
  readonly stopped: boolean;
  readonly isOpenLoop: boolean;
};

type Phase = 'upgrade' | 'hello' | 'ready' | 'closed';

export class RawConnection {
  readonly #socket: Socket;
  readonly #workload: Workload;
  readonly #recorder: Recorder;
  readonly #depth: number;
  readonly #slots: number;
  readonly #sentAt: Float64Array;
  readonly #callOfSlot: Float64Array;
  readonly #parser: FrameParser;
  readonly #reply = new ReplyReader();
  readonly #operationOfSlot: Uint8Array;
  readonly #tokenOfSlot: Float64Array;
  readonly #freeSlots: number[] = [];
  readonly #writer: FrameWriter;
  #sequence = 1;
  #inFlight = 0;
  #now = 0;
  #phase: Phase = 'upgrade';
  #accept = '';
  #started = false;
  #toldIdle = false;
  #greeted: (() => void) | undefined;
  #refused: ((error: Error) => void) | undefined;

  constructor(target: LoadTarget, depth: number, workload: Workload, recorder: Recorder) {
    this.#workload = workload;
    this.#recorder = recorder;
    this.#depth = depth;
    this.#slots = 2 ** Math.ceil(Math.log2(depth));
    this.#sentAt = new Float64Array(this.#slots);
    this.#callOfSlot = new Float64Array(this.#slots);
    this.#operationOfSlot = new Uint8Array(this.#slots);
    this.#tokenOfSlot = new Float64Array(this.#slots);
    this.#writer = new FrameWriter(workload.operations, depth);
    this.#parser = new FrameParser((opcode, bytes, start, length) =>
      this.#frame(opcode, bytes, start, length),
    );
    this.#socket = connect({
      host: target.host,
      port: target.port,
      noDelay: true,
      onread: { buffer: readBuffer, callback: (bytes) => this.#read(bytes) },
    });
    this.#socket.on('error', (error) => this.#lost(error.message));
    this.#socket.on('close', () => this.#lost('the server closed the connection'));
  }

  /** Resolves when the master has said Welcome. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#greeted = resolve;
      this.#refused = reject;
      this.#upgrade();
    });
  }

  /** Closed loop: sends the first `depth` calls. Open loop: offers so many places. */
  start(): void {
    this.#now = performance.now();
    this.#started = true;
    for (let slot = 0; slot < this.#depth; slot++) {
      if (this.#recorder.isOpenLoop) this.#free(slot);
      else this.#next(slot, this.#now);
    }
    this.flush();
    this.#tellIdle();
  }

  /** Open loop: takes one of the places that were offered. False: the work is used up. */
  issue(intendedMs: number): boolean {
    return this.#next(this.#freeSlots.pop()!, intendedMs);
  }

  /** Open loop: nothing more will be issued. */
  finish(): void {
    this.#tellIdle();
  }

  /** What was issued leaves. */
  flush(): void {
    if (this.#writer.frames === 0) return;
    this.#socket.write(this.#writer.take());
    this.#writer.reusable(this.#socket.writableLength === 0);
  }

  close(): void {
    this.#phase = 'closed';
    this.#socket.destroy();
  }

  #upgrade(): void {
    const { text, accept } = upgradeRequest();
    this.#accept = accept;
    this.#socket.write(text);
  }

  #read(bytes: number): boolean {
    if (this.#phase === 'upgrade') {
      // The response is one small packet, and nothing follows it before our Hello.
      const text = readBuffer.toString('latin1', 0, bytes);
      if (!text.startsWith('HTTP/1.1 101') || !text.includes(this.#accept)) {
        this.#lost(`no WebSocket: ${text.split('\r\n')[0]}`);
        return true;
      }
      this.#phase = 'hello';
      this.#socket.write(helloFrame());
      return true;
    }
    this.#now = performance.now();
    this.#parser.push(readBuffer, bytes);
    if (this.#recorder.isOpenLoop) this.#recorder.settled();
    else this.flush();
    if (this.#phase === 'ready') this.#tellIdle();
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
    this.#reply.move(bytes, start, length);
    if (this.#phase === 'hello') this.#welcome();
    else if (this.#phase === 'ready') this.#replied();
  }

  #welcome(): void {
    if (this.#reply.code !== 0) {
      this.#lost(`Hello was refused: ${this.#reply.describe()}`);
      return;
    }
    this.#phase = 'ready';
    this.#greeted?.();
  }

  #replied(): void {
    const reply = this.#reply;
    const call = reply.call;
    const slot = call & (this.#slots - 1);
    if (this.#callOfSlot[slot] !== call) {
      this.#recorder.failed(`a reply to call ${call}, which is not in flight`);
      return;
    }
    const index = this.#operationOfSlot[slot]!;
    const operation = this.#workload.operations[index]!;
    let succeeded = reply.code === operation.code;
    if (succeeded) {
      const operations = operation.count(reply);
      this.#recorder.counted(index, operations);
      succeeded = operation.wanted === 0 || operations === operation.wanted;
    }
    if (!succeeded) this.#recorder.failed(`${operation.name}: ${reply.describe()}`);
    if (succeeded && operation.streamed && reply.more) return;
    this.#callOfSlot[slot] = 0;
    this.#inFlight--;
    operation.ended?.(this.#tokenOfSlot[slot]!, succeeded);
    this.#recorder.replied(index, this.#now - this.#sentAt[slot]!, succeeded);
    if (this.#recorder.isOpenLoop) this.#free(slot);
    else this.#next(slot, this.#now);
  }

  #free(slot: number): void {
    this.#freeSlots.push(slot);
    this.#recorder.freed(this);
  }

  #next(slot: number, sentAtMs: number): boolean {
    if (this.#recorder.stopped) return false;
    const { operations } = this.#workload;
    const index = this.#workload.pick();
    const operation = operations[index]!;
    const at = this.#writer.begin(index);
    const token = operation.prepare(this.#writer.bytes, at);
    if (token < 0) return false;
    const call = this.#sequence * this.#slots + slot;
    assert(call < CALL_END, 'call ids of one connection fit in 32 bits');
    writeCall(this.#writer.bytes, at + operation.template.callAt, call);
    this.#writer.keep(index);
    this.#sequence++;
    this.#callOfSlot[slot] = call;
    this.#operationOfSlot[slot] = index;
    this.#tokenOfSlot[slot] = token;
    this.#sentAt[slot] = sentAtMs;
    this.#inFlight++;
    return true;
  }

  #tellIdle(): void {
    if (this.#inFlight > 0 || !this.#started || this.#toldIdle) return;
    if (this.#recorder.isOpenLoop && !this.#recorder.stopped) return;
    this.#toldIdle = true;
    this.#recorder.idle();
  }

  #lost(why: string): void {
    if (this.#phase === 'closed') return;
    const before = this.#phase;
    this.close();
    if (before !== 'ready') {
      this.#refused?.(new Error(why));
      return;
    }
    this.#recorder.failed(why);
    this.#inFlight = 0;
    this.#tellIdle();
  }
}

function helloFrame(): Uint8Array {
  // A client of its own for each connection: the master remembers calls by client.
  const clientId = randomBytes(6).readUIntBE(0, 6);
  const hello = new HelloT(PROTOCOL_VERSION, clientId, LOAD_USER, [LOAD_USER], 'orchard-bench');
  const template = new FrameTemplate(RequestBody.Hello, hello);
  return template.bytes;
}
