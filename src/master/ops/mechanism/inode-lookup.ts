/**
 * From an inode's id to its path. Tier 2 knows the key of each inode. The keys up to the root give
 * a path, which is then walked as any other. The walk is exact; the keys are only a hint where to
 * look.
 *
 *   id ──ids──▶ (parent, "c") ──ids──▶ (grandparent, "b") ──ids──▶ (root, "a")   →   /a/b/c
 *
 * An inode in a trash shadow or below RECLAIM_ID has no path, because it was deleted.
 */
import { PATH_BYTES_MAX, PATH_DEPTH_MAX } from '../../../base/limits.js';
import { Code, StatusError } from '../../../base/status.js';
import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import { Park } from '../../executor/park.js';
import { isHiddenParent, ROOT_ID, TRASH_BIT } from '../../memory/record.js';
import type { PathWalk } from '../../path/path-walk.js';
import { splitKey } from '../../storage/inode-key.js';
import { checkTraverse } from './access.js';
import { type FlushBarrier, isStanding, stampOf } from './flush-barrier.js';

/** Renames that may interfere with one call before it must come back later. */
const MOVES_MAX = 8;
/** How often an id that seems to be moving to another key is looked up again. */
const MISSES_MAX = 2;
const SLASH = 0x2f;

export class InodeLookup {
  readonly #id: number;
  readonly #barrier: FlushBarrier;
  #moves = 0;
  #misses = 0;

  constructor(id: number, barrier: FlushBarrier) {
    this.#id = id;
    this.#barrier = barrier;
  }

  /**
   * Leaves `walk` at the inode, which the caller must be able to reach. Throws NOT_FOUND, or Park.
   */
  resolve(executor: Executor, caller: Caller, walk: PathWalk): void {
    const path = this.#climb(executor);
    if (path !== undefined) {
      executor.resolve(walk, path);
      if (walk.found && walk.id(walk.depth) === this.#id) {
        checkTraverse(executor, caller, walk, walk.depth - 1);
        return;
      }
    }
    // The inode, or a directory above it, moved after the flush that this call waited for. A path
    // that seems too deep may be a half-seen rename, but not every time.
    if (++this.#moves > MOVES_MAX) {
      throw path === undefined ? beyondPaths(this.#id) : movesTooMuch(this.#id);
    }
    this.#barrier.move();
    throw Park.turn;
  }

  /** The path of the keys; undefined if they form a circle or lead too deep. */
  #climb(executor: Executor): Uint8Array | undefined {
    const names: Uint8Array[] = [];
    let bytes = 0;
    for (let id = this.#id; id !== ROOT_ID; ) {
      this.#barrier.pass(executor, id);
      const stamp = stampOf(executor, id);
      const key = isInodeId(id) ? executor.reader.keyOfId(id) : undefined;
      if (key === undefined) {
        if (isStanding(executor, id, stamp) || ++this.#misses > MISSES_MAX) {
          throw idNotFound(this.#id);
        }
        this.#barrier.move();
        throw Park.turn;
      }
      const { parentId, name } = splitKey(key);
      if (isHiddenParent(parentId)) throw idNotFound(this.#id);
      names.push(name);
      bytes += 1 + name.length;
      if (names.length > PATH_DEPTH_MAX || bytes > PATH_BYTES_MAX) return undefined;
      id = parentId;
    }
    return joinNames(names, bytes);
  }
}

export function idNotFound(id: number): StatusError {
  return new StatusError(Code.NOT_FOUND, `Inode ${id} does not exist.`, {
    hint: 'It may have been deleted: ids are never used again.',
  });
}

const isInodeId = (id: number): boolean => Number.isSafeInteger(id) && id > 0 && id < TRASH_BIT;

/** Names come from the end of the path to its beginning. */
function joinNames(names: readonly Uint8Array[], bytes: number): Uint8Array {
  if (names.length === 0) return Uint8Array.of(SLASH);
  const path = new Uint8Array(bytes);
  let at = bytes;
  for (const name of names) {
    at -= name.length;
    path.set(name, at);
    path[--at] = SLASH;
  }
  return path;
}

function beyondPaths(id: number): StatusError {
  return new StatusError(
    Code.FAILED_PRECONDITION,
    `Inode ${id} stands deeper than paths may be: a directory above it was moved down.`,
    { hint: 'Rename a directory above it to a place further up.' },
  );
}

function movesTooMuch(id: number): StatusError {
  return new StatusError(
    Code.UNAVAILABLE,
    `Inode ${id}, or a directory above it, is renamed again and again.`,
    { hint: 'Try again.', retryAfterMs: 50 },
  );
}
