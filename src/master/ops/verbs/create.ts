/**
 * createFile and createDirectory: one operation, since both make the missing directories above
 * them in the same entry. Semantics of Alluxio: a file over an existing one only with `overwrite`
 * (a new id); a directory over an existing one only with `allowExists`, and then nothing changes.
 * Refused: anything below a file, over a directory, below a read-only mount, without WRITE on the
 * nearest existing ancestor.
 * Locks:   WRITE_EDGE: creates in one directory run in parallel, of one name one at a time.
 * Entries: one: PUT of each new inode, PARENT of the existing directory; REMOVE of what is
 *          replaced, and then structural: nobody may miss a file that is replaced.
 */

import { BLOCK_BYTES_DEFAULT, ENTRY_BYTES_MAX } from '../../../base/limits.js';
import { Code, StatusError } from '../../../base/status.js';
import type { Sink } from '../../executor/call.js';
import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import type { LockList } from '../../lock/lock-list.js';
import { PUT_NEW, SIDE_XATTR } from '../../memory/entry-format.js';
import { Bits, MODE } from '../../memory/kernel-constants.js';
import { Op } from '../../memory/op-codes.js';
import * as R from '../../memory/record.js';
import { type RecordFields, readRecord } from '../../memory/record-fields.js';
import { encodeXAttrs, idKey, type XAttrs } from '../../memory/xattrs.js';
import { lockRead, lockWriteEdge } from '../../path/lock-pattern.js';
import type { PathWalk } from '../../path/path-walk.js';
import { checkBits, checkRemove, checkWay, checkWritableMount } from '../mechanism/access.js';
import { checkReplication, checkTtl } from '../mechanism/attribute-change.js';
import { alreadyExists, invalid, isBelowFile, notDirectory } from '../mechanism/failures.js';
import { FirstAnswer } from '../mechanism/first-answer.js';
import { awaitPath, LoadType } from '../mechanism/loading.js';
import { PathMutation, touchDirectory } from '../mechanism/path-mutation.js';
import { putIntoReclaim, removeForGood } from '../mechanism/remove-inode.js';

const DIRECTORY_MODE = 0o777;
const FILE_MODE = 0o666;
/** Bytes of an entry besides the part that grows with the path. */
const ROOM_BASE = 4096;
const ROOM_PER_COMPONENT = 400;

export type CreateOptions = {
  readonly type: 'file' | 'directory';
  readonly path: Uint8Array;
  readonly recursive: boolean;
  /** File: replace an existing file. */
  readonly overwrite: boolean;
  /** Directory: an existing one is fine. */
  readonly allowExists: boolean;
  /** The final permission bits, or -1: the default under the master's umask. */
  readonly mode: number;
  /** Bytes; undefined = the default. */
  readonly blockSize: number | undefined;
  /** Milliseconds, -1 = none. */
  readonly ttlMs: number;
  /** FLAG_TTL_* bits. */
  readonly ttlFlags: number;
  readonly replicationMin: number;
  readonly replicationMax: number;
  readonly xattrs: XAttrs | undefined;
  /** Every new ancestor gets the xattrs too. */
  readonly xattrsOnNewPaths: boolean;
};

export class Create extends PathMutation {
  readonly name: string;
  protected op: number = Op.CREATE_DIRECTORY;
  readonly #options: CreateOptions;
  /** The value of SIDE_XATTR, once for all inodes that get it. */
  #xattrs: Uint8Array | undefined;
  #first: FirstAnswer | undefined;

  constructor(caller: Caller, callId: number, options: CreateOptions, sink: Sink) {
    super(caller, callId, options.path, sink);
    this.#options = options;
    const file = options.type === 'file';
    this.name = file ? 'createFile' : 'createDirectory';
  }

