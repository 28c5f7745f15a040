/**
 * A WebSocket client over a raw TCP socket, for tests that need what a good client never does:
 * many frames in one write, damaged frames, a reader that stops reading. Frames go out masked with
 * a zero key, so the payload stays as it is.
 *
 *   client frame  0 fin+opcode | 1 mask bit + length (126: u16, 127: u64 follows) | key 4 | payload
 */
import { connect, type Socket } from 'node:net';
import { ByteBuffer } from 'flatbuffers';
import { HelloT, Reply, type ReplyT } from '../../src/wire/generated/index.js';
import { encodeRequest } from '../wire/samples.js';

export const Opcode = { TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 } as const;

export function frame(payload: Uint8Array, opcode: number = Opcode.BINARY): Buffer {
  const length = payload.length;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const out = Buffer.alloc(2 + extended + 4 + length);
  out[0] = 0x80 | opcode;
  out[1] = 0x80 | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) out.writeUInt16BE(length, 2);
  if (extended === 8) out.writeBigUInt64BE(BigInt(length), 2);
  out.set(payload, 2 + extended + 4);
  return out;
}

export class WireClient {
  readonly socket: Socket;
  /** Every binary frame that came, unless onFrame takes them. */
  readonly replies: ReplyT[] = [];
  frames = 0;
  closeCode = 0;
  closed = false;
  onFrame: ((payload: Buffer) => void) | undefined;
  #pending: Buffer = Buffer.alloc(0);
  #upgraded = false;
  readonly #waiters = new Set<() => void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#data(chunk));
    socket.on('close', () => {
      this.closed = true;
      this.#wake();
    });
    socket.on('error', () => {
      this.closed = true;
    });
  }

  static async open(port: number): Promise<WireClient> {
    const client = new WireClient(connect(port, '127.0.0.1'));
    client.socket.write(
      'GET /rpc HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    await client.until(() => client.#upgraded);
    return client;
  }

  /** Opens and says Hello as `user`. */
  static async greeted(port: number, user = 'ann'): Promise<WireClient> {
    const client = await WireClient.open(port);
    client.send(encodeRequest(1, 'Hello', new HelloT(1, 42, user, ['staff'], 'test')));
    await client.reply(1);
    return client;
  }

  send(payload: Uint8Array, opcode?: number): void {
    this.socket.write(frame(payload, opcode));
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.closed) throw new Error('the connection closed first');
      await new Promise<void>((resolve) => this.#waiters.add(resolve));
    }
  }

  async untilClosed(): Promise<void> {
    while (!this.closed) await new Promise<void>((resolve) => this.#waiters.add(resolve));
  }

  /** The first reply to the call. */
  async reply(call: number): Promise<ReplyT> {
    const find = (): ReplyT | undefined => this.replies.find((reply) => reply.call === call);
    await this.until(() => find() !== undefined);
    return find()!;
  }

  destroy(): void {
    this.socket.destroy();
  }

  #wake(): void {
    for (const resolve of this.#waiters) resolve();
    this.#waiters.clear();
  }

  #data(chunk: Buffer): void {
    let bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    if (!this.#upgraded) {
      const end = bytes.indexOf('\r\n\r\n');
      if (end === -1) {
        this.#pending = bytes;
        return;
      }
      this.#upgraded = true;
      bytes = bytes.subarray(end + 4);
    }
    let at = 0;
    for (;;) {
      const next = this.#frameAt(bytes, at);
      if (next === -1) break;
      at = next;
    }
    this.#pending = bytes.subarray(at);
    this.#wake();
  }

  #frameAt(bytes: Buffer, at: number): number {
    if (bytes.length < at + 2) return -1;
    const short = bytes[at + 1]! & 0x7f;
    const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
    if (bytes.length < at + 2 + extended) return -1;
    const length =
      extended === 0
        ? short
        : extended === 2
          ? bytes.readUInt16BE(at + 2)
          : Number(bytes.readBigUInt64BE(at + 2));
    const start = at + 2 + extended;
    if (bytes.length < start + length) return -1;
    this.#frame(bytes[at]! & 15, bytes.subarray(start, start + length));
    return start + length;
  }

  #frame(opcode: number, payload: Buffer): void {
    if (opcode === Opcode.CLOSE)
      this.closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
    if (opcode === Opcode.PING) this.send(payload, Opcode.PONG);
    if (opcode !== Opcode.BINARY) return;
    this.frames++;
    if (this.onFrame !== undefined) this.onFrame(payload);
    else this.replies.push(Reply.getRootAsReply(new ByteBuffer(payload)).unpack());
  }
}
