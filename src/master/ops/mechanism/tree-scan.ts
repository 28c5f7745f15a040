/**
 * A walk over everything below a directory, depth first, each directory sorted by name, in steps.
 * It can pause after any entry and go on in a later turn. Between turns it holds only its position:
 * at most one name for each level of the tree.
 *
 *   frames   [ /a from "x" ]  [ /a/x from "" ]        the last one is the directory being read
 *
 * Directories that the caller may not list appear as entries, but nothing below them does. A caller
 * that wants to know what is missing gives a LeftOut; then a failing store does not end the scan
 * either.
 * Invariant: when next() throws Park, the scan is unchanged.
 */
import { assert } from '../../../base/assert.js';
import { PATH_BYTES_MAX, PATH_DEPTH_MAX } from '../../../base/limits.js';
import { Code, StatusError } from '../../../base/status.js';
import { readU64 } from '../../../base/word64.js';
import type { Executor } from '../../executor/executor.js';
import { Park } from '../../executor/park.js';
import { Bits } from '../../memory/kernel-constants.js';
import { EXECUTOR, WALK } from '../../memory/layout.js';
import * as R from '../../memory/record.js';
import { ChildScan, FROM_BEGIN, type From } from './child-scan.js';
import type { FlushBarrier } from './flush-barrier.js';
import { LoadType } from './loading.js';

type Frame = {
  readonly id: number;
  /** Names in the directory's path. */
  readonly depth: number;
  /** Bytes of the directory's path; the root's is empty here. */
  readonly pathBytes: number;
  readonly loaded: boolean;
  /** Its store was asked for its children during this scan. */
  asked: boolean;
  from: From;
};

/** A directory to read, as push() takes it. */
export type Level = {
  readonly id: number;
  /** Absolute, and empty for the root. */
  readonly path: Uint8Array;
  readonly from: From;
  /** Its children are known to be in the namespace. */
  readonly loaded: boolean;
  /** Its store has been asked already. */
  readonly asked: boolean;
};

/** Gets the directories whose content the scan does not see, except the first one. */
export type LeftOut = (path: string, why: StatusError | 'denied') => void;

/** A position of a scan, to return to. */
export type TreePosition = { readonly frames: readonly Frame[]; readonly path: Uint8Array };

const SLASH = 0x2f;
const decoder = new TextDecoder();

export class TreeScan {
  readonly #barrier: FlushBarrier;
  readonly #load: LoadType;
  readonly #leftOut: LeftOut | undefined;
  #frames: Frame[] = [];
  /** Path of the last frame's directory. */
  #path = new Uint8Array(PATH_BYTES_MAX);
  /** Directories whose stores were asked; goBack() keeps it, unlike the frames. */
  readonly #asked = new Set<number>();
  #scan: ChildScan | undefined;
  /** The row of #scan is an entry that was given out. */
  #stands = false;
  /** Of the entry that next() found; its record is in EXECUTOR.RECORD. */
  pathAt = 0;
  pathBytes = 0;

  constructor(barrier: FlushBarrier, load: LoadType, leftOut?: LeftOut) {
    this.#leftOut = leftOut;
    this.#barrier = barrier;
    this.#load = load;
  }

