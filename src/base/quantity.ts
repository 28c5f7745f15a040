/**
 * Sizes and durations as people write them ("64KiB", "1.5GiB", "500ms", "10m") and as code wants
 * them: whole bytes and whole milliseconds. Pure.
 *
 * K, KB and KiB all mean 1024, as users of Alluxio and Hadoop expect.
 * Invariant: parse(format(x)) = x for every whole x >= 0 below 2^53: format only takes a unit that
 * divides evenly.
 */

type Unit = { readonly name: string; readonly factor: number };

/** Falling, so that format finds the largest unit first. */
const byteUnits: readonly Unit[] = [
  { name: 'TiB', factor: 2 ** 40 },
  { name: 'GiB', factor: 2 ** 30 },
  { name: 'MiB', factor: 2 ** 20 },
  { name: 'KiB', factor: 2 ** 10 },
];

const durationUnits: readonly Unit[] = [
  { name: 'd', factor: 86_400_000 },
  { name: 'h', factor: 3_600_000 },
  { name: 'm', factor: 60_000 },
  { name: 's', factor: 1000 },
];

const byteFactors = new Map<string, number>([
  ['', 1],
  ['b', 1],
  ...byteUnits.flatMap(({ name, factor }): [string, number][] => {
    const letter = name.slice(0, 1).toLowerCase();
    return [letter, `${letter}b`, `${letter}ib`].map((spelling) => [spelling, factor]);
  }),
]);

const durationFactors = new Map<string, number>([
  ['', 1],
  ['ms', 1],
  ['min', 60_000],
  ...durationUnits.map(({ name, factor }): [string, number] => [name, factor]),
]);

/** Whole bytes, or undefined when the text is no size. */
export const parseBytes = (text: string): number | undefined => parse(text, byteFactors);

/** Whole milliseconds, or undefined when the text is no duration; a bare number is milliseconds. */
export const parseDurationMs = (text: string): number | undefined => parse(text, durationFactors);

export const formatBytes = (bytes: number): string => format(bytes, byteUnits, 'B');

export const formatDurationMs = (ms: number): string => format(ms, durationUnits, 'ms');

function parse(text: string, factors: ReadonlyMap<string, number>): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  const factor = factors.get((match?.[2] ?? '').toLowerCase());
  if (match === null || factor === undefined) return undefined;
  const value = Number(match[1]) * factor;
  return Number.isSafeInteger(value) ? value : undefined;
}

function format(value: number, units: readonly Unit[], smallest: string): string {
  const unit = value === 0 ? undefined : units.find(({ factor }) => value % factor === 0);
  return unit === undefined ? `${value}${smallest}` : `${value / unit.factor}${unit.name}`;
}
