/**
 * The plain objects of the model: inodes in maps by name, and how to read a path.
 *
 * Times are intervals: a change happens between the sending of a step and its answer. The first
 * time that the master reports narrows the interval to a moment for good.
 */
import type { CodeName } from '../../src/base/status.js';
import type { TtlActionName } from '../../src/client/types.js';
import { GROUPS, SUPERGROUP, type User } from './step.js';

export type Moment = { from: number; to: number };

export type Inode = {
  /** The model's own number of the inode. */
  readonly key: number;
  readonly directory: boolean;
  /** Number of the mount it belongs to; 0: the root's. */
  readonly mount: number;
  /** The top of that mount. */
  readonly mountPoint: boolean;
  readonly readOnly: boolean;
  owner: string;
  group: string;
  mode: number;
  completed: boolean;
  pinned: boolean;
  ttlMs: number;
  ttlAction: TtlActionName;
  length: number;
  blockSize: number;
  replicationMin: number;
  replicationMax: number;
  xattrs: Record<string, string>;
  mtime: Moment;
  ctime: Moment;
  readonly children: Map<string, Inode>;
  /** The inode last deleted from here, by name. */
  readonly trash: Map<string, Inode>;
  /** The master's id, once it is known. */
  id: number;
};

/** How far a path leads: inodes from the top on, names of those below it, and what is missing. */
export type Way = {
  readonly path: string;
  readonly nodes: Inode[];
  readonly names: string[];
  readonly rest: string[];
};

export type Tree = {
  /** Path of the top: '/m1'. */
  readonly base: string;
  readonly top: Inode;
};

export const EXECUTE = 1;
export const WRITE = 2;
export const READ = 4;
export const STICKY = 0o1000;
export const SETGID = 0o2000;

export const NAME_BYTES_MAX = 255;
const PATH_BYTES_MAX = 4096;
const DEPTH_MAX = 256;

export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: CodeName;
  constructor(code: CodeName) {
    super(code);
    this.code = code;
  }
}

export function refuse(code: CodeName): never {
  throw new Refusal(code);
}

export const bytesOf = (text: string): number => Buffer.byteLength(text);

/** The names of a path, cleaned as POSIX does (there are no links). */
export function namesOf(path: string): string[] {
  if (!path.startsWith('/')) refuse('INVALID_ARGUMENT');
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
    if (bytesOf(name) > NAME_BYTES_MAX) refuse('INVALID_ARGUMENT');
    if (names.length > DEPTH_MAX) refuse('INVALID_ARGUMENT');
    if (bytesOf(names.join('/')) + 1 > PATH_BYTES_MAX) refuse('INVALID_ARGUMENT');
  }
  return names;
}

/** Renames above can push an inode deeper than a path can say. */
export const isBeyondPaths = (path: string): boolean =>
  path.split('/').length - 1 > DEPTH_MAX || bytesOf(path) > PATH_BYTES_MAX;

export const isSuper = (user: User): boolean =>
  user === 'root' || GROUPS[user].includes(SUPERGROUP);

export function permits(inode: Inode, user: User, bits: number): boolean {
  if (isSuper(user)) return true;
  const others = GROUPS[user].includes(inode.group) ? inode.mode >> 3 : inode.mode;
  const mine = inode.owner === user ? inode.mode >> 6 : others;
  return (mine & bits) === bits;
}

export function check(inode: Inode, user: User, bits: number): void {
  if (!permits(inode, user, bits)) refuse('PERMISSION_DENIED');
}

/** Whether the user may remove the end of the way from its directory. */
export function checkRemove(way: Way, user: User): void {
  const parent = parentOf(way);
  check(parent, user, WRITE);
  if ((parent.mode & STICKY) === 0 || isSuper(user)) return;
  const owners = [parent.owner, endOf(way).owner];
  if (!owners.includes(user)) refuse('PERMISSION_DENIED');
}

export const endOf = (way: Way): Inode => way.nodes.at(-1)!;
export const parentOf = (way: Way): Inode => way.nodes.at(-2)!;
export const isFound = (way: Way): boolean => way.rest.length === 0;
/** The last existing inode is a file, and the path goes on. */
export const isBelowFile = (way: Way): boolean => !isFound(way) && !endOf(way).directory;

/** Compares as the master sorts: by the bytes of the names. */
export const byBytes = (a: string, b: string): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b));

export type Below = { readonly inode: Inode; readonly path: string; readonly name: string };

