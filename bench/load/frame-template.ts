/**
 * One whole masked WebSocket frame, encoded once: what changes from call to call is written over it
 * in place. RFC 6455 wants a client to mask its frames; the mask key 0 is legal and leaves the
 * payload as it is.
 *
 * 0 0x82 (FIN, binary) | 1 0x80 + length (126: u16 follows, 127: u64) | mask key, 4 zeros | payload
 *
 * Where the call id and the paths stand in the payload is found by looking for marks, so that the
 * templates follow the schemas by themselves.
 */
import { Builder } from 'flatbuffers';
import { assert } from '../../src/base/assert.js';
import { type RequestBody, RequestT } from '../../src/wire/generated/index.js';

type Body = NonNullable<ConstructorParameters<typeof RequestT>[3]>;

/** No other bytes of a small request are like these. */
const CALL_MARK = 0x000f_5aa5_3cc3_7e01;
const SESSION_MARK = 0x6bb6_2dd2;
const BINARY_FINAL = 0x82;
const MASKED = 0x80;

export class FrameTemplate {
  readonly bytes: Uint8Array;
  /** Where the low and the high half of the call id stand. */
  readonly callAt: number;
  /** Where the number of the session stands; -1 = the request has none. */
  readonly sessionAt: number;
  /** Where each placeholder that was looked for stands, in the order of the request. */
  readonly pathsAt: readonly number[];

  constructor(
    type: RequestBody,
    body: Body,
    placeholders: readonly string[] = [],
    options: { readonly withSession?: true } = {},
  ) {
    const builder = new Builder(1024);
    const session = options.withSession === true ? SESSION_MARK : 0;
    builder.finish(new RequestT(CALL_MARK, 0, type, body, session).pack(builder));
    this.bytes = masked(builder.asUint8Array());
    this.callAt = find(this.bytes, littleEndian(CALL_MARK, 8), 0);
    this.sessionAt = session === 0 ? -1 : find(this.bytes, littleEndian(session, 4), 0);
    this.pathsAt = locateAll(this.bytes, placeholders);
    writeCall(this.bytes, this.callAt, 0);
  }
}

/** Call ids of one connection stay below 2^32: the high half was zeroed in the template. */
export function writeCall(target: Uint8Array, at: number, call: number): void {
  target[at] = call;
  target[at + 1] = call >>> 8;
  target[at + 2] = call >>> 16;
  target[at + 3] = call >>> 24;
  target[at + 4] = 0;
  target[at + 5] = 0;
  target[at + 6] = 0;
  target[at + 7] = 0;
}

/** A frame of any kind with mask key 0. */
export function masked(payload: Uint8Array, opcode = BINARY_FINAL): Uint8Array {
  const length = payload.length;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const frame = Buffer.alloc(2 + extended + 4 + length);
  frame[0] = opcode;
  frame[1] = MASKED | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) frame.writeUInt16BE(length, 2);
  if (extended === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  frame.set(payload, 2 + extended + 4);
  return frame;
}

function littleEndian(value: number, count: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes.subarray(0, count);
}

/** Equal placeholders are given their places from the front; which is whose makes no difference. */
function locateAll(bytes: Uint8Array, placeholders: readonly string[]): number[] {
  const next = new Map<string, number>();
  return placeholders.map((placeholder) => {
    const at = find(bytes, Buffer.from(placeholder), next.get(placeholder) ?? 0);
    next.set(placeholder, at + placeholder.length);
    return at;
  });
}

function find(bytes: Uint8Array, mark: Uint8Array, from: number): number {
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(mark, from);
  assert(at >= 0, 'a mark of the template is missing from the encoded request');
  return at;
}
