/** Goal: paths are cleaned and refused as behaviours 153 to 155 say. Method: kernel and twin. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PathFault } from '../../../../src/master/memory/exports.js';
import { WALK } from '../../../../src/master/memory/layout.js';
import { cleanPath } from '../../../../src/master/memory/twin/path.js';
import { kernel, put, RUNS, read, scratch, shared, walkA } from './kernel-fixture.js';

const text = new TextEncoder();

/** What the kernel makes of a path: the cleaned path with its names, or the fault. */
function cleaned(path: Uint8Array): { path: Uint8Array; names: Uint8Array[] } | number {
  put(scratch, path);
  // What stands behind the input must not matter.
  put(scratch + path.length, [0x2f, 0, 0xff, 0x2f]);
  shared.view.setUint32(walkA + WALK.NEXT, 77, true);
  const depth = kernel.cleanPath(scratch, path.length, walkA);
  if (depth < 0) return depth;
  const word = (offset: number) => shared.view.getUint32(walkA + offset, true);
  expect([word(WALK.DEPTH), word(WALK.NEXT), word(WALK.RETRIES)]).toEqual([depth, 0, 0]);
  expect(word(WALK.COMPONENTS)).toBe(0);
  const names = Array.from({ length: depth }, (_, i) => {
    const component = word(WALK.COMPONENTS + 4 * (i + 1));
    return read(walkA + WALK.PATH + (component & 0xffff), component >>> 16);
  });
  return { path: read(walkA + WALK.PATH, word(WALK.PATH_BYTES)), names };
}

function cleanText(path: string): string | number {
  const result = cleaned(text.encode(path));
  return typeof result === 'number' ? result : new TextDecoder().decode(result.path);
}

/** Paths made of what is hard: dots, empty names, long names, bytes of every kind. */
const piece = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('a', 'name', 'part-00000.parquet', '...', '.x', 'é', '🍎'),
  },
  { weight: 3, arbitrary: fc.constantFrom('', '.', '..', ' ') },
  { weight: 1, arbitrary: fc.nat({ max: 300 }).map((length) => 'n'.repeat(length)) },
);
const textPath = fc
  .tuple(fc.constantFrom('/', '/', '/', '/', '', '//'), fc.array(piece, { maxLength: 24 }))
  .map(([root, pieces]) => text.encode(root + pieces.join('/')));
const wildPath = fc
  .uint8Array({ maxLength: 80 })
  .map((bytes) => Uint8Array.from([0x2f, ...bytes.map((byte) => (byte % 5 === 0 ? 0x2f : byte))]));

describe('cleanPath', () => {
  test.each([
    ['/foo//bar//', '/foo/bar'],
    ['/foo/../bar', '/bar'],
    ['/foo/./bar', '/foo/bar'],
    ['/', '/'],
    ['//', '/'],
    ['/..', '/'],
    ['/../../a', '/a'],
    ['/a/..', '/'],
    ['/a b/\t\n', '/a b/\t\n'],
    ['/...', '/...'],
    ['', PathFault.NOT_ABSOLUTE],
    ['a/b', PathFault.NOT_ABSOLUTE],
    [' /a', PathFault.NOT_ABSOLUTE],
    ['/a\0b', PathFault.NUL_BYTE],
    [`/${'x'.repeat(255)}`, `/${'x'.repeat(255)}`],
    [`/${'x'.repeat(256)}`, PathFault.NAME_TOO_LONG],
    ['/a'.repeat(256), '/a'.repeat(256)],
    ['/a'.repeat(257), PathFault.TOO_DEEP],
    [`/${'y'.repeat(15)}`.repeat(256), `/${'y'.repeat(15)}`.repeat(256)],
    [`${`/${'y'.repeat(254)}`.repeat(16)}/${'z'.repeat(16)}`, PathFault.TOO_LONG],
    [`${'/'.repeat(60_000)}a`, '/a'],
    ['/'.repeat(65_537), PathFault.TOO_LONG],
  ])('behaviours 153 and 155: %j', (path, expected) => {
    expect(cleanText(path)).toBe(expected);
  });

  test('equals its twin on paths of hard pieces', () => {
    fc.assert(
      fc.property(textPath, (path) => {
        expect(cleaned(path)).toEqual(cleanPath(path));
      }),
      RUNS,
    );
  });

  test('equals its twin on any bytes', () => {
    fc.assert(
      fc.property(wildPath, (path) => {
        expect(cleaned(path)).toEqual(cleanPath(path));
      }),
      RUNS,
    );
  });

  test('equals its twin where limits meet', () => {
    const nearLimit = fc
      .tuple(fc.integer({ min: 13, max: 18 }), fc.integer({ min: 250, max: 258 }))
      .chain(([bytes, count]) =>
        fc.array(fc.integer({ min: bytes - 1, max: bytes + 1 }), {
          minLength: count,
          maxLength: count,
        }),
      )
      .map((lengths) => text.encode(lengths.map((length) => `/${'p'.repeat(length)}`).join('')));
    fc.assert(
      fc.property(nearLimit, (path) => {
        expect(cleaned(path)).toEqual(cleanPath(path));
      }),
      { numRuns: 60 },
    );
  });
});
