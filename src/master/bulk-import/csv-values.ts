/**
 * Values of a manifest's fields, from bytes. Pure.
 */
const ZERO = 0x30;
const DAY_MS = 86_400_000;
/** Numbers below are seconds, others milliseconds: 1e11 ms is 1973, 1e11 s the year 5138. */
const SECONDS_MAX = 1e11;
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

/** ms since 1970 of a number or of ISO 8601 in UTC; NaN if it is neither. Empty is 0. */
export function timeMs(bytes: Buffer, at: number, end: number): number {
  const number = wholeNumber(bytes, at, end);
  if (number >= 0) return number < SECONDS_MAX ? number * 1000 : number;
  // The usual form, 2026-11-22T18:50:13.000Z, by its digits.
  const usual = end - at === 24 && bytes[end - 1] === 0x5a && bytes[at + 10] === 0x54;
  if (!usual) return Date.parse(bytes.toString('latin1', at, end));
  const year = wholeNumber(bytes, at, at + 4);
  const month = wholeNumber(bytes, at + 5, at + 7);
  const day = wholeNumber(bytes, at + 8, at + 10);
  const hour = wholeNumber(bytes, at + 11, at + 13);
  const minute = wholeNumber(bytes, at + 14, at + 16);
  const second = wholeNumber(bytes, at + 17, at + 19);
  const ms = wholeNumber(bytes, at + 20, at + 23);
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > 31) return Number.NaN;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || ms < 0) return Number.NaN;
  return days(year, month, day) * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000 + ms;
}

/** Days since 1970-01-01 in the calendar of today, with years that begin in March. */
function days(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const m = month <= 2 ? month + 9 : month - 3;
  const leaps = Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400);
  return y * 365 + leaps + Math.floor((m * 153 + 2) / 5) + day - 1 - 719_468;
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
