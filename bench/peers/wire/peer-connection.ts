/**
 * One connection to a peer: greeting, then a closed loop that keeps `depth` calls in flight. As
 * with our own protocol, all replies of one read are answered with one write, and the calls of
 * that write are templates over which a few bytes are written.
 *
 *   call id = sequence × slots + slot      slots: depth rounded up to a power of two
 *
 * Invariant: a buffer that the socket still holds is never written to again.
 */
import { connect, type Socket } from 'node:net';
import { type Dialect, OLDEST_CALL, type ReaderEvents, type WireReader } from './dialect.js';

const READ_BYTES = 1 << 20;

const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);

/** What a connection tells the loop that it is part of. */
export type CallRecorder = {
  replied(latencyMs: number, succeeded: boolean): void;
  counted(operations: number): void;
  failed(what: string): void;
  /** No call is in flight on this connection and none will be sent. */
  idle(): void;
  /** Nothing more is to be sent. */
  readonly stopped: boolean;
};

type Address = { readonly host: string; readonly port: number };

export class PeerConnection implements ReaderEvents {
  readonly #socket: Socket;
  readonly #dialect: Dialect;
  readonly #recorder: CallRecorder;
  readonly #depth: number;
  readonly #slots: number;
  readonly #sentAt: Float64Array;
  readonly #callOfSlot: Float64Array;
  readonly #reader: WireReader;
  readonly #callBytes: number;
  #out: Uint8Array;
  #outCalls = 0;
  #sequence = 1;
  #oldest = 0;
  #inFlight = 0;
  #now = 0;
  #state: 'opening' | 'ready' | 'started' | 'idle' | 'closed' = 'opening';
  #ready: (() => void) | undefined;
  #refused: ((error: Error) => void) | undefined;

  constructor(target: Address, depth: number, dialect: Dialect, recorder: CallRecorder) {
    this.#dialect = dialect;
    this.#recorder = recorder;
    this.#depth = depth;
    this.#slots = 2 ** Math.ceil(Math.log2(depth));
    this.#sentAt = new Float64Array(this.#slots);
    this.#callOfSlot = new Float64Array(this.#slots);
    this.#reader = dialect.reader(this, this.#slots);
    this.#callBytes = dialect.template.length;
    this.#out = this.#freshOut();
    this.#socket = connect({
      host: target.host,
      port: target.port,
      noDelay: true,
      onread: { buffer: readBuffer, callback: (bytes) => this.#read(bytes) },
    });
    this.#socket.on('error', (error) => this.lost(error.message));
    this.#socket.on('close', () => this.lost('the server closed the connection'));
  }

  /** Resolves when calls may be sent. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#ready = resolve;
      this.#refused = reject;
      const { hello } = this.#dialect;
      if (hello === undefined) this.#socket.once('connect', () => this.greeted());
      else this.#socket.write(hello);
    });
  }

  /** Sends the first `depth` calls. */
  start(): void {
    this.#now = performance.now();
    this.#state = 'started';
    for (let slot = 0; slot < this.#depth; slot++) this.#next(slot);
    this.#send();
    this.#tellIdle();
  }

  close(): void {
    this.#state = 'closed';
    this.#socket.destroy();
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  greeted(): void {
    if (this.#state !== 'opening') return;
    this.#state = 'ready';
    this.#ready?.();
  }

  succeeded(call: number, operations: number): void {
    const slot = this.#release(call);
    if (slot < 0) return;
    this.#recorder.counted(operations);
    this.#recorder.replied(this.#now - this.#sentAt[slot]!, true);
    this.#next(slot);
  }

  failed(call: number, why: string): void {
    this.#recorder.failed(why);
    const slot = this.#release(call);
    if (slot < 0) return;
    this.#recorder.replied(this.#now - this.#sentAt[slot]!, false);
    this.#next(slot);
  }

  lost(why: string): void {
    if (this.#state === 'closed') return;
    const before = this.#state;
    this.close();
    if (before === 'opening') this.#refused?.(new Error(why));
    else {
      this.#recorder.failed(why);
      if (before !== 'idle') this.#recorder.idle();
    }
  }

  #read(bytes: number): boolean {
    this.#now = performance.now();
    this.#reader.push(readBuffer, bytes);
    this.#send();
    this.#tellIdle();
    return true;
  }

  /** The slot of a call that is over; -1 when no such call is in flight. */
  #release(call: number): number {
    const isOldest = call === OLDEST_CALL;
    const slot = isOldest ? this.#oldest : call & (this.#slots - 1);
    const inFlight = this.#callOfSlot[slot]!;
    if (inFlight === 0 || (!isOldest && inFlight !== call)) {
      this.#recorder.failed(`a reply to call ${call}, which is not in flight`);
      return -1;
    }
    if (isOldest) this.#oldest = (slot + 1) % this.#depth;
    this.#callOfSlot[slot] = 0;
    this.#inFlight--;
    return slot;
  }

  #next(slot: number): void {
    if (this.#recorder.stopped) return;
    const at = this.#outCalls * this.#callBytes;
    if (!this.#dialect.prepare(this.#out, at)) return;
    const call = this.#sequence * this.#slots + slot;
    this.#dialect.stamp(this.#out, at, call);
    this.#sequence++;
    this.#callOfSlot[slot] = call;
    this.#sentAt[slot] = this.#now;
    this.#inFlight++;
    this.#outCalls++;
  }

  #send(): void {
    if (this.#outCalls === 0) return;
    const isWhole = this.#outCalls === this.#depth;
    const out = this.#out;
    this.#socket.write(isWhole ? out : out.subarray(0, this.#outCalls * this.#callBytes));
    this.#outCalls = 0;
    if (this.#socket.writableLength > 0) this.#out = this.#freshOut();
  }

  #freshOut(): Uint8Array {
    const out = new Uint8Array(this.#callBytes * this.#depth);
    for (let i = 0; i < this.#depth; i++) out.set(this.#dialect.template, i * this.#callBytes);
    return out;
  }

  #tellIdle(): void {
    if (this.#state !== 'started' || this.#inFlight > 0) return;
    this.#state = 'idle';
    this.#recorder.idle();
  }
}
