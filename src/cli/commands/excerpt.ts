/** What head and tail share: how much, in bytes or in lines. */
import { parseBytes } from '../../base/quantity.js';
import { UsageError } from '../usage-error.js';
import type { OptionSpec } from '../verb.js';

export type ExcerptOptions = { bytes?: string; lines?: string };

export type Excerpt =
  | { readonly unit: 'bytes'; readonly count: number }
  | { readonly unit: 'lines'; readonly count: number };

/** What `alluxio fs head` and `hdfs dfs -tail` show. */
const BYTES_DEFAULT = 1024;

export const excerptOptions: readonly OptionSpec[] = [
  { flags: '-c, --bytes <size>', means: 'so many bytes; default 1K' },
  { flags: '-n, --lines <count>', means: 'so many lines' },
];

export function excerptOf({ bytes, lines }: ExcerptOptions): Excerpt {
  if (lines !== undefined)
    return { unit: 'lines', count: countOf('--lines', lines, Number(lines)) };
  const count = bytes === undefined ? BYTES_DEFAULT : parseBytes(bytes);
  return { unit: 'bytes', count: countOf('--bytes', bytes ?? '', count) };
}

function countOf(option: string, text: string, count: number | undefined): number {
  if (count !== undefined && Number.isSafeInteger(count) && count >= 0) return count;
  throw new UsageError(`${option} ${text}: not a count`, `${option} 20`);
}
