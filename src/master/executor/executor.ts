/**
 * An executor: what a thread needs to read and change the namespace. It has one WASM instance, two
 * walks, a snapshot of tier 2, a column of the lock table and a ring to the writer. RPC shards and
 * background threads each have one; only shards have sockets.
 *
 * Invariant: only one thread uses it. Scratch (walks, record, request, reply) belongs to the
 * running call, and no call keeps it across a turn of the event loop.
 */

import {
  CALLER_GROUPS_MAX,
  PATH_BYTES_MAX,
  PATH_DEPTH_MAX,
  PATH_INPUT_BYTES_MAX,
} from '../../base/limits.js';
import { Code, StatusError } from '../../base/status.js';
import { writeWord64 } from '../../base/word64.js';
import { LockTable } from '../lock/lock-table.js';
import { type KernelExports, PathFault, WalkStatus } from '../memory/exports.js';
import { STRING_UNKNOWN } from '../memory/kernel-constants.js';
import {
  CALLER,
  CONTROL,
  CONTROL_BASE,
  EXECUTOR,
  SHOWN_MOUNT,
  SHOWN_MOUNT_BYTES,
  SHOWN_MOUNTS_MAX,
  WRITE,
  WRITE_MOUNTS_MAX,
} from '../memory/layout.js';
import { COUNTER } from '../memory/layout-counters.js';
import { type RarePath, sometimes } from '../memory/rare-paths.js';
import type { SharedMemory } from '../memory/shared-memory.js';
import { type Mount, MountTable } from '../mount/mount-table.js';
import { PathWalk } from '../path/path-walk.js';
import type { Tier2 } from '../storage/tier2.js';
import { TierReader } from '../tier/tier-reader.js';
import type { Caller } from './caller.js';
import { EntryRing } from './entry-ring.js';
import type { NamespaceRules } from './namespace-rules.js';
import { Park, type ParkReason } from './park.js';
import { callerKeyOf } from './retry-key.js';
import { StringTable } from './string-table.js';
import { TurnChecks } from './turn-checks.js';

const decoder = new TextDecoder();
const encoder = new TextEncoder();

const PARKED_FOR: Readonly<Record<ParkReason['kind'], RarePath>> = {
  lock: 'parkedForLock',
  flush: 'parkedForFlush',
  ring: 'parkedForRing',
  intern: 'parkedForName',
  work: 'parkedForStore',
  turn: 'parkedForTurn',
};

export type ExecutorOptions = NamespaceRules & {
  readonly index: number;
  readonly shared: SharedMemory;
  readonly kernel: KernelExports;
  readonly tier2: Tier2;
  /** Asks the stores for metadata that is not loaded yet; absent where no store is mounted. */
  readonly loader?: Loader;
};

/** Loads metadata of a path from its store; settles when it is loaded, or does not exist. */
export interface Loader {
  /**
   * `children`: the directory's entries too, not only the path itself. `again`: what is there
   * already follows its store.
   */
  load(path: string, children: boolean, again: boolean): Promise<void>;
}

export class Executor {
  readonly index: number;
  readonly shared: SharedMemory;
  readonly kernel: KernelExports;
  readonly reader: TierReader;
  readonly locks: LockTable;
  readonly ring: EntryRing;
  readonly strings: StringTable;
  readonly mounts: MountTable;
  readonly options: ExecutorOptions;
  /** Byte offset of this executor's block in shared memory. */
  readonly base: number;
  readonly walkA: PathWalk;
  readonly walkB: PathWalk;
  /** Only with ORCHARD_INVARIANTS. */
  readonly checks: TurnChecks | undefined;
  /** Of who was put in place last: see retry-key.ts. */
  callerKey = 0;
  #callerInPlace: Caller | undefined;
  #callerVersion = -1;
  #mountVersion = -1;

  constructor(options: ExecutorOptions) {
    const { shared, kernel, index } = options;
    this.options = options;
    this.index = index;
    this.shared = shared;
    this.kernel = kernel;
    this.base = shared.executorBase(index);
    this.reader = new TierReader(shared, kernel, options.tier2, index);
    this.locks = new LockTable(shared, index);
    this.ring = new EntryRing(shared, index);
    this.strings = new StringTable(shared);
    this.mounts = new MountTable(shared);
    this.walkA = new PathWalk(shared, this.base + EXECUTOR.WALK_A);
    this.walkB = new PathWalk(shared, this.base + EXECUTOR.WALK_B);
    this.checks = shared.checked ? new TurnChecks(this) : undefined;
    const write = this.base + EXECUTOR.WRITE;
    shared.view.setUint32(write + WRITE.UMASK, options.umask, true);
    writeWord64(shared.view, write + WRITE.RETENTION, options.trashRetentionMs);
  }

  /** Address of the CALLER block that the permission kernels read. */
  get callerAt(): number {
    return this.base + EXECUTOR.CALLER;
  }

