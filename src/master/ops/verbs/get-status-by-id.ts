/**
 * getStatus by inode id, for callers that remember ids across renames. It needs the same
 * permissions as getStatus of the inode's path. A deleted inode is NOT_FOUND, even while it is in
 * the trash.
 */
import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import { Bits } from '../../memory/kernel-constants.js';
import { checkBits } from '../mechanism/access.js';
import { attributesOf } from '../mechanism/attributes.js';
import { FlushBarrier } from '../mechanism/flush-barrier.js';
import { InodeLookup } from '../mechanism/inode-lookup.js';
import { Read, type ReadSink, requireStanding, walkSeq } from '../mechanism/read.js';

export type GetStatusByIdOptions = { readonly id: number; readonly withAttributes: boolean };

export class GetStatusById extends Read<Pick<ReadSink, 'info' | 'fail'>> {
  readonly name = 'getStatusById';
  readonly #options: GetStatusByIdOptions;
  readonly #barrier = new FlushBarrier();
  readonly #lookup: InodeLookup;

  constructor(
    caller: Caller,
    callId: number,
    options: GetStatusByIdOptions,
    sink: Pick<ReadSink, 'info' | 'fail'>,
  ) {
    super(caller, callId, sink);
    this.#options = options;
    this.#lookup = new InodeLookup(options.id, this.#barrier);
  }

  protected read(executor: Executor): void {
    const { walkA } = executor;
    this.#lookup.resolve(executor, this.caller, walkA);
    checkBits(executor, this.caller, walkA, walkA.depth, Bits.READ);
    const seq = walkSeq(executor, walkA);
    if (!this.#options.withAttributes) {
      this.sink.info(executor, walkA.record, seq);
      return;
    }
    const attributes = attributesOf(executor, walkA, this.#barrier);
    requireStanding(executor, walkA);
    this.sink.info(executor, walkA.record, seq, attributes);
  }

  describe(): string {
    return `inode ${this.#options.id}`;
  }
}
