/** What arguments stand for: paths cleaned, checked as patterns, wildcards expanded. */
import { OrchardError } from '../client/errors.js';
import { checkPatterns, expandGlob, hasWildcard } from './glob.js';
import type { Client } from './io.js';
import { parsePath } from './namespace-path.js';

/** Throws UsageError where one can be nothing: no master is asked then. */
export function parsePaths(texts: readonly string[]): string[] {
  const paths = texts.map(parsePath);
  for (const path of paths) checkPatterns(path);
  return paths;
}

/** One argument's paths, as they are found; `mayBeNone`: a pattern that matches nothing is fine. */
export async function* expanded(
  client: Client,
  path: string,
  { mayBeNone = false } = {},
): AsyncGenerator<string, void, undefined> {
  try {
    yield* expandGlob(client, path);
  } catch (thrown) {
    const isNone = thrown instanceof OrchardError && thrown.code === 'NOT_FOUND';
    if (!mayBeNone || !isNone || !hasWildcard(path)) throw thrown;
  }
}

/** All of them, before anything is done with the first; throws if one does not exist. */
export async function expandAll(client: Client, texts: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const path of parsePaths(texts)) {
    if (!hasWildcard(path) && !(await client.exists(path))) throw noSuchPath(path);
    for await (const one of expanded(client, path)) found.add(one);
  }
  return [...found];
}

const noSuchPath = (path: string): OrchardError =>
  new OrchardError('NOT_FOUND', `Path "${path}" does not exist.`, { path });
