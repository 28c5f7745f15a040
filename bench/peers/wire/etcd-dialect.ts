/**
 * etcd's KV service: gRPC over plain HTTP/2, a stream a call, encoded by hand, because a gRPC
 * client in Node would be the limit and not etcd. A file is a key (its full path) with
 * VALUE_BYTES of attributes; a listing is a range of keys with their values. There is no rename.
 *
 *   u24 length | u8 type | u8 flags | u32 stream | payload      a call: HEADERS, then DATA (end)
 *
 * A call that failed has trailers and no DATA. We announce a header table of size 0, so headers
 * need no state, and windows of 2^31 - 1, which are topped up.
 */
import {
  type Dialect,
  type PeerWork,
  pathOf,
  type ReaderEvents,
  VALUE,
  type WireReader,
  WorkCursor,
} from './dialect.js';
import { StreamCutter } from './stream-cutter.js';
import { readU32, TemplateWriter, writeU32 } from './template-writer.js';

const Frame = {
  DATA: 0,
  HEADERS: 1,
  RESET: 3,
  SETTINGS: 4,
  PING: 6,
  GO_AWAY: 7,
  WINDOW_UPDATE: 8,
} as const;
const Flag = { ACK: 1, END_STREAM: 1, END_HEADERS: 4 } as const;
const Setting = { HEADER_TABLE_SIZE: 1, INITIAL_WINDOW_SIZE: 4 } as const;

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const HEAD_BYTES = 9;
const TYPE_AT = 3;
const FLAGS_AT = 4;
const STREAM_AT = 5;
const MESSAGE_HEAD_BYTES = 5;
const WINDOW_BYTES = 2 ** 31 - 1;
const WINDOW_BYTES_DEFAULT = 65_535;
const TOP_UP_BYTES = 2 ** 30;

/** Protobuf: field numbers shifted, wire type 2 for bytes, 0 for numbers. */
const Field = { FIRST_BYTES: 0x0a, SECOND_BYTES: 0x12 } as const;
/** The last field of a reply: of Range its count (4), of DeleteRange what was deleted (2). */
const COUNTED_ONE = 1;

const methods = {
  create: 'Put',
  stat: 'Range',
  delete: 'DeleteRange',
  list: 'Range',
  rename: undefined,
} as const;

export function etcdDialect(work: PeerWork, seed: number, authority: string): Dialect {
  const cursor = new WorkCursor(work, seed);
  const path = pathOf(work, work.kind);
  const headers = headersFrame(authority, methods[work.verb]);
  const { message, pathAt } = encodeMessage(work, path);
  const prefix = new TemplateWriter().u8(0).u32(message.length).done();
  const data = frame(Frame.DATA, Flag.END_STREAM, 0, Buffer.concat([prefix, message]));
  const messageAt = headers.length + HEAD_BYTES + prefix.length;
  return {
    hello: hello(),
    template: Buffer.concat([headers, data]),
    next: () => cursor.next,
    prepare(bytes, at) {
      const index = cursor.take();
      if (index < 0) return false;
      if (work.verb !== 'list') path.write(bytes, at + messageAt + pathAt, index);
      return true;
    },
    stamp(bytes, at, call) {
      const stream = call * 2 + 1;
      writeU32(bytes, at + STREAM_AT, stream);
      writeU32(bytes, at + headers.length + STREAM_AT, stream);
    },
    reader: (events, slots) => new EtcdReader(events, work, slots),
  };
}

function hello(): Buffer {
  const settings = new TemplateWriter()
    .u16(Setting.HEADER_TABLE_SIZE)
    .u32(0)
    .u16(Setting.INITIAL_WINDOW_SIZE)
    .u32(WINDOW_BYTES);
  return Buffer.concat([
    Buffer.from(PREFACE),
    frame(Frame.SETTINGS, 0, 0, settings.done()),
    windowUpdate(WINDOW_BYTES - WINDOW_BYTES_DEFAULT),
  ]);
}

const windowUpdate = (bytes: number): Buffer =>
  frame(Frame.WINDOW_UPDATE, 0, 0, new TemplateWriter().u32(bytes).done());

function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  return new TemplateWriter()
    .u8(0)
    .u16(payload.length)
    .u8(type)
    .u8(flags)
    .u32(stream)
    .bytes(payload)
    .done();
}

/** HPACK: indexed fields of the static table, and literals that are never added to a table. */
function headersFrame(authority: string, method: string | undefined): Buffer {
  if (method === undefined) throw new Error('etcd has no rename');
  const POST = 0x83;
  const SCHEME_HTTP = 0x86;
  const NAME_PATH = 0x04;
  const NAME_AUTHORITY = 0x01;
  const NAME_CONTENT_TYPE = [0x0f, 0x10];
  const writer = new TemplateWriter();
  const literal = (text: string): TemplateWriter => writer.u8(text.length).text(text);
  writer.u8(POST).u8(SCHEME_HTTP).u8(NAME_PATH);
  literal(`/etcdserverpb.KV/${method}`).u8(NAME_AUTHORITY);
  literal(authority).bytes(Buffer.from(NAME_CONTENT_TYPE));
  literal('application/grpc').u8(0);
  literal('te');
  literal('trailers');
  return frame(Frame.HEADERS, Flag.END_HEADERS, 0, writer.done());
}

