/**
 * Reads a request in place, without objects or strings, for calls that are answered in a
 * microsecond. Each thread has one cursor and moves it from frame to frame. Its results are valid
 * until it moves on. Only for frames that verifyRequest() found valid.
 *
 * Slots are vtable offsets: field number n of a table stands in slot 4 + 2n.
 */
import { ByteBuffer } from 'flatbuffers';
import type { RequestBody } from './generated/index.js';
import { WIRE_NUMBERS } from './generated/kernel-numbers.js';

const TWO_32 = 2 ** 32;
const {
  REQUEST_BODY_SLOT,
  REQUEST_BODY_TYPE_SLOT,
  REQUEST_CALL_SLOT,
  REQUEST_DEADLINE_MS_SLOT,
  REQUEST_SESSION_SLOT,
} = WIRE_NUMBERS;

export class RequestCursor {
  bytes: Uint8Array = new Uint8Array(0);
  /** Below 2^53, or the frame is refused at the edge. */
  call = 0;
  /** From arrival; 0 = none. */
  deadlineMs = 0;
  bodyType: RequestBody = 0;
  /** 0 = the session of Hello. */
  session = 0;
  /** Where the body's table stands; 0 when there is none. */
  body = 0;

  /** What string() found last. */
  textStart = 0;
  textBytes = 0;

  #buffer: ByteBuffer | undefined;

  move(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.#buffer = undefined;
    const request = this.#u32(0);
    const call = this.at(request, REQUEST_CALL_SLOT);
    const deadline = this.at(request, REQUEST_DEADLINE_MS_SLOT);
    const type = this.at(request, REQUEST_BODY_TYPE_SLOT);
    const body = this.at(request, REQUEST_BODY_SLOT);
    const session = this.at(request, REQUEST_SESSION_SLOT);
    this.call = call === 0 ? 0 : this.#u64(call);
    this.deadlineMs = deadline === 0 ? 0 : this.#u32(deadline);
    this.bodyType = (type === 0 ? 0 : bytes[type]!) as RequestBody;
    this.body = body === 0 ? 0 : body + this.#u32(body);
    this.session = session === 0 ? 0 : this.#u32(session);
  }

  /** For the generated accessors: `new Rename().__init(cursor.body, cursor.buffer)`. */
  get buffer(): ByteBuffer {
    this.#buffer ??= new ByteBuffer(this.bytes);
    return this.#buffer;
  }

  /** Where the field of a table stands; 0 when it is absent. */
  at(table: number, slot: number): number {
    const bytes = this.bytes;
    const vtable = table - (this.#u32(table) | 0);
    if (slot >= (bytes[vtable]! | (bytes[vtable + 1]! << 8))) return 0;
    const offset = bytes[vtable + slot]! | (bytes[vtable + slot + 1]! << 8);
    return offset === 0 ? 0 : table + offset;
  }

  /** Sets textStart and textBytes to a string of the body; false when it is absent. */
  string(slot: number): boolean {
    const field = this.at(this.body, slot);
    if (field === 0) return false;
    this.#text(field);
    return true;
  }

  /** Elements of a vector of the body. */
  vectorLength(slot: number): number {
    const field = this.at(this.body, slot);
    return field === 0 ? 0 : this.#u32(field + this.#u32(field));
  }

  /** Sets textStart and textBytes to one string of a vector of strings of the body. */
  stringElement(slot: number, index: number): void {
    const field = this.at(this.body, slot);
    this.#text(field + this.#u32(field) + 4 + index * 4);
  }

  uint8(slot: number, absent: number): number {
    const field = this.at(this.body, slot);
    return field === 0 ? absent : this.bytes[field]!;
  }

  boolean(slot: number, absent = false): boolean {
    const field = this.at(this.body, slot);
    return field === 0 ? absent : this.bytes[field] !== 0;
  }

  int32(slot: number, absent: number): number {
    const field = this.at(this.body, slot);
    return field === 0 ? absent : this.#u32(field) | 0;
  }

  uint64(slot: number, absent: number): number {
    const field = this.at(this.body, slot);
    return field === 0 ? absent : this.#u64(field);
  }

  int64(slot: number, absent: number): number {
    const field = this.at(this.body, slot);
    return field === 0 ? absent : (this.#u32(field + 4) | 0) * TWO_32 + this.#u32(field);
  }

  #text(offsetAt: number): void {
    const text = offsetAt + this.#u32(offsetAt);
    this.textBytes = this.#u32(text);
    this.textStart = text + 4;
  }

  #u32(at: number): number {
    const b = this.bytes;
    return (b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24)) >>> 0;
  }

  #u64(at: number): number {
    return this.#u32(at + 4) * TWO_32 + this.#u32(at);
  }
}
