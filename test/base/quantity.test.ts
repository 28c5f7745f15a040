/** Sizes and durations: the spellings, and that written values can be read again. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  formatBytes,
  formatDurationMs,
  parseBytes,
  parseDurationMs,
} from '../../src/base/quantity.js';

test.each([
  ['0', 0],
  ['17', 17],
  ['17B', 17],
  ['64KiB', 65_536],
  ['64k', 65_536],
  ['64 KB', 65_536],
  ['1.5GiB', 1_610_612_736],
  ['1TiB', 2 ** 40],
])('%s is a size', (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes);
});

test.each(['', 'x', '-1', '1.0001KiB', '1s', '1e3', '9999999TiB', 'KiB'])(
  '"%s" is no size',
  (text) => {
    expect(parseBytes(text)).toBeUndefined();
  },
);

test.each([
  ['0', 0],
  ['500ms', 500],
  ['2s', 2000],
  ['10m', 600_000],
  ['10min', 600_000],
  ['24h', 86_400_000],
  ['7d', 604_800_000],
  ['0.5s', 500],
])('%s is a duration', (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms);
});

test.each(['', 'soon', '-1s', '1KiB', '0.5ms', '1w'])('"%s" is no duration', (text) => {
  expect(parseDurationMs(text)).toBeUndefined();
});

test('what format writes, parse reads', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.constantFrom(1, 1024, 60_000, 2 ** 20), (value, factor) => {
      const whole = Math.floor(value / factor) * factor;
      expect(parseBytes(formatBytes(whole))).toBe(whole);
      expect(parseDurationMs(formatDurationMs(whole))).toBe(whole);
    }),
  );
});
