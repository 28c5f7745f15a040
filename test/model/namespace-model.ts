/**
 * The namespace as a plain tree. It implements the rules of every operation a second time, as
 * simply as possible, in the order in which the master must check them. It has no disk, no threads
 * and no cache.
 *
 *   const told = model.apply({ do: 'mkdir', path: '/s1/a', user: 'alice' }, now);
 *
 * It answers with its own inodes; agreement.ts says whether the master's answer is that.
 * All state is in `state`, so that a copy of it is another model.
 */
import type { CodeName } from '../../src/client/index.js';
import {
  blank,
  changeInode,
  checkMade,
  checkRanges,
  checkWritable,
  touch,
} from './model-attributes.js';

import { type Expected, read, seen, type Told } from './model-reads.js';
import {
  check,
  checkRemove,
  EXECUTE,
  endOf,
  found,
  type Inode,
  isBelowFile,
  isFound,
  isSuper,
  type Moment,
  mountsBelow,
  namesOf,
  parentOf,
  Refusal,
  refuse,
  SETGID,
  type Tree,
  visible,
  type Way,
  WRITE,
  wayOf,
} from './model-tree.js';
import { type FileMade, GROUPS, type Step, type User } from './step.js';

export type State = Tree & {
  keyNext: number;
  /** Stores that are mounted. */
  stores: number[];
};

const BLOCK_BYTES = 64 * 1024 * 1024;
const UMASK = 0o022;

export class NamespaceModel {
  readonly state: State;

  constructor(state: State) {
    this.state = state;
  }

  /** A directory that everybody may write to. */
  static empty(base: string, id: number, now: Moment): NamespaceModel {
    const model = new NamespaceModel({
      base,
      top: { ...blank(0, true, now), owner: 'root', group: 'wheel', mode: 0o777, id },
      keyNext: 1,
      stores: [],
    });
    return model;
  }

  copy(): NamespaceModel {
    return new NamespaceModel(structuredClone(this.state));
  }

  apply(step: Step, now: Moment): Expected {
    try {
      return { code: 'OK', told: this.#apply(step, now) };
    } catch (refusal) {
      if (refusal instanceof Refusal) return { code: refusal.code };
      throw refusal;
    }
  }

  #apply(step: Step, now: Moment): Told {
    const { user } = step;
    checkRanges(step);
    switch (step.do) {
      case 'create':
        return this.#create(step, user, true, now);
      case 'mkdir':
        return this.#create(step, user, false, now);
      case 'batchCreate': {
        const rows = step.files.map((file) => this.apply({ ...file, do: 'create', user }, now));
        return { rows };
      }
      case 'complete':
        return this.#complete(step, now);
      case 'delete':
        return this.#delete(step, now);
      case 'undelete':
        return this.#undelete(step.path, user, now);
      case 'rename':
        return this.#rename(step, now);
      case 'set':
        changeInode(endOf(found(this.state, step.path, user)), user, step.change);
        if (step.recursive) {
          const failed = this.#setBelow(step, `/${namesOf(step.path).join('/')}`);
          if (failed.includes('PERMISSION_DENIED')) refuse('PERMISSION_DENIED');
          if (failed.length > 0) refuse(failed[0]!);
        }
        return undefined;
      case 'mount':
        return this.#mount(step, now);
      case 'unmount':
        return this.#unmount(step.path, user, now);
      default:
        return read(this.state, step);
    }
  }

