/**
 * reverseResolve: the path in the namespace of a store's URI, whether or not it exists. An object
 * that was renamed or deleted here keeps its key in the store, but has no path by it. Only callers
 * that may go there get the path: EXECUTE on the directories above, as far as they exist.
 * A read.
 */

import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import { namespacePath } from '../../mount/mount-rules.js';
import { isUnder, relativeTo } from '../../mount/mount-table.js';
import { checkWay } from '../mechanism/access.js';
import { invalid } from '../mechanism/failures.js';
import { isOwned } from '../mechanism/key-owner.js';
import { Read, type ReadSink, walkSeq } from '../mechanism/read.js';

const encoder = new TextEncoder();

export class ReverseResolve extends Read<Pick<ReadSink, 'path' | 'fail'>> {
  readonly name = 'reverseResolve';
  readonly #uri: string;

  constructor(caller: Caller, callId: number, uri: string, sink: Pick<ReadSink, 'path' | 'fail'>) {
    super(caller, callId, sink);
    this.#uri = uri;
  }

  protected read(executor: Executor): void {
    const { walkA } = executor;
    executor.resolve(walkA, encoder.encode(namespacePath(executor.mounts.all(), this.#uri)));
    checkWay(executor, this.caller, walkA);
    const seq = walkSeq(executor, walkA);
    this.sink.path(reverseResolve(executor, this.#uri), seq);
  }

  describe(): string {
    return this.#uri;
  }
}

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
