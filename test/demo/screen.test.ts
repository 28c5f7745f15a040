/**
 * Counts, times and sizes as the demo prints them.
 */
import { describe, expect, it } from 'vitest';
import { bytesText, countText, rateText, spanText } from '../../src/demo/screen.js';

describe('what the demo prints', () => {
  it.each([
    [0, '0'],
    [999.6, '1,000'],
    [1_234_567, '1,234,567'],
  ])('counts %d as %s', (value, text) => expect(countText(value)).toBe(text));

  it.each([
    [0.123, '0.12 ms'],
    [38.4, '38 ms'],
    [2_149, '2.1 s'],
  ])('tells %d ms as %s', (ms, text) => expect(spanText(ms)).toBe(text));

  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [3_565_158, '3.4 MiB'],
    [64 * 1024, '64 KiB'],
  ])('tells %d bytes as %s', (bytes, text) => expect(bytesText(bytes)).toBe(text));

  it('tells a rate from a count and its milliseconds', () => {
    expect(rateText(500, 250)).toBe('2,000/s');
  });
});
