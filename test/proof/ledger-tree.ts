/**
 * What one writer of a private directory knows to exist: plain nodes, changed when a change was
 * acknowledged. They are compared with the master's listing, node by node.
 *
 * An id of 0 is still unknown: the master's id is taken over.
 */
import type { FileStatus } from '../../src/client/index.js';

export type LedgerNode = {
  id: number;
  readonly isDirectory: boolean;
  mode: number;
  /** -1: not completed. */
  length: number;
  /** Value of the one extended attribute that the ledger writes. */
  mark: string;
  readonly children: Map<string, LedgerNode>;
  /** The inode last deleted from here, by name. */
  readonly trash: Map<string, LedgerNode>;
};

export const MARK = 'mark';

export function newNode(id: number, isDirectory: boolean, mark = ''): LedgerNode {
  const mode = isDirectory ? 0o755 : 0o644;
  return { id, isDirectory, mode, length: -1, mark, children: new Map(), trash: new Map() };
}

export function copyTree(node: LedgerNode): LedgerNode {
  const children = new Map([...node.children].map(([name, child]) => [name, copyTree(child)]));
  const trash = new Map([...node.trash].map(([name, child]) => [name, copyTree(child)]));
  return { ...node, children, trash };
}

/** Every node below, with its path. */
export function* nodesBelow(
  node: LedgerNode,
  path: string,
): Iterable<{ path: string; node: LedgerNode }> {
  for (const [name, child] of node.children) {
    const at = `${path}/${name}`;
    yield { path: at, node: child };
    yield* nodesBelow(child, at);
  }
}

/** The differences; unknown ids are learned from what was found. */
export function compareTree(
  tree: LedgerNode,
  path: string,
  found: readonly FileStatus[],
): string[] {
  const open = new Map(found.map((status) => [status.path, status]));
  const differences: string[] = [];
  if (open.size !== found.length) differences.push(`${path}: a path is listed twice`);
  for (const { path: at, node } of nodesBelow(tree, path)) {
    const status = open.get(at);
    open.delete(at);
    if (status === undefined) differences.push(`${at}: is missing`);
    else differences.push(...compareNode(node, status));
  }
  for (const status of open.values()) {
    differences.push(`${status.path}: is there (inode ${status.id}), and must not be`);
  }
  return differences;
}

function compareNode(node: LedgerNode, status: FileStatus): string[] {
  const differences: string[] = [];
  const expect = (what: string, wanted: unknown, got: unknown): void => {
    if (wanted !== got) differences.push(`${status.path}: ${what} is ${got}, not ${wanted}`);
  };
  if (node.id === 0) node.id = status.id;
  expect('the inode', node.id, status.id);
  expect('the type', node.isDirectory ? 'directory' : 'file', status.type);
  expect('the mode', node.mode.toString(8), status.mode.toString(8));
  const value = status.xattrs?.[MARK];
  expect('the mark', node.mark, value === undefined ? '' : new TextDecoder().decode(value));
  if (node.isDirectory) {
    expect('the number of children', node.children.size, status.length);
  } else {
    expect('completed', node.length >= 0, status.completed);
    expect('the length', Math.max(0, node.length), status.length);
  }
  return differences;
}