  /** Puts the caller where the kernels look; free when it is the same as last time. */
  setCaller(caller: Caller): void {
    const version = this.shared.load(CONTROL.STRING_COUNT);
    if (caller === this.#callerInPlace && version === this.#callerVersion) return;
    const view = this.shared.view;
    const at = this.callerAt;
    view.setUint32(at + CALLER.USER, this.strings.idOf(caller.user), true);
    view.setUint32(at + CALLER.SUPER, this.isSuper(caller) ? 1 : 0, true);
    const groups = caller.groups.slice(0, CALLER_GROUPS_MAX);
    view.setUint32(at + CALLER.GROUP_COUNT, groups.length, true);
    groups.forEach((group, i) => {
      view.setUint32(at + CALLER.GROUPS + i * 4, this.strings.idOf(group), true);
    });
    this.callerKey = caller.key ?? callerKeyOf(caller);
    writeWord64(view, at + CALLER.RETRY_KEY, this.callerKey);
    this.#callerInPlace = caller;
    this.#callerVersion = version;
  }

  /** Puts the mounts where the kernels look; free while the table is unchanged. */
  setMounts(): void {
    const { version } = this.mounts;
    if (version === this.#mountVersion) return;
    const { u8, view } = this.shared;
    const write = this.base + EXECUTOR.WRITE;
    const bits = write + WRITE.READ_ONLY;
    const rows = this.base + EXECUTOR.SHOWN_MOUNTS;
    u8.fill(0, bits, bits + WRITE_MOUNTS_MAX / 8);
    u8.fill(0, rows, rows + SHOWN_MOUNTS_MAX * SHOWN_MOUNT_BYTES);
    for (const mount of this.mounts.all()) {
      const { mountId, readOnly } = mount;
      this.#show(mount, rows + (mountId % SHOWN_MOUNTS_MAX) * SHOWN_MOUNT_BYTES);
      if (!readOnly || mountId >= WRITE_MOUNTS_MAX) continue;
      u8[bits + (mountId >> 3)]! |= 1 << (mountId & 7);
    }
    view.setUint32(write + WRITE.MOUNT_VERSION, version, true);
    this.#mountVersion = version;
  }

  /** A mount with a long address is shown by the slow path only. */
  #show({ mountId, path, uri }: Mount, row: number): void {
    const { u8, view } = this.shared;
    const text = encoder.encode(uri);
    if (text.length > SHOWN_MOUNT_BYTES - SHOWN_MOUNT.URI) return;
    const pathBytes = path === '/' ? 0 : encoder.encode(path).length;
    view.setUint32(row + SHOWN_MOUNT.ID, mountId, true);
    view.setUint32(row + SHOWN_MOUNT.PATH_BYTES, pathBytes, true);
    view.setUint32(row + SHOWN_MOUNT.URI_BYTES, text.length, true);
    u8.set(text, row + SHOWN_MOUNT.URI);
  }

  isSuper(caller: Caller): boolean {
    const { permissions, superuser, supergroup } = this.options;
    return !permissions || caller.user === superuser || caller.groups.includes(supergroup);
  }

  /** Cleans, splits and walks a path. Throws INVALID_ARGUMENT, or parks when renames race it. */
  resolve(walk: PathWalk, path: Uint8Array): void {
    if (path.length > PATH_INPUT_BYTES_MAX) throw pathFault(PathFault.TOO_LONG, path);
    const at = this.base + EXECUTOR.REQUEST;
    this.shared.u8.set(path, at);
    const depth = this.kernel.cleanPath(at, path.length, walk.at);
    if (depth < 0) throw pathFault(depth, path);
    this.walkAgain(walk);
  }

  /** Walks the cleaned path that the block holds, from the root. */
  walkAgain(walk: PathWalk): void {
    this.kernel.walkReset(walk.at);
    walk.status = this.reader.walk(walk.at);
    if (walk.status === WalkStatus.RACED) throw Park.turn;
  }

  /** The number of a name that a mutation stores; parks until the name has one. */
  intern(name: string): number {
    const id = this.strings.idOf(name);
    if (id === STRING_UNKNOWN) throw Park.intern(name);
    return id;
  }

  /** Parks until tier 2 is exact about a directory's children, an id or a side key. */
  awaitTier2(id: number): void {
    const seq = this.kernel.dirtySeq(id);
    if (seq > this.flushedSeq) throw Park.flush(seq);
    this.reader.renew();
  }

  get flushedSeq(): number {
    return this.load64(CONTROL.FLUSHED_SEQ);
  }

  load64(word: number): number {
    return this.kernel.load64(CONTROL_BASE + word);
  }

  /** For the metrics: how many calls wait now. Only waiting calls pay for it. */
  countParked(calls: number, why?: ParkReason['kind']): void {
    if (why !== undefined) sometimes(this.shared, this.index, PARKED_FOR[why]);
    this.shared.f64[this.shared.counterAt(this.index, COUNTER.PARKED)] = calls;
  }

  /** A fresh inode id. Ids of calls that fail stay unused. */
  takeId(): number {
    return this.kernel.add64(CONTROL_BASE + CONTROL.ID_NEXT, 1);
  }
}

function pathFault(fault: number, path: Uint8Array): StatusError {
  const shown = decoder.decode(path.subarray(0, 256));
  const text = JSON.stringify(path.length > 256 ? `${shown}…` : shown);
  const reasons: Record<number, [string, string]> = {
    [PathFault.NOT_ABSOLUTE]: [
      `Path ${text} is not absolute.`,
      'Give a path that begins with "/".',
    ],
    [PathFault.TOO_LONG]: [
      `Path ${text} is longer than ${PATH_BYTES_MAX} bytes.`,
      'Use shorter names or fewer directories.',
    ],
    [PathFault.TOO_DEEP]: [
      `Path ${text} has more than ${PATH_DEPTH_MAX} components.`,
      'Use fewer directories.',
    ],
    [PathFault.NAME_TOO_LONG]: [
      `Path ${text} has a name longer than 255 bytes.`,
      'Use shorter names.',
    ],
    [PathFault.NOT_UTF8]: [`Path ${text} is not valid UTF-8.`, 'Encode names as UTF-8.'],
    [PathFault.NUL_BYTE]: [`Path ${text} contains a NUL byte.`, 'Leave NUL bytes out of names.'],
  };
  const [reason, hint] = reasons[fault] ?? [`Path ${text} is invalid.`, 'Check the path.'];
  return new StatusError(Code.INVALID_ARGUMENT, reason, { path: shown, hint });
}
