/**
 * A write that a kernel does completely (assembly/serve-write.ts), while it commits. Its locks and
 * its path stand in the ring, before its entry.
 */

import type { StatusError } from '../../base/status.js';
import { readU64 } from '../../base/word64.js';
import { ENTRY_LENGTH, ENTRY_TIME } from '../memory/entry-format.js';
import { FillStatus, WriteStatus } from '../memory/exports.js';
import { EXECUTOR, HELD, WRITE } from '../memory/layout.js';
import { sometimes } from '../memory/rare-paths.js';
import type { SharedMemory } from '../memory/shared-memory.js';
import type { Caller } from './caller.js';
import type { EntryRing } from './entry-ring.js';
import type { Executor } from './executor.js';
import type { Holder } from './turn-checks.js';

/** Misses of one write that are filled; if tier 1 is too small to keep them, use the slow path. */
const FILLS_MAX = 16;

/** Takes a reply frame, which is valid only until it returns. */
export type FrameSink = { end(bytes: Uint8Array): void; fail(error: StatusError): void };

export class FastWrite implements Holder {
  /** What `admin locks` calls it. */
  readonly name: string;
  readonly caller: Caller;
  readonly position: number;
  readonly #sink: FrameSink;

  constructor(name: string, caller: Caller, position: number, sink: FrameSink) {
    this.name = name;
    this.caller = caller;
    this.position = position;
    this.#sink = sink;
  }

  /** The entry is durable and applied. */
  finish(executor: Executor): void {
    const bytes = executor.kernel.finishWrite(this.position);
    const at = executor.base + EXECUTOR.REPLY;
    this.#sink.end(executor.shared.u8.subarray(at, at + bytes));
  }

  fail(error: StatusError): void {
    this.#sink.fail(error);
  }

  *lockWords({ view }: SharedMemory, ring: EntryRing): Iterable<number> {
    const at = ring.offsetOf(this.position);
    const count = view.getUint16(at + HELD.LOCK_COUNT, true);
    for (let i = 0; i < count; i++) yield view.getUint32(at + HELD.LOCKS + 4 * i, true);
  }

  /** Its path, and the time since which it holds its locks (ms since 1970). */
  describe(executor: Executor): { readonly path: string; readonly sinceMs: number } {
    const { view, u8 } = executor.shared;
    const held = executor.ring.offsetOf(this.position);
    const locks = view.getUint16(held + HELD.LOCK_COUNT, true);
    const pathAt = held + HELD.LOCKS + 4 * locks;
    const path = u8.slice(pathAt, pathAt + view.getUint16(held + HELD.PATH_BYTES, true));
    const entry = held + view.getUint32(held + ENTRY_LENGTH, true);
    return {
      path: new TextDecoder().decode(path),
      sinceMs: readU64(view, entry + ENTRY_TIME),
    };
  }
}

/** Serves the request at EXECUTOR.REQUEST for the caller; undefined: the slow path. */
export function serveWrite(
  executor: Executor,
  name: string,
  caller: Caller,
  requestBytes: number,
  sink: FrameSink,
): FastWrite | undefined {
  const { kernel, reader, walkA, walkB, shared } = executor;
  executor.setCaller(caller);
  executor.setMounts();
  const now = Date.now();
  let status = kernel.serveWrite(requestBytes, now);
  for (let fills = 0; ; fills++) {
    if (status === WriteStatus.PUBLISHED) {
      const at = executor.base + EXECUTOR.WRITE + WRITE.POSITION;
      return new FastWrite(name, caller, shared.view.getUint32(at, true), sink);
    }
    if (fills === FILLS_MAX) return undefined;
    let filled: FillStatus;
    switch (status) {
      case WriteStatus.MISS_A:
        filled = reader.fillNode(walkA.at);
        break;
      case WriteStatus.MISS_B:
        filled = reader.fillNode(walkB.at);
        break;
      case WriteStatus.MISS_TRASH:
        filled = reader.fillName(walkB.at, walkA.nameAt(walkA.depth), walkA.nameBytes(walkA.depth));
        break;
      default:
        return undefined;
    }
    if (filled === FillStatus.NO_ROOM) return undefined;
    sometimes(shared, executor.index, 'fastWriteFilled');
    status = kernel.goOnWriting(now);
  }
}
