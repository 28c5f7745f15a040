/**
 * What a store keeps and the namespace does not show: the data of files that were deleted for
 * good or replaced, since a delete never touches a store. Read only, a page at a time.
 *
 *   hidden     below .orchard, of an inode that is gone: written by Orchard, and nobody's
 *   replaced   the name is in the namespace, but its data is elsewhere
 *   unlisted   in a loaded directory, under a name that the namespace does not have: deleted for
 *              good, or come since. The next load of that directory takes it in
 *
 * What is in the trash, or was moved, is somebody's (ORIGIN_BACK). Directories that nobody has
 * loaded have no orphans: what is in them is only not known yet.
 *
 * Order: .orchard first, then the tree depth first, by the bytes of names; the last path of a page
 * is where the next one goes on, whatever has changed meanwhile.
 */
import { Code } from '../../base/status.js';
import type { Ufs, UfsStatus } from '../../stores/ufs.js';
import type { Executor } from '../executor/executor.js';
import { SIDE_ORIGIN } from '../memory/entry-format.js';
import * as R from '../memory/record.js';
import type { RecordFields } from '../memory/record-fields.js';
import { idKey } from '../memory/xattrs.js';
import type { Mount } from '../mount/mount-table.js';
import { decodeOrigin } from '../mount/store-path.js';
import { lookupByKey } from '../ops/mechanism/key-lookup.js';
import { HIDDEN_ROOT_NAME, keyOwner } from '../ops/mechanism/key-owner.js';
import { reading } from '../ops/mechanism/promise-calls.js';
import { splitKey } from '../storage/inode-key.js';
import { sideKey } from '../storage/tier2.js';
import { findPlace, isStatus, type LoadContext, refuseEnding } from './directory-load.js';
import type { Orphan, OrphanReport } from './orphan-report.js';
import type { OrphanRequest } from './tasks.js';
import type { WorkControl, WorkProgress } from './tree-load.js';

/** A directory of the store, and the one of the namespace that it stands for. */
type Directory = {
  readonly path: string;
  /** Undefined: the namespace has none, so all below is unlisted. */
  readonly id: number | undefined;
  readonly isLoaded: boolean;
  /** Nothing of it is in the namespace, and nobody has looked. */
  readonly isUnknown: boolean;
};

type Judged = { readonly orphan?: Orphan; readonly directory?: Directory };

const encoder = new TextEncoder();
const SOMEBODYS: Judged = {};

export class OrphanSearch {
  readonly #context: LoadContext;
  readonly #control: WorkControl;
  readonly #request: OrphanRequest;
  readonly #found: Orphan[] = [];
  #store!: Ufs;
  #mount!: Mount;
  #seen = 0;

  constructor(context: LoadContext, request: OrphanRequest, control: WorkControl) {
    this.#context = context;
    this.#request = request;
    this.#control = control;
  }

