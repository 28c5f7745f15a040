/** Times of manifests against a plain model: a regular expression and the calendar of Date. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TIME_UNKNOWN } from '../../../src/master/bulk-import/entry-batch.js';
import { timeMs } from '../../../src/master/bulk-import/manifest-time.js';

/** Between other bytes, which must not count. */
function read(text: string): number {
  const bytes = Buffer.from(`7${text}9`, 'latin1');
  return timeMs(bytes, 1, bytes.length - 1);
}

const NUMBER = /^(-?)(\d{1,15})(?:\.(\d+))?$/;
const DATE = '(\\d{4})-(\\d\\d)-(\\d\\d)';
const CLOCK = '(\\d\\d):(\\d\\d)(?::(\\d\\d)(?:\\.(\\d+))?)?';
const ZONE = '[Zz]|([+-])(\\d\\d)(?::?(\\d\\d))?';
const MOMENT = new RegExp(`^${DATE}(?:[Tt ]${CLOCK}(?:${ZONE})?)?$`);

function model(text: string): number {
  if (text === '') return TIME_UNKNOWN;
  const number = NUMBER.exec(text);
  if (number !== null) return ofNumber(number);
  const moment = MOMENT.exec(text);
  return moment === null ? Number.NaN : ofMoment(moment);
}

/** Exactly, in billionths of billionths. */
function ofNumber([, sign, whole, fraction = '']: RegExpExecArray): number {
  const scale = 10n ** BigInt(fraction.length);
  const size = BigInt(whole! + fraction);
  const unit = BigInt(whole!) < 100_000_000_000n ? 1000n : 1n;
  const exact = (sign === '-' ? -size : size) * unit;
  const cut = exact / scale - BigInt(exact % scale < 0n);
  return Math.abs(Number(cut)) <= 8.64e15 ? Number(cut) : Number.NaN;
}

function ofMoment([, ...parts]: RegExpExecArray): number {
  const [y, mo, d, h = 0, mi = 0, s = 0] = parts.slice(0, 6).map((part) => Number(part ?? 0));
  const date = new Date(0);
  date.setUTCFullYear(y!, mo! - 1, d!);
  date.setUTCHours(h, mi, s, Number(`${parts[6] ?? ''}000`.slice(0, 3)));
  const back = [date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCHours()];
  back.push(date.getUTCMinutes(), date.getUTCSeconds());
  const [zoneHours, zoneMinutes] = [Number(parts[8] ?? 0), Number(parts[9] ?? 0)];
  if ([mo, d, h, mi, s].some((part, i) => part !== back[i])) return Number.NaN;
  if (zoneHours > 23 || zoneMinutes > 59) return Number.NaN;
  const offset = (zoneHours * 60 + zoneMinutes) * 60_000;
  return date.getTime() - (parts[7] === '-' ? -offset : offset);
}

const two = (most: number) =>
  fc.integer({ min: 0, max: most }).map((value) => String(value).padStart(2, '0'));
const fraction = fc.option(fc.stringMatching(/^\d{0,9}$/), { nil: undefined });
const number = fc
  .tuple(fc.constantFrom('', '-', '+', '--'), fc.stringMatching(/^\d{0,16}$/), fraction)
  .map(([sign, whole, rest]) => sign + whole + (rest === undefined ? '' : `.${rest}`));
const zone = fc.oneof(
  fc.constantFrom('', 'Z', 'z', ' ', 'UTC', '+', '+1', '+0900x'),
  fc
    .tuple(fc.constantFrom('+', '-'), two(25), fc.constantFrom('', ':'), two(61))
    .map((parts) => parts.join('')),
  two(25).map((hours) => `-${hours}`),
);
const clock = fc
  .tuple(fc.constantFrom('T', 't', ' ', '_'), two(25), two(61), fc.option(two(61)), fraction, zone)
  .map(([t, h, m, s, rest, z]) => {
    const seconds = s === null ? '' : `:${s}${rest === undefined ? '' : `.${rest}`}`;
    return `${t}${h}:${m}${seconds}${z}`;
  });
const year = fc.oneof(
  fc.integer({ min: 0, max: 9999 }).map((value) => String(value).padStart(4, '0')),
  fc.constantFrom('1900', '2000', '2024', '1969', '99', '02024'),
);
const moment = fc
  .tuple(year, two(13), two(32), fc.option(clock))
  .map(([y, m, d, rest]) => `${y}-${m}-${d}${rest ?? ''}`);
const damaged = fc
  .tuple(fc.oneof(moment, number), fc.nat(30), fc.constantFrom('', 'x', '-', ':', '\0', '5'))
  .map(([text, at, put]) => text.slice(0, at) + put + text.slice(at + 1));

test('3: a time is what the grammar says, or none, whatever its text', () => {
  fc.assert(
    fc.property(fc.oneof(number, moment, damaged, fc.string()), (text) => {
      const latin = Buffer.from(text, 'latin1').toString('latin1');
      expect(read(latin), JSON.stringify(latin)).toBe(model(latin));
    }),
    { numRuns: 20_000 },
  );
});

test.each([
  ['', TIME_UNKNOWN],
  ['0', 0],
  ['-1', -1000],
  ['1.5', 1500],
  ['-0.0005', -1],
  ['1700000000.5', 1_700_000_000_500],
  ['1700000000123', 1_700_000_000_123],
  ['2024-02-29', 1_709_164_800_000],
  ['2024-05-06T07:08:09.1239', 1_714_979_289_123],
  ['2024-05-06 16:08:09+09:00', 1_714_979_289_000],
  ['1969-12-31T23:59:59.9999Z', -1],
  ['2023-02-29', Number.NaN],
  ['2024-02-31T00:00:00Z', Number.NaN],
  ['Mon, 06 May 2024 07:08:09 GMT', Number.NaN],
  ['999999999999999999', Number.NaN],
])('3: "%s" is %s', (text, ms) => {
  expect(read(text)).toBe(ms);
});
