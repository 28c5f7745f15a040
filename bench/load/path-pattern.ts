/**
 * The paths of the benches, all of one length, so that a path is written over another in place.
 *
 *   spread   /bench/a00/b07/f00000123   depth 4; file i is in leaf directory i mod directories,
 *                                       leaf directory d is a<d / 100>/b<d mod 100>; above 10,000
 *                                       directories three digits each: a<d / 1000>/b<d mod 1000>
 *            with `perDirectory`, neighbours share a directory: file i is in i / perDirectory, and
 *            directories always have three digits each, so that paths sort as numbers do
 *   leaf     /bench/a00/b07             the leaf directories themselves
 *   flat     /flat/f00000123            one directory for all
 *   root     /flat                      that one directory
 *
 * Another root than /bench or /flat makes deeper trees, or several of them. The letter before the
 * number tells the kinds apart: f the tree, n what was created, r renamed, m never there, d
 * directories that were created.
 */
import { assert } from '../../src/base/assert.js';

export const DIRECTORIES_MAX = 1_000_000;
export const FILES_MAX = 100_000_000;

const DIRECTORIES_TWO_DIGITS_MAX = 10_000;
const FOUR_DIGITS_COUNT = 10_000;
const DIGIT_ZERO = 48;

/** "0000" to "9999" one after the other: a number becomes text by copying. */
const fourDigits = new Uint8Array(FOUR_DIGITS_COUNT * 4);
for (let i = 0; i < FOUR_DIGITS_COUNT; i++) {
  for (let digit = 0, rest = i; digit < 4; digit++, rest = Math.floor(rest / 10)) {
    fourDigits[i * 4 + 3 - digit] = DIGIT_ZERO + (rest % 10);
  }
}

export type PathKind = 'f' | 'n' | 'r' | 'm' | 'd';

export type PathShape =
  | {
      readonly shape: 'spread' | 'leaf';
      readonly directories: number;
      readonly perDirectory?: number;
      readonly root?: string;
    }
  | { readonly shape: 'flat' | 'root'; readonly root?: string };

export class PathPattern {
  readonly bytes: number;
  /** What a template holds in this path's place. */
  readonly placeholder: string;
  readonly #directories: number;
  /** 0: files are dealt out to the directories in turn. */
  readonly #perDirectory: number;
  /** Digits of each of the two directory numbers. */
  readonly #digits: number;
  readonly #upperAt: number;
  readonly #lowerAt: number;
  readonly #numberAt: number;

  constructor(shape: PathShape, kind: PathKind) {
    const isSpread = shape.shape === 'spread' || shape.shape === 'leaf';
    const root = shape.root ?? (isSpread ? '/bench' : '/flat');
    this.#directories = isSpread ? shape.directories : 0;
    assert(this.#directories <= DIRECTORIES_MAX, 'a directory has at most six digits');
    this.#perDirectory = isSpread ? (shape.perDirectory ?? 0) : 0;
    const isWide = this.#perDirectory > 0 || this.#directories > DIRECTORIES_TWO_DIGITS_MAX;
    this.#digits = isWide ? 3 : 2;
    const zeros = '0'.repeat(this.#digits);
    const leaf = isSpread ? `${root}/a${zeros}/b${zeros}` : root;
    this.#upperAt = root.length + '/a'.length;
    this.#lowerAt = this.#upperAt + this.#digits + '/b'.length;
    const isNumbered = shape.shape === 'spread' || shape.shape === 'flat';
    this.#numberAt = isNumbered ? leaf.length + `/${kind}`.length : -1;
    this.placeholder = this.#numberAt < 0 ? leaf : `${leaf}/${kind}00000000`;
    this.bytes = this.placeholder.length;
  }

  text(index: number): string {
    const bytes = new TextEncoder().encode(this.placeholder);
    this.write(bytes, 0, index);
    return new TextDecoder().decode(bytes);
  }

  /** Over a placeholder, or over another path of this pattern. */
  write(target: Uint8Array, at: number, index: number): void {
    if (this.#directories > 0) this.#writeDirectory(target, at, this.#directoryOf(index));
    if (this.#numberAt < 0) return;
    const high = ((index / FOUR_DIGITS_COUNT) | 0) * 4;
    const low = (index % FOUR_DIGITS_COUNT) * 4;
    const number = at + this.#numberAt;
    for (let i = 0; i < 4; i++) {
      target[number + i] = fourDigits[high + i]!;
      target[number + 4 + i] = fourDigits[low + i]!;
    }
  }

  /** The letter before the number, for paths of which the kind changes from call to call. */
  writeKind(target: Uint8Array, at: number, kind: number): void {
    target[at + this.#numberAt - 1] = kind;
  }

  #directoryOf(index: number): number {
    if (this.#perDirectory === 0) return index % this.#directories;
    return Math.floor(index / this.#perDirectory);
  }

  #writeDirectory(target: Uint8Array, at: number, directory: number): void {
    const digits = this.#digits;
    const each = digits === 3 ? 1000 : 100;
    const upper = ((directory / each) | 0) * 4 + 4 - digits;
    const lower = (directory % each) * 4 + 4 - digits;
    for (let i = 0; i < digits; i++) {
      target[at + this.#upperAt + i] = fourDigits[upper + i]!;
      target[at + this.#lowerAt + i] = fourDigits[lower + i]!;
    }
  }
}
