/**
 * The kinds of settings: how the text of one ORCHARD_* variable becomes a value, what it accepts,
 * and how the value is written back. Pure. The rows themselves are in config-table.ts.
 *
 * Invariant: parsing what `format` wrote gives the same value, so a printed configuration can be
 * used as an environment.
 */
import { z } from 'zod';
import { formatBytes, formatDurationMs, parseBytes, parseDurationMs } from './quantity.js';

/**
 * What the process finds on its machine. It is an argument, so that this folder asks no machine.
 */
export type Facts = {
  readonly cores: number;
  readonly memoryBytes: number;
  /** The name of the user that the process runs as. */
  readonly user: string;
  /** Absolute: relative data directories start here. */
  readonly workingDirectory: string;
};

/** What a derived default may look at: the facts, and the texts of the rows above its own. */
export type Given = Facts & { readonly text: (name: string) => string };

/** A fixed default text, or a rule with the sentence that documents it. */
export type Default = string | { readonly rule: string; readonly derive: (given: Given) => string };

export type Kind<T> = {
  readonly schema: z.ZodType<T, string>;
  /** The end of the sentence "expected …". */
  readonly accepts: string;
  readonly unit: string;
  readonly format: (value: T) => string;
};

export type Setting<T> = Kind<T> & {
  readonly name: `ORCHARD_${string}`;
  readonly default: Default;
  readonly meaning: string;
  /** Never shown, not even when it is wrong. */
  readonly secret?: true;
};

type Range = { readonly min: number; readonly max: number; readonly powerOfTwo?: true };

const isPowerOfTwo = (value: number): boolean => Number.isInteger(Math.log2(value));

/** A schema from text to T by a function that says undefined to what it does not accept. */
function schemaOf<T>(parse: (text: string) => T | undefined, accepts: string) {
  return z.string().transform((text, context): T => {
    const value = parse(text.trim());
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: `expected ${accepts}` });
    return z.NEVER;
  });
}

function quantity(
  parse: (text: string) => number | undefined,
  format: (value: number) => string,
  range: Range & { readonly what: string; readonly unit: string },
): Kind<number> {
  const { min, max } = range;
  const what = range.powerOfTwo ? `${range.what}, a power of two,` : range.what;
  const accepts = `${what} from ${format(min)} to ${format(max)}`;
  const inRange = (text: string) => {
    const value = parse(text);
    if (value === undefined || value < min || value > max) return undefined;
    return range.powerOfTwo && !isPowerOfTwo(value) ? undefined : value;
  };
  return { schema: schemaOf(inRange, accepts), accepts, unit: range.unit, format };
}

export const bytes = (range: Range): Kind<number> =>
  quantity(parseBytes, formatBytes, { ...range, what: 'a size', unit: 'bytes' });

export const duration = (range: Range): Kind<number> =>
  quantity(parseDurationMs, formatDurationMs, { ...range, what: 'a duration', unit: 'ms' });

export const count = (unit: string, range: Range): Kind<number> =>
  quantity((text) => (/^\d{1,15}$/.test(text) ? Number(text) : undefined), String, {
    ...range,
    what: 'a whole number',
    unit,
  });

/** Permission bits in octal, as chmod and umask take them. */
export function octal(max: number): Kind<number> {
  const format = (value: number) => value.toString(8).padStart(3, '0');
  return quantity(
    (text) => (/^[0-7]{1,5}$/.test(text) ? Number.parseInt(text, 8) : undefined),
    format,
    { min: 0, max, what: 'an octal number', unit: 'mode' },
  );
}

export function boolean(): Kind<boolean> {
  const values = new Map([
    ['true', true],
    ['1', true],
    ['yes', true],
    ['on', true],
    ['false', false],
    ['0', false],
    ['no', false],
    ['off', false],
  ]);
  const accepts = 'true or false';
  const schema = schemaOf((text) => values.get(text.toLowerCase()), accepts);
  return { schema, accepts, unit: 'flag', format: String };
}

export function choice<const T extends string>(options: readonly T[]): Kind<T> {
  const accepts = `one of ${options.join(', ')}`;
  const schema = schemaOf((text) => options.find((option) => option === text), accepts);
  return { schema, accepts, unit: 'word', format: String };
}

export function text(accepts: string, { pattern }: { pattern: RegExp }): Kind<string> {
  const schema = schemaOf((given) => (pattern.test(given) ? given : undefined), accepts);
  return { schema, accepts, unit: 'text', format: String };
}

/** Texts with commas between them, each matching `pattern`; an empty text gives none. */
export function list(accepts: string, { pattern }: { pattern: RegExp }): Kind<readonly string[]> {
  const parse = (given: string): string[] | undefined => {
    const items = given === '' ? [] : given.split(',').map((item) => item.trim());
    return items.every((item) => pattern.test(item)) ? items : undefined;
  };
  const format = (value: readonly string[]) => value.join(',');
  return { schema: schemaOf(parse, accepts), accepts, unit: 'texts', format };
}

/** `key=value,key=value`; a comma within a value is written `\,`; no value ends in a backslash. */
export function pairs(): Kind<Readonly<Record<string, string>>> {
  const accepts = 'key=value pairs with commas between them';
  return {
    schema: schemaOf(parsePairs, accepts),
    accepts,
    unit: 'pairs',
    format: (value) =>
      Object.entries(value)
        .map(([key, item]) => `${key}=${item.replaceAll(',', '\\,')}`)
        .join(','),
  };
}

function parsePairs(given: string): Record<string, string> | undefined {
  if (given === '') return {};
  const items = given.split(/(?<!\\),/).map((item) => item.replaceAll('\\,', ','));
  const entries = items.map((item): [string, string] => {
    const equals = item.indexOf('=');
    return [item.slice(0, Math.max(equals, 0)).trim(), item.slice(equals + 1)];
  });
  const sound = entries.every(([key, value]) => key !== '' && !value.endsWith('\\'));
  return sound ? Object.fromEntries(entries) : undefined;
}

/** One row of a table of settings. */
export const row = <T>(
  name: Setting<T>['name'],
  kind: Kind<T>,
  initial: Default,
  meaning: string,
): Setting<T> => ({ ...kind, name, default: initial, meaning });
