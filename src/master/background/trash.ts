/**
 * The trash as its users see it: what is in it, how much that is, and an end to it. Entries are
 * found in the expiry index, where each stands until its retention time is over, in that order; so
 * nothing is walked but what hangs below deleted directories, to count it.
 *
 * A caller sees, and empties, what is his own; a superuser all. What lies below a directory in the
 * trash and was deleted before it is an entry of its own, and counts as that alone.
 */
import type { Caller } from '../executor/caller.js';
import type { Executor } from '../executor/executor.js';
import { expiryOf } from '../memory/expiry.js';
import { INODE_TYPE_DIRECTORY, ROOT_ID, TRASH_BIT } from '../memory/record.js';
import type { RecordFields } from '../memory/record-fields.js';
import { reading, submitted } from '../ops/mechanism/promise-calls.js';
import { ExpireTrash } from '../ops/verbs/expire.js';
import type { Expiry } from '../storage/expiry-index.js';
import { childrenPage } from './children-page.js';
import { type LoadContext, refuseEnding } from './directory-load.js';
import { flushed, inodeById } from './stored-inode.js';
import { NO_PROGRESS, type WorkRequest } from './tasks.js';
import type { TrashEntry, TrashReport } from './trash-report.js';
import type { WorkControl, WorkProgress } from './tree-load.js';
import { childPath } from './tree-walk.js';

/** Rows of the index that are looked at in a turn. */
const BATCH = 500;
/** Removals under way at a time: one sync of the journal serves them all. */
const PARALLEL = 128;
const END_OF_TIME = Number.MAX_SAFE_INTEGER;

type Request = Extract<WorkRequest, { kind: 'trash' | 'expunge' }>;
type Found = { readonly inode: RecordFields; readonly path: string };
type Batch = { readonly found: readonly Found[]; readonly last: Expiry | undefined };
type Size = { files: number; directories: number; bytes: number };

const decoder = new TextDecoder();

export class Trash {
  readonly #context: LoadContext;
  readonly #request: Request;
  readonly #control: WorkControl;
  #done = 0;
  #bytes = 0;

  constructor(context: LoadContext, request: Request, control: WorkControl) {
    this.#context = context;
    this.#request = request;
    this.#control = control;
  }

  get progress(): WorkProgress {
    return { ...NO_PROGRESS, done: this.#done, bytes: this.#bytes, path: this.#request.path };
  }

  async report(limit: number, inodesMax: number): Promise<TrashReport> {
    const list: TrashEntry[] = [];
    const sum = { files: 0, directories: 0, bytes: 0 };
    let entries = 0;
    for await (const { inode, path } of this.#entries()) {
      const size = await this.#sizeOf(inode, inodesMax - sum.files - sum.directories);
      if (size === undefined) return { list, entries, ...sum, isComplete: false };
      entries++;
      sum.files += size.files;
      sum.directories += size.directories;
      sum.bytes += size.bytes;
      if (list.length < limit) list.push(entryOf(inode, path, size));
      this.#tell(1, size.bytes);
    }
    return { list, entries, ...sum, isComplete: true };
  }

  /** How many entries are gone for good; the reclaimer takes what they held. */
  async expunge(): Promise<number> {
    let gone = 0;
    let some: RecordFields[] = [];
    for await (const { inode } of this.#entries()) {
      some.push(inode);
      if (some.length < PARALLEL) continue;
      gone += await this.#remove(some);
      some = [];
    }
    return gone + (await this.#remove(some));
  }

  async #remove(inodes: readonly RecordFields[]): Promise<number> {
    const { scheduler, caller } = this.#context;
    const answers = await Promise.all(
      inodes.map((inode) => submitted(scheduler, (sink) => new ExpireTrash(caller, inode, sink))),
    );
    // 0: it was brought back in this very moment.
    const gone = answers.filter(({ seq }) => seq !== 0).length;
    this.#tell(gone, 0);
    return gone;
  }

  async *#entries(): AsyncGenerator<Found, void, undefined> {
    const { signal } = this.#control;
    await flushed(this.#context, { signal });
    for (let after: Expiry | undefined; ; ) {
      this.#check();
      const { found, last } = await this.#batch(after);
      yield* found;
      if (last === undefined) return;
      after = last;
    }
  }

  #batch(after: Expiry | undefined): Promise<Batch> {
    const { scheduler, caller } = this.#context;
    return reading(scheduler, 'trash', caller, (executor) => {
      executor.reader.renew();
      const found: Found[] = [];
      const paths = new Map<number, string | undefined>();
      let seen = 0;
      for (const expiry of executor.reader.tier2.expiries.due(END_OF_TIME, after)) {
        const inode = inodeById(executor, expiry.id);
        if (inode !== undefined && expiryOf(inode) === expiry.expiryMs) {
          const path = this.#pathOf(executor, inode, paths);
          if (path !== undefined) found.push({ inode, path });
        }
        if (++seen === BATCH) return { found, last: expiry };
      }
      return { found, last: undefined };
    });
  }

