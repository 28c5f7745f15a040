/** Bodies of uncommon replies as FlatBuffers, which no kernel encodes. */
import type { Builder, Offset } from 'flatbuffers';
import { assert } from '../../base/assert.js';
import type { PathFailure } from '../../base/status.js';
import { writeError, writeInode } from '../../wire/encode.js';
import {
  FileInfo,
  JobList,
  JobReply,
  KeyValue,
  MountInfo,
  MountTable,
  Progress,
  PathFailure as wirePathFailure,
  XAttr,
  XAttrsReply,
} from '../../wire/generated/index.js';
import type { Executor } from '../executor/executor.js';
import {
  INODE_TYPE_ABSENT,
  RECORD_GROUP,
  RECORD_NAME,
  RECORD_NAME_LEN,
  RECORD_OWNER,
  RECORD_TYPE,
} from '../memory/record.js';
import type { XAttrs } from '../memory/xattrs.js';
import type { ShownMount } from '../mount/mount-rules.js';
import type { Attributes } from '../ops/mechanism/read.js';
import type { JobProgress, JobView } from './services.js';

/** A FileInfo of the record at a byte offset of shared memory, with all that was asked for. */
export function writeInfo(
  builder: Builder,
  executor: Executor,
  record: number,
  attributes: Attributes,
): Offset {
  const { u8, view } = executor.shared;
  assert(u8[record + RECORD_TYPE] !== INODE_TYPE_ABSENT, 'only what exists is told');
  const bytes = u8.slice(record, record + RECORD_NAME + u8[record + RECORD_NAME_LEN]!);
  const { path, ufsPath, mountUri, xattrs } = attributes;
  const name = builder.createString(bytes.subarray(RECORD_NAME));
  const owner = builder.createString(
    executor.strings.textOf(view.getUint32(record + RECORD_OWNER, true)),
  );
  const group = builder.createString(
    executor.strings.textOf(view.getUint32(record + RECORD_GROUP, true)),
  );
  const pathAt = builder.createString(path);
  const ufsPathAt = ufsPath === undefined ? 0 : builder.createString(ufsPath);
  const mountUriAt = mountUri === undefined ? 0 : builder.createString(mountUri);
  const rows = xattrs === undefined ? [] : writeXAttrs(builder, xattrs);
  const xattrsAt = rows.length === 0 ? 0 : FileInfo.createXattrsVector(builder, rows);
  FileInfo.startFileInfo(builder);
  FileInfo.addInode(builder, writeInode(builder, bytes, 0));
  FileInfo.addName(builder, name);
  FileInfo.addOwner(builder, owner);
  FileInfo.addGroup(builder, group);
  FileInfo.addPath(builder, pathAt);
  if (ufsPathAt !== 0) FileInfo.addUfsPath(builder, ufsPathAt);
  if (mountUriAt !== 0) FileInfo.addMountUri(builder, mountUriAt);
  if (xattrsAt !== 0) FileInfo.addXattrs(builder, xattrsAt);
  return FileInfo.endFileInfo(builder);
}

function writeXAttrs(builder: Builder, xattrs: XAttrs): Offset[] {
  return [...xattrs].map(([name, bytes]) => {
    const nameAt = builder.createString(name);
    return XAttr.createXAttr(builder, nameAt, XAttr.createValueVector(builder, bytes));
  });
}

export function writeXAttrsReply(builder: Builder, xattrs: XAttrs): Offset {
  const rows = writeXAttrs(builder, xattrs);
  return XAttrsReply.createXAttrsReply(builder, XAttrsReply.createXattrsVector(builder, rows));
}

export function writeProgress(builder: Builder, progress: JobProgress): Offset {
  const { job, done, total, failed, bytes, path } = progress;
  const pathAt = builder.createString(path);
  return Progress.createProgress(builder, job, done, total, failed, bytes, pathAt);
}

export function writeJob(builder: Builder, job: JobView): Offset {
  const kind = builder.createString(job.kind);
  const path = builder.createString(job.path);
  const error = job.error === undefined ? 0 : writeError(builder, job.error);
  const rows = job.failures.map((failure) => writePathFailure(builder, failure));
  const failures = rows.length === 0 ? 0 : JobReply.createFailuresVector(builder, rows);
  // Results of inspections are long, and only their caller gets them.
  const isShort = job.kind === 'load' && job.report !== undefined;
  const report = isShort ? builder.createString(JSON.stringify(job.report)) : 0;
  JobReply.startJobReply(builder);
  JobReply.addJob(builder, job.job);
  JobReply.addKind(builder, kind);
  JobReply.addState(builder, job.state);
  JobReply.addDone(builder, job.done);
  JobReply.addTotal(builder, job.total);
  JobReply.addFailed(builder, job.failed);
  JobReply.addBytes(builder, job.bytes);
  JobReply.addPath(builder, path);
  if (error !== 0) JobReply.addError(builder, error);
  if (job.error !== undefined) JobReply.addCode(builder, job.error.code);
  if (failures !== 0) JobReply.addFailures(builder, failures);
  JobReply.addStartedMs(builder, job.startedMs);
  JobReply.addEndedMs(builder, job.endedMs);
  if (report !== 0) JobReply.addReport(builder, report);
  return JobReply.endJobReply(builder);
}

export function writePathFailure(builder: Builder, failure: PathFailure): Offset {
  const path = builder.createString(failure.path);
  const reason = builder.createString(failure.reason);
  return wirePathFailure.createPathFailure(builder, path, failure.code, reason);
}

export function writeJobs(builder: Builder, jobs: readonly JobView[]): Offset {
  const rows = jobs.map((job) => writeJob(builder, job));
  return JobList.createJobList(builder, JobList.createJobsVector(builder, rows));
}

export function writeMounts(builder: Builder, mounts: readonly ShownMount[]): Offset {
  const rows = mounts.map((mount) => writeMount(builder, mount));
  return MountTable.createMountTable(builder, MountTable.createMountsVector(builder, rows));
}

function writeMount(builder: Builder, mount: ShownMount): Offset {
  const path = builder.createString(mount.path);
  const uri = builder.createString(mount.uri);
  const type = builder.createString(mount.type);
  const rows = Object.entries(mount.options).map(([key, value]) => {
    const keyAt = builder.createString(key);
    return KeyValue.createKeyValue(builder, keyAt, builder.createString(value));
  });
  const options = MountInfo.createOptionsVector(builder, rows);
  return MountInfo.createMountInfo(
    builder,
    mount.mountId,
    path,
    uri,
    type,
    options,
    mount.readOnly,
    mount.shared,
  );
}
