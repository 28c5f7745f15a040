/**
 * Who may load: everybody who may list. A load makes names of a store known and costs calls to it.
 * So it needs EXECUTE on the way, READ and EXECUTE on a directory, READ on a file. For a path that
 * does not exist yet, its future directory counts.
 */
import type { Caller } from '../executor/caller.js';
import type { Executor } from '../executor/executor.js';
import type { Scheduler } from '../executor/scheduler.js';
import { Bits } from '../memory/kernel-constants.js';
import { checkBits, checkWay } from '../ops/mechanism/access.js';
import { isBelowFile } from '../ops/mechanism/failures.js';
import { LoadType, nothingAsked } from '../ops/mechanism/loading.js';
import { reading } from '../ops/mechanism/promise-calls.js';
import { resolveVisible } from '../ops/mechanism/read.js';

const encoder = new TextEncoder();

/** Checks the end of walkA. Throws PERMISSION_DENIED. */
export function checkLoad(executor: Executor, caller: Caller): void {
  const { walkA: walk } = executor;
  checkWay(executor, caller, walk);
  const missing = isBelowFile(walk) ? walk.next - 2 : walk.next - 1;
  const node = walk.found ? walk.depth : Math.max(0, missing);
  const bits = walk.isDirectory(node) ? Bits.READ | Bits.EXECUTE : Bits.READ;
  checkBits(executor, caller, walk, node, bits);
}

/** Checks a path; rejects with PERMISSION_DENIED. */
export function mayLoad(scheduler: Scheduler, caller: Caller, path: string): Promise<void> {
  const how = { load: LoadType.ONCE, asked: nothingAsked() };
  return reading(scheduler, 'load', caller, (executor) => {
    resolveVisible(executor, caller, executor.walkA, encoder.encode(path), how);
    checkLoad(executor, caller);
  });
}
