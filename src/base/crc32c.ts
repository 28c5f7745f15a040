/**
 * CRC32C (Castagnoli, reflected polynomial 0x82f63b78) in TypeScript, eight bytes a step: what
 * tools and recovery use, and the twin of the WebAssembly kernel. Pure.
 *
 * Slicing by 8 (Kounavis and Berry, 2008): table k holds the CRC of one byte followed by k zero
 * bytes, so the eight bytes of a step are looked up independently and combined by XOR.
 */
const POLYNOMIAL = 0x82f6_3b78;
const TABLE_COUNT = 8;
const tables = makeTables();

/** CRC of bytes[offset .. offset + length), going on from `seed` (0 to begin). An u32. */
export function crc32c(bytes: Uint8Array, offset: number, length: number, seed = 0): number {
  const t = tables;
  const end = offset + length;
  const stepsEnd = end - (length % 8);
  let crc = ~seed;
  let at = offset;
  for (; at < stepsEnd; at += 8) {
    crc =
      t[1792 + ((crc ^ bytes[at]!) & 255)]! ^
      t[1536 + (((crc >>> 8) ^ bytes[at + 1]!) & 255)]! ^
      t[1280 + (((crc >>> 16) ^ bytes[at + 2]!) & 255)]! ^
      t[1024 + ((crc >>> 24) ^ bytes[at + 3]!)]! ^
      t[768 + bytes[at + 4]!]! ^
      t[512 + bytes[at + 5]!]! ^
      t[256 + bytes[at + 6]!]! ^
      t[bytes[at + 7]!]!;
  }
  for (; at < end; at++) crc = t[(crc ^ bytes[at]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Table k stands at 256 × k. Int32, so that every XOR stays a small integer. */
function makeTables(): Int32Array {
  const made = new Int32Array(256 * TABLE_COUNT);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    made[byte] = crc;
  }
  for (let at = 256; at < made.length; at++) {
    const shorter = made[at - 256]!;
    made[at] = made[shorter & 255]! ^ (shorter >>> 8);
  }
  return made;
}
