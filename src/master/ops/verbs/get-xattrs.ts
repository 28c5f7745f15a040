/** getXAttrs: the extended attributes of one inode. READ on it, as for its status. */
import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import { Bits } from '../../memory/kernel-constants.js';
import { checkBits } from '../mechanism/access.js';
import { xattrsOf } from '../mechanism/attributes.js';
import { FlushBarrier } from '../mechanism/flush-barrier.js';
import { LoadType, nothingAsked } from '../mechanism/loading.js';
import {
  pathText,
  Read,
  type ReadSink,
  requireStanding,
  resolveFound,
  walkSeq,
} from '../mechanism/read.js';

export class GetXAttrs extends Read<Pick<ReadSink, 'xattrs' | 'fail'>> {
  readonly name = 'getXAttrs';
  readonly #path: Uint8Array;
  readonly #how = { load: LoadType.ONCE, asked: nothingAsked() };
  readonly #barrier = new FlushBarrier();

  constructor(
    caller: Caller,
    callId: number,
    options: { readonly path: Uint8Array },
    sink: Pick<ReadSink, 'xattrs' | 'fail'>,
  ) {
    super(caller, callId, sink);
    this.#path = options.path;
  }

  protected read(executor: Executor): void {
    const { walkA } = executor;
    resolveFound(executor, this.caller, walkA, this.#path, this.#how);
    checkBits(executor, this.caller, walkA, walkA.depth, Bits.READ);
    const xattrs = xattrsOf(executor, walkA, this.#barrier);
    requireStanding(executor, walkA);
    this.sink.xattrs(xattrs, walkSeq(executor, walkA));
  }

  describe(): string {
    return pathText(this.#path);
  }
}
