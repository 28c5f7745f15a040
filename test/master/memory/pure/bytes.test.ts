/** Goal: UTF-8 and CRC32C are what their standards say. Method: platform decoder, twin, vectors. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc32c } from '../../../../src/base/crc32c.js';
import {
  ENTRY_CRC,
  ENTRY_LENGTH,
  ENTRY_SALT,
  ENTRY_SEQ,
} from '../../../../src/master/memory/entry-format.js';
import { isUtf8 } from '../../../../src/master/memory/twin/utf8.js';
import { kernel, put, RUNS, read, scratch, shared } from './kernel-fixture.js';

const text = new TextEncoder();

function kernelIsUtf8(bytes: Uint8Array): boolean {
  put(scratch, bytes);
  put(scratch + bytes.length, [0x80, 0xbf, 0xbf]);
  return kernel.isUtf8(scratch, bytes.length) === 1;
}

function kernelCrc(bytes: ArrayLike<number>, seed = 0): number {
  put(scratch, bytes);
  return kernel.crc32c(scratch, bytes.length, seed);
}

describe('isUtf8', () => {
  test('decides every sequence of two bytes, and the edges of three and four', () => {
    for (let first = 0; first < 256; first++) {
      for (let second = 0; second < 256; second++) {
        const pair = Uint8Array.of(first, second);
        if (kernelIsUtf8(pair) !== isUtf8(pair)) expect.fail(`${first} ${second}`);
      }
    }
    const edges = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];
    for (let first = 0xc0; first < 256; first++) {
      for (const second of edges) {
        for (const third of edges) {
          for (const tail of [[], [0x80], [0xbf], [0x7f]]) {
            const bytes = Uint8Array.of(first, second, third, ...tail);
            if (kernelIsUtf8(bytes) !== isUtf8(bytes)) expect.fail(bytes.join(' '));
          }
        }
      }
    }
  });

  test('equals the platform on text with a few bytes broken', () => {
    const broken = fc
      .tuple(fc.string({ unit: 'binary', maxLength: 60 }), fc.array(fc.tuple(fc.nat(), fc.nat())))
      .map(([string, changes]) => {
        const bytes = text.encode(string);
        for (const [at, byte] of changes.slice(0, 2)) bytes[at % (bytes.length || 1)] = byte;
        return bytes;
      });
    fc.assert(
      fc.property(broken, (bytes) => {
        expect(kernelIsUtf8(bytes)).toBe(isUtf8(bytes));
      }),
      RUNS,
    );
  });
});

describe('crc32c', () => {
  // RFC 3720, appendix B.4.
  test.each([
    ['zeros', new Uint8Array(32), 0x8a9136aa],
    ['ones', new Uint8Array(32).fill(255), 0x62a8ab43],
    ['ascending', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    ['check', text.encode('123456789'), 0xe3069283],
    ['nothing', new Uint8Array(0), 0],
  ])('has the vector of the standard: %s', (_, bytes, expected) => {
    expect(kernelCrc(bytes)).toBe(expected);
  });

  test('equals its twin, whole and in two pieces', () => {
    const input = fc.tuple(fc.uint8Array({ maxLength: 200 }), fc.nat({ max: 200 }));
    fc.assert(
      fc.property(input, ([bytes, at]) => {
        const whole = crc32c(bytes, 0, bytes.length);
        expect(kernelCrc(bytes)).toBe(whole);
        expect(kernelCrc(bytes.subarray(at), kernelCrc(bytes.subarray(0, at)))).toBe(whole);
      }),
      RUNS,
    );
  });

  test('sealEntry numbers and salts the entry, then sums all but the sum', () => {
    const entry = Uint8Array.from({ length: 72 }, (_, i) => i * 7);
    put(scratch, entry);
    shared.view.setUint32(scratch + ENTRY_LENGTH, entry.length, true);
    kernel.sealEntry(scratch, 2 ** 40 + 5, 0xdeadbeef);
    const sealed = read(scratch, entry.length);
    const view = new DataView(sealed.buffer);
    expect(view.getBigUint64(ENTRY_SEQ, true)).toBe(2n ** 40n + 5n);
    expect(view.getUint32(ENTRY_SALT, true)).toBe(0xdeadbeef);
    expect(view.getUint32(ENTRY_CRC, true)).toBe(crc32c(sealed, 4, sealed.length - 4));
    expect(sealed.slice(48)).toEqual(entry.slice(48));
  });
});

describe('words', () => {
  test('cross as numbers, add gives the old value and max only raises', () => {
    kernel.store64(scratch, 2 ** 53 - 2);
    expect(kernel.load64(scratch)).toBe(2 ** 53 - 2);
    expect(kernel.add64(scratch, 1)).toBe(2 ** 53 - 2);
    kernel.max64(scratch, 5);
    expect(kernel.load64(scratch)).toBe(2 ** 53 - 1);
    kernel.store64(scratch, 4);
    kernel.max64(scratch, 5);
    expect(kernel.load64(scratch)).toBe(5);
  });
});
