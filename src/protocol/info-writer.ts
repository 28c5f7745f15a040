/**
 * Writes the replies that carry inodes, without a Builder: one inode (GetStatus), a page of them
 * (ListStatus), a result for each path (BatchGetStatus). What comes out is what the generated code
 * would read back, a test compares; it costs a fifth. Anything rarer goes by encode.ts.
 *
 *     0 root -> 24
 *     4 vtable of Reply            24 Reply: body, call, seq, body type, more
 *    52 vtable of FileInfo         68 the same without a path
 *    88 the body:    FileInfo | ListPage | BatchReply, then its vector, then its elements
 *   end owner and group names, each once a frame, patched into all that name them
 *
 * Invariant: one frame at a time; what finish…() gives is valid until the next begin.
 */
import { assert } from '../base/assert.js';
import { FrameBuffer } from './frame-buffer.js';
import { ReplyBody } from './generated/index.js';

/** Memory that holds records (base/record.ts), seen as bytes and as words. */
export type RecordMemory = { readonly bytes: Uint8Array; readonly words: Int32Array };

/** UTF-8 bytes somewhere. */
export type Utf8 = { readonly bytes: Uint8Array; readonly start: number; readonly length: number };

const RECORD_NAME_LENGTH = 67;
const RECORD_OWNER = 72;
const RECORD_GROUP = 76;
const RECORD_BYTES = 96;

const REPLY = 24;
const REPLY_BODY = REPLY + 4;
const REPLY_CALL = REPLY + 8;
const REPLY_SEQ = REPLY + 16;
const REPLY_BODY_TYPE = REPLY + 24;
const REPLY_MORE = REPLY + 25;
const INFO_VTABLE = 52;
const INFO_PATHLESS_VTABLE = 68;
const BODY = 88;

const INFO_NAME = 4;
const INFO_OWNER = 8;
const INFO_GROUP = 12;
const INFO_PATH = 16;
const INFO_INODE = 24;
const INFO_BYTES = 120;

const PAGE = BODY + 16;
const PAGE_ENTRIES = PAGE + 4;
const PAGE_FILE_COUNT = PAGE + 8;
const PAGE_CURSOR = PAGE + 16;
const PAGE_TRUNCATED = PAGE + 20;
const PAGE_CURSOR_SLOT = BODY + 6;
const PAGE_VECTOR = PAGE + 24;

const RESULT_VTABLE = BODY + 8;
const RESULT_ERROR_VTABLE = BODY + 20;
const ERROR_VTABLE = BODY + 28;
const BATCH = BODY + 36;
const BATCH_VECTOR = BATCH + 8;

/** reply, info, info without path: the same bytes in every frame. */
const REPLY_SLOTS = [18, 28, 8, 0, 0, 25, 16, 24, 4];
const INFO_SLOTS = [14, INFO_BYTES, INFO_INODE, INFO_NAME, INFO_OWNER, INFO_GROUP, INFO_PATH];
const INFO_PATHLESS_SLOTS = [14, INFO_BYTES, INFO_INODE, INFO_NAME, INFO_OWNER, INFO_GROUP, 0];

/** Two numbers a name: the owners and groups of up to four inodes. */
const FEW_NAMES = 16;

const encoder = new TextEncoder();

export class InfoWriter {
  readonly #out = new FrameBuffer();
  readonly #textOf: (id: number) => string;
  readonly #utf8 = new Map<number, Uint8Array>();
  /**
   * Pairs: where an owner's or group's offset stands, and whose. Never shrinks: see #nameNumbers.
   */
  readonly #names: number[] = [];
  #nameNumbers = 0;
  readonly #placed = new Map<number, number>();
  #vector = 0;
  #count = 0;
  #countMax = 0;

  /** `textOf` gives the name of an interned id; '' when it does not know it yet. */
  constructor(textOf: (id: number) => string) {
    this.#textOf = textOf;
    const out = this.#out;
    out.u32(0, REPLY);
    out.vtable(4, REPLY_SLOTS);
    out.u32(REPLY, REPLY - 4);
    out.vtable(INFO_VTABLE, INFO_SLOTS);
    out.vtable(INFO_PATHLESS_VTABLE, INFO_PATHLESS_SLOTS);
  }

  /** Bytes so far: a page ends before it outgrows a frame. */
  get bytes(): number {
    return this.#out.end;
  }

  get count(): number {
    return this.#count;
  }

