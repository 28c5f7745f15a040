/**
 * Wildcards in paths, as in a shell and in `hdfs dfs`: `*`, `?`, `[a-c]`, `[!a]`, `{b,c}`; a
 * backslash takes their meaning away. They match within one component and, unlike in a shell, also
 * leading dots.
 */
import { OrchardError } from '../client/errors.js';
import type { Client } from './io.js';
import { joinPath } from './namespace-path.js';

const wildcard = /[*?[\]{}\\]/;

export const hasWildcard = (text: string): boolean => wildcard.test(text);

/** One component's pattern, matched from end to end. */
export function globToRegExp(pattern: string, flags = ''): RegExp {
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
  return new RegExp(`^${source}${')'.repeat(depth)}$`, `su${flags}`);
}

/** The paths that a cleaned path with wildcards stands for, sorted; itself where it has none. */
export async function expandGlob(client: Client, path: string): Promise<string[]> {
  // A file may be called `a*b`: the path as it stands comes first.
  if (!hasWildcard(path) || (await client.exists(path))) return [path];
  let found = ['/'];
  for (const component of path.split('/').slice(1)) {
    const next: string[] = [];
    for (const directory of found) next.push(...(await matches(client, directory, component)));
    found = next;
  }
  if (found.length > 0) return found;
  throw new OrchardError('NOT_FOUND', 'no path matches', { path });
}

async function matches(client: Client, directory: string, component: string): Promise<string[]> {
  if (!hasWildcard(component)) {
    const path = joinPath(directory, component);
    return (await client.exists(path)) ? [path] : [];
  }
  const pattern = globToRegExp(component);
  const prefix = component.slice(0, component.search(wildcard));
  const paths: string[] = [];
  const options = prefix === '' ? {} : { prefix };
  if ((await client.getStatus(directory)).type !== 'directory') return [];
  for await (const entry of client.list(directory, options)) {
    if (pattern.test(entry.name)) paths.push(entry.path);
  }
  return paths;
}

const literal = (char: string): string => char.replace(/[$()*+./?[\\\]^{|}]/, '\\$&');

function classSource(inner: string): string {
  const isNegated = inner.startsWith('!') || inner.startsWith('^');
  const members = (isNegated ? inner.slice(1) : inner).replace(/[\\[\]&~|()/{}]/g, '\\$&');
  return `[${isNegated ? '^' : ''}${members}]`;
}
