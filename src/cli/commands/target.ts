/**
 * Where a source goes, as mv, cp and put have it: into the target when that is a directory, else to
 * the target itself.
 */
import { OrchardError } from '../../client/errors.js';
import type { FileStatus } from '../../client/index.js';
import type { Client } from '../io.js';
import { joinPath, meansDirectory, parsePath } from '../namespace-path.js';
import { UsageError } from '../usage-error.js';

export type Target = { readonly path: string; readonly isDirectory: boolean };

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
    throw new OrchardError(code, 'the target is not a directory', { path, hint });
  }
  return { path, isDirectory };
}

export const placeOf = ({ path, isDirectory }: Target, name: string): string =>
  isDirectory ? joinPath(path, name) : path;

/** `<source...> <target>` as commander gives it. */
export function splitTarget(args: readonly string[]): { sources: string[]; target: string } {
  const target = args.at(-1);
  if (args.length < 2 || target === undefined) {
    throw new UsageError('a source and a target are needed');
  }
  return { sources: args.slice(0, -1), target };
}
