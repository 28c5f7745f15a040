/**
 * What a load does with inodes that are there already: those that their store has otherwise by now,
 * or not at all, follow it. Only those that are but what the store said (ops/verbs/of-store.ts):
 * what was written and is not in the store, moved, or mounted, stays, with the directories above.
 *
 *   state of the inode ─▶ the store is asked ─▶ FollowStore, if that is its state still
 *
 * Listings only say which names to ask for: each is asked for by itself, after its state was read.
 * So what is written through the master meanwhile is never taken for old. Nothing is locked while
 * the store is asked.
 */
import { Code, StatusError } from '../../base/status.js';
import type { UfsStatus } from '../../stores/ufs.js';
import { FLAG_MOUNT_POINT, INODE_TYPE_DIRECTORY } from '../memory/record.js';
import { type RecordFields, readRecord } from '../memory/record-fields.js';
import { originOf } from '../ops/mechanism/origins.js';
import { reading, submitted } from '../ops/mechanism/promise-calls.js';
import { trashOf } from '../ops/mechanism/remove-inode.js';
import { FollowStore } from '../ops/verbs/follow-store.js';
import { isAsKnown, isOfStore } from '../ops/verbs/of-store.js';
import { childrenPage } from './children-page.js';
import { type LoadContext, type LoadedPage, type Place, refuseEnding } from './directory-load.js';
import { childPath } from './tree-walk.js';

/** Names of a page for which stores are asked at a time. */
const PARALLEL = 16;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A directory of the namespace and where its store has it. */
type At = Pick<Place, 'path' | 'id' | 'mount' | 'origin'>;

/** Inodes that followed their stores. */
export type Followed = {
  /** Another content or type. */
  readonly changed: number;
  readonly removed: number;
};

export type RefreshOptions = {
  readonly signal: AbortSignal;
  /** One inode could not be checked; the others are. */
  readonly onFailure: (error: StatusError, path: string) => void;
};

export class StoreRefresh {
  readonly #context: LoadContext;
  readonly #options: RefreshOptions;
  #changed = 0;
  #removed = 0;

  constructor(context: LoadContext, options: RefreshOptions) {
    this.#context = context;
    this.#options = options;
  }

