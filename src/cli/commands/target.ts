/**
 * Where a source goes, as mv, cp and put have it: into the target when that is a directory, else to
 * the target itself.
 */
import { OrchardError } from '../../client/errors.js';
import type { FileStatus } from '../../client/index.js';
import type { Client } from '../io.js';
import { baseName, joinPath, meansDirectory, parsePath } from '../namespace-path.js';
import { UsageError } from '../usage-error.js';
import type { OptionSpec } from '../verb.js';

export type Target = { readonly path: string; readonly isDirectory: boolean };

/** A source and the path it shall have. */
export type Placed = { readonly source: string; readonly place: string };

/** The status of a path, undefined when there is nothing. */
export async function statusOrNothing(
  client: Client,
  path: string,
): Promise<FileStatus | undefined> {
  try {
    return await client.getStatus(path);
  } catch (thrown) {
    if (thrown instanceof OrchardError && thrown.code === 'NOT_FOUND') return undefined;
    throw thrown;
  }
}

export async function findTarget(
  client: Client,
  text: string,
  sourceCount: number,
): Promise<Target> {
  const path = parsePath(text);
  const status = await statusOrNothing(client, path);
  const isDirectory = status?.type === 'directory';
  if (!isDirectory && (sourceCount > 1 || meansDirectory(text))) {
    const hint = status === undefined ? `orchard mkdir ${path}` : undefined;
    const code = status === undefined ? 'NOT_FOUND' : 'INVALID_ARGUMENT';
    throw new OrchardError(code, 'The target is not a directory.', { path, hint });
  }
  return { path, isDirectory };
}

export const placeOf = ({ path, isDirectory }: Target, name: string): string =>
  isDirectory ? joinPath(path, name) : path;

/**
 * Where each source goes. Called when wildcards are expanded and before anything is changed: it
 * throws when two sources would come to the same place, or when many go to what is no directory.
 */
export async function placeAll(
  client: Client,
  sources: readonly string[],
  text: string,
): Promise<Placed[]> {
  const target = await findTarget(client, text, sources.length);
  const placed = sources.map((source) => ({ source, place: placeOf(target, baseName(source)) }));
  checkApart(placed);
  return placed;
}

/** No two sources may become the same file: the second would replace the first. */
export function checkApart(placed: readonly Placed[]): void {
  const taken = new Map<string, string>();
  for (const { source, place } of placed) {
    const other = taken.get(place);
    if (other !== undefined) {
      const reason = `"${other}" and "${source}" would both become "${place}".`;
      const hint = 'copy or move them one by one, under different names';
      throw new OrchardError('INVALID_ARGUMENT', reason, { path: source, hint });
    }
    taken.set(place, source);
  }
}

/** A directory cannot go below itself. */
export function checkNotBelow({ source, place }: Placed): void {
  if (place !== source && !place.startsWith(joinPath(source, ''))) return;
  const reason = `"${source}" cannot go into itself, as "${place}".`;
  throw new OrchardError('INVALID_ARGUMENT', reason, { path: source });
}

/** What HDFS and Alluxio have and a copy here has not: said, not left out without a word. */
export const preserve: OptionSpec = {
  flags: '-p, --preserve',
  means: 'refused: owner, mode and times are not copied',
};

export function refusePreserve(options: { readonly preserve?: boolean }): void {
  if (options.preserve !== true) return;
  throw new OrchardError('UNIMPLEMENTED', 'Owner, mode and times are not copied.', {
    hint: 'copy without -p, then orchard chown and orchard chmod',
  });
}

/** `<source...> <target>` as commander gives it. */
export function splitTarget(args: readonly string[]): { sources: string[]; target: string } {
  const target = args.at(-1);
  if (args.length < 2 || target === undefined) {
    throw new UsageError('a source and a target are needed', 'orchard mv /a /b');
  }
  return { sources: args.slice(0, -1), target };
}
