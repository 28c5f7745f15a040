/**
 * Cuts a stream of bytes into the records and fields of CSV (RFC 4180: quoted fields may hold
 * commas, line ends and doubled quotes), without making strings.
 *
 * Invariant: it holds one chunk of the stream, and the record that the chunk cuts.
 */
const QUOTE = 0x22;
const COMMA = 0x2c;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const FIELDS_MAX = 64;
const RECORD_BYTES_MAX = 65_536;

/** The result of next(). */
export const Found = { RECORD: 0, MORE: 1, TOO_LONG: 2 } as const;
type FoundKind = (typeof Found)[keyof typeof Found];

export class CsvRecords {
  /** Of the record that next() found. */
  fieldCount = 0;
  readonly fieldAt = new Uint32Array(FIELDS_MAX);
  readonly fieldEnd = new Uint32Array(FIELDS_MAX);
  /** 1: the field holds doubled quotes. */
  readonly hasQuotes = new Uint8Array(FIELDS_MAX);
  /** Number of its first line. */
  line = 0;
  buffer: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Of the stream, where `buffer` begins. */
  #base: number;
  #nextLine: number;
  #isSkipping = false;

  constructor(start: { readonly offset: number; readonly line: number }) {
    this.#base = start.offset;
    this.#nextLine = start.line;
  }

  /** Where the next record begins in the stream. */
  get offset(): number {
    return this.#base + this.#at;
  }

  get nextLine(): number {
    return this.#nextLine;
  }

  /** Adds the next bytes of the stream; the rest of the last ones is kept. */
  feed(chunk: Buffer): void {
    const rest = this.buffer.subarray(this.#at);
    this.#base += this.#at;
    this.buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    this.#at = 0;
  }

  /** `isEnd`: nothing follows, so the last record needs no line end. */
  next(isEnd: boolean): FoundKind {
    if (this.#isSkipping && !this.#skip(isEnd)) return Found.MORE;
    const { buffer } = this;
    const start = this.#at;
    if (start === buffer.length) return Found.MORE;
    this.fieldCount = 0;
    let lines = 0;
    for (let at = start; ; ) {
      const quoted = buffer[at] === QUOTE;
      const from = quoted ? at + 1 : at;
      let end = from;
      let doubled = 0;
      if (quoted) {
        for (; end < buffer.length; end++) {
          const byte = buffer[end]!;
          if (byte === NEWLINE) lines++;
          if (byte !== QUOTE) continue;
          if (buffer[end + 1] !== QUOTE) break;
          doubled = 1;
          end++;
        }
        at = end + 1;
      } else {
        for (; end < buffer.length; end++) {
          const byte = buffer[end]!;
          if (byte === COMMA || byte === NEWLINE) break;
        }
        at = end;
      }
      const isOpen = quoted && end >= buffer.length;
      if (at < buffer.length && buffer[at] === RETURN) at++;
      if (isOpen || (at >= buffer.length && !isEnd)) return this.#incomplete(start, isEnd);
      const close = !quoted && end > from && buffer[end - 1] === RETURN ? end - 1 : end;
      this.#field(from, close, doubled);
      if (at < buffer.length && buffer[at] === COMMA) {
        at++;
        continue;
      }
      return this.#record(at, lines);
    }
  }

  #field(from: number, end: number, doubled: number): void {
    if (this.fieldCount === FIELDS_MAX) return;
    const i = this.fieldCount++;
    this.fieldAt[i] = from;
    this.fieldEnd[i] = end;
    this.hasQuotes[i] = doubled;
  }

  /** `at`: its line end, the end of everything, or a wrong character after a quote. */
  #record(at: number, lines: number): FoundKind {
    this.line = this.#nextLine;
    this.#nextLine += lines + 1;
    if (at >= this.buffer.length || this.buffer[at] === NEWLINE) {
      this.#at = Math.min(at + 1, this.buffer.length);
      return Found.RECORD;
    }
    this.#at = at;
    this.#isSkipping = true;
    return Found.TOO_LONG;
  }

  #incomplete(start: number, isEnd: boolean): FoundKind {
    if (!isEnd && this.buffer.length - start <= RECORD_BYTES_MAX) return Found.MORE;
    this.line = this.#nextLine++;
    this.#isSkipping = true;
    return Found.TOO_LONG;
  }

  /** Moves to the next line; false if it is not in the buffer yet. */
  #skip(isEnd: boolean): boolean {
    const end = this.buffer.indexOf(NEWLINE, this.#at);
    this.#at = end < 0 ? this.buffer.length : end + 1;
    this.#isSkipping = end < 0 && !isEnd;
    return !this.#isSkipping;
  }
}
