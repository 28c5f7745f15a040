/**
 * From the URI of a mount to its store: the one place that knows the schemes. A new store is a
 * row here and a schema in options.ts.
 *
 * URIs are taken as they are written, without percent decoding, as names in stores may hold any
 * character: file:///data/my dir, s3://bucket/100%. Opening does not call the store: a mount whose
 * store is down still opens; stat('') tells whether its root is there.
 */
import { Code, StatusError } from '../base/status.js';
import { LocalUfs } from './local.js';
import type { LocalRules } from './local-rules.js';
import type { Environment } from './options.js';
import type { S3Place } from './s3.js';
import { environmentReference, type UfsOptions } from './shown-options.js';
import { checkUfsPath, type Ufs, type UfsPlace } from './ufs.js';

/** What a mount may reach on the machine of the process; without them, everything. */
export type StoreRules = {
  readonly local: LocalRules;
  /** Names that `env:` may name; a name ending in * stands for all that begin so. */
  readonly environmentNames: readonly string[];
};

export type StorePlace = UfsPlace & { readonly rules?: StoreRules };

type Given = {
  readonly options: UfsOptions;
  readonly environment: Environment;
  readonly place: StorePlace;
};
type Opener = (rest: string, given: Given) => Promise<Ufs>;

const openers: Readonly<Record<string, Opener>> = {
  file: async (rest, { options, environment, place: { rules, ...place } }) => {
    const { localOptions, parseOptions } = await import('./options.js');
    const parsed = parseOptions(localOptions, options, environment);
    const allowed = rules === undefined ? place : { ...place, rules: rules.local };
    return new LocalUfs(localRoot(rest), parsed, allowed);
  },
  s3: async (rest, { options, environment, place }) => {
    const [{ parseOptions, s3Options }, { openS3 }] = await Promise.all([
      import('./options.js'),
      import('./s3.js'),
    ]);
    const { uploadNotes } = place;
    const parsed = parseOptions(s3Options, options, environment);
    return openS3({ ...s3Place(rest), uploadNotes }, parsed);
  },
};

/** What Hadoop and Spark write for the same store. */
const aliases: Readonly<Record<string, string>> = { s3a: 's3', s3n: 's3' };

export const ufsSchemes: readonly string[] = Object.keys(openers);

/** The environment, handed down from cli/main.ts, is where `env:NAME` options are looked up. */
export async function openUfs(
  uri: string,
  options: UfsOptions = {},
  environment: Environment = {},
  place: StorePlace = {},
): Promise<Ufs> {
  const { opener, rest } = parseUri(uri);
  if (place.rules !== undefined) refuseNames(options, place.rules.environmentNames);
  return opener(rest, { options, environment, place });
}

/** A mount can send the value of a reference to any endpoint, so references are restricted. */
function refuseNames(options: UfsOptions, allowed: readonly string[]): void {
  for (const [option, value] of Object.entries(options)) {
    const name = environmentReference.exec(String(value))?.[1];
    if (name === undefined || allowed.some((one) => isNamed(name, one))) continue;
    throw new StatusError(
      Code.PERMISSION_DENIED,
      `The option ${option} of the mount names ${name}, which is not in ORCHARD_MOUNT_ENV.`,
      { hint: `Add ${name} to ORCHARD_MOUNT_ENV where the master runs.` },
    );
  }
}

const isNamed = (name: string, one: string): boolean =>
  one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : name === one;

/** Refuses a wrong URI or wrong options without opening anything; mount checks this first. */
export function canonicalUfsUri(uri: string): string {
  const { scheme, rest } = parseUri(uri);
  if (scheme === 'file') return `file://${localRoot(rest)}`;
  const { bucket, prefix } = s3Place(rest);
  return prefix === '' ? `s3://${bucket}` : `s3://${bucket}/${prefix}`;
}

function parseUri(uri: string): { scheme: string; opener: Opener; rest: string } {
  const parts = uri.startsWith('/')
    ? { scheme: 'file', rest: uri }
    : /^(?<scheme>[A-Za-z][A-Za-z0-9+.-]*):\/\/(?<rest>.*)$/s.exec(uri)?.groups;
  const given = parts?.['scheme']?.toLowerCase() ?? '';
  const scheme = aliases[given] ?? given;
  const rest = parts?.['rest'] ?? '';
  if (rest.split('/', 1)[0]?.includes('@') === true) throw credentialsInUri();
  const opener = Object.hasOwn(openers, scheme) ? openers[scheme] : undefined;
  if (opener !== undefined) return { scheme, opener, rest };
  const what =
    scheme === '' ? 'A store URI needs a scheme.' : `No store has the scheme ${scheme}://.`;
  const known = ufsSchemes.map((name) => `${name}://`).join(', ');
  throw new StatusError(Code.INVALID_ARGUMENT, what, {
    hint: `Known schemes: ${known}, or an absolute path.`,
  });
}

function localRoot(rest: string): string {
  if (!rest.startsWith('/')) {
    throw new StatusError(Code.INVALID_ARGUMENT, 'A file URI needs an absolute path.', {
      hint: 'Write file:///path/to/directory, with three slashes.',
    });
  }
  return `/${cleanPath(rest)}`;
}

function s3Place(rest: string): S3Place {
  const end = rest.indexOf('/');
  const bucket = end === -1 ? rest : rest.slice(0, end);
  if (!/^(?:[\w.$-]{1,255}:)?[A-Za-z0-9](?:[\w.-]{0,253}[A-Za-z0-9])?$/.test(bucket)) {
    throw new StatusError(Code.INVALID_ARGUMENT, `"${bucket}" is not a bucket name.`, {
      hint: 'Write s3://bucket or s3://bucket/prefix.',
    });
  }
  return { bucket, prefix: end === -1 ? '' : cleanPath(rest.slice(end + 1)) };
}

/** Without slashes at the ends or doubled; '.' and '..' are refused, not followed. */
function cleanPath(path: string): string {
  const clean = path
    .split('/')
    .filter((name) => name !== '')
    .join('/');
  checkUfsPath(clean);
  return clean;
}

const credentialsInUri = (): StatusError =>
  new StatusError(Code.INVALID_ARGUMENT, 'A store URI must not hold a user or password.', {
    hint: 'Give them as options of the mount: accessKeyId, secretAccessKey, best as env:NAME.',
  });
