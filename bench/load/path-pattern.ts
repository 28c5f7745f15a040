/**
 * The paths of the benches, all of one length, so that a path is written over another in place.
 *
 *   spread   /bench/a00/b07/f00000123   depth 4; file i is in leaf directory i mod directories,
 *                                       leaf directory d is a<d / 100>/b<d mod 100>
 *   leaf     /bench/a00/b07             the leaf directories themselves
 *   flat     /flat/f00000123            one directory for all
 *
 * The letter before the number tells the kinds apart: f the tree, n what was created, r renamed.
 */
import { assert } from '../../src/base/assert.js';

export const DIRECTORIES_MAX = 10_000;
export const FILES_MAX = 100_000_000;

const FOUR_DIGITS_COUNT = 10_000;
const DIGIT_ZERO = 48;

/** "0000" to "9999" one after the other: a number becomes text by copying. */
const fourDigits = new Uint8Array(FOUR_DIGITS_COUNT * 4);
for (let i = 0; i < FOUR_DIGITS_COUNT; i++) {
  for (let digit = 0, rest = i; digit < 4; digit++, rest = Math.floor(rest / 10)) {
    fourDigits[i * 4 + 3 - digit] = DIGIT_ZERO + (rest % 10);
  }
}

export type PathKind = 'f' | 'n' | 'r';

export type PathShape =
  | { readonly shape: 'spread'; readonly directories: number }
  | { readonly shape: 'leaf'; readonly directories: number }
  | { readonly shape: 'flat' };

const heads: Record<PathShape['shape'], string> = {
  spread: '/bench/a00/b00/',
  leaf: '/bench/a00/b00',
  flat: '/flat/',
};

export class PathPattern {
  readonly bytes: number;
  readonly #head: string;
  readonly #directories: number;
  readonly #upperAt: number;
  readonly #lowerAt: number;
  readonly #numberAt: number;

  constructor(shape: PathShape, kind: PathKind) {
    this.#head = heads[shape.shape] + (shape.shape === 'leaf' ? '' : kind);
    this.#directories = shape.shape === 'flat' ? 0 : shape.directories;
    assert(this.#directories <= DIRECTORIES_MAX, 'a directory has four digits');
    this.#upperAt = '/bench/a'.length;
    this.#lowerAt = '/bench/a00/b'.length;
    this.#numberAt = shape.shape === 'leaf' ? -1 : this.#head.length;
    this.bytes = this.placeholder.length;
  }

  /** What a template holds in this path's place. */
  get placeholder(): string {
    return this.#numberAt < 0 ? this.#head : `${this.#head}00000000`;
  }

  text(index: number): string {
    const bytes = new TextEncoder().encode(this.placeholder);
    this.write(bytes, 0, index);
    return new TextDecoder().decode(bytes);
  }

  /** Over a placeholder, or over another path of this pattern. */
  write(target: Uint8Array, at: number, index: number): void {
    if (this.#directories > 0) {
      const d = (index % this.#directories) * 4;
      target[at + this.#upperAt] = fourDigits[d]!;
      target[at + this.#upperAt + 1] = fourDigits[d + 1]!;
      target[at + this.#lowerAt] = fourDigits[d + 2]!;
      target[at + this.#lowerAt + 1] = fourDigits[d + 3]!;
    }
    if (this.#numberAt < 0) return;
    const high = ((index / FOUR_DIGITS_COUNT) | 0) * 4;
    const low = (index % FOUR_DIGITS_COUNT) * 4;
    const number = at + this.#numberAt;
    for (let i = 0; i < 4; i++) {
      target[number + i] = fourDigits[high + i]!;
      target[number + 4 + i] = fourDigits[low + i]!;
    }
  }
}