/** Everything below a directory that `user` may see, depth first, each directory sorted. */
export function* walkTree(top: Inode, path: string, user: User): Iterable<Below> {
  const depth = path === '/' ? 0 : path.split('/').length - 1;
  // Renames above can make a path that nobody can ask for.
  if (depth >= DEPTH_MAX) return;
  for (const name of [...top.children.keys()].sort(byBytes)) {
    const inode = top.children.get(name)!;
    const at = `${path}/${name}`;
    if (bytesOf(at) > PATH_BYTES_MAX) continue;
    yield { inode, path: at, name };
    const enters = inode.directory && permits(inode, user, READ | EXECUTE);
    if (enters) yield* walkTree(inode, at, user);
  }
}

/** Every inode below, the trash too. */
export function* everyInode(top: Inode): Iterable<Inode> {
  yield top;
  for (const child of top.children.values()) yield* everyInode(child);
  for (const child of top.trash.values()) yield* everyInode(child);
}

/**
 * Ids that the master has told, and that all of these states know. Two states may have made other
 * inodes: the numbers of the model itself say nothing from one to the other.
 */
export function knownIds(trees: readonly Tree[]): number[] {
  const known = trees.map(({ top }) => [...everyInode(top)].map(({ id }) => id));
  const [first = [], ...others] = known;
  return first.filter((id) => id !== 0 && others.every((ids) => ids.includes(id)));
}

export function* mountsBelow(top: Inode): Iterable<Inode> {
  for (const child of top.children.values()) {
    if (child.mountPoint) yield child;
    yield* mountsBelow(child);
  }
}

/** Everything below, in any order, with paths. */
export function* inodesBelow(
  top: Inode,
  path: string,
): Iterable<{ readonly path: string; readonly inode: Inode }> {
  for (const [name, inode] of top.children) {
    yield { path: `${path}/${name}`, inode };
    yield* inodesBelow(inode, `${path}/${name}`);
  }
}

/** Paths from which something was deleted. */
export function* trashedBelow(top: Inode, path: string): Iterable<string> {
  for (const name of top.trash.keys()) yield `${path}/${name}`;
  for (const [name, child] of top.children) yield* trashedBelow(child, `${path}/${name}`);
}

/** The same text for the same tree, whatever numbers the model gave its inodes. */
export function digestOf(top: Inode, path = ''): string {
  const { key: _key, children, trash, mtime: _mtime, ctime: _ctime, ...fields } = top;
  const rows = [`${path} ${JSON.stringify(fields)}`];
  for (const [mark, map] of [
    ['/', children],
    ['~', trash],
  ] as const) {
    for (const name of [...map.keys()].sort()) rows.push(digestOf(map.get(name)!, mark + name));
  }
  return `${rows.join('\n')}\n;`;
}

/** Equal trees by their digest: `into` then has the times of both. */
export function widen(into: Inode, other: Inode): void {
  for (const time of ['mtime', 'ctime'] as const) {
    into[time].from = Math.min(into[time].from, other[time].from);
    into[time].to = Math.max(into[time].to, other[time].to);
  }
  for (const map of ['children', 'trash'] as const) {
    for (const [name, child] of into[map]) widen(child, other[map].get(name)!);
  }
}

const topWay = ({ base, top }: Tree): Way => ({ path: base, nodes: [top], names: [], rest: [] });

export function wayOf(tree: Tree, path: string): Way {
  const names = namesOf(path);
  let { nodes } = topWay(tree);
  const inside = names.slice(1);
  for (const name of inside) {
    const child = nodes.at(-1)!.children.get(name);
    if (child === undefined) break;
    nodes = [...nodes, child];
  }
  const last = nodes.length - 1;
  const clean = `/${names.join('/')}`;
  return { path: clean, nodes, names: inside.slice(0, last), rest: inside.slice(last) };
}

/** As far as the path leads, if the user may look there. */
export function visible(tree: Tree, path: string, user: User): Way {
  const way = wayOf(tree, path);
  const above = isFound(way) ? way.nodes.slice(0, -1) : way.nodes;
  for (const node of above) if (node.directory) check(node, user, EXECUTE);
  return way;
}

export function found(tree: Tree, path: string, user: User): Way {
  const way = visible(tree, path, user);
  return isFound(way) ? way : refuse('NOT_FOUND');
}

/** The path that leads to an inode, and the inodes on it. */
export function find(
  tree: Tree,
  isIt: (inode: Inode) => boolean,
  from: Way = topWay(tree),
): Way | undefined {
  const end = endOf(from);
  if (isIt(end)) return from;
  for (const [name, child] of end.children) {
    const nodes = [...from.nodes, child];
    const names = [...from.names, name];
    const way = find(tree, isIt, { path: `${from.path}/${name}`, nodes, names, rest: [] });
    if (way !== undefined) return way;
  }
  return undefined;
}
