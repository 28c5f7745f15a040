/** The model's knowledge of single inodes: their first state, and how they may change. */
import { check, type Inode, isSuper, type Moment, refuse, WRITE } from './model-tree.js';
import { type Change, type FileMade, GROUPS, type Step, type User } from './step.js';

export const blank = (key: number, directory: boolean, now: Moment): Inode => ({
  key,
  directory,
  mount: 0,
  mountPoint: false,
  readOnly: false,
  owner: '',
  group: '',
  mode: 0,
  completed: directory,
  pinned: false,
  ttlMs: -1,
  ttlAction: 'delete',
  length: 0,
  blockSize: 0,
  replicationMin: 0,
  replicationMax: -1,
  xattrs: {},
  mtime: { ...now },
  ctime: { ...now },
  children: new Map(),
  trash: new Map(),
  id: 0,
});

/** Children came or went: mtime is the later of the old one and now. */
export function touch(directory: Inode, now: Moment): void {
  const { mtime } = directory;
  mtime.from = Math.max(mtime.from, now.from);
  mtime.to = Math.max(mtime.to, now.to);
}

/** Contains only tops of read-only mounts, because nothing can be made below them. */
export function checkWritable(inode: Inode): void {
  if (inode.readOnly) refuse('PERMISSION_DENIED');
}

/** Values that no inode can have are refused first, for whole batches too. */
export function checkRanges(step: Step): void {
  if (step.do === 'create' || step.do === 'mkdir') checkRange(step, -1);
  if (step.do === 'batchCreate') for (const file of step.files) checkRange(file, -1);
  if (step.do === 'set') checkRange(step.change, 0);
}

function checkRange(given: Partial<FileMade> & Change, lowest: number): void {
  const { blockSize = 1, mode = 0, ttlMs = -1, replicationMin = 0, replicationMax = -1 } = given;
  if (blockSize <= 0 || mode > 0o7777 || ttlMs < -1) refuse('INVALID_ARGUMENT');
  if (replicationMin < lowest || replicationMax < -1) refuse('INVALID_ARGUMENT');
  if (given.owner === '' || given.group === '') refuse('INVALID_ARGUMENT');
}

export function checkMade(options: FileMade): void {
  checkReplication(Math.max(options.replicationMin ?? 0, 0), options.replicationMax ?? -1);
}

function checkReplication(min: number, max: number): void {
  if (min < 0 || max < -1 || (max >= 0 && min > max)) refuse('INVALID_ARGUMENT');
}

/** setAttribute of one inode: first permissions, then values, then the change. */
export function changeInode(inode: Inode, user: User, change: Change): void {
  checkWritable(inode);
  const { owner, group, mode, xattrs, xattrUpdate, ...other } = change;
  if (owner !== undefined && !isSuper(user)) refuse('PERMISSION_DENIED');
  const isOwner = isSuper(user) || inode.owner === user;
  if ((mode !== undefined || group !== undefined) && !isOwner) refuse('PERMISSION_DENIED');
  const joins = group !== undefined && !isSuper(user) && !GROUPS[user].includes(group);
  if (joins) refuse('PERMISSION_DENIED');
  const isOther = xattrs !== undefined || xattrUpdate !== undefined;
  if (isOther || Object.keys(other).length > 0) check(inode, user, WRITE);
  const { replicationMin = inode.replicationMin, replicationMax = inode.replicationMax } = other;
  checkReplication(replicationMin, replicationMax);
  Object.assign(inode, other, owner && { owner }, group && { group });
  if (mode !== undefined) inode.mode = mode;
  if (isOther) inode.xattrs = updated(inode.xattrs, xattrs ?? {}, xattrUpdate ?? 'unionReplace');
}

type Pairs = Readonly<Record<string, string>>;

function updated(old: Pairs, given: Pairs, how: Change['xattrUpdate']): Record<string, string> {
  if (how === 'truncate') return { ...given };
  if (how === 'unionReplace') return { ...old, ...given };
  if (how === 'unionPreserve') return { ...given, ...old };
  return Object.fromEntries(Object.entries(old).filter(([name]) => !(name in given)));
}
