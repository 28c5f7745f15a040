/**
 * A simple twin of the namespace: plain objects, names in maps, and the rules of the operations as
 * plainly as possible. It refuses with a code.
 */
import { Code } from '../../src/base/status.js';

export type User = 'root' | 'alice' | 'bob';

export type Node = {
  readonly key: number;
  readonly directory: boolean;
  mode: number;
  owner: User;
  /** Each user has one group with no other members. */
  readonly group: User | undefined;
  completed: boolean;
  pinned: boolean;
  ttlMs: number;
  length: number;
  readonly children: Map<string, Node>;
  /** The inode last deleted from here, by name. */
  readonly trash: Map<string, Node>;
};

/** What an operation may do: the generator's vocabulary, kept printable. */
export type Step =
  | {
      readonly do: 'create';
      readonly path: string;
      readonly user: User;
      readonly overwrite: boolean;
    }
  | {
      readonly do: 'mkdir';
      readonly path: string;
      readonly user: User;
      readonly recursive: boolean;
    }
  | { readonly do: 'complete'; readonly path: string; readonly user: User; readonly length: number }
  | {
      readonly do: 'delete';
      readonly path: string;
      readonly user: User;
      readonly recursive: boolean;
    }
  | { readonly do: 'purge'; readonly path: string; readonly user: User }
  | { readonly do: 'undelete'; readonly path: string; readonly user: User }
  | { readonly do: 'rename'; readonly path: string; readonly to: string; readonly user: User }
  | { readonly do: 'replace'; readonly path: string; readonly to: string; readonly user: User }
  | { readonly do: 'chmod'; readonly path: string; readonly user: User; readonly mode: number }
  | { readonly do: 'chown'; readonly path: string; readonly user: User; readonly owner: User }
  | { readonly do: 'set'; readonly path: string; readonly user: User; readonly ttlMs: number };

/** OK, or the code of the refusal. */
export type Verdict = Code;

class Refusal {
  readonly code: Code;
  constructor(code: Code) {
    this.code = code;
  }
}

/** How far a path goes: its nodes, from the root, and the remaining names. */
type Way = { readonly nodes: Node[]; readonly names: string[]; readonly rest: string[] };

const EXECUTE = 1;
const WRITE = 2;
const STICKY = 0o1000;

export class TreeModel {
  readonly root: Node;
  #keyNext = 0;

  constructor() {
    this.root = { ...this.#node(true, 'root', 0o755), group: undefined };
  }

  apply(step: Step): Verdict {
    try {
      this.#apply(step);
      return Code.OK;
    } catch (refusal) {
      if (refusal instanceof Refusal) return refusal.code;
      throw refusal;
    }
  }

  /** Path by node, for all that is there. */
  *paths(node: Node = this.root, path = ''): Iterable<[path: string, node: Node]> {
    yield [path === '' ? '/' : path, node];
    for (const [name, child] of node.children) yield* this.paths(child, `${path}/${name}`);
  }

  at(path: string): Node | undefined {
    const way = this.#way(path);
    return way.rest.length === 0 ? way.nodes.at(-1) : undefined;
  }

  #apply(step: Step): void {
    switch (step.do) {
      case 'create':
        this.#create(step.path, step.user, step.overwrite);
        break;
      case 'mkdir':
        this.#mkdir(step.path, step.user, step.recursive);
        break;
      case 'complete':
        this.#complete(step.path, step.user, step.length);
        break;
      case 'delete':
        this.#delete(step.path, step.user, step.recursive, true);
        break;
      case 'purge':
        this.#delete(step.path, step.user, true, false);
        break;
      case 'undelete':
        this.#undelete(step.path, step.user);
        break;
      case 'rename':
        this.#rename(step.path, step.to, step.user, false);
        break;
      case 'replace':
        this.#rename(step.path, step.to, step.user, true);
        break;
      default:
        this.#change(step);
        break;
    }
  }

  #create(path: string, user: User, overwrite: boolean): void {
    const way = this.#visible(path, user);
    const found = way.rest.length === 0;
    if (found) {
      if (!overwrite || way.nodes.at(-1)!.directory) refuse(Code.ALREADY_EXISTS);
      this.#checkRemove(way, user);
      const parent = way.nodes.at(-2)!;
      parent.children.set(way.names.at(-1)!, this.#node(false, user, 0o644, parent));
      return;
    }
    const parent = this.#parentFor(way, user, false);
    parent.children.set(way.rest[0]!, this.#node(false, user, 0o644, parent));
  }

  #mkdir(path: string, user: User, recursive: boolean): void {
    const way = this.#visible(path, user);
    if (way.rest.length === 0) {
      if (recursive && way.nodes.at(-1)!.directory) return;
      refuse(Code.ALREADY_EXISTS);
    }
    let parent = this.#parentFor(way, user, recursive);
    for (const name of way.rest) {
      const made = this.#node(true, user, 0o755, parent);
      parent.children.set(name, made);
      parent = made;
    }
  }

