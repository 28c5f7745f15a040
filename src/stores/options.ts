/**
 * Options of a mount, by the scheme of its URI: what may be given, and its defaults. They arrive as
 * text (command line, environment, mount table), so numbers and booleans are read from text too.
 * Only what opens a store loads this file, and zod with it.
 */
import { z } from 'zod';
import { Code, StatusError } from '../base/status.js';
import { environmentReference, type UfsOptions } from './shown-options.js';

export type Environment = Readonly<Record<string, string | undefined>>;

const flag = z.union([
  z.boolean(),
  z.enum(['true', 'false'], 'must be true or false').transform((text) => text === 'true'),
]);

const wholeNumber = (least: number, most: number) =>
  z.coerce.number('must be a number').int('must be a whole number').min(least).max(most);

/** Removes the line end that files and secrets of orchestrators often have. */
const credential = z
  .string()
  .regex(/^[\x21-\x7e]+$/, 'must be one word, without blanks, line ends or other characters');

const callOptions = {
  timeoutMs: wholeNumber(1, 3_600_000)
    .default(30_000)
    .describe('longest wait for one answer of the store (a request, a chunk, a part)'),
  idleMs: wholeNumber(1, 86_400_000)
    .default(60_000)
    .describe('longest time without progress of the client of a transfer'),
  maxConcurrent: wholeNumber(1, 4096)
    .default(32)
    .describe('concurrent calls, for looks, reads and writes each'),
  maxWaiting: wholeNumber(0, 65_536)
    .default(1024)
    .describe('calls that may wait; further ones get RESOURCE_EXHAUSTED'),
};

export const localOptions = z.strictObject(callOptions);
export type LocalOptions = z.output<typeof localOptions>;

const s3Fields = z.strictObject({
  ...callOptions,
  endpoint: z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    .optional()
    .describe("URL of a store that is not Amazon's: MinIO, Ceph and others"),
  region: z.string().min(1).default('us-east-1').describe('region of the bucket'),
  pathStyle: flag
    .optional()
    .describe('put the bucket in the path, not in the host name; true with an endpoint'),
  accessKeyId: credential
    .optional()
    .describe('access key; without one, the AWS SDK looks in environment, profile and role'),
  secretAccessKey: credential.optional().describe('secret of the access key, best as env:NAME'),
  sessionToken: credential.optional().describe('token of temporary keys'),
  anonymous: flag.default(false).describe('no keys at all: for public buckets'),
});

export const s3Options = s3Fields
  .refine(
    (given) => (given.accessKeyId === undefined) === (given.secretAccessKey === undefined),
    'accessKeyId and secretAccessKey go together',
  )
  .refine((given) => !given.anonymous || given.accessKeyId === undefined, {
    error: 'goes without keys',
    path: ['anonymous'],
  })
  .refine((given) => given.endpoint === undefined || !given.endpoint.includes('@'), {
    error: 'must not hold a user or password',
    path: ['endpoint'],
  });
export type S3Options = z.output<typeof s3Options>;

export type OptionText = {
  readonly name: string;
  readonly means: string;
  readonly default: string;
};

/** What a store takes, for people: the help of mount is made of it. */
export function optionTexts(scheme: string): readonly OptionText[] | undefined {
  const fields = { file: localOptions.shape, s3: s3Fields.shape }[scheme];
  if (fields === undefined) return undefined;
  return Object.entries(fields).map(([name, field]: [string, z.ZodType]) => {
    const parsed = field.safeParse(undefined);
    const isGiven = parsed.success && parsed.data !== undefined;
    return { name, means: field.description ?? '', default: isGiven ? String(parsed.data) : '' };
  });
}

/** The checked options with every reference resolved; errors name options, never their values. */
export function parseOptions<T>(
  schema: z.ZodType<T>,
  options: UfsOptions,
  environment: Environment,
): T {
  const resolved = Object.entries(options).map(([name, value]) => [
    name,
    resolveReference(name, value, environment),
  ]);
  const parsed = schema.safeParse(Object.fromEntries(resolved));
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map(describeIssue).join('; ');
  throw new StatusError(Code.INVALID_ARGUMENT, `Wrong mount options: ${wrong}.`, {
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
    `Mount option ${name} refers to ${reference}, which is not set in the master's environment.`,
    { hint: `Set ${reference} where the master runs.` },
  );
}

/** zod's messages speak of types and bounds; none repeats what was given for these schemas. */
function describeIssue(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `unknown option ${issue.keys.join(', ')}`;
  const name = issue.path.join('.');
  return name === '' ? issue.message : `${name}: ${issue.message}`;
}
