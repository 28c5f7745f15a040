/** getFilePath: where the inode with an id hangs now. EXECUTE on every directory above it. */
import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import { FlushBarrier } from '../mechanism/flush-barrier.js';
import { InodeLookup } from '../mechanism/inode-lookup.js';
import { Read, type ReadSink, walkSeq } from '../mechanism/read.js';

export class GetFilePath extends Read<Pick<ReadSink, 'path' | 'fail'>> {
  readonly name = 'getFilePath';
  readonly #id: number;
  readonly #lookup: InodeLookup;

  constructor(
    caller: Caller,
    callId: number,
    options: { readonly id: number },
    sink: Pick<ReadSink, 'path' | 'fail'>,
  ) {
    super(caller, callId, sink);
    this.#id = options.id;
    this.#lookup = new InodeLookup(options.id, new FlushBarrier());
  }

  protected read(executor: Executor): void {
    const { walkA } = executor;
    this.#lookup.resolve(executor, this.caller, walkA);
    this.sink.path(walkA.text(), walkSeq(executor, walkA));
  }

  describe(): string {
    return `inode ${this.#id}`;
  }
}
