/**
 * A growing buffer that is written from front to back, for frames that are laid out by hand (see
 * info-writer.ts). FlatBuffers offsets point forward, so parents come first and are patched when
 * their children are placed. Everything is little-endian and aligned to 4.
 */
const BYTES_INITIAL = 1 << 14;
const TWO_32 = 2 ** 32;

export class FrameBuffer {
  bytes = new Uint8Array(BYTES_INITIAL);
  words = new Int32Array(this.bytes.buffer);
  /** Where the next byte goes. */
  end = 0;

  /** Room for so many bytes more; zeroed only where a writer says so. */
  reserve(bytes: number): void {
    const needed = this.end + bytes + 8;
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(2 ** Math.ceil(Math.log2(needed)));
    larger.set(this.bytes.subarray(0, this.end));
    this.bytes = larger;
    this.words = new Int32Array(larger.buffer);
  }

  align(bytes: 4 | 8): void {
    while ((this.end & (bytes - 1)) !== 0) this.bytes[this.end++] = 0;
  }

  u16(at: number, value: number): void {
    this.bytes[at] = value;
    this.bytes[at + 1] = value >>> 8;
  }

  u32(at: number, value: number): void {
    this.words[at >>> 2] = value;
  }

  u64(at: number, value: number): void {
    this.words[at >>> 2] = value;
    this.words[(at >>> 2) + 1] = Math.floor(value / TWO_32);
  }

  /** Makes the offset at `at` lead to `target`. */
  link(at: number, target: number): void {
    this.words[at >>> 2] = target - at;
  }

  vtable(at: number, slots: readonly number[]): void {
    for (const [index, value] of slots.entries()) this.u16(at + 2 * index, value);
  }

  /** Places a string here and links the offset at `from` to it. */
  text(from: number, source: Uint8Array, start: number, length: number): void {
    this.reserve(length + 12);
    this.align(4);
    const at = this.end;
    this.link(from, at);
    this.words[at >>> 2] = length;
    const { bytes } = this;
    let to = at + 4;
    if (length <= SHORT_BYTES) {
      for (let i = start; i < start + length; i++) bytes[to++] = source[i]!;
    } else {
      bytes.set(source.subarray(start, start + length), to);
      to += length;
    }
    bytes[to] = 0;
    this.end = to + 1;
  }
}

/** Up to here a loop beats subarray() and set(). */
const SHORT_BYTES = 48;
