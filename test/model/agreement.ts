/**
 * Decides whether the master's answer agrees with the model. Ids are the master's own: the first
 * reply that shows an inode gives its id, which it keeps for ever and shares with no other. Times
 * must lie where the model puts them, and stay there.
 */
import { posix } from 'node:path';
import type { FileStatus } from '../../src/client/index.js';
import type { Expected, Seen, Told } from './model-reads.js';
import { everyInode, type Moment } from './model-tree.js';
import type { NamespaceModel } from './namespace-model.js';
import type { Answer } from './step.js';

const decoder = new TextDecoder();

/**
 * Undefined when they agree, else what does not, in one line. `isForgiving`: the answer may be that
 * of a create that was sent again when what it had made was gone for good: nobody knows how it was.
 */
export function disagreement(
  model: NamespaceModel,
  expected: Expected,
  answer: Answer,
  isForgiving = false,
): string | undefined {
  if (expected.code !== answer.code) {
    return `expected ${expected.code}, answered ${answer.code} ${shown(answer.told)}`;
  }
  if (expected.code !== 'OK' || expected.told === undefined) return undefined;
  const { told } = expected;
  if (isForgiving && typeof told === 'object' && 'seen' in told) {
    const got = answer.told as FileStatus;
    if (got.owner === '' && got.group === '') return idDiffers(model, told.seen, got.id);
  }
  return differs(model, told, answer.told);
}

function differs(model: NamespaceModel, told: Told, answer: unknown): string | undefined {
  if (typeof told !== 'object') return told === answer ? undefined : pair(told, answer);
  if ('seen' in told) return inodeDiffers(model, told.seen, answer as FileStatus);
  if ('entries' in told) {
    const { entries, fileCount } = answer as { entries: FileStatus[]; fileCount: number };
    if (fileCount !== told.fileCount) return `fileCount: ${pair(told.fileCount, fileCount)}`;
    const paths = told.entries.map(({ path }) => path);
    const listed = entries.map(({ path }) => cleaned(path));
    if (paths.join('\n') !== listed.join('\n')) return `entries: ${pair(paths, listed)}`;
    return first(told.entries, (entry, i) => inodeDiffers(model, entry, entries[i]!));
  }
  if ('rows' in told) {
    const rows = answer as Answer[];
    if (rows.length !== told.rows.length) return `rows: ${pair(told.rows.length, rows.length)}`;
    return first(told.rows, (row, i) => disagreement(model, row, rows[i]!));
  }
  if ('xattrs' in told) return same('xattrs', told.xattrs, textOf(answer as Xattrs));
  return same('summary', told, answer);
}

function first<T>(
  list: readonly T[],
  check: (item: T, index: number) => string | undefined,
): string | undefined {
  for (const [index, item] of list.entries()) {
    const found = check(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}

function inodeDiffers(model: NamespaceModel, seen: Seen, got: FileStatus): string | undefined {
  const { inode, path } = seen;
  const fields = {
    path,
    name: posix.basename(path),
    type: inode.directory ? 'directory' : 'file',
    length: inode.directory ? inode.children.size : inode.length,
    owner: inode.owner,
    group: inode.group,
    mode: inode.mode,
    ttlMs: inode.ttlMs,
    ttlAction: inode.ttlAction,
    blockSize: inode.blockSize,
    pinned: inode.pinned,
    completed: inode.completed,
    persisted: inode.mountPoint,
    mountPoint: inode.mountPoint,
    replicationMin: inode.replicationMin,
    replicationMax: inode.replicationMax,
    ...(seen.xattrs && { xattrs: inode.xattrs }),
  };
  const answered = { ...got, path: cleaned(got.path), xattrs: textOf(got.xattrs ?? {}) };
  for (const [name, value] of Object.entries(fields)) {
    const differs = same(`${path} ${name}`, value, answered[name as keyof typeof answered]);
    if (differs !== undefined) return differs;
  }
  return (
    idDiffers(model, seen, got.id) ??
    momentDiffers(`${path} mtimeMs`, inode.mtime, got.mtimeMs) ??
    momentDiffers(`${path} ctimeMs`, inode.ctime, got.ctimeMs)
  );
}

function idDiffers(model: NamespaceModel, { inode, path }: Seen, id: number): string | undefined {
  if (inode.id !== 0) return same(`${path} id`, inode.id, id);
  for (const other of everyInode(model.state.top)) {
    if (other.id === id) return `${path}: id ${id} is that of another inode`;
  }
  inode.id = id;
  return undefined;
}

function momentDiffers(what: string, moment: Moment, at: number): string | undefined {
  if (at < moment.from || at > moment.to) {
    return `${what}: ${at} is not in ${moment.from} … ${moment.to}`;
  }
  moment.from = at;
  moment.to = at;
  return undefined;
}

type Xattrs = Readonly<Record<string, Uint8Array>>;

const textOf = (xattrs: Xattrs): Record<string, string> =>
  Object.fromEntries(Object.entries(xattrs).map(([name, value]) => [name, decoder.decode(value)]));

/** A depth without a limit: a renamed directory may push an inode deeper than a path can say. */
const cleaned = (path: string): string => posix.resolve(path);

function same(what: string, expected: unknown, got: unknown): string | undefined {
  const [a, b] = [sorted(expected), sorted(got)];
  return a === b ? undefined : `${what}: ${pair(expected, got)}`;
}

/** As JSON, in one order of keys. */
function sorted(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined';
  return JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const pair = (expected: unknown, got: unknown): string =>
  `expected ${shown(expected)}, got ${shown(got)}`;

const shown = (value: unknown): string => (JSON.stringify(value) ?? '').slice(0, 2000);