  /** Where it was deleted; undefined: not in the trash, not the caller's, or not below the path. */
  #pathOf(
    executor: Executor,
    inode: RecordFields,
    paths: Map<number, string | undefined>,
  ): string | undefined {
    if (inode.parentId < TRASH_BIT || !isOwn(executor, this.#request.caller, inode)) return;
    const path = pathIn(executor, inode, paths);
    const { path: above } = this.#request;
    const isBelow = above === '/' || path === above || path?.startsWith(`${above}/`);
    return isBelow ? path : undefined;
  }

  /** Undefined: it is more than `inodesMax`. */
  async #sizeOf(inode: RecordFields, inodesMax: number): Promise<Size | undefined> {
    const size = { files: 0, directories: 0, bytes: 0 };
    addTo(size, inode);
    const left = inode.type === INODE_TYPE_DIRECTORY ? [inode.id] : [];
    for (let id = left.pop(); id !== undefined; id = left.pop()) {
      for (let after: Uint8Array | undefined; ; ) {
        this.#check();
        if (size.files + size.directories > inodesMax) return undefined;
        const limit = this.#context.pageEntries;
        const { children, next } = await childrenPage(this.#context, id, { after, limit });
        for (const child of children) {
          addTo(size, child);
          if (child.type === INODE_TYPE_DIRECTORY) left.push(child.id);
        }
        if (next === undefined) break;
        after = next;
      }
    }
    return size.files + size.directories > inodesMax ? undefined : size;
  }

  #check(): void {
    this.#control.signal.throwIfAborted();
    refuseEnding(this.#context);
  }

  #tell(done: number, bytes: number): void {
    this.#done += done;
    this.#bytes += bytes;
    this.#control.onProgress(this.progress);
  }
}

const isOwn = (executor: Executor, caller: Caller, { owner }: RecordFields): boolean =>
  executor.isSuper(caller) || owner === executor.strings.idOf(caller.user);

/** By the directories above, which may be in the trash too; undefined: one of them is no more. */
function pathIn(
  executor: Executor,
  { parentId, name }: RecordFields,
  paths: Map<number, string | undefined>,
): string | undefined {
  const id = parentId >= TRASH_BIT ? parentId - TRASH_BIT : parentId;
  if (!paths.has(id)) {
    const directory = id === ROOT_ID ? undefined : inodeById(executor, id);
    paths.set(id, id === ROOT_ID ? '/' : directory && pathIn(executor, directory, paths));
  }
  const above = paths.get(id);
  return above === undefined ? undefined : childPath(above, decoder.decode(name));
}

function addTo(size: Size, { type, length }: RecordFields): void {
  if (type === INODE_TYPE_DIRECTORY) size.directories++;
  else {
    size.files++;
    size.bytes += length;
  }
}

function entryOf({ id, type, ttlMs }: RecordFields, path: string, size: Size): TrashEntry {
  const kind = type === INODE_TYPE_DIRECTORY ? 'directory' : 'file';
  return { path, type: kind, id, ...size, expiresMs: ttlMs };
}