  #complete(path: string, user: User, length: number): void {
    const way = this.#visible(path, user);
    const file = way.nodes.at(-1)!;
    if (way.rest.length > 0 || file.directory) refuse(Code.NOT_FOUND);
    if (file.completed || file.owner !== user) this.#check(file, user, WRITE);
    if (file.completed) refuse(Code.ALREADY_EXISTS);
    file.completed = true;
    file.length = length;
  }

  #delete(path: string, user: User, recursive: boolean, toTrash: boolean): void {
    const way = this.#visible(path, user);
    if (way.nodes.length === 1 && way.rest.length === 0) refuse(Code.INVALID_ARGUMENT);
    if (way.rest.length > 0) refuse(Code.NOT_FOUND);
    this.#checkRemove(way, user);
    const node = way.nodes.at(-1)!;
    if (!recursive && node.children.size > 0) refuse(Code.FAILED_PRECONDITION);
    const parent = way.nodes.at(-2)!;
    const name = way.names.at(-1)!;
    parent.children.delete(name);
    if (toTrash) parent.trash.set(name, node);
  }

  #undelete(path: string, user: User): void {
    const way = this.#visible(path, user);
    if (way.rest.length === 0) refuse(Code.ALREADY_EXISTS);
    if (way.rest.length > 1) refuse(Code.NOT_FOUND);
    const parent = way.nodes.at(-1)!;
    if (!parent.directory) refuse(Code.NOT_FOUND);
    this.#check(parent, user, WRITE);
    this.#check(parent, user, EXECUTE);
    const node = parent.trash.get(way.rest[0]!);
    if (node === undefined) refuse(Code.NOT_FOUND);
    parent.trash.delete(way.rest[0]!);
    parent.children.set(way.rest[0]!, node);
  }

  #rename(path: string, to: string, user: User, overwrite: boolean): void {
    const source = this.#visible(path, user);
    const target = this.#visible(to, user);
    if (splitPath(path).length === 0 || splitPath(to).length === 0) refuse(Code.INVALID_ARGUMENT);
    if (source.rest.length > 0) refuse(Code.NOT_FOUND);
    this.#checkRemove(source, user);
    const node = source.nodes.at(-1)!;
    if (path === to) return;
    if (target.nodes.includes(node)) refuse(Code.INVALID_ARGUMENT);
    const parent = target.nodes.at(target.rest.length === 0 ? -2 : -1)!;
    if (!parent.directory) refuse(Code.INVALID_ARGUMENT);
    if (target.rest.length > 1) refuse(Code.NOT_FOUND);
    this.#check(parent, user, WRITE);
    this.#check(parent, user, EXECUTE);
    const name = splitPath(to).at(-1)!;
    const replaced = parent.children.get(name);
    if (replaced !== undefined) {
      if (!overwrite || node.directory || replaced.directory) refuse(Code.ALREADY_EXISTS);
      this.#checkRemove(target, user);
    }
    source.nodes.at(-2)!.children.delete(source.names.at(-1)!);
    parent.children.set(name, node);
  }

  #change(step: Extract<Step, { do: 'chmod' | 'chown' | 'set' }>): void {
    const { path, user } = step;
    const way = this.#visible(path, user);
    if (way.rest.length > 0) refuse(Code.NOT_FOUND);
    const node = way.nodes.at(-1)!;
    if (step.do === 'chown') {
      if (user !== 'root') refuse(Code.PERMISSION_DENIED);
      node.owner = step.owner;
    } else if (step.do === 'chmod') {
      if (user !== 'root' && node.owner !== user) refuse(Code.PERMISSION_DENIED);
      node.mode = step.mode;
    } else {
      this.#check(node, user, WRITE);
      node.ttlMs = step.ttlMs;
      node.pinned = step.ttlMs % 2 === 0;
    }
  }

  /** The existing directory that new names go into. */
  #parentFor(way: Way, user: User, recursive: boolean): Node {
    const parent = way.nodes.at(-1)!;
    if (!parent.directory) refuse(Code.INVALID_ARGUMENT);
    if (way.rest.length > 1 && !recursive) refuse(Code.NOT_FOUND);
    this.#check(parent, user, WRITE);
    this.#check(parent, user, EXECUTE);
    return parent;
  }

  #node(directory: boolean, owner: User, mode: number, parent?: Node): Node {
    return {
      key: this.#keyNext++,
      directory,
      mode,
      owner,
      group: owner,
      completed: directory,
      pinned: parent?.pinned ?? false,
      ttlMs: -1,
      length: 0,
      children: new Map(),
      trash: new Map(),
    };
  }

  #checkRemove(way: Way, user: User): void {
    const parent = way.nodes.at(-2)!;
    this.#check(parent, user, WRITE);
    if ((parent.mode & STICKY) === 0 || user === 'root') return;
    const owners = [parent.owner, way.nodes.at(-1)!.owner];
    if (!owners.includes(user)) refuse(Code.PERMISSION_DENIED);
  }

  #check(node: Node, user: User, bit: number): void {
    if (user === 'root') return;
    const others = node.group === user ? node.mode >> 3 : node.mode;
    const bits = node.owner === user ? node.mode >> 6 : others;
    if ((bits & bit) === 0) refuse(Code.PERMISSION_DENIED);
  }

  #visible(path: string, user: User): Way {
    const way = this.#way(path);
    const above = way.rest.length === 0 ? way.nodes.slice(0, -1) : way.nodes;
    for (const node of above) if (node.directory) this.#check(node, user, EXECUTE);
    return way;
  }

  #way(path: string): Way {
    const names = splitPath(path);
    const nodes = [this.root];
    while (nodes.length <= names.length) {
      const child = nodes.at(-1)!.children.get(names[nodes.length - 1]!);
      if (child === undefined) break;
      nodes.push(child);
    }
    const found = nodes.length - 1;
    return { nodes, names: names.slice(0, found), rest: names.slice(found) };
  }
}

export const splitPath = (path: string): string[] => path.split('/').filter((name) => name !== '');

function refuse(code: Code): never {
  throw new Refusal(code);
}
