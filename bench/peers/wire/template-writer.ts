/**
 * Encodes a request once and remembers where what changes from call to call stands.
 */
import type { PathPattern } from '../../load/path-pattern.js';

export class TemplateWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  bytes(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return this;
  }

  text(text: string): this {
    return this.bytes(Buffer.from(text, 'latin1'));
  }

  u8(value: number): this {
    return this.bytes(Buffer.of(value));
  }

  u16(value: number): this {
    const bytes = Buffer.alloc(2);
    bytes.writeUInt16BE(value);
    return this.bytes(bytes);
  }

  /** Network order; negative numbers in two's complement. */
  u32(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value | 0);
    return this.bytes(bytes);
  }

  u64(value: number): this {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(BigInt(value));
    return this.bytes(bytes);
  }

  /** A u32 length and the bytes. */
  counted(bytes: Uint8Array): this {
    return this.u32(bytes.length).bytes(bytes);
  }

  /** A placeholder. Where it stands. */
  path(pattern: PathPattern): number {
    const at = this.#length;
    this.text(pattern.placeholder);
    return at;
  }

  done(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

export function writeU32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}

export const readI32 = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;

export const readU32 = (bytes: Uint8Array, at: number): number => readI32(bytes, at) >>> 0;