function encodeMessage(
  work: PeerWork,
  path: ReturnType<typeof pathOf>,
): { message: Uint8Array; pathAt: number } {
  const writer = new TemplateWriter();
  if (work.verb === 'list') {
    // All keys from "/flat/" up to, and without, "/flat0": '0' follows '/'.
    for (const [field, key] of [
      [Field.FIRST_BYTES, '/flat/'],
      [Field.SECOND_BYTES, '/flat0'],
    ] as const) {
      writer.u8(field).u8(key.length).text(key);
    }
    return { message: writer.done(), pathAt: 0 };
  }
  writer.u8(Field.FIRST_BYTES).u8(path.bytes);
  const pathAt = writer.path(path);
  if (work.verb === 'create') writer.u8(Field.SECOND_BYTES).u8(VALUE.length).bytes(VALUE);
  return { message: writer.done(), pathAt };
}

class EtcdReader implements WireReader {
  readonly #cutter: StreamCutter;
  readonly #events: ReaderEvents;
  readonly #work: PeerWork;
  /** By slot: bytes of DATA so far, and the last of them. */
  readonly #dataBytes: Float64Array;
  readonly #lastByte: Uint8Array;
  readonly #slotMask: number;
  #greeted = false;
  #unacknowledgedBytes = 0;

  constructor(events: ReaderEvents, work: PeerWork, slots: number) {
    this.#events = events;
    this.#work = work;
    this.#dataBytes = new Float64Array(slots);
    this.#lastByte = new Uint8Array(slots);
    this.#slotMask = slots - 1;
    this.#cutter = new StreamCutter(frameBytes, (bytes, at, total) =>
      this.#frame(bytes, at, total),
    );
  }

  push(chunk: Uint8Array, end: number): void {
    this.#cutter.push(chunk, end);
  }

  #frame(bytes: Uint8Array, at: number, total: number): void {
    const type = bytes[at + TYPE_AT]!;
    const flags = bytes[at + FLAGS_AT]!;
    const call = (readU32(bytes, at + STREAM_AT) - 1) >>> 1;
    if (type === Frame.DATA) this.#data(call, bytes[at + total - 1]!, total - HEAD_BYTES);
    else if (type === Frame.SETTINGS) this.#settings(flags);
    else if (type === Frame.PING && (flags & Flag.ACK) === 0) {
      const payload = bytes.slice(at + HEAD_BYTES, at + total);
      this.#events.send(frame(Frame.PING, Flag.ACK, 0, payload));
    } else if (type === Frame.GO_AWAY) this.#events.lost('the server said GOAWAY');
    else if (type === Frame.RESET) this.#events.failed(call, 'the server reset the stream');
    if ((type === Frame.DATA || type === Frame.HEADERS) && (flags & Flag.END_STREAM) !== 0) {
      this.#ended(call);
    }
  }

  #settings(flags: number): void {
    if ((flags & Flag.ACK) !== 0) return;
    this.#events.send(frame(Frame.SETTINGS, Flag.ACK, 0, Buffer.alloc(0)));
    if (!this.#greeted) this.#events.greeted();
    this.#greeted = true;
  }

  #data(call: number, lastByte: number, bytes: number): void {
    const slot = call & this.#slotMask;
    if (bytes > 0) this.#lastByte[slot] = lastByte;
    this.#dataBytes[slot]! += bytes;
    this.#unacknowledgedBytes += bytes;
    if (this.#unacknowledgedBytes < TOP_UP_BYTES) return;
    this.#events.send(windowUpdate(this.#unacknowledgedBytes));
    this.#unacknowledgedBytes = 0;
  }

  #ended(call: number): void {
    const slot = call & this.#slotMask;
    const bytes = this.#dataBytes[slot]!;
    this.#dataBytes[slot] = 0;
    const { verb, entries } = this.#work;
    if (bytes <= MESSAGE_HEAD_BYTES) this.#events.failed(call, 'an error in place of a message');
    else if (verb === 'list') {
      const expected = (entries ?? 0) * VALUE.length;
      if (bytes > expected) this.#events.succeeded(call, entries ?? 0);
      else this.#events.failed(call, `a listing of ${bytes} bytes`);
    } else if (verb !== 'create' && this.#lastByte[slot] !== COUNTED_ONE) {
      this.#events.failed(call, 'the key was not there');
    } else this.#events.succeeded(call, 1);
  }
}

const frameBytes = (bytes: Uint8Array, at: number, end: number): number =>
  at + HEAD_BYTES > end
    ? -1
    : HEAD_BYTES + ((bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!);
