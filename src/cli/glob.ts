/**
 * Wildcards in paths, as in a shell and in `hdfs dfs`: `*`, `?`, `[a-c]`, `[!a]`, `{b,c}`; a
 * backslash takes their meaning away. They match within one component and, unlike in a shell, also
 * leading dots.
 */
import { OrchardError } from '../client/errors.js';
import type { Client } from './io.js';
import { joinPath } from './namespace-path.js';
import { UsageError } from './usage-error.js';

const wildcard = /[*?[\]{}\\]/;

export const hasWildcard = (text: string): boolean => wildcard.test(text);

/** One component's pattern, matched from end to end. */
export function globToRegExp(pattern: string, flags = ''): RegExp {
  const source = sourceOf(pattern);
  try {
    return new RegExp(`^${source}$`, `su${flags}`);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const hint = 'a range from the lower to the higher letter like [a-z], or \\[ for the letter';
    throw new UsageError(`"${pattern}" is not a pattern`, hint);
  }
}

function sourceOf(pattern: string): string {
  let source = '';
  let depth = 0;
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]!;
    const classEnd = char === '[' ? pattern.indexOf(']', at + 2) : -1;
    if (char === '\\' && at + 1 < pattern.length) source += literal(pattern[++at]!);
    else if (char === '*') source += '.*';
    else if (char === '?') source += '.';
    else if (classEnd !== -1) {
      source += classSource(pattern.slice(at + 1, classEnd));
      at = classEnd;
    } else if (char === '{' && pattern.indexOf('}', at) !== -1) {
      source += '(?:';
      depth += 1;
    } else if (char === '}' && depth > 0) {
      source += ')';
      depth -= 1;
    } else if (char === ',' && depth > 0) source += '|';
    else source += literal(char);
  }
  return `${source}${')'.repeat(depth)}`;
}

/** Throws UsageError where a component is no pattern, before any master is asked. */
export function checkPatterns(path: string): void {
  for (const component of path.split('/')) if (hasWildcard(component)) globToRegExp(component);
}

/**
 * The paths that a cleaned path with wildcards stands for, sorted; itself where it has none. They
 * come as the listings do, so that a pattern over millions holds one page.
 */
export async function* expandGlob(
  client: Client,
  path: string,
): AsyncGenerator<string, void, undefined> {
  // A file may be called `a*b`, so the literal path comes first.
  if (!hasWildcard(path) || (await client.exists(path))) {
    yield path;
    return;
  }
  let count = 0;
  for await (const match of matches(client, '/', path.split('/').slice(1))) {
    count += 1;
    yield match;
  }
  if (count === 0) throw new OrchardError('NOT_FOUND', 'No path matches.', { path });
}

/** The entries below a directory that match these components, one component a level. */
async function* matches(
  client: Client,
  directory: string,
  [component = '', ...rest]: readonly string[],
): AsyncGenerator<string, void, undefined> {
  for await (const path of matchesOfOne(client, directory, component)) {
    if (rest.length === 0) yield path;
    else yield* matches(client, path, rest);
  }
}

async function* matchesOfOne(
  client: Client,
  directory: string,
  component: string,
): AsyncGenerator<string, void, undefined> {
  if (!hasWildcard(component)) {
    const path = joinPath(directory, component);
    if (await client.exists(path)) yield path;
    return;
  }
  const pattern = globToRegExp(component);
  const prefix = component.slice(0, component.search(wildcard));
  const options = prefix === '' ? {} : { prefix };
  if ((await client.getStatus(directory)).type !== 'directory') return;
  for await (const entry of client.list(directory, options)) {
    if (pattern.test(entry.name)) yield entry.path;
  }
}

const literal = (char: string): string => char.replace(/[$()*+./?[\\\]^{|}]/, '\\$&');

function classSource(inner: string): string {
  const isNegated = inner.startsWith('!') || inner.startsWith('^');
  const members = (isNegated ? inner.slice(1) : inner).replace(/[\\[\]^]/g, '\\$&');
  return `[${isNegated ? '^' : ''}${members}]`;
}
