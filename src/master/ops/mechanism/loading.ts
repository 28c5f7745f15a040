/**
 * Metadata that only the store knows yet. A name below a directory that was never loaded may exist
 * in the store. So the call parks, holding nothing, until the loader has asked the store. Each call
 * asks once; a name that is absent after that is absent.
 */

import type { Executor } from '../../executor/executor.js';
import { Park } from '../../executor/park.js';
import { FLAG_CHILDREN_LOADED } from '../../memory/record.js';
import type { PathWalk } from '../../path/path-walk.js';
import { isBelowFile } from './failures.js';

/** Whether a call may look into the store; the numbers are the wire's LoadType. */
export const LoadType = { ONCE: 0, NEVER: 1, ALWAYS: 2 } as const;
export type LoadType = (typeof LoadType)[keyof typeof LoadType];

/** What one call has already asked the stores. */
export type Asked = { path: boolean; children: boolean };

export const nothingAsked = (): Asked => ({ path: false, children: false });

/** Parks while the path may exist in its store and nobody has looked. */
export function awaitPath(executor: Executor, walk: PathWalk, type: LoadType, asked: Asked): void {
  const { loader } = executor.options;
  if (loader === undefined || type === LoadType.NEVER || asked.path) return;
  if (type !== LoadType.ALWAYS) {
    if (walk.found || isBelowFile(walk)) return;
    if ((walk.flags(walk.next - 1) & FLAG_CHILDREN_LOADED) !== 0) return;
  }
  asked.path = true;
  throw Park.work(loader.load(walk.text(), false, type === LoadType.ALWAYS));
}

/** Parks while the children of the (found) directory are not loaded. */
export function awaitChildren(
  executor: Executor,
  walk: PathWalk,
  type: LoadType,
  asked: Asked,
): void {
  const { loader } = executor.options;
  if (loader === undefined || type === LoadType.NEVER || asked.children) return;
  const loaded = (walk.flags(walk.depth) & FLAG_CHILDREN_LOADED) !== 0;
  if (loaded && type !== LoadType.ALWAYS) return;
  asked.children = true;
  throw Park.work(loader.load(walk.text(), true, type === LoadType.ALWAYS));
}
