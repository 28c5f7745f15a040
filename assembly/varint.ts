/**
 * Small numbers for codec.ts: fixed-width little-endian, varint (seven bits a byte, lowest first,
 * bit 7 = more follow) and zigzag varint (the sign in the lowest bit). Writers return the place of
 * the next field. The reader is one cursor in globals of this instance. It never passes its end,
 * and after a failure it gives zeros until the next beginReading.
 */

/** Fewest bytes that hold the value: 0 … 8. */
export function widthOf(value: u64): u32 {
  return u32((71 - clz<u64>(value)) >> 3);
}

export function putFixed(at: usize, value: u64, bytes: u32): usize {
  for (let i: u32 = 0; i < bytes; i++) store<u8>(at + i, u8(value >> (u64(i) << 3)));
  return at + bytes;
}

export function putVarint(at: usize, value: u64): usize {
  while (value >= 0x80) {
    store<u8>(at++, u8(value) | 0x80);
    value >>= 7;
  }
  store<u8>(at++, u8(value));
  return at;
}

export function putSigned(at: usize, value: i64): usize {
  return putVarint(at, u64((value << 1) ^ (value >> 63)));
}

let cursor: usize = 0;
let limit: usize = 0;
let bad: bool = false;

export function beginReading(at: usize, end: usize): void {
  cursor = at;
  limit = end;
  bad = false;
}

export function failed(): bool {
  return bad;
}

export function atEnd(): bool {
  return cursor == limit;
}

export function getFixed(bytes: u32): u64 {
  if (bytes > u32(limit - cursor)) return fail();
  let value: u64 = 0;
  for (let i: u32 = 0; i < bytes; i++) value |= u64(load<u8>(cursor + i)) << (u64(i) << 3);
  cursor += bytes;
  return value;
}

/** Fails on a value of more than `bits` bits and on needless zero bytes at its end. */
export function getVarint(bits: u32): u64 {
  let value: u64 = 0;
  for (let shift: u32 = 0; shift < 64; shift += 7) {
    if (cursor == limit) return fail();
    const byte = u64(load<u8>(cursor++));
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      if (byte == 0 && shift > 0) return fail();
      if (shift == 63 && byte > 1) return fail();
      return bits < 64 && value >> bits != 0 ? fail() : value;
    }
  }
  return fail();
}

/** A zigzag varint that fits `bits` bits with its sign. */
export function getSigned(bits: u32): i64 {
  const value = getVarint(bits);
  return i64(value >> 1) ^ -i64(value & 1);
}

function fail(): u64 {
  bad = true;
  cursor = limit;
  return 0;
}