  protected plan(executor: Executor, locks: LockList): void {
    const { walkA } = executor;
    executor.resolve(walkA, this.path);
    checkWay(executor, this.caller, walkA);
    awaitPath(executor, walkA, LoadType.ONCE, this.asked);
    // Over a directory nothing is written: `mkdir -p` of an existing one blocks nobody below it.
    if (walkA.found && walkA.isDirectory(walkA.depth)) lockRead(walkA, executor.locks, locks);
    else lockWriteEdge(walkA, executor.locks, locks);
    this.room = Math.min(ENTRY_BYTES_MAX, this.#roomFor(walkA));
    if (this.#options.type === 'file') this.op = walkA.found ? Op.REPLACE_FILE : Op.CREATE_FILE;
  }

  protected execute(executor: Executor): boolean {
    const walk = executor.walkA;
    this.#checkOptions(walk);
    if (walk.found) {
      if (!this.#replaces(executor, walk)) return false;
    } else {
      this.#checkMissing(executor, walk);
    }
    this.#write(executor, walk);
    return true;
  }

  protected override repeat(executor: Executor, inodeId: number, seq: number): void {
    const type = this.#options.type === 'file' ? R.INODE_TYPE_FILE : R.INODE_TYPE_DIRECTORY;
    this.#first ??= new FirstAnswer();
    this.#first.give(executor, this.sink, { inodeId, seq, type });
  }

  #roomFor(walk: PathWalk): number {
    const { xattrs, xattrsOnNewPaths } = this.#options;
    if (xattrs !== undefined && xattrs.size > 0) this.#xattrs ??= encodeXAttrs(xattrs);
    const copies = xattrsOnNewPaths ? Math.max(1, walk.depth - walk.next + 1) : 1;
    const xattrBytes = this.#xattrs === undefined ? 0 : this.#xattrs.length * copies;
    return ROOM_BASE + xattrBytes + walk.depth * ROOM_PER_COMPONENT;
  }

  #checkOptions(walk: PathWalk): void {
    const { blockSize, mode, ttlMs, replicationMin, replicationMax } = this.#options;
    checkTtl(walk.text(), ttlMs);
    checkReplication(walk.text(), Math.max(replicationMin, 0), replicationMax);
    if (blockSize !== undefined && !(blockSize > 0)) {
      throw invalid(walk.text(), `Invalid block size ${blockSize}`, 'Give a size above 0.');
    }
    if (mode > MODE.MAX || mode < -1) {
      throw invalid(walk.text(), `Invalid mode ${mode}`, 'Give permission bits, 0 to 07777.');
    }
  }

  /** The name exists. False: answered, nothing to do. */
  #replaces(executor: Executor, walk: PathWalk): boolean {
    const { type, overwrite, allowExists } = this.#options;
    const { depth } = walk;
    const path = walk.text();
    if (type === 'directory') {
      if (walk.isDirectory(depth) && allowExists) {
        this.sink.info(executor, walk.record, 0);
        return false;
      }
      const hint = 'Choose another name, or allow the directory to exist (mkdir -p).';
      throw alreadyExists(walk, `Path "${path}" already exists.`, hint);
    }
    if (!overwrite) {
      const reason =
        `File "${path}" already exists. If you want to overwrite the file, ` +
        'you need to specify the overwrite option.';
      throw alreadyExists(walk, reason, 'Choose another name, or set overwrite.');
    }
    if (walk.isDirectory(depth)) {
      const reason = `"${path}" already exists. Directories cannot be overwritten with create.`;
      throw alreadyExists(walk, reason, 'Delete or rename the directory first.');
    }
    checkWritableMount(executor, walk, depth - 1);
    checkRemove(executor, this.caller, walk);
    return true;
  }

