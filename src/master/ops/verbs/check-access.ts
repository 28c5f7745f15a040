/**
 * checkAccess: whether the caller has all of the asked permission bits on a path, as access(2).
 * Answers with nothing, or with PERMISSION_DENIED naming the first bit that is missing.
 */
import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import { checkBits } from '../mechanism/access.js';
import { invalid } from '../mechanism/failures.js';
import { LoadType, nothingAsked } from '../mechanism/loading.js';
import { pathText, Read, type ReadSink, resolveFound, walkSeq } from '../mechanism/read.js';

const ALL_BITS = 7;

export type CheckAccessOptions = {
  readonly path: Uint8Array;
  /** r = 4, w = 2, x = 1; 0 asks only whether it is there. */
  readonly bits: number;
};

export class CheckAccess extends Read<Pick<ReadSink, 'empty' | 'fail'>> {
  readonly name = 'checkAccess';
  readonly #options: CheckAccessOptions;
  readonly #how = { load: LoadType.ONCE, asked: nothingAsked() };

  constructor(
    caller: Caller,
    callId: number,
    options: CheckAccessOptions,
    sink: Pick<ReadSink, 'empty' | 'fail'>,
  ) {
    super(caller, callId, sink);
    this.#options = options;
  }

  protected read(executor: Executor): void {
    const { path, bits } = this.#options;
    const { walkA } = executor;
    if (bits > ALL_BITS) {
      throw invalid(pathText(path), `Invalid permission bits ${bits}`, 'Give a number 0 to 7.');
    }
    resolveFound(executor, this.caller, walkA, path, this.#how);
    if (bits !== 0) checkBits(executor, this.caller, walkA, walkA.depth, bits);
    this.sink.empty(walkSeq(executor, walkA));
  }

  describe(): string {
    return pathText(this.#options.path);
  }
}
