/** The sum against its definition, known vectors, and any cut into parts. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32c } from '../../../../src/base/crc32c.js';

const sum = (bytes: Uint8Array): number => crc32c(bytes, 0, bytes.length);

/** One bit at a time, as the definition has it. */
function dumbCrc(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f6_3b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

test('the vectors of RFC 3720, B.4', () => {
  expect(sum(new Uint8Array(32))).toBe(0x8a91_36aa);
  expect(sum(new Uint8Array(32).fill(0xff))).toBe(0x62a8_ab43);
  expect(sum(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd_794e);
  expect(sum(new TextEncoder().encode('123456789'))).toBe(0xe306_9283);
});

test('equals the definition at every offset and length, and continues from a seed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), fc.nat(100), (bytes, a, b) => {
      const from = Math.min(a, b, bytes.length);
      const to = Math.min(Math.max(a, b), bytes.length);
      expect(crc32c(bytes, from, to - from)).toBe(dumbCrc(bytes.subarray(from, to)));
      const whole = crc32c(bytes, from, bytes.length - from, crc32c(bytes, 0, from));
      expect(whole).toBe(sum(bytes));
    }),
  );
});
