/** From the record of an inode to what the API tells of it. */
import type { FileStatus, TtlActionName } from '../../api/file-status.js';
import type { Executor } from '../executor/executor.js';
import * as R from '../memory/record.js';
import type { RecordFields } from '../memory/record-fields.js';
import type { Attributes } from '../ops/mechanism/read.js';

const decoder = new TextDecoder();

/** `attributes`: its path, and whatever else was asked for. */
export function statusOf(
  executor: Executor,
  fields: RecordFields,
  attributes: Attributes,
): FileStatus {
  const { flags } = fields;
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const { path, ufsPath, mountUri, xattrs } = attributes;
  return {
    path,
    name: decoder.decode(fields.name),
    id: fields.id,
    parentId: fields.parentId,
    type: fields.type === R.INODE_TYPE_FILE ? 'file' : 'directory',
    length: fields.length,
    mode: fields.mode,
    owner: executor.strings.textOf(fields.owner),
    group: executor.strings.textOf(fields.group),
    mtimeMs: fields.mtimeMs,
    ctimeMs: fields.ctimeMs,
    ttlMs: fields.ttlMs,
    ttlAction: ttlActionOf(flags),
    blockSize: fields.blockSize,
    pinned: has(R.FLAG_PINNED),
    completed: has(R.FLAG_COMPLETED),
    persisted: has(R.FLAG_PERSISTED),
    mountPoint: has(R.FLAG_MOUNT_POINT),
    childrenLoaded: has(R.FLAG_CHILDREN_LOADED),
    replicationMin: fields.replicationMin,
    replicationMax: fields.replicationMax,
    mountId: fields.mountId,
    fingerprint: fields.fingerprint,
    seq: fields.seq,
    ...(ufsPath !== undefined && { ufsPath }),
    ...(mountUri !== undefined && { mountUri }),
    ...(xattrs !== undefined && { xattrs: Object.fromEntries(xattrs) }),
  };
}

function ttlActionOf(flags: number): TtlActionName {
  if ((flags & R.FLAG_TTL_FREE) !== 0) return 'free';
  return (flags & R.FLAG_TTL_DELETE_ALLUXIO) !== 0 ? 'deleteAlluxio' : 'delete';
}

/** As the master has it: without empty components, "." and "..". Of paths that were taken. */
export function cleanPath(path: string): string {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return `/${names.join('/')}`;
}