  get progress(): WorkProgress {
    const { path } = this.#request;
    return { done: this.#seen, total: 0, failed: 0, bytes: 0, path };
  }

  async run(): Promise<OrphanReport> {
    const { path, startAfter } = this.#request;
    const place = await findPlace(this.#context, path);
    if (place === undefined) return { uri: '', orphans: [] };
    this.#mount = place.mount;
    this.#store = await this.#context.stores.open(place.mount);
    const after = startAfter === '' ? [] : startAfter.split('/');
    const isInTree = after.length > 0 && after[0] !== HIDDEN_ROOT_NAME;
    if (!isInTree) await this.#hidden(after[1]);
    const { id, isLoaded, length } = place;
    const root = { path: '', id, isLoaded, isUnknown: !isLoaded && length === 0 };
    if (!this.#isFull) await this.#walk(root, isInTree ? after : []);
    const next = this.#isFull ? { next: this.#found.at(-1)!.path } : {};
    return { uri: this.#store.uri, orphans: this.#found, ...next };
  }

  get #isFull(): boolean {
    return this.#found.length >= this.#request.limit;
  }

  async #hidden(after: string | undefined): Promise<void> {
    try {
      for await (const entries of this.#pages(HIDDEN_ROOT_NAME, after)) {
        const files = entries.filter(({ type }) => type === 'file');
        const isGone = await this.#read((executor) =>
          files.map(({ name }) => isGoneFrom(executor, this.#mount, name)),
        );
        for (const [at, file] of files.entries()) {
          if (isGone[at] === true) this.#take(HIDDEN_ROOT_NAME, file, 'hidden');
          if (this.#isFull) return;
        }
      }
    } catch (error) {
      // Most stores have no such directory.
      if (!isStatus(error, Code.NOT_FOUND)) throw error;
    }
  }

  /** `after`: the rest of the path that the page before ended with. */
  async #walk(directory: Directory, after: readonly string[]): Promise<void> {
    if (directory.isUnknown) return;
    const [name, ...rest] = after;
    if (name !== undefined && rest.length > 0) {
      const entry = { name, type: 'directory', length: 0 } as const;
      const [judged] = await this.#judge(directory, [entry]);
      if (judged?.directory !== undefined) await this.#walk(judged.directory, rest);
      if (this.#isFull) return;
    }
    for await (const entries of this.#pages(directory.path, name)) {
      for (const judged of await this.#judge(directory, entries)) {
        if (judged.orphan !== undefined) this.#found.push(judged.orphan);
        if (judged.directory !== undefined) await this.#walk(judged.directory, []);
        if (this.#isFull) return;
      }
    }
  }

  async *#pages(path: string, after: string | undefined): AsyncGenerator<readonly UfsStatus[]> {
    const { signal, onProgress } = this.#control;
    const limit = this.#context.pageEntries;
    for (let startAfter = after; ; ) {
      refuseEnding(this.#context);
      const page = await this.#store.list(path, { startAfter, limit, signal });
      this.#seen += page.entries.length;
      onProgress(this.progress);
      yield page.entries;
      startAfter = page.nextStartAfter;
      if (startAfter === undefined) return;
    }
  }

  #judge(directory: Directory, entries: readonly UfsStatus[]): Promise<Judged[]> {
    return this.#read((executor) => {
      // So that what left the directory under one of these names is known.
      if (directory.id !== undefined) executor.awaitTier2(directory.id);
      return entries.map((entry) => judge(executor, this.#mount, { directory, entry }));
    });
  }

  #read<T>(read: (executor: Executor) => T): Promise<T> {
    const { scheduler, caller } = this.#context;
    const { signal } = this.#control;
    return reading(scheduler, 'orphans', caller, read, { signal });
  }

  #take(directory: string, file: UfsStatus, kind: Orphan['kind']): void {
    this.#found.push(orphanOf(`${directory}/${file.name}`, file, kind));
  }
}

const orphanOf = (path: string, file: UfsStatus, kind: Orphan['kind']): Orphan => ({
  ...{ path, kind, bytes: file.length, mtimeMs: file.mtimeMs },
});

/** The name is the id of an inode that wrote its data there; ids are never given twice. */
function isGoneFrom(executor: Executor, { mountId }: Mount, name: string): boolean {
  const id = Number(name);
  if (!Number.isSafeInteger(id) || id <= 0) return false;
  executor.awaitTier2(id);
  if (executor.reader.keyOfId(id) === undefined) return true;
  const row = executor.reader.tier2.side.get(sideKey(SIDE_ORIGIN, idKey(id)));
  // One that exists and has its data elsewhere: of another master, or being written.
  if (row === undefined) return false;
  const origin = decodeOrigin(row);
  return origin.mountId === mountId && origin.path !== `${HIDDEN_ROOT_NAME}/${name}`;
}

type Judging = { readonly directory: Directory; readonly entry: UfsStatus };

function judge(executor: Executor, mount: Mount, { directory, entry }: Judging): Judged {
  const isTop = directory.path === '';
  if (isTop && entry.name === HIDDEN_ROOT_NAME) return SOMEBODYS;
  const path = isTop ? entry.name : `${directory.path}/${entry.name}`;
  const owner = keyOwner(executor, { mountId: mount.mountId, path });
  if (entry.type === 'directory') {
    const inode =
      owner === undefined ? childOf(executor, directory, entry.name) : inodeOf(executor, owner);
    return directoryOf({ directory, path }, owner, inode);
  }
  if (owner !== undefined) return SOMEBODYS;
  const child = childOf(executor, directory, entry.name);
  if (child === undefined) {
    return directory.isLoaded ? { orphan: orphanOf(path, entry, 'unlisted') } : SOMEBODYS;
  }
  const isElsewhere =
    child.type !== R.INODE_TYPE_DIRECTORY && (child.flags & R.FLAG_HAS_ORIGIN) !== 0;
  return isElsewhere ? { orphan: orphanOf(path, entry, 'replaced') } : SOMEBODYS;
}

function directoryOf(
  { directory, path }: { readonly directory: Directory; readonly path: string },
  owner: number | undefined,
  inode: RecordFields | undefined,
): Judged {
  if (inode === undefined) {
    // Moved while this looks: whoever has it knows what is in it.
    if (owner !== undefined || !directory.isLoaded) return SOMEBODYS;
    return { directory: { path, id: undefined, isLoaded: true, isUnknown: false } };
  }
  const { flags, type, id, length } = inode;
  const isElsewhere = owner === undefined && (flags & R.FLAG_HAS_ORIGIN) !== 0;
  if (type !== R.INODE_TYPE_DIRECTORY || (flags & R.FLAG_MOUNT_POINT) !== 0) return SOMEBODYS;
  if (isElsewhere) {
    return { directory: { path, id: undefined, isLoaded: true, isUnknown: false } };
  }
  const isLoaded = (flags & R.FLAG_CHILDREN_LOADED) !== 0;
  return { directory: { path, id, isLoaded, isUnknown: !isLoaded && length === 0 } };
}

function childOf(executor: Executor, { id }: Directory, name: string): RecordFields | undefined {
  return id === undefined ? undefined : lookupByKey(executor, id, encoder.encode(name));
}

function inodeOf(executor: Executor, id: number): RecordFields | undefined {
  executor.awaitTier2(id);
  const key = executor.reader.keyOfId(id);
  if (key === undefined) return undefined;
  const { parentId, name } = splitKey(key);
  return lookupByKey(executor, parentId, Uint8Array.from(name));
}
