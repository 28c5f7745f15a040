/**
 * Files whose writer is gone: a file that is still incomplete at the end of its lease goes to the
 * trash, which frees its name. The lease counts from the file's creation, or from its last renewal:
 * the data port renews while bytes come (ops/verbs/renew-write.ts). Both are the mtime of the
 * record, so restarts change nothing.
 *
 * One pass goes through the rows of tier 2 from the first to the last, some thousand a turn, with
 * pauses between. So it also finds files from before there were leases, and creates cost nothing
 * more. A hundred million rows take a twentieth of a core for ten minutes. Unflushed files are
 * younger than any lease.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { StatusError } from '../../base/status.js';
import type { Executor } from '../executor/executor.js';
import { EXECUTOR } from '../memory/layout.js';
import { FLAG_COMPLETED, INODE_TYPE_FILE, RECLAIM_ID, TRASH_BIT } from '../memory/record.js';
import { type RecordFields, readRecord } from '../memory/record-fields.js';
import { reading, submitted } from '../ops/mechanism/promise-calls.js';
import { DeleteInode } from '../ops/verbs/delete-inode.js';
import { type LoadContext, refuseEnding } from './directory-load.js';
import { pathOfInode } from './inode-path.js';

const SLICE_ROWS = 4096;
const PAUSE_MS = 50;
const FIRST_KEY = new Uint8Array(1);

type Slice = { readonly found: readonly RecordFields[]; readonly last: Uint8Array | undefined };

export class WriteLeases {
  readonly #context: LoadContext;
  readonly #leaseMs: number;
  readonly #sliceRows: number;

  constructor(context: LoadContext, leaseMs: number, sliceRows = SLICE_ROWS) {
    this.#context = context;
    this.#leaseMs = leaseMs;
    this.#sliceRows = sliceRows;
  }

  /** One pass; returns how many files it removed. */
  async run(nowMs: number): Promise<number> {
    let done = 0;
    for (let after: Uint8Array | undefined = FIRST_KEY; after !== undefined; ) {
      refuseEnding(this.#context);
      const { found, last } = await this.#slice(after, nowMs);
      for (const inode of found) if (await this.#takeAway(inode)) done++;
      after = last;
      if (after !== undefined) await sleep(PAUSE_MS);
    }
    return done;
  }

  #slice(after: Uint8Array, nowMs: number): Promise<Slice> {
    const { scheduler, caller } = this.#context;
    return reading(scheduler, 'expire', caller, (executor) => {
      executor.reader.renew();
      const found: RecordFields[] = [];
      let last: Uint8Array | undefined;
      let rows = 0;
      const range = { start: after, exclusiveStart: true, limit: this.#sliceRows };
      for (const { key, value } of executor.reader.tier2.inodes.getRange(range)) {
        const inode = decode(executor, key, value);
        if (inode !== undefined && isLeft(inode, nowMs - this.#leaseMs)) found.push(inode);
        if (++rows === this.#sliceRows) last = Uint8Array.from(key);
      }
      return { found, last };
    });
  }

  /** False: another call was first, or it cannot be done now. */
  async #takeAway(inode: RecordFields): Promise<boolean> {
    const { scheduler, caller } = this.#context;
    try {
      const path = await pathOfInode(this.#context, inode.id);
      if (path === undefined) return false;
      const options = {
        path,
        recursive: false,
        skipTrash: false,
        deleteMountPoints: false,
        inodeId: inode.id,
        // It was completed or renewed at this very moment: it stays.
        applies: (now: RecordFields) => isIncomplete(now) && now.mtimeMs === inode.mtimeMs,
      };
      const { seq } = await submitted(scheduler, (sink) => new DeleteInode(caller, options, sink));
      return seq !== 0;
    } catch (error) {
      if (error instanceof StatusError) return false;
      throw error;
    }
  }
}

const isIncomplete = ({ type, flags }: RecordFields): boolean =>
  type === INODE_TYPE_FILE && (flags & FLAG_COMPLETED) === 0;

function isLeft(inode: RecordFields, beforeMs: number): boolean {
  const isThere = inode.parentId < TRASH_BIT && inode.parentId !== RECLAIM_ID;
  return isThere && isIncomplete(inode) && Math.max(inode.ctimeMs, inode.mtimeMs) <= beforeMs;
}

/** Undefined: a damaged row, which is reported to callers that read it. */
function decode(
  { shared, kernel, base }: Executor,
  key: Uint8Array,
  value: Uint8Array,
): RecordFields | undefined {
  const [keyAt, valueAt] = [base + EXECUTOR.KEY, base + EXECUTOR.VALUE];
  const record = base + EXECUTOR.RECORD;
  shared.u8.set(key, keyAt);
  shared.u8.set(value, valueAt);
  const isWhole = kernel.decodeRecord(keyAt, key.length, valueAt, value.length, record) !== 0;
  return isWhole ? readRecord(shared.view, record) : undefined;
}