  #checkMissing(executor: Executor, walk: PathWalk): void {
    if (isBelowFile(walk)) throw notDirectory(walk);
    const missing = walk.depth - walk.next + 1;
    if (missing > 1 && !this.#options.recursive) {
      const kind = this.#options.type === 'file' ? 'File' : 'Directory';
      throw new StatusError(
        Code.NOT_FOUND,
        `${kind} "${walk.text()}" creation failed. ` +
          `Component ${walk.next}(${walk.nameText(walk.next)}) does not exist.`,
        { path: walk.text(), hint: 'Create the parent first, or create recursively.' },
      );
    }
    const parent = walk.next - 1;
    checkWritableMount(executor, walk, parent);
    checkBits(executor, this.caller, walk, parent, Bits.WRITE | Bits.EXECUTE);
  }

  /**
   * The entry. Nodes from walk.next on are new; with walk.found only the last one is. They are put
   * from the leaf up: the retry window remembers the first, and all come into sight with the last.
   */
  #write(executor: Executor, walk: PathWalk): void {
    const { ring, shared } = executor;
    const now = Date.now();
    const { depth } = walk;
    const first = walk.found ? depth : walk.next;
    const parent = first - 1;
    const owner = executor.intern(this.caller.user);
    const ids: number[] = [];
    for (let node = first; node <= depth; node++) ids.push(executor.takeId());
    const idOf = (node: number): number => (node < first ? walk.id(node) : ids[node - first]!);
    const replaced = walk.found ? readRecord(shared.view, walk.record) : undefined;
    if (replaced !== undefined && (replaced.flags & R.FLAG_HAS_ORIGIN) === 0) {
      removeForGood(executor, replaced);
    }
    for (let node = depth; node >= first; node--) {
      const at = { node, parent, id: idOf(node), parentId: idOf(node - 1), now, owner };
      const fields = this.#fields(executor, walk, at);
      const recordAt = ring.entry.putFields(fields, node < first ? 0 : PUT_NEW);
      if (node === depth) this.recordAt = recordAt;
      if ((fields.flags & R.FLAG_HAS_XATTR) !== 0) {
        ring.entry.side(SIDE_XATTR, idKey(at.id), this.#xattrs!);
      }
    }
    // The reclaimer removes its rows by store path.
    if (replaced !== undefined && (replaced.flags & R.FLAG_HAS_ORIGIN) !== 0) {
      putIntoReclaim(executor, replaced);
    }
    touchDirectory(executor, walk, parent, { now, delta: walk.found ? 0 : 1 });
  }

  #fields(
    executor: Executor,
    walk: PathWalk,
    at: {
      readonly node: number;
      readonly parent: number;
      readonly id: number;
      readonly parentId: number;
      readonly now: number;
      readonly owner: number;
    },
  ): RecordFields {
    const options = this.#options;
    const leaf = at.node === walk.depth;
    const file = leaf && options.type === 'file';
    const inherits = walk.mode(at.parent) & MODE.SETGID;
    const xattrs = this.#xattrs !== undefined && (leaf || options.xattrsOnNewPaths);
    return {
      seq: 0,
      parentId: at.parentId,
      id: at.id,
      length: leaf ? 0 : 1,
      mtimeMs: at.now,
      ctimeMs: at.now,
      ttlMs: leaf ? options.ttlMs : -1,
      blockSize: file ? (options.blockSize ?? BLOCK_BYTES_DEFAULT) : 0,
      mode: this.#mode(executor, leaf, file) | (file ? 0 : inherits),
      type: file ? R.INODE_TYPE_FILE : R.INODE_TYPE_DIRECTORY,
      flags:
        (walk.flags(at.parent) & R.FLAG_PINNED) |
        // The store has nothing below a directory that exists only in the namespace.
        (file ? 0 : R.FLAG_COMPLETED | R.FLAG_CHILDREN_LOADED) |
        (leaf ? options.ttlFlags : 0) |
        (xattrs ? R.FLAG_HAS_XATTR : 0),
      owner: at.owner,
      group: this.#group(executor, walk, at.parent, inherits !== 0),
      mountId: walk.mountId(at.parent),
      replicationMin: leaf ? Math.max(options.replicationMin, 0) : 0,
      replicationMax: leaf ? options.replicationMax : -1,
      fingerprint: 0,
      name: walk.name(at.node),
    };
  }

  #mode(executor: Executor, leaf: boolean, file: boolean): number {
    const { mode } = this.#options;
    if (leaf && mode >= 0) return mode;
    return (file ? FILE_MODE : DIRECTORY_MODE) & ~executor.options.umask;
  }

  /** The caller's first group; the directory's under setgid or for a caller without groups. */
  #group(executor: Executor, walk: PathWalk, parent: number, inherits: boolean): number {
    const own = this.caller.groups[0];
    if (inherits || own === undefined) return walk.group(parent);
    return executor.intern(own);
  }
}