  #create(
    step: FileMade & { allowExists?: boolean },
    user: User,
    file: boolean,
    now: Moment,
  ): Told {
    const way = visible(this.state, step.path, user);
    checkMade(step);
    let parent = endOf(way);
    if (isFound(way)) {
      const directory = parent.directory;
      if (!file && directory && step.allowExists === true) return seen(way);
      if (!file || step.overwrite !== true || directory) refuse('ALREADY_EXISTS');
      parent = parentOf(way);
      checkWritable(parent);
      checkRemove(way, user);
    } else {
      if (isBelowFile(way)) refuse('INVALID_ARGUMENT');
      if (way.rest.length > 1 && step.recursive !== true) refuse('NOT_FOUND');
      checkWritable(parent);
      check(parent, user, WRITE | EXECUTE);
    }
    const above = parent;
    const names = isFound(way) ? [way.names.at(-1)!] : way.rest;
    for (const [i, name] of names.entries()) {
      const leaf = i === names.length - 1;
      const inode = this.#make(above, user, file && leaf, step, leaf, now);
      parent.children.set(name, inode);
      if (parent === above) touch(parent, now);
      parent = inode;
    }
    return { seen: { inode: parent, path: way.path, xattrs: false } };
  }

  #make(
    above: Inode,
    user: User,
    file: boolean,
    options: FileMade,
    leaf: boolean,
    now: Moment,
  ): Inode {
    const inherits = above.mode & SETGID;
    const inode = { ...blank(this.state.keyNext++, !file, now), mount: above.mount };
    inode.owner = user;
    inode.group = inherits !== 0 ? above.group : GROUPS[user][0]!;
    const usual = (file ? 0o666 : 0o777) & ~UMASK;
    inode.mode = (leaf ? (options.mode ?? usual) : usual) | (file ? 0 : inherits);
    inode.pinned = above.pinned;
    if (leaf || options.newPaths === true) inode.xattrs = { ...options.xattrs };
    if (!leaf) return inode;
    inode.ttlMs = options.ttlMs ?? -1;
    inode.ttlAction = options.ttlAction ?? 'delete';
    if (!file) return inode;
    inode.blockSize = options.blockSize ?? BLOCK_BYTES;
    inode.replicationMin = Math.max(options.replicationMin ?? 0, 0);
    inode.replicationMax = options.replicationMax ?? -1;
    return inode;
  }

  #complete(step: Extract<Step, { do: 'complete' }>, now: Moment): Told {
    const way = visible(this.state, step.path, step.user);
    const file = endOf(way);
    if (!isFound(way) || file.directory) refuse('NOT_FOUND');
    if (step.length < 0) refuse('INVALID_ARGUMENT');
    checkWritable(file);
    if (file.completed || file.owner !== step.user) check(file, step.user, WRITE);
    if (file.completed) refuse('ALREADY_EXISTS');
    file.completed = true;
    file.length = step.length;
    const { mtimeMs } = step;
    file.mtime = mtimeMs === undefined ? { ...now } : { from: mtimeMs, to: mtimeMs };
    return seen(way);
  }

  #delete(step: Extract<Step, { do: 'delete' }>, now: Moment): Told {
    const way = visible(this.state, step.path, step.user);
    if (namesOf(step.path).length === 0) refuse('INVALID_ARGUMENT');
    if (!isFound(way)) refuse('NOT_FOUND');
    checkRemove(way, step.user);
    const inode = endOf(way);
    checkWritable(inode);
    if (inode.mountPoint) refuse('INVALID_ARGUMENT');
    const mounts = [...mountsBelow(inode)];
    if (mounts.some(({ readOnly }) => readOnly)) refuse('PERMISSION_DENIED');
    if (mounts.length > 0 && step.deleteMountPoints !== true) refuse('PERMISSION_DENIED');
    if (step.recursive !== true && inode.children.size > 0) refuse('FAILED_PRECONDITION');
    const parent = parentOf(way);
    const name = way.names.at(-1)!;
    parent.children.delete(name);
    touch(parent, now);
    for (const { mount } of mounts) this.#forgetStore(mount);
    // A tree that had mounts does not come back: nothing is mounted there any more.
    if (step.skipTrash !== true && mounts.length === 0) parent.trash.set(name, inode);
    return undefined;
  }

  #undelete(path: string, user: User, now: Moment): Told {
    const way = visible(this.state, path, user);
    if (isFound(way)) refuse('ALREADY_EXISTS');
    if (way.rest.length > 1 || isBelowFile(way)) refuse('NOT_FOUND');
    const parent = endOf(way);
    const name = way.rest[0]!;
    checkWritable(parent);
    check(parent, user, WRITE | EXECUTE);
    const inode = parent.trash.get(name);
    if (inode === undefined) refuse('NOT_FOUND');
    parent.trash.delete(name);
    parent.children.set(name, inode);
    touch(parent, now);
    return undefined;
  }

  #rename(step: Extract<Step, { do: 'rename' }>, now: Moment): Told {
    const { user } = step;
    const source = visible(this.state, step.path, user);
    const target = visible(this.state, step.to, user);
    if ([step.path, step.to].some((path) => namesOf(path).length === 0)) refuse('INVALID_ARGUMENT');
    if (!isFound(source)) refuse('NOT_FOUND');
    checkRemove(source, user);
    const inode = endOf(source);
    checkWritable(inode);
    if (inode.mountPoint || !mountsBelow(inode)[Symbol.iterator]().next().done) {
      refuse('INVALID_ARGUMENT');
    }
    if (source.path === target.path) return undefined;
    if (target.path.startsWith(`${source.path}/`)) refuse('INVALID_ARGUMENT');
    if (isBelowFile(target)) refuse('INVALID_ARGUMENT');
    if (target.rest.length > 1) refuse('NOT_FOUND');
    const parent = isFound(target) ? parentOf(target) : endOf(target);
    checkWritable(parent);
    check(parent, user, WRITE | EXECUTE);
    if (isFound(target)) this.#checkReplaced(inode, target, step.overwrite === true, user);
    if (inode.mount !== parent.mount) refuse('INVALID_ARGUMENT');
    parentOf(source).children.delete(source.names.at(-1)!);
    parent.children.set(namesOf(step.to).at(-1)!, inode);
    touch(parentOf(source), now);
    touch(parent, now);
    return undefined;
  }

  #checkReplaced(inode: Inode, target: Way, overwrite: boolean, user: User): void {
    const replaced = endOf(target);
    if (replaced.mountPoint) refuse('INVALID_ARGUMENT');
    if (!overwrite || inode.directory || replaced.directory) refuse('ALREADY_EXISTS');
    checkRemove(target, user);
  }

  /**
   * Applies the operation to each inode below, directories before their contents; returns failures.
   */
  #setBelow(step: Extract<Step, { do: 'set' }>, path: string): CodeName[] {
    const top = endOf(wayOf(this.state, path));
    const failed: CodeName[] = [];
    for (const name of top.children.keys()) {
      const at = `${path}/${name}`;
      try {
        changeInode(endOf(found(this.state, at, step.user)), step.user, step.change);
      } catch (refusal) {
        if (!(refusal instanceof Refusal)) throw refusal;
        if (refusal.code !== 'NOT_FOUND') failed.push(refusal.code);
      }
      if (isShort(at)) failed.push(...this.#setBelow(step, at));
    }
    return failed;
  }

  #mount(step: Extract<Step, { do: 'mount' }>, now: Moment): Told {
    const way = wayOf(this.state, step.path);
    if (!isSuper(step.user)) refuse('PERMISSION_DENIED');
    if (isFound(way) || isBelowFile(way)) refuse('INVALID_ARGUMENT');
    if (way.rest.length > 1) refuse('NOT_FOUND');
    if (this.state.stores.includes(step.store)) refuse('INVALID_ARGUMENT');
    const parent = endOf(way);
    const key = this.state.keyNext++;
    const mountPoint = { ...blank(key, true, now), mount: step.store + 1, mountPoint: true };
    const inode = { ...mountPoint, readOnly: step.readOnly === true, ...STORE_ROOT };
    parent.children.set(way.rest[0]!, { ...inode, mtime: { from: 0, to: now.to } });
    touch(parent, now);
    this.state.stores.push(step.store);
    return undefined;
  }

  #unmount(path: string, user: User, now: Moment): Told {
    const way = wayOf(this.state, path);
    if (!isSuper(user)) refuse('PERMISSION_DENIED');
    if (!isFound(way) || !endOf(way).mountPoint) refuse('INVALID_ARGUMENT');
    if ([...mountsBelow(endOf(way))].length > 0) refuse('INVALID_ARGUMENT');
    parentOf(way).children.delete(way.names.at(-1)!);
    touch(parentOf(way), now);
    this.#forgetStore(endOf(way).mount);
    return undefined;
  }

  #forgetStore(mount: number): void {
    this.state.stores = this.state.stores.filter((store) => store !== mount - 1);
  }
}

/** The attributes that a local store gives its empty root: the check sets them. */
const STORE_ROOT = { owner: 'root', group: 'root', mode: 0o777 };

/** Nobody can ask for a path that a rename above has pushed beyond the limits. */
function isShort(path: string): boolean {
  try {
    return namesOf(path).length > 0;
  } catch {
    return false;
  }
}
