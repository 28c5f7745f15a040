/**
 * Reads from a Reply in place what the load generator must know: which call, which code, whether
 * more follows, and for batches and listings how many entries went well. No object is made unless
 * something is wrong.
 */
import { ByteBuffer } from 'flatbuffers';
import { BatchReply, type ErrorDetail, Reply, ReplyBody } from '../../src/wire/generated/index.js';

/** Vtable slots: field n of a table stands in slot 4 + 2n. */
const ReplySlot = { CALL: 4, CODE: 6, MORE: 10, BODY: 16 } as const;
const BODY_VECTOR_SLOT = 4;
const RESULT_CODE_SLOT = 4;

export class ReplyReader {
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #length = 0;
  #table = 0;

  move(bytes: Uint8Array, start: number, length: number): void {
    this.#bytes = bytes;
    this.#start = start;
    this.#length = length;
    this.#table = start + this.#u32(start);
  }

  /** The low half of the call id, which is all that the generator uses. */
  get call(): number {
    const at = this.#field(this.#table, ReplySlot.CALL);
    return at === 0 ? 0 : this.#u32(at) >>> 0;
  }

  get code(): number {
    const at = this.#field(this.#table, ReplySlot.CODE);
    return at === 0 ? 0 : this.#u16(at);
  }

  get more(): boolean {
    const at = this.#field(this.#table, ReplySlot.MORE);
    return at !== 0 && this.#bytes[at] !== 0;
  }

  /** Entries of a ListPage. */
  get listedCount(): number {
    const vector = this.#bodyVector();
    return vector === 0 ? 0 : this.#u32(vector);
  }

  /** Results of a BatchReply with code 0. */
  get succeededCount(): number {
    const vector = this.#bodyVector();
    if (vector === 0) return 0;
    const count = this.#u32(vector);
    let succeeded = 0;
    for (let i = 0, at = vector + 4; i < count; i++, at += 4) {
      const field = this.#field(at + this.#u32(at), RESULT_CODE_SLOT);
      if (field === 0 || this.#u16(field) === 0) succeeded++;
    }
    return succeeded;
  }

  /** For reports: reason and path of the first thing that went wrong. */
  describe(): string {
    const bytes = this.#bytes.slice(this.#start, this.#start + this.#length);
    const reply = Reply.getRootAsReply(new ByteBuffer(bytes));
    if (reply.code() !== 0) return errorText(reply.code(), reply.error());
    if (reply.bodyType() === ReplyBody.BatchReply) {
      const batch: BatchReply = reply.body(new BatchReply());
      for (let i = 0; i < batch.resultsLength(); i++) {
        const result = batch.results(i);
        if (result !== null && result.code() !== 0) return errorText(result.code(), result.error());
      }
    }
    return 'code 0, but not what was asked for';
  }

  /** The body's first field, which is its vector in BatchReply and ListPage alike. */
  #bodyVector(): number {
    const body = this.#field(this.#table, ReplySlot.BODY);
    if (body === 0) return 0;
    const field = this.#field(body + this.#u32(body), BODY_VECTOR_SLOT);
    return field === 0 ? 0 : field + this.#u32(field);
  }

  #field(table: number, slot: number): number {
    const vtable = table - this.#u32(table);
    if (slot >= this.#u16(vtable)) return 0;
    const offset = this.#u16(vtable + slot);
    return offset === 0 ? 0 : table + offset;
  }

  #u16(at: number): number {
    return this.#bytes[at]! | (this.#bytes[at + 1]! << 8);
  }

  #u32(at: number): number {
    const b = this.#bytes;
    return b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24);
  }
}

const errorText = (code: number, error: ErrorDetail | null): string =>
  `code ${code}: ${error?.reason() ?? 'no reason given'} ${error?.path() ?? ''}`.trimEnd();
