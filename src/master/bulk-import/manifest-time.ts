/**
 * Times of manifests, from bytes, by one grammar on every machine and in every time zone. Pure.
 *
 *     number   -?digits[.digits]                       seconds; from 1e11 on milliseconds
 *     date     yyyy-mm-dd
 *     moment   date T hh:mm[:ss[.digits]] [zone]       T may be a blank, or small
 *     zone     Z  +hh  +hhmm  +hh:mm (- likewise)      none: UTC
 *
 * Fractions of a millisecond are cut towards the past.
 */
import { TIME_UNKNOWN } from './entry-batch.js';

const ZERO = 0x30;
const DASH = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const COLON = 0x3a;
const BLANK = 0x20;
const SMALL = 0x20;
const LETTER_T = 0x74;
const LETTER_Z = 0x7a;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const DATE_BYTES = 10;
/** Numbers below are seconds, others milliseconds: 1e11 ms is 1973, 1e11 s the year 5138. */
const SECONDS_MAX = 1e11;
const DIGITS_MAX = 15;
/** The furthest time from 1970 that a Date can hold. */
const TIME_MS_MAX = 8.64e15;
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const FEBRUARY = 2;

/** Whole ms since 1970, NaN if it is no time, TIME_UNKNOWN if nothing is there. */
export function timeMs(bytes: Uint8Array, at: number, end: number): number {
  if (at === end) return TIME_UNKNOWN;
  const isDate = end - at >= DATE_BYTES && bytes[at + 4] === DASH;
  const ms = isDate ? momentMs(bytes, at, end) : numberMs(bytes, at, end);
  return Math.abs(ms) <= TIME_MS_MAX ? ms : Number.NaN;
}

function numberMs(bytes: Uint8Array, at: number, end: number): number {
  const from = bytes[at] === DASH ? at + 1 : at;
  let point = from;
  while (point < end && bytes[point] !== POINT) point++;
  const whole = digits(bytes, from, point);
  const fraction = point === end ? 0 : thousandths(bytes, point + 1, end);
  const size = whole < SECONDS_MAX ? whole * 1000 + fraction : whole + fraction / 1000;
  // No zero below zero.
  return Math.floor(from > at ? -size : size) + 0;
}

function momentMs(bytes: Uint8Array, at: number, end: number): number {
  const year = digits(bytes, at, at + 4);
  const month = digits(bytes, at + 5, at + 7);
  const day = digits(bytes, at + 8, at + DATE_BYTES);
  const isThere = bytes[at + 7] === DASH && month >= 1 && month <= 12 && day >= 1;
  if (!isThere || !(day <= daysOf(year, month))) return Number.NaN;
  const date = days(year, month, day) * DAY_MS;
  return end === at + DATE_BYTES ? date : date + clockMs(bytes, at + DATE_BYTES, end);
}

/** From the letter between date and clock to the zone. */
function clockMs(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] !== BLANK && (bytes[at]! | SMALL) !== LETTER_T) return Number.NaN;
  const hour = pair(bytes, at + 1, end, 23);
  const minute = pair(bytes, at + 4, end, 59);
  let next = at + 6;
  let ms = (hour * 60 + minute) * MINUTE_MS;
  if (bytes[at + 3] !== COLON) return Number.NaN;
  if (next < end && bytes[next] === COLON) {
    ms += pair(bytes, next + 1, end, 59) * 1000;
    next += 3;
    if (next < end && bytes[next] === POINT) {
      const from = next + 1;
      next = from;
      while (next < end && isDigit(bytes[next]!)) next++;
      ms += Math.floor(thousandths(bytes, from, next));
    }
  }
  return ms - zoneMs(bytes, next, end);
}

function zoneMs(bytes: Uint8Array, at: number, end: number): number {
  if (at === end) return 0;
  const sign = bytes[at]!;
  if ((sign | SMALL) === LETTER_Z && at + 1 === end) return 0;
  if (sign !== PLUS && sign !== DASH) return Number.NaN;
  const hours = pair(bytes, at + 1, end, 23);
  let next = at + 3;
  let minutes = 0;
  if (next !== end) {
    if (bytes[next] === COLON) next++;
    minutes = pair(bytes, next, end, 59);
    next += 2;
  }
  if (next !== end) return Number.NaN;
  return (sign === DASH ? -1 : 1) * (hours * 60 + minutes) * MINUTE_MS;
}

/** Two digits of at most `most`; NaN if they are none. */
function pair(bytes: Uint8Array, at: number, end: number, most: number): number {
  const value = at + 2 <= end ? digits(bytes, at, at + 2) : Number.NaN;
  return value <= most ? value : Number.NaN;
}

/** One to 15 digits; NaN if they are none. */
function digits(bytes: Uint8Array, at: number, end: number): number {
  if (at === end || end - at > DIGITS_MAX) return Number.NaN;
  let value = 0;
  for (let i = at; i < end; i++) {
    if (!isDigit(bytes[i]!)) return Number.NaN;
    value = value * 10 + bytes[i]! - ZERO;
  }
  return value;
}

/** Digits behind a point as thousandths; a half more stands for all that is less than one. */
function thousandths(bytes: Uint8Array, at: number, end: number): number {
  if (at === end) return Number.NaN;
  let value = 0;
  for (let i = at; i < end || i < at + 3; i++) {
    const digit = i < end ? bytes[i]! - ZERO : 0;
    if (digit < 0 || digit > 9) return Number.NaN;
    if (i < at + 3) value = value * 10 + digit;
    else if (digit > 0 && Number.isInteger(value)) value += 0.5;
  }
  return value;
}

const isDigit = (byte: number): boolean => byte >= ZERO && byte <= ZERO + 9;

const daysOf = (year: number, month: number): number =>
  MONTH_DAYS[month - 1]! + Number(month === FEBRUARY && isLeap(year));

const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

/** Days since 1970-01-01 in the calendar of today, with years that begin in March. */
function days(year: number, month: number, day: number): number {
  const y = month <= FEBRUARY ? year - 1 : year;
  const m = month <= FEBRUARY ? month + 9 : month - 3;
  const leaps = Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400);
  return y * 365 + leaps + Math.floor((m * 153 + 2) / 5) + day - 1 - 719_468;
}
