/**
 * reverseResolve: the path in the namespace of what a store's URI names, whether or not it exists.
 * An object that was renamed or deleted here keeps its key in the store, but has no path by it.
 * A read.
 */

import type { Executor } from '../../executor/executor.js';
import { namespacePath } from '../../mount/mount-rules.js';
import { isUnder, relativeTo } from '../../mount/mount-table.js';
import { invalid } from '../mechanism/failures.js';
import { isOwned } from '../mechanism/key-owner.js';

export function reverseResolve(executor: Executor, uri: string): string {
  const path = namespacePath(executor.mounts.all(), uri);
  const mount = executor.mounts.deepest(path);
  if (mount === undefined || !isUnder(path, mount.path)) return path;
  const at = relativeTo(path, mount.path);
  executor.reader.renew();
  if (at !== '' && isOwned(executor, { mountId: mount.mountId, path: at })) {
    const reason = `What ${uri} holds has another name in the namespace now.`;
    throw invalid(path, reason, 'It was renamed or deleted there; the store was left as it is.');
  }
  return path;
}
