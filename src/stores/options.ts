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

const callOptions = {
  /** One wait for the store: a request, a chunk, a part. */
  timeoutMs: wholeNumber(1, 3_600_000).default(30_000),
  /** Calls under way at a time. */
  maxConcurrent: wholeNumber(1, 4096).default(32),
  /** Calls that wait for one of those, before RESOURCE_EXHAUSTED. */
  maxWaiting: wholeNumber(0, 65_536).default(1024),
};

export const localOptions = z.strictObject(callOptions);
export type LocalOptions = z.output<typeof localOptions>;

export const s3Options = z
  .strictObject({
    ...callOptions,
    /** Of a store that is not Amazon's: MinIO, Ceph… */
    endpoint: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).optional(),
    region: z.string().min(1).default('us-east-1'),
    /** Bucket in the path instead of the host name; by default where an endpoint is given. */
    pathStyle: flag.optional(),
    /** Without keys, what the SDK finds: environment, profile, role of the machine. */
    accessKeyId: z.string().min(1).optional(),
    secretAccessKey: z.string().min(1).optional(),
    sessionToken: z.string().min(1).optional(),
  })
  .refine(
    (given) => (given.accessKeyId === undefined) === (given.secretAccessKey === undefined),
    'accessKeyId and secretAccessKey go together',
  )
  .refine((given) => given.endpoint === undefined || !given.endpoint.includes('@'), {
    error: 'must not hold a user or password',
    path: ['endpoint'],
  });
export type S3Options = z.output<typeof s3Options>;

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
  throw new StatusError(Code.INVALID_ARGUMENT, `wrong mount options: ${wrong}`, {
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

/** zod's messages speak of types and bounds; none repeats what was given for these schemas. */
function describeIssue(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `unknown option ${issue.keys.join(', ')}`;
  const name = issue.path.join('.');
  return name === '' ? issue.message : `${name}: ${issue.message}`;
}
