/** Paths as they come, cleaned and split: cases 153-155 of what a master does. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PATH_BYTES_MAX, PATH_DEPTH_MAX } from '../../../src/base/limits.js';
import { Code } from '../../../src/base/status.js';
import { bytesOf, Namespace, refusal } from '../ops/mutations/namespace.js';

let names: Namespace;
beforeAll(() => {
  names = new Namespace();
});
afterAll(() => names.close());

function cleaned(path: string | Uint8Array): string {
  const { executor } = names.fixture;
  executor.resolve(executor.walkA, typeof path === 'string' ? bytesOf(path) : path);
  return executor.walkA.text();
}

function isPrefix(path: string, other: string): boolean {
  const { executor } = names.fixture;
  executor.resolve(executor.walkA, bytesOf(path));
  executor.resolve(executor.walkB, bytesOf(other));
  return executor.walkA.isPrefixOf(executor.walkB);
}

describe('paths', () => {
  it.each([
    ['/foo//bar//', '/foo/bar'],
    ['/foo/../bar', '/bar'],
    ['/foo/./bar', '/foo/bar'],
    ['/', '/'],
    ['////', '/'],
    ['/..', '/'],
    ['/../../a/..', '/'],
    ['/a/b/../../c/.', '/c'],
    ['/...', '/...'],
    ['/a/..b/.c', '/a/..b/.c'],
  ])('153. %s is cleaned to %s', (path, expected) => {
    expect(cleaned(path)).toBe(expected);
  });

  it.each([
    ['', 'absolute'],
    ['a', 'absolute'],
    ['./a', 'absolute'],
    ['a/b/', 'absolute'],
    [`/${'x'.repeat(256)}`, '255 bytes'],
    ['/a\0b', 'NUL'],
    [`/${'x/'.repeat(PATH_DEPTH_MAX + 1)}`, `${PATH_DEPTH_MAX} components`],
    [`/${`${'y'.repeat(250)}/`.repeat(20)}`, `${PATH_BYTES_MAX} bytes`],
  ])('155. %j is invalid', (path, fragment) => {
    expect(() => cleaned(path)).toThrow(
      expect.objectContaining(refusal(Code.INVALID_ARGUMENT, fragment)),
    );
  });

  it('155. what is not UTF-8 is invalid', () => {
    for (const bytes of [
      [0x2f, 0xff],
      [0x2f, 0xc0, 0x80],
      [0x2f, 0xed, 0xa0, 0x80],
    ]) {
      expect(() => cleaned(Uint8Array.from(bytes))).toThrow(
        expect.objectContaining(refusal(Code.INVALID_ARGUMENT, 'UTF-8')),
      );
    }
  });

  it.each([
    ['/a', '/a/b', true],
    ['/a', '/aa', false],
    ['/a', '/a', true],
    ['/', '/a', true],
    ['/', '/', true],
    ['/a/b', '/a', false],
    ['/a/b', '/a/bc/d', false],
    ['/a/b', '/b/a/b', false],
    ['/ab/c', '/a/bc', false],
  ])('154. %s is a prefix of %s: %s', (path, other, expected) => {
    expect(isPrefix(path, other)).toBe(expected);
  });

  it('the text of each node is the path down to it', () => {
    const { executor } = names.fixture;
    executor.resolve(executor.walkA, bytesOf('/ä/ b /c'));
    expect([0, 1, 2, 3].map((node) => executor.walkA.text(node))).toEqual([
      '/',
      '/ä',
      '/ä/ b ',
      '/ä/ b /c',
    ]);
    expect(executor.walkA.nameText(2)).toBe(' b ');
  });
});
