/**
 * Damages a message: the mutations that find what a verifier forgets. Mostly small, and mostly on
 * values that are offsets, lengths or vtable slots.
 */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** mulberry32: small, seeded, good enough to choose bytes. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }

  below(limit: number): number {
    return this.next() % limit;
  }
}

const nasty = [0, 1, 2, 3, 4, 8, 0x7f, 0x80, 0xff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

export function mutate(original: Uint8Array, random: Random): Uint8Array {
  let bytes = new Uint8Array(original);
  const count = 1 + random.below(3);
  for (let i = 0; i < count; i++) bytes = mutateOnce(bytes, random);
  return bytes;
}

function mutateOnce(bytes: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  if (bytes.length < 8) return bytes;
  const at = random.below(bytes.length);
  const word = at & ~3;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (random.below(8)) {
    case 0:
      bytes[at] = random.next();
      return bytes;
    case 1:
      bytes[at]! ^= 1 << random.below(8);
      return bytes;
    case 2:
      return bytes.slice(0, at);
    case 3:
      if (word + 4 <= bytes.length) view.setUint32(word, nasty[random.below(nasty.length)]!, true);
      return bytes;
    case 4:
      if (at + 2 <= bytes.length) view.setUint16(at, random.below(64), true);
      return bytes;
    case 5:
      if (word + 4 <= bytes.length) view.setInt32(word, random.below(bytes.length * 2), true);
      return bytes;
    case 6: // a piece of the message over another: offsets that look right and lead elsewhere
      bytes.copyWithin(word, random.below(bytes.length) & ~3, bytes.length);
      return bytes;
    default: {
      const longer = new Uint8Array(bytes.length + random.below(16));
      longer.set(bytes);
      return longer;
    }
  }
}