  /** Adds a level below those that are there. */
  push(level: Level): void {
    assert(this.#scan === undefined, 'levels are added while nothing is read');
    const { id, path, from, loaded, asked } = level;
    this.#path.set(path);
    const above = this.#frames.at(-1);
    const depth = above === undefined ? slashesIn(path) : above.depth + 1;
    // Paths below it are too deep: nobody can ask for them.
    if (depth >= PATH_DEPTH_MAX) return;
    this.#frames.push({ id, depth, pathBytes: path.length, loaded, asked, from });
  }

  /** Goes on to the next entry: its record is in RECORD, its path at pathAt. False: the end. */
  next(executor: Executor): boolean {
    for (;;) {
      const frame = this.#frames.at(-1);
      if (frame === undefined) return false;
      this.#scan ??= this.#enter(executor, frame);
      const scan = this.#scan;
      while (scan.next()) {
        this.pathBytes = frame.pathBytes + 1 + scan.nameBytes;
        // After renames above, a path may be too long for any request.
        if (this.pathBytes > PATH_BYTES_MAX) continue;
        this.#stands = true;
        this.#read(executor, scan, frame);
        return true;
      }
      this.#scan = undefined;
      this.#stands = false;
      this.#frames.pop();
    }
  }

  /** The entry goes on below: if it is a directory that the caller may list. */
  descend(executor: Executor): void {
    const { view, u8 } = executor.shared;
    const record = executor.base + EXECUTOR.RECORD;
    if (u8[record + R.RECORD_TYPE] !== R.INODE_TYPE_DIRECTORY) return;
    const path = u8.subarray(this.pathAt, this.pathAt + this.pathBytes);
    if (!mayList(executor, record)) {
      this.#leftOut?.(decoder.decode(path.slice()), 'denied');
      return;
    }
    const flags = view.getUint32(record + R.RECORD_FLAGS, true);
    const loaded = (flags & R.FLAG_CHILDREN_LOADED) !== 0;
    this.pause();
    const id = readU64(view, record + R.RECORD_ID);
    this.push({ id, path, from: FROM_BEGIN, loaded, asked: false });
  }

  /** The entry was not used: it will be the next one again. */
  stepBack(): void {
    this.#leave(true);
  }

  /** Before the turn ends. */
  pause(): void {
    this.#leave(false);
  }

  position(): TreePosition {
    assert(this.#scan === undefined, 'a position is taken while nothing is read');
    const last = this.#frames.at(-1)?.pathBytes ?? 0;
    return { frames: this.#frames.map((frame) => ({ ...frame })), path: this.#path.slice(0, last) };
  }

  goBack(position: TreePosition): void {
    this.#scan?.close();
    this.#scan = undefined;
    this.#stands = false;
    this.#frames = position.frames.map((frame) => ({ ...frame }));
    this.#path.set(position.path);
  }

  /** The stores' answers for entries that were passed need not be remembered. */
  forgetAsked(): void {
    this.#asked.clear();
  }

  #leave(again: boolean): void {
    const scan = this.#scan;
    if (scan === undefined) return;
    if (this.#stands) this.#frames.at(-1)!.from = { name: scan.name(), inclusive: again };
    scan.close();
    this.#scan = undefined;
    this.#stands = false;
  }

  #enter(executor: Executor, frame: Frame): ChildScan {
    this.#awaitLoad(executor, frame);
    const scan = new ChildScan(executor);
    scan.open(frame.id, frame.from, this.#barrier);
    this.pathAt = executor.walkB.at + WALK.PATH;
    executor.shared.u8.set(this.#path.subarray(0, frame.pathBytes), this.pathAt);
    executor.shared.u8[this.pathAt + frame.pathBytes] = SLASH;
    return scan;
  }

  /** Parks while the directory's children are only in its store. */
  #awaitLoad(executor: Executor, frame: Frame): void {
    const { loader } = executor.options;
    frame.asked ||= this.#asked.has(frame.id);
    if (loader === undefined || this.#load === LoadType.NEVER || frame.asked) return;
    if (frame.loaded && this.#load !== LoadType.ALWAYS) return;
    this.#asked.add(frame.id);
    this.#barrier.move();
    const path = decoder.decode(this.#path.slice(0, frame.pathBytes));
    const again = this.#load === LoadType.ALWAYS;
    const loading = loader.load(path === '' ? '/' : path, true, again);
    const leftOut = this.#frames.length === 1 ? undefined : this.#leftOut;
    if (leftOut === undefined) throw Park.work(loading);
    throw Park.work(
      loading.catch((error: unknown) => {
        if (!(error instanceof StatusError) || error.code === Code.CANCELLED) throw error;
        // It was removed from its store meanwhile: there is nothing below.
        if (error.code !== Code.NOT_FOUND) leftOut(path, error);
      }),
    );
  }

  #read(executor: Executor, scan: ChildScan, frame: Frame): void {
    const { kernel, shared, base } = executor;
    const { keyAt, keyBytes, valueAt, valueBytes } = scan;
    const record = base + EXECUTOR.RECORD;
    const bytes = kernel.decodeRecord(keyAt, keyBytes, valueAt, valueBytes, record);
    if (bytes === 0) throw scan.damage();
    const to = this.pathAt + frame.pathBytes + 1;
    shared.u8.copyWithin(to, scan.nameAt, scan.nameAt + scan.nameBytes);
  }
}

function slashesIn(path: Uint8Array): number {
  return path.reduce((count, byte) => (byte === SLASH ? count + 1 : count), 0);
}

/** READ and EXECUTE on the directory whose record stands at a byte offset of shared memory. */
function mayList(executor: Executor, record: number): boolean {
  const { view } = executor.shared;
  const mode = view.getUint16(record + R.RECORD_MODE, true);
  const owner = view.getUint32(record + R.RECORD_OWNER, true);
  const group = view.getUint32(record + R.RECORD_GROUP, true);
  const bits = Bits.READ | Bits.EXECUTE;
  return executor.kernel.permits(mode, owner, group, executor.callerAt, bits) === 1;
}
