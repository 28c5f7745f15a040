/** The model's answers to reads: nothing changes here. */
import type { CodeName } from '../../src/base/status.js';
import {
  type Below,
  byBytes,
  bytesOf,
  check,
  EXECUTE,
  endOf,
  find,
  found,
  type Inode,
  isBeyondPaths,
  isFound,
  NAME_BYTES_MAX,
  permits,
  READ,
  Refusal,
  refuse,
  type Tree,
  visible,
  type Way,
  walkTree,
} from './model-tree.js';
import type { Step, User } from './step.js';

/** An inode as a reply shows it. */
export type Seen = { readonly inode: Inode; readonly path: string; readonly xattrs: boolean };
export type Told =
  | undefined
  | boolean
  | string
  | { readonly seen: Seen }
  | { readonly entries: readonly Seen[]; readonly fileCount: number }
  | { readonly rows: readonly Expected[] }
  | {
      readonly files: number;
      readonly directories: number;
      readonly bytes: number;
      readonly leftOut: number;
    }
  | { readonly xattrs: Readonly<Record<string, string>> };
export type Expected = { readonly code: CodeName; readonly told?: Told };

export function read(tree: Tree, step: Step): Told {
  const { user } = step;
  switch (step.do) {
    case 'status':
      return { seen: status(tree, step.path, user) };
    case 'exists':
      return isFound(visible(tree, step.path, user));
    case 'batchStatus':
      return { rows: step.paths.map((path) => row(tree, path, user)) };
    case 'xattrs':
      return { xattrs: status(tree, step.path, user).inode.xattrs };
    case 'access':
      if (step.bits > 7) refuse('INVALID_ARGUMENT');
      check(endOf(found(tree, step.path, user)), user, step.bits);
      return undefined;
    case 'statusById': {
      const way = reach(tree, step.inode, user);
      check(endOf(way), user, READ);
      return { seen: { inode: endOf(way), path: way.path, xattrs: true } };
    }
    case 'pathOf':
      return reach(tree, step.inode, user).path;
    case 'summary':
      return summary(tree, step.path, user);
    case 'list':
      return list(tree, step);
    default:
      throw new Error(`the model knows no ${step.do}`);
  }
}

export const seen = (way: Way): { readonly seen: Seen } => ({
  seen: { inode: endOf(way), path: way.path, xattrs: false },
});

function status(tree: Tree, path: string, user: User): Seen {
  const way = found(tree, path, user);
  check(endOf(way), user, READ);
  return { inode: endOf(way), path: way.path, xattrs: true };
}

/** One path of a batch, which fails alone. */
function row(tree: Tree, path: string, user: User): Expected {
  try {
    return { code: 'OK', told: { seen: { ...status(tree, path, user), xattrs: false } } };
  } catch (refusal) {
    if (refusal instanceof Refusal) return { code: refusal.code };
    throw refusal;
  }
}

/** An inode by the master's id; a caller without permission does not get it. */
function reach(tree: Tree, id: number, user: User): Way {
  const way = find(tree, (inode) => id !== 0 && inode.id === id) ?? refuse('NOT_FOUND');
  if (isBeyondPaths(way.path)) refuse('FAILED_PRECONDITION');
  for (const node of way.nodes.slice(0, -1)) check(node, user, EXECUTE);
  return way;
}

function summary(tree: Tree, path: string, user: User): Told {
  const way = found(tree, path, user);
  const top = endOf(way);
  check(top, user, top.directory ? READ | EXECUTE : READ);
  const below = [...walkTree(top, way.path, user)].map(({ inode }) => inode);
  const all = [top, ...below];
  const files = all.filter(({ directory }) => !directory);
  const bytes = files.reduce((sum, { length }) => sum + length, 0);
  const shut = below.filter((one) => one.directory && !permits(one, user, READ | EXECUTE));
  const counts = { files: files.length, directories: all.length - files.length };
  return { ...counts, bytes, leftOut: shut.length };
}

function list(tree: Tree, step: Extract<Step, { do: 'list' }>): Told {
  const { user, recursive, prefix = '', startAfter } = step;
  const way = found(tree, step.path, user);
  const top = endOf(way);
  check(top, user, top.directory ? READ | EXECUTE : READ);
  if (!top.directory) return { entries: [seen(way).seen], fileCount: 1 };
  // A path to begin at is walked to; a mere name need not be a valid one.
  if (recursive && bytesOf(startAfter ?? '') > NAME_BYTES_MAX) refuse('INVALID_ARGUMENT');
  const base = way.path.length + 1;
  const all = recursive ? [...walkTree(top, way.path, user)] : childrenOf(top, way.path);
  const rows = all.filter(
    ({ path }) =>
      path.slice(base).startsWith(prefix) &&
      (startAfter === undefined || byPath(path.slice(base), startAfter) > 0),
  );
  const entries = rows.map(({ inode, path }) => ({ inode, path, xattrs: false }));
  return { entries, fileCount: recursive ? -1 : top.children.size };
}

const childrenOf = (top: Inode, path: string): Below[] =>
  [...top.children.keys()]
    .sort(byBytes)
    .map((name) => ({ inode: top.children.get(name)!, path: `${path}/${name}`, name }));

/** Depth first: component by component, a directory before what it holds. */
function byPath(a: string, b: string): number {
  const [left, right] = [a.split('/'), b.split('/')];
  for (const [i, name] of left.entries()) {
    if (right[i] === undefined) return 1;
    const order = byBytes(name, right[i]);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}
