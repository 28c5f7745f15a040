/**
 * Draws the calls of a checked load: few names and many clients, so that they meet.
 *
 *   /proof-files/f0 …            single files in one directory that stays: one partition each
 *   /proof-trees/t0/{a,b,c}/{d,e}/{g,h}   small trees in which everything may be anything
 *
 * Names differ from level to level, and grow longer (there are names for both kinds of slots).
 */
import type { Random } from '../../bench/load/random.js';
import type { Request } from './operation.js';

export const FILES_DIRECTORY = '/proof-files';
export const TREES_DIRECTORY = '/proof-trees';

export type DrawOptions = {
  /** Single files. */
  readonly files: number;
  readonly trees: number;
};

const LEVELS: readonly (readonly string[])[] = [
  ['a', 'b', `c${'-long-enough-for-the-slots-of-long-names'.repeat(2)}`],
  ['d', 'e'],
  ['g', 'h'],
];
const MODES = [0o600, 0o640, 0o755, 0o777];
const LENGTH_MAX = 4;

const chance = (random: Random, percent: number): boolean => random.below(100) < percent;
const oneOf = <T>(random: Random, list: readonly T[]): T => list[random.below(list.length)]!;

export function drawRequest(random: Random, options: DrawOptions): Request {
  return chance(random, 45) ? fileRequest(random, options) : treeRequest(random, options);
}

function fileRequest(random: Random, { files }: DrawOptions): Request {
  const draw = (): string => `${FILES_DIRECTORY}/f${random.below(files)}`;
  const path = draw();
  const roll = random.below(1000);
  if (roll < 5) return { do: 'list', path: FILES_DIRECTORY };
  if (roll < 25) return { do: 'rename', path, to: draw(), overwrite: chance(random, 50) };
  return change(random, path, false) ?? look(random, path);
}

function treeRequest(random: Random, { trees }: DrawOptions): Request {
  const tree = `${TREES_DIRECTORY}/t${random.below(trees)}`;
  const path = placeIn(random, tree);
  const roll = random.below(1000);
  if (roll < 20) return { do: 'mkdir', path: tree, mode: 0o755, allowExists: true };
  if (roll < 160) {
    // Now and then to another tree, which ties the two together.
    const other = chance(random, 4) ? `${TREES_DIRECTORY}/t${random.below(trees)}` : tree;
    const to = placeIn(random, other);
    return { do: 'rename', path, to, overwrite: chance(random, 30) };
  }
  return change(random, path, chance(random, 60)) ?? look(random, path);
}

/** Mostly near the top, where other calls are too. */
function placeIn(random: Random, tree: string): string {
  const depth = oneOf(random, [0, 1, 1, 1, 2, 2, 2, 3]);
  let path = tree;
  for (let level = 0; level < depth; level++) path += `/${oneOf(random, LEVELS[level]!)}`;
  return path;
}

function change(random: Random, path: string, directory: boolean): Request | undefined {
  const roll = random.below(100);
  const mode = oneOf(random, MODES);
  if (roll < 20) {
    return directory
      ? { do: 'mkdir', path, mode, allowExists: chance(random, 30) }
      : { do: 'create', path, mode, overwrite: chance(random, 30) };
  }
  if (roll < 30) return { do: 'complete', path, length: random.below(LENGTH_MAX) };
  if (roll < 40) return { do: 'setAttribute', path, mode };
  if (roll < 50) return { do: 'delete', path, recursive: chance(random, 60) };
  return undefined;
}

function look(random: Random, path: string): Request {
  const roll = random.below(100);
  if (roll < 60) return { do: 'getStatus', path };
  if (roll < 80) return { do: 'exists', path };
  return { do: 'list', path };
}