  single(call: number, seq: number, memory: RecordMemory, at: number, path?: Utf8): Uint8Array {
    this.#begin(call, ReplyBody.FileInfo);
    this.#info(REPLY_BODY, memory, at, path);
    return this.#finish(seq, false);
  }

  beginPage(call: number, entriesMax: number): void {
    this.#begin(call, ReplyBody.ListPage);
    const out = this.#out;
    out.vtable(BODY, [12, 24, 4, 16, 20, 8]);
    out.u32(BODY + 12, 0);
    out.u32(PAGE, PAGE - BODY);
    out.link(REPLY_BODY, PAGE);
    this.#beginVector(PAGE_VECTOR, entriesMax, PAGE_ENTRIES);
  }

  /** `path` only where the caller cannot know it: in recursive listings. */
  addEntry(memory: RecordMemory, at: number, path?: Utf8): void {
    this.#info(this.#nextElement(), memory, at, path);
  }

  finishPage(
    seq: number,
    page: { truncated: boolean; more: boolean; fileCount: number; cursor?: Uint8Array },
  ): Uint8Array {
    this.#endVector();
    const out = this.#out;
    out.u64(PAGE_FILE_COUNT, page.fileCount);
    out.u32(PAGE_TRUNCATED, page.truncated ? 1 : 0);
    out.u32(PAGE_CURSOR, 0);
    out.u16(PAGE_CURSOR_SLOT, page.cursor === undefined ? 0 : PAGE_CURSOR - PAGE);
    if (page.cursor !== undefined) out.text(PAGE_CURSOR, page.cursor, 0, page.cursor.length);
    return this.#finish(seq, page.more);
  }

  beginBatch(call: number, resultsMax: number): void {
    this.#begin(call, ReplyBody.BatchReply);
    const out = this.#out;
    out.vtable(BODY, [6, 8, 4, 0]);
    out.vtable(RESULT_VTABLE, [10, 8, 0, 0, 4, 0]);
    out.vtable(RESULT_ERROR_VTABLE, [8, 12, 8, 4]);
    out.vtable(ERROR_VTABLE, [8, 12, 4, 8]);
    out.u32(BATCH, BATCH - BODY);
    out.link(REPLY_BODY, BATCH);
    this.#beginVector(BATCH_VECTOR, resultsMax, BATCH + 4);
  }

  addResult(memory: RecordMemory, at: number, path?: Utf8): void {
    const element = this.#nextElement();
    const out = this.#out;
    out.reserve(8);
    out.align(4);
    const result = out.end;
    out.link(element, result);
    out.u32(result, result - RESULT_VTABLE);
    out.end = result + 8;
    this.#info(result + 4, memory, at, path);
  }

  addFailure(code: number, reason: string, path: Utf8): void {
    const element = this.#nextElement();
    const out = this.#out;
    out.reserve(24);
    out.align(4);
    const result = out.end;
    const error = result + 12;
    out.link(element, result);
    out.u32(result, result - RESULT_ERROR_VTABLE);
    out.link(result + 4, error);
    out.u32(result + 8, code);
    out.u32(error, error - ERROR_VTABLE);
    out.end = error + 12;
    const text = encoder.encode(reason);
    out.text(error + 4, text, 0, text.length);
    out.text(error + 8, path.bytes, path.start, path.length);
  }

  finishBatch(seq: number): Uint8Array {
    this.#endVector();
    return this.#finish(seq, false);
  }

