/**
 * The children of one directory that an import has met and not written yet, as columns.
 */
import { Buffer } from 'node:buffer';
import { z } from 'zod';

const ROWS_AT_FIRST = 64;
const NAME_BYTES_AT_FIRST = 1024;

export const childRowsSchema = z.object({
  count: z.int(),
  isSorted: z.boolean(),
  names: z.base64(),
  numbers: z.base64(),
  words: z.base64(),
});
type Saved = z.output<typeof childRowsSchema>;

/** Columns of a row. */
export const NUMBER = { LENGTH: 0, MTIME: 1, FINGERPRINT: 2, ID: 3, LINE: 4 } as const;
export const WORD = { NAME_AT: 0, NAME_BYTES: 1, MODE: 2, OWNER: 3, GROUP: 4 } as const;
export const NUMBERS = 5;
export const WORDS = 5;

export class ChildRows {
  count = 0;
  /** Names rise strictly, so nothing needs sorting and no name comes twice. */
  isSorted = true;
  names = Buffer.alloc(NAME_BYTES_AT_FIRST);
  /** Length or count of children, mtime, fingerprint, id (0 = a file, numbered when written). */
  numbers = new Float64Array(ROWS_AT_FIRST * NUMBERS);
  words = new Uint32Array(ROWS_AT_FIRST * WORDS);
  #nameEnd = 0;

  clear(): void {
    this.count = 0;
    this.isSorted = true;
    this.#nameEnd = 0;
  }

  /** Adds a row with this name; the caller sets its numbers and the rest of its words. */
  add(source: Uint8Array, at: number, bytes: number): number {
    const row = this.count;
    if ((row + 1) * NUMBERS > this.numbers.length) this.#growRows();
    if (this.#nameEnd + bytes > this.names.length) this.#growNames(bytes);
    const { names, words } = this;
    const nameAt = this.#nameEnd;
    for (let i = 0; i < bytes; i++) names[nameAt + i] = source[at + i]!;
    words[row * WORDS + WORD.NAME_AT] = nameAt;
    words[row * WORDS + WORD.NAME_BYTES] = bytes;
    this.#nameEnd = nameAt + bytes;
    this.count = row + 1;
    if (row > 0 && this.isSorted) this.isSorted = this.compare(row - 1, row) < 0;
    return row;
  }

  isDirectory(row: number): boolean {
    return this.numbers[row * NUMBERS + NUMBER.ID] !== 0;
  }

  /** By the bytes of the names. */
  compare(left: number, right: number): number {
    const { names, words } = this;
    const a = words[left * WORDS + WORD.NAME_AT]!;
    const b = words[right * WORDS + WORD.NAME_AT]!;
    const aBytes = words[left * WORDS + WORD.NAME_BYTES]!;
    const bBytes = words[right * WORDS + WORD.NAME_BYTES]!;
    const most = Math.min(aBytes, bBytes);
    for (let i = 0; i < most; i++) {
      const difference = names[a + i]! - names[b + i]!;
      if (difference !== 0) return difference;
    }
    return aBytes - bBytes;
  }

  /** Rows in the order of their names; a directory comes after a file of its name. */
  order(): Uint32Array {
    const rows = Uint32Array.from({ length: this.count }, (_, row) => row);
    if (this.isSorted) return rows;
    return rows.sort(
      (left, right) =>
        this.compare(left, right) ||
        Number(this.isDirectory(left)) - Number(this.isDirectory(right)) ||
        left - right,
    );
  }

  /** Whether `name` is the row's name or goes on from it. */
  isBeginningOf(row: number, name: Uint8Array): boolean {
    const at = this.words[row * WORDS + WORD.NAME_AT]!;
    const bytes = this.words[row * WORDS + WORD.NAME_BYTES]!;
    if (bytes > name.length) return false;
    for (let i = 0; i < bytes; i++) if (this.names[at + i] !== name[i]) return false;
    return true;
  }

  nameOf(row: number): Buffer {
    const at = this.words[row * WORDS + WORD.NAME_AT]!;
    return this.names.subarray(at, at + this.words[row * WORDS + WORD.NAME_BYTES]!);
  }

  /** Only these rows stay, in this order. */
  keep(rows: readonly number[]): void {
    const kept = rows.map((row) => ({
      name: Buffer.from(this.nameOf(row)),
      numbers: this.numbers.slice(row * NUMBERS, (row + 1) * NUMBERS),
      words: this.words.slice(row * WORDS, (row + 1) * WORDS),
    }));
    this.clear();
    for (const { name, numbers, words } of kept) {
      const row = this.add(name, 0, name.length);
      this.numbers.set(numbers, row * NUMBERS);
      this.words.set(words.subarray(WORD.MODE), row * WORDS + WORD.MODE);
    }
  }

  save(): Saved {
    const { count, isSorted } = this;
    return {
      count,
      isSorted,
      names: this.names.toString('base64', 0, this.#nameEnd),
      numbers: base64(this.numbers.slice(0, count * NUMBERS)),
      words: base64(this.words.slice(0, count * WORDS)),
    };
  }

  restore(saved: Saved): void {
    const { count } = saved;
    this.names = Buffer.from(saved.names, 'base64');
    this.#nameEnd = this.names.length;
    this.numbers = new Float64Array(Math.max(count, ROWS_AT_FIRST) * NUMBERS);
    this.words = new Uint32Array(Math.max(count, ROWS_AT_FIRST) * WORDS);
    bytesOf(this.numbers).set(Buffer.from(saved.numbers, 'base64'));
    bytesOf(this.words).set(Buffer.from(saved.words, 'base64'));
    this.count = count;
    this.isSorted = saved.isSorted;
  }

  #growRows(): void {
    const numbers = new Float64Array(this.numbers.length * 2);
    numbers.set(this.numbers);
    this.numbers = numbers;
    const words = new Uint32Array(this.words.length * 2);
    words.set(this.words);
    this.words = words;
  }

  #growNames(bytes: number): void {
    const names = Buffer.alloc(Math.max(this.names.length * 2, this.#nameEnd + bytes));
    this.names.copy(names, 0, 0, this.#nameEnd);
    this.names = names;
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float64Array | Uint32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

const base64 = (numbers: Float64Array | Uint32Array): string =>
  Buffer.from(bytesOf(numbers)).toString('base64');
