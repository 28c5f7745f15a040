/**
 * What the client needs of a WebSocket, with two implementations: the platform's own, or undici's
 * under Node 20. Anything else (a test, a tunnel) is injected as a Transport.
 */
import { WebSocket as UndiciWebSocket } from 'undici';
import { whyUnreachable } from './reachability.js';

export type WireEvents = {
  opened(): void;
  /** One binary frame; the bytes are the receiver's to keep. */
  frame(bytes: Uint8Array): void;
  /** Called once, and last; also when the connection never opened. */
  closed(reason: string): void;
};

export type Wire = {
  /** The bytes are copied before this returns. */
  send(frame: Uint8Array): void;
  /** Bytes handed to send() that the network has not taken yet. */
  bufferedBytes(): number;
  close(): void;
};

export type Transport = (url: string, events: WireEvents) => Wire;

/** The part of the WebSocket interface that is used; both implementations have it. */
type Socket = {
  binaryType: string;
  readonly bufferedAmount: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  send(data: Uint8Array): void;
  close(code?: number): void;
};
type SocketClass = new (url: string) => Socket;

const NORMAL_CLOSURE = 1000;

export const webSocketTransport: Transport = (url, events) => {
  const global = (globalThis as { WebSocket?: unknown }).WebSocket;
  const SocketOf = (global ?? UndiciWebSocket) as unknown as SocketClass;
  const socket = new SocketOf(url);
  socket.binaryType = 'arraybuffer';
  let isOpen = false;
  let isClosed = false;
  const closed = (reason: string) => {
    if (isClosed) return;
    isClosed = true;
    // A WebSocket that never opened says nothing about the reason.
    if (isOpen) events.closed(reason);
    else void whyUnreachable(url).then((why) => events.closed(why));
  };
  socket.onopen = () => {
    isOpen = true;
    events.opened();
  };
  socket.onmessage = (event: { data: unknown }) => {
    if (event.data instanceof ArrayBuffer) events.frame(new Uint8Array(event.data));
    else socket.close(NORMAL_CLOSURE);
  };
  // undici may report an error without a close event, while the state is still CONNECTING. Its
  // close() then reports another error; the first one counts.
  socket.onerror = (event: { message?: string }) => {
    if (isClosed) return;
    closed(event.message || 'the connection failed');
    socket.close();
  };
  socket.onclose = (event: { code?: number; reason?: string }) => {
    closed(event.reason || `closed with code ${event.code ?? 'unknown'}`);
  };
  return {
    send: (frame) => socket.send(frame),
    bufferedBytes: () => socket.bufferedAmount,
    close: () => {
      if (!isClosed) socket.close(NORMAL_CLOSURE);
    },
  };
};
