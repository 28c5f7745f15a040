/**
 * Turns the accessors of a reply into plain objects. Everything is copied out: no result refers to
 * the frame.
 */

import { codeName } from '../base/status.js';
import {
  BatchReply,
  ExistsReply,
  FileInfo,
  Inode,
  InodeType,
  JobList,
  JobReply,
  JsonReply,
  ListPage,
  type MountInfo,
  MountTable,
  type PathFailure as PathFailureRow,
  PathReply,
  Progress,
  type Reply,
  ReplyBody,
  Summary,
  type XAttr,
  XAttrsReply,
} from '../wire/generated/index.js';
import {
  FLAG_CHILDREN_LOADED,
  FLAG_COMPLETED,
  FLAG_MOUNT_POINT,
  FLAG_PERSISTED,
  FLAG_PINNED,
  FLAG_TTL_DELETE_ALLUXIO,
  FLAG_TTL_FREE,
} from '../wire/inode-flags.js';
import { cleanPath } from './clean-path.js';
import { errorOfReply, OrchardError, type PathFailure, type WorkOutcome } from './errors.js';
import type {
  BatchResult,
  FileStatus,
  Job,
  ListedPage,
  LoadReport,
  MountPoint,
  TreeSummary,
  WorkProgress,
  Xattrs,
} from './types.js';
import { jobStateName } from './words.js';

type Accessor<T> = { readonly prototype: T } & (new () => T);

/** The body, which must be of this kind. */
function body<T>(reply: Reply, type: ReplyBody, kind: Accessor<T>): T {
  const found = reply.bodyType() === type ? (reply.body(new kind()) as T | null) : null;
  if (found !== null) return found;
  throw new OrchardError(
    'INTERNAL',
    `The master answered with a body of kind ${reply.bodyType()}.`,
    {
      hint: 'Client and master may be of versions that do not understand each other.',
    },
  );
}

export const decodeNothing = (): void => undefined;

export const decodeExists = (reply: Reply): boolean =>
  body(reply, ReplyBody.ExistsReply, ExistsReply).exists();

export const decodePath = (reply: Reply): string =>
  body(reply, ReplyBody.PathReply, PathReply).path() ?? '';

export const decodeJson = (reply: Reply): unknown =>
  JSON.parse(body(reply, ReplyBody.JsonReply, JsonReply).json() ?? 'null');

export const decodeStatus =
  (path?: string) =>
  (reply: Reply): FileStatus =>
    statusOf(body(reply, ReplyBody.FileInfo, FileInfo), path);

export const decodePage =
  (directory: string) =>
  (reply: Reply): ListedPage => {
    const page = body(reply, ReplyBody.ListPage, ListPage);
    const info = new FileInfo();
    const clean = cleanPath(directory);
    const base = clean.endsWith('/') ? clean : `${clean}/`;
    const entries = Array.from({ length: page.entriesLength() }, (_, index) => {
      page.entries(index, info);
      return statusOf(info, undefined, base);
    });
    const cursor = page.truncated() ? page.cursorArray()?.slice() : undefined;
    return { entries, cursor, truncated: page.truncated(), fileCount: page.fileCount() };
  };

export const decodeBatch =
  (paths: readonly string[]) =>
  (reply: Reply): BatchResult[] => {
    const batch = body(reply, ReplyBody.BatchReply, BatchReply);
    return Array.from({ length: batch.resultsLength() }, (_, index): BatchResult => {
      const result = batch.results(index)!;
      const info = result.info();
      const path = paths[index];
      if (result.code() === 0 && info !== null) return { status: statusOf(info, path) };
      return { error: errorOfReply(result.code(), result.error(), path) };
    });
  };

export function decodeXattrs(reply: Reply): Xattrs {
  const found = body(reply, ReplyBody.XAttrsReply, XAttrsReply);
  return xattrsOf(found.xattrsLength(), (index) => found.xattrs(index));
}

export function decodeSummary(reply: Reply): TreeSummary {
  const summary = body(reply, ReplyBody.Summary, Summary);
  return {
    files: summary.files(),
    directories: summary.directories(),
    bytes: summary.bytes(),
    leftOut: summary.leftOut(),
    failures: failuresOf(summary),
  };
}

/** From a reply about many paths, refused or not. */
export function decodeOutcome(reply: Reply): WorkOutcome | undefined {
  if (reply.bodyType() !== ReplyBody.JobReply) return undefined;
  const job = body(reply, ReplyBody.JobReply, JobReply);
  return { done: job.done(), failed: job.failed(), failures: failuresOf(job) };
}

type WithFailures = { failuresLength(): number; failures(index: number): PathFailureRow | null };

const failuresOf = (told: WithFailures): PathFailure[] =>
  Array.from({ length: told.failuresLength() }, (_, index) => {
    const row = told.failures(index)!;
    return { path: row.path(), code: codeName(row.code()), reason: row.reason() ?? '' };
  });

