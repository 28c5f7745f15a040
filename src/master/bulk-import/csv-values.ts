/**
 * Values of a manifest's fields, from bytes. Pure.
 */
const ZERO = 0x30;
const DIGITS_MAX = 15;
const NOT_HEX = 0xff;
const PERCENT = 0x25;
const PLUS = 0x2b;
const SPACE = 0x20;
const QUOTE = 0x22;

/** A whole number of up to 15 digits; -1 if it is none. Empty is 0. */
export function wholeNumber(bytes: Uint8Array, at: number, end: number): number {
  if (end - at > DIGITS_MAX) return -1;
  let value = 0;
  for (let i = at; i < end; i++) {
    const digit = bytes[i]! - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** Copies with doubled quotes made one; returns where the copy ends. */
export function copyUnquoted(
  from: { readonly bytes: Uint8Array; readonly at: number; readonly end: number },
  target: Uint8Array,
  to: number,
): number {
  let out = to;
  for (let i = from.at; i < from.end; i++) {
    const byte = from.bytes[i]!;
    target[out++] = byte;
    if (byte === QUOTE && from.bytes[i + 1] === QUOTE) i++;
  }
  return out;
}

/** Decodes %XX and + in place; returns the end, or -1 if that is no URL encoding. */
export function urlDecode(bytes: Uint8Array, at: number, end: number): number {
  let out = at;
  for (let i = at; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === PLUS) {
      bytes[out++] = SPACE;
    } else if (byte === PERCENT) {
      const high = i + 2 < end ? hex(bytes[i + 1]!) : NOT_HEX;
      const low = i + 2 < end ? hex(bytes[i + 2]!) : NOT_HEX;
      if (high === NOT_HEX || low === NOT_HEX) return -1;
      bytes[out++] = high * 16 + low;
      i += 2;
    } else {
      bytes[out++] = byte;
    }
  }
  return out;
}

function hex(byte: number): number {
  if (byte >= ZERO && byte < ZERO + 10) return byte - ZERO;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : NOT_HEX;
}
