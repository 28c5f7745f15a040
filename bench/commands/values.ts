/** What the options of several commands have in common. */
import { InvalidArgumentError, Option } from 'commander';
import { FILES_MAX } from '../load/path-pattern.js';
import { BATCH_FILES } from '../setup.js';

export const SEED_DEFAULT = 1;
export const RPC_THREADS_DEFAULT = 2;

const multiples: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6 };

/** A number above 0; 20k and 1.5M are numbers too. */
export function positive(text: string): number {
  const [, digits, multiple] = /^([\d.]+)([kM]?)$/.exec(text) ?? [];
  const value = Number(digits) * (multiples[multiple ?? ''] ?? Number.NaN);
  if (!(value > 0)) throw new InvalidArgumentError('must be a number above 0, such as 50 or 1M');
  return value;
}

/** So many files as whole batches hold. */
export function fileCount(text: string): number {
  const value = positive(text);
  if (!Number.isInteger(value) || value < BATCH_FILES || value > FILES_MAX) {
    throw new InvalidArgumentError(`must be a whole number from ${BATCH_FILES} to ${FILES_MAX}`);
  }
  return Math.ceil(value / BATCH_FILES) * BATCH_FILES;
}

export const seedOption = (): Option =>
  new Option('--seed <number>', 'of everything that is drawn at random')
    .argParser(positive)
    .default(SEED_DEFAULT);

/** One of some names, or several with commas between. */
export const namesOf =
  <T extends string>(known: readonly T[]) =>
  (text: string): T[] =>
    text.split(',').map((part) => {
      const name = part.trim() as T;
      if (known.includes(name)) return name;
      throw new InvalidArgumentError(`${name} is none of ${known.join(', ')}`);
    });

export const tell = (text: string): void => console.error(`· ${text}`);