/** Undefined when the reply is not progress, but another interim reply of a later version. */
export function decodeProgress(reply: Reply): WorkProgress | undefined {
  if (reply.bodyType() !== ReplyBody.Progress) return undefined;
  return progressOf(body(reply, ReplyBody.Progress, Progress));
}

export const decodeJob = (reply: Reply): Job => jobOf(body(reply, ReplyBody.JobReply, JobReply));

export function decodeJobs(reply: Reply): Job[] {
  const list = body(reply, ReplyBody.JobList, JobList);
  return Array.from({ length: list.jobsLength() }, (_, index) => jobOf(list.jobs(index)!));
}

export function decodeMounts(reply: Reply): MountPoint[] {
  const table = body(reply, ReplyBody.MountTable, MountTable);
  return Array.from({ length: table.mountsLength() }, (_, index) => mountOf(table.mounts(index)!));
}

const inode = new Inode();

/** `path` is that of the inode, `base` that of its directory with a slash; the reply's own wins. */
function statusOf(info: FileInfo, path?: string, base?: string): FileStatus {
  info.inode(inode);
  const flags = inode.flags();
  const given = info.path() ?? (path === undefined ? undefined : cleanPath(path));
  const name = info.name() ?? given?.slice(given.lastIndexOf('/') + 1) ?? '';
  const ufsPath = info.ufsPath();
  const mountUri = info.mountUri();
  const xattrCount = info.xattrsLength();
  return {
    path: given ?? `${base ?? '/'}${name}`,
    name,
    id: inode.id(),
    parentId: inode.parentId(),
    type: inode.type() === InodeType.DIRECTORY ? 'directory' : 'file',
    length: inode.length(),
    mode: inode.mode(),
    owner: info.owner() ?? '',
    group: info.group() ?? '',
    mtimeMs: inode.mtimeMs(),
    ctimeMs: inode.ctimeMs(),
    ttlMs: inode.ttlMs(),
    ttlAction: ttlActionOf(flags),
    blockSize: inode.blockSize(),
    pinned: (flags & FLAG_PINNED) !== 0,
    completed: (flags & FLAG_COMPLETED) !== 0,
    persisted: (flags & FLAG_PERSISTED) !== 0,
    mountPoint: (flags & FLAG_MOUNT_POINT) !== 0,
    childrenLoaded: (flags & FLAG_CHILDREN_LOADED) !== 0,
    replicationMin: inode.replicationMin(),
    replicationMax: inode.replicationMax(),
    mountId: inode.mountId(),
    fingerprint: inode.fingerprint(),
    seq: inode.seq(),
    ...(ufsPath !== null && { ufsPath }),
    ...(mountUri !== null && { mountUri }),
    ...(xattrCount > 0 && { xattrs: xattrsOf(xattrCount, (index) => info.xattrs(index)) }),
  };
}

function ttlActionOf(flags: number): FileStatus['ttlAction'] {
  if ((flags & FLAG_TTL_FREE) !== 0) return 'free';
  return (flags & FLAG_TTL_DELETE_ALLUXIO) !== 0 ? 'deleteAlluxio' : 'delete';
}

function xattrsOf(count: number, at: (index: number) => XAttr | null): Xattrs {
  const entries = Array.from({ length: count }, (_, index): [string, Uint8Array] => {
    const xattr = at(index)!;
    return [xattr.name(), xattr.valueArray()?.slice() ?? new Uint8Array(0)];
  });
  return Object.fromEntries(entries);
}

function progressOf(progress: Progress | JobReply): WorkProgress {
  return {
    job: progress.job(),
    done: progress.done(),
    total: progress.total(),
    failed: progress.failed(),
    bytes: progress.bytes(),
    path: progress.path() ?? '',
  };
}

function jobOf(job: JobReply): Job {
  const detail = job.error();
  const report = job.report();
  return {
    ...progressOf(job),
    kind: job.kind() ?? '',
    state: jobStateName(job.state()),
    startedMs: job.startedMs(),
    endedMs: job.endedMs(),
    failures: failuresOf(job),
    ...(detail !== null && { error: errorOfReply(job.code(), detail) }),
    ...(report !== null && { report: JSON.parse(report) as LoadReport }),
  };
}

function mountOf(mount: MountInfo): MountPoint {
  const options = Array.from({ length: mount.optionsLength() }, (_, index) => {
    const option = mount.options(index)!;
    return [option.key(), option.value() ?? ''] as const;
  });
  return {
    mountId: mount.mountId(),
    path: mount.path() ?? '',
    uri: mount.uri() ?? '',
    type: mount.type() ?? '',
    options: Object.fromEntries(options),
    readOnly: mount.readOnly(),
    shared: mount.shared(),
  };
}