  #begin(call: number, type: ReplyBody): void {
    const out = this.#out;
    out.u64(REPLY_CALL, call);
    out.bytes[REPLY_BODY_TYPE] = type;
    out.end = BODY;
    this.#nameNumbers = 0;
    this.#count = 0;
  }

  #beginVector(at: number, countMax: number, from: number): void {
    const out = this.#out;
    this.#vector = at;
    this.#countMax = countMax;
    out.end = at;
    out.reserve(4 + 4 * countMax);
    out.link(from, at);
    out.end = at + 4 + 4 * countMax;
  }

  #nextElement(): number {
    assert(this.#count < this.#countMax, 'a frame has room for what it was begun for');
    return this.#vector + 4 + 4 * this.#count++;
  }

  /** Fewer elements than there was room for: what follows the vector moves up. */
  #endVector(): void {
    const out = this.#out;
    out.u32(this.#vector, this.#count);
    const unused = ((this.#countMax - this.#count) * 4) & ~7;
    if (unused === 0) return;
    const elements = this.#vector + 4 + 4 * this.#countMax;
    out.bytes.copyWithin(elements - unused, elements, out.end);
    out.end -= unused;
    for (let i = 0; i < this.#count; i++) {
      out.words[(this.#vector + 4 + 4 * i) >>> 2]! -= unused;
    }
    this.#moveUp(unused);
  }

  /** Tables know the distance to their vtable, and names are patched where they stood. */
  #moveUp(bytes: number): void {
    const { words } = this.#out;
    for (let i = 0; i < this.#count; i++) {
      const at = this.#vector + 4 + 4 * i;
      const table = at + words[at >>> 2]!;
      words[table >>> 2]! -= bytes;
      // A result holds a FileInfo or an ErrorDetail, which know their distance too.
      if (this.#vector === BATCH_VECTOR) {
        const inner = table + 4 + words[(table + 4) >>> 2]!;
        words[inner >>> 2]! -= bytes;
      }
    }
    for (let i = 0; i < this.#nameNumbers; i += 2) this.#names[i]! -= bytes;
  }

  #info(from: number, memory: RecordMemory, at: number, path: Utf8 | undefined): void {
    const out = this.#out;
    out.reserve(INFO_BYTES + 8);
    out.align(8);
    const info = out.end;
    out.link(from, info);
    out.u32(info, info - (path === undefined ? INFO_PATHLESS_VTABLE : INFO_VTABLE));
    out.u32(info + INFO_PATH, 0);
    out.u32(info + INFO_PATH + 4, 0);
    copyRecord(out, info + INFO_INODE, memory, at);
    out.end = info + INFO_BYTES;
    out.text(
      info + INFO_NAME,
      memory.bytes,
      at + RECORD_BYTES,
      memory.bytes[at + RECORD_NAME_LENGTH]!,
    );
    if (path !== undefined) out.text(info + INFO_PATH, path.bytes, path.start, path.length);
    const { words } = out;
    const inode = info + INFO_INODE;
    this.#name(info + INFO_OWNER, words[(inode + RECORD_OWNER) >>> 2]! >>> 0);
    this.#name(info + INFO_GROUP, words[(inode + RECORD_GROUP) >>> 2]! >>> 0);
  }

  #name(from: number, id: number): void {
    this.#names[this.#nameNumbers++] = from;
    this.#names[this.#nameNumbers++] = id;
  }

  #finish(seq: number, more: boolean): Uint8Array {
    const out = this.#out;
    out.u64(REPLY_SEQ, seq);
    out.bytes[REPLY_MORE] = more ? 1 : 0;
    const names = this.#names;
    if (this.#nameNumbers > FEW_NAMES) this.#placed.clear();
    for (let i = 0; i < this.#nameNumbers; i += 2) {
      const from = names[i]!;
      const placed = this.#placedBefore(i);
      if (placed !== 0) {
        out.link(from, placed);
        continue;
      }
      const text = this.#utf8Of(names[i + 1]!);
      out.text(from, text, 0, text.length);
      if (this.#nameNumbers > FEW_NAMES)
        this.#placed.set(names[i + 1]!, from + out.words[from >>> 2]!);
    }
    return out.bytes.subarray(0, out.end);
  }

  /**
   * Where the name of pair i stands already, 0 = nowhere. A look back is cheaper than a map's
   * upkeep.
   */
  #placedBefore(i: number): number {
    const names = this.#names;
    const id = names[i + 1]!;
    if (this.#nameNumbers > FEW_NAMES) return this.#placed.get(id) ?? 0;
    for (let before = 0; before < i; before += 2) {
      const from = names[before]!;
      if (names[before + 1] === id) return from + this.#out.words[from >>> 2]!;
    }
    return 0;
  }

  #utf8Of(id: number): Uint8Array {
    const known = this.#utf8.get(id);
    if (known !== undefined) return known;
    const text = encoder.encode(this.#textOf(id));
    if (text.length > 0) this.#utf8.set(id, text); // '' may get its name later
    return text;
  }
}

/** Words when the record is aligned, as in tier 1; bytes otherwise. */
function copyRecord(out: FrameBuffer, to: number, memory: RecordMemory, at: number): void {
  if ((at & 3) === 0) {
    const { words } = out;
    const source = memory.words;
    let target = to >>> 2;
    for (let word = at >>> 2; word < (at + RECORD_BYTES) >>> 2; word++) {
      words[target++] = source[word]!;
    }
    return;
  }
  const { bytes } = out;
  const source = memory.bytes;
  for (let i = 0; i < RECORD_BYTES; i++) bytes[to + i] = source[at + i]!;
}
