/** The path of an inode that was found by its id. */
import { Code } from '../../base/status.js';
import { FlushBarrier } from '../ops/mechanism/flush-barrier.js';
import { InodeLookup } from '../ops/mechanism/inode-lookup.js';
import { reading } from '../ops/mechanism/promise-calls.js';
import { isStatus, type LoadContext } from './directory-load.js';

/** Undefined: the inode is gone, or below something deleted. */
export async function pathOfInode(
  { scheduler, caller }: LoadContext,
  id: number,
): Promise<Uint8Array | undefined> {
  const lookup = new InodeLookup(id, new FlushBarrier());
  try {
    return await reading(scheduler, 'expire', caller, (executor) => {
      lookup.resolve(executor, caller, executor.walkA);
      return new TextEncoder().encode(executor.walkA.text());
    });
  } catch (error) {
    if (isStatus(error, Code.NOT_FOUND)) return undefined;
    throw error;
  }
}