  get followed(): Followed {
    return { changed: this.#changed, removed: this.#removed };
  }

  /** After a page that begins behind the name `after` was loaded. */
  async page(place: At, page: LoadedPage, after: string | undefined): Promise<void> {
    await this.#each(place, page.others, (known) => this.#follow(place, known));
    const listed = new Set(page.names);
    const end = page.cursor === undefined ? undefined : encoder.encode(page.cursor);
    await this.#children(place.id, after, async (children) => {
      const here = children.filter(({ name }) => end === undefined || !isAfter(name, end));
      const missing = here.filter(
        (child) => isOfStore(child) && !listed.has(decoder.decode(child.name)),
      );
      await this.#each(place, missing, (known) => this.#follow(place, known));
      return here.length === children.length;
    });
  }

  /** The path itself, if it is there. */
  async path(path: string): Promise<void> {
    const found = await this.#lookUp(path);
    if (found === undefined) return;
    await this.#each(found.at, [found.known], (known) => this.#follow(found.at, known));
  }

  /** The inode follows what the store has under its name, if that is not what is known. */
  async #follow(at: At, known: RecordFields): Promise<void> {
    if (!isOfStore(known)) return;
    const path = childPath(at.path, decoder.decode(known.name));
    const status = await this.#ask(at, known);
    if (status !== undefined && isAsKnown(status, known)) return;
    if (known.type === INODE_TYPE_DIRECTORY) await this.#followDirectory(at, known, path);
    else await this.#submit(path, known, status);
  }

  async #followDirectory(at: At, { id }: RecordFields, path: string): Promise<void> {
    const inside = await this.#lookUp(path);
    if (inside?.known.id !== id) return;
    await this.#empty({ ...inside.at, path, id, origin: inside.origin });
    // Start again: removed children have changed it.
    const known = (await this.#lookUp(path))?.known;
    if (known?.id !== id) return;
    const trash = await childrenPage(this.#context, trashOf(id), { after: undefined, limit: 1 });
    const status = await this.#ask(at, known);
    if (status !== undefined && isAsKnown(status, known)) return;
    const isEmpty = known.length === 0 && trash.children.length === 0;
    if (isEmpty) await this.#submit(path, known, status);
    else if (status !== undefined) throw inTheWay(path);
  }

  /** Removes a former directory of the store with the contents that came from the store. */
  async #empty(at: At): Promise<void> {
    await this.#children(at.id, undefined, async (children) => {
      const known = children.filter(isOfStore);
      if (known.length === 0) return true;
      // One answer for the whole page, whose states were read before.
      const status = await this.#askFor(at, at.origin.path);
      if (status?.type === 'directory') return false;
      await this.#each(at, known, (child) => {
        const path = childPath(at.path, decoder.decode(child.name));
        if (child.type !== INODE_TYPE_DIRECTORY) return this.#submit(path, child, undefined);
        return this.#followDirectory(at, child, path);
      });
      return true;
    });
  }

  /** Pages of the namespace, until `visit` has enough. */
  async #children(
    id: number,
    after: string | undefined,
    visit: (children: readonly RecordFields[]) => Promise<boolean>,
  ): Promise<void> {
    let from: Uint8Array | undefined = after === undefined ? undefined : encoder.encode(after);
    do {
      const { pageEntries: limit } = this.#context;
      const page = await childrenPage(this.#context, id, { after: from, limit });
      if (!(await visit(page.children))) return;
      from = page.next;
    } while (from !== undefined);
  }

  async #each(
    { path }: At,
    inodes: readonly RecordFields[],
    work: (known: RecordFields) => Promise<void>,
  ): Promise<void> {
    for (let i = 0; i < inodes.length; i += PARALLEL) {
      this.#options.signal.throwIfAborted();
      refuseEnding(this.#context);
      const some = inodes.slice(i, i + PARALLEL);
      await Promise.all(
        some.map(async (known) => {
          const at = childPath(path, decoder.decode(known.name));
          await this.#noted(at, work(known));
        }),
      );
    }
  }

  async #noted(path: string, work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (!(error instanceof StatusError) || this.#options.signal.aborted) throw error;
      this.#options.onFailure(error, path);
    }
  }

  #ask(at: At, { name }: RecordFields): Promise<UfsStatus | undefined> {
    const text = decoder.decode(name);
    return this.#askFor(at, at.origin.path === '' ? text : `${at.origin.path}/${text}`);
  }

  async #askFor({ mount }: At, path: string): Promise<UfsStatus | undefined> {
    const { stores, patience } = this.#context;
    const { signal } = this.#options;
    const store = await stores.open(mount);
    const stat = () => store.stat(path, signal);
    return patience?.run(mount.mountId, signal, stat) ?? stat();
  }

  async #submit(path: string, known: RecordFields, status: UfsStatus | undefined): Promise<void> {
    const { scheduler, caller } = this.#context;
    const options = { path: encoder.encode(path), known, status };
    const { seq } = await submitted(scheduler, (sink) => new FollowStore(caller, options, sink));
    if (seq === 0) return;
    if (status === undefined) this.#removed++;
    else this.#changed++;
  }

  /** An inode, its own place, and the directory that it is in. */
  #lookUp(path: string) {
    const { scheduler, caller } = this.#context;
    return reading(scheduler, 'load', caller, (executor) => {
      const walk = executor.walkA;
      executor.resolve(walk, encoder.encode(path));
      const { depth } = walk;
      if (!walk.found || depth === 0) return undefined;
      if ((walk.flags(depth) & FLAG_MOUNT_POINT) !== 0) return undefined;
      const mount = executor.mounts.byId(walk.mountId(depth));
      if (mount === undefined) return undefined;
      const parent = depth - 1;
      const known = readRecord(executor.shared.view, walk.record);
      const above = { path: walk.text(parent), id: walk.id(parent) };
      const at: At = { ...above, mount, origin: originOf(executor, walk, parent) };
      return { known, at, origin: originOf(executor, walk) };
    });
  }
}

const isAfter = (name: Uint8Array, other: Uint8Array): boolean => Buffer.compare(name, other) > 0;

const inTheWay = (path: string): StatusError =>
  new StatusError(
    Code.FAILED_PRECONDITION,
    `The store has a file at "${path}", where the namespace has a directory that is not empty.`,
    {
      path,
      hint: 'Move away what only the namespace has there, or what was deleted, and load again.',
    },
  );
