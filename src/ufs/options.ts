/**
 * Options of a mount, by the scheme of its URI: what may be given, its defaults, and how it may be
 * shown. They arrive as text (command line, environment, mount table), so numbers and booleans are
 * read from text too.
 *
 * A value `env:NAME` is taken from the environment when the store is opened: the mount table and
 * the journal then hold the name of the secret only.
 */
import { REDACTED } from '../base/redact.js';
import { boolean, count, type Kind, text } from '../base/setting.js';
import { Code, StatusError } from '../base/status.js';

export type UfsOptions = Readonly<Record<string, string | number | boolean>>;
export type Environment = Readonly<Record<string, string | undefined>>;

type OptionRow<T> = {
  readonly kind: Pick<Kind<Exclude<T, undefined>>, 'parse' | 'accepts'>;
  /** What it is when it is not given; absent: nothing. */
  readonly initial?: T;
};

export type OptionTable<T> = {
  readonly rows: { readonly [Name in keyof T]-?: OptionRow<T[Name]> };
  /** What is wrong with options that are right one by one. */
  readonly wrongTogether?: (options: T) => string | undefined;
};

export type LocalOptions = {
  readonly timeoutMs: number;
  readonly maxConcurrent: number;
  readonly maxWaiting: number;
};

export type S3Options = LocalOptions & {
  readonly endpoint: string | undefined;
  readonly region: string;
  readonly pathStyle: boolean | undefined;
  readonly accessKeyId: string | undefined;
  readonly secretAccessKey: string | undefined;
  readonly sessionToken: string | undefined;
};

const word = text('text that is not empty', { pattern: /./s });

const url: Kind<string> = {
  parse: (given) => (/^https?:\/\/[^@]+$/i.test(given) && URL.canParse(given) ? given : undefined),
  accepts: 'an http or https URL without a user or password',
  unit: 'text',
  format: String,
};

const callRows: OptionTable<LocalOptions>['rows'] = {
  /** One wait for the store: a request, a chunk, a part. */
  timeoutMs: { kind: count('ms', { min: 1, max: 3_600_000 }), initial: 30_000 },
  /** Calls under way at a time. */
  maxConcurrent: { kind: count('calls', { min: 1, max: 4096 }), initial: 32 },
  /** Calls that wait for one of those, before RESOURCE_EXHAUSTED. */
  maxWaiting: { kind: count('calls', { min: 0, max: 65_536 }), initial: 1024 },
};

export const localOptions: OptionTable<LocalOptions> = { rows: callRows };

export const s3Options: OptionTable<S3Options> = {
  rows: {
    ...callRows,
    /** Of a store that is not Amazon's: MinIO, Ceph… */
    endpoint: { kind: url },
    region: { kind: word, initial: 'us-east-1' },
    /** Bucket in the path instead of the host name; by default where an endpoint is given. */
    pathStyle: { kind: boolean() },
    /** Without keys, what the SDK finds: environment, profile, role of the machine. */
    accessKeyId: { kind: word },
    secretAccessKey: { kind: word },
    sessionToken: { kind: word },
  },
  wrongTogether: ({ accessKeyId, secretAccessKey }) =>
    (accessKeyId === undefined) === (secretAccessKey === undefined)
      ? undefined
      : 'accessKeyId and secretAccessKey go together',
};

/** The rest may hold anything, and is hidden. */
const shownNames: ReadonlySet<string> = new Set([
  ...Object.keys(callRows),
  'endpoint',
  'region',
  'pathStyle',
]);

const environmentReference = /^env:([A-Za-z_][A-Za-z0-9_]*)$/;

/** A copy fit for listings and logs; a reference to the environment is no secret. */
export function redact(options: UfsOptions): Record<string, string | number | boolean> {
  const shown = Object.entries(options).map(([name, value]) => {
    const isReference = environmentReference.test(String(value));
    const isPlain = shownNames.has(name) && !String(value).includes('@');
    return [name, isReference || isPlain ? value : REDACTED] as const;
  });
  return Object.fromEntries(shown);
}

/** The checked options with every reference resolved; errors name options, never their values. */
export function parseOptions<T>(
  { rows, wrongTogether }: OptionTable<T>,
  options: UfsOptions,
  environment: Environment,
): T {
  const wrongs = Object.keys(options)
    .filter((name) => !Object.hasOwn(rows, name))
    .map((name) => `unknown option ${name}`);
  const values: Record<string, unknown> = {};
  for (const [name, { kind, initial }] of Object.entries<OptionRow<unknown>>(rows)) {
    const given = options[name];
    const value =
      given === undefined
        ? initial
        : kind.parse(String(resolveReference(name, given, environment)).trim());
    if (given !== undefined && value === undefined)
      wrongs.push(`${name}: expected ${kind.accepts}`);
    else if (value !== undefined) values[name] = value;
  }
  const together = wrongs.length === 0 ? wrongTogether?.(values as T) : undefined;
  if (together !== undefined) wrongs.push(together);
  if (wrongs.length === 0) return values as T;
  throw new StatusError(Code.INVALID_ARGUMENT, `wrong mount options: ${wrongs.join('; ')}`, {
    hint: 'Correct the options named and mount again.',
  });
}

function resolveReference(name: string, value: unknown, environment: Environment): unknown {
  const reference = typeof value === 'string' ? environmentReference.exec(value)?.[1] : undefined;
  if (reference === undefined) return value;
  const found = environment[reference];
  if (found !== undefined && found !== '') return found;
  throw new StatusError(
    Code.INVALID_ARGUMENT,
    `mount option ${name} refers to ${reference}, which is not set in the master's environment`,
    { hint: `Set ${reference} where the master runs.` },
  );
}
