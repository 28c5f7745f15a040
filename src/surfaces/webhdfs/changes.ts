/** The changes of WebHDFS that carry no data: directories, deletes, modes, owners, times, ACLs. */
import type { FileService } from '../../api/file-service.js';
import { Code } from '../../base/status.js';
import { hasCode, makeFailure, statusIfThere } from './failures.js';
import { invalidValue } from './parameters.js';
import { HdfsFailure, unsupported } from './remote-exception.js';
import type { HdfsRequest } from './request.js';

/** What a directory gets when the client says nothing. */
const DIRECTORY_MODE = 0o755;

export async function mkdirs(files: FileService, request: HdfsRequest): Promise<object> {
  const { call, path, parameters } = request;
  const mode = parameters.mode('permission') ?? DIRECTORY_MODE;
  try {
    await files.createDirectory(call, path, { recursive: true, allowExists: true, mode });
  } catch (error) {
    throw await makeFailure(files, call, path, error);
  }
  return { boolean: true };
}

/**
 * Into the trash: until deletes reach the stores, what is reclaimed there would be found again at
 * the next look. The trash of HDFS is the client's own, and comes before this.
 */
export async function remove(files: FileService, request: HdfsRequest): Promise<object> {
  const { call, path, parameters } = request;
  const recursive = parameters.flag('recursive');
  if (path === '/') return { boolean: await emptyRoot(files, request, recursive) };
  try {
    await files.remove(call, path, { recursive });
    return { boolean: true };
  } catch (error) {
    if (hasCode(error, Code.NOT_FOUND)) return { boolean: false };
    if (hasCode(error, Code.FAILED_PRECONDITION) && !recursive) {
      const { entries } = await files.list(call, path, { limit: 1 });
      if (entries.length > 0) {
        const reason = `${path} is non empty: Directory is not empty`;
        throw new HdfsFailure('PathIsNotEmptyDirectoryException', reason);
      }
    }
    throw error;
  }
}

/** The root stays whatever is asked, as in HDFS. */
async function emptyRoot(
  files: FileService,
  { call }: HdfsRequest,
  recursive: boolean,
): Promise<boolean> {
  const { entries } = await files.list(call, '/', { limit: 1 });
  if (entries.length === 0 || recursive) return false;
  throw new HdfsFailure(
    'PathIsNotEmptyDirectoryException',
    '/ is non empty: Directory is not empty',
  );
}

export async function setPermission(files: FileService, request: HdfsRequest): Promise<undefined> {
  const { call, path, parameters } = request;
  await files.setAttributes(call, path, { mode: parameters.mode('permission') ?? DIRECTORY_MODE });
  return undefined;
}

export async function setOwner(files: FileService, request: HdfsRequest): Promise<undefined> {
  const { call, path, parameters } = request;
  const [owner, group] = [parameters.text('owner'), parameters.text('group')];
  if (owner === '' && group === '') {
    throw invalidValue('owner', '', 'Both owner and group are empty.');
  }
  const named = {
    owner: owner === '' ? undefined : owner,
    group: group === '' ? undefined : group,
  };
  await files.setAttributes(call, path, named);
  return undefined;
}

/** -1 leaves a time alone. No access times are kept: they are those of the last change. */
export async function setTimes(files: FileService, request: HdfsRequest): Promise<undefined> {
  const { call, path, parameters } = request;
  const mtimeMs = parameters.whole('modificationtime') ?? -1;
  if (mtimeMs === -1) await files.stat(call, path);
  else await files.setAttributes(call, path, { mtimeMs });
  return undefined;
}

export async function setReplication(files: FileService, request: HdfsRequest): Promise<object> {
  const { call, path, parameters } = request;
  const found = await statusIfThere(files, call, path);
  if (found?.type !== 'file') return { boolean: false };
  const replicationMin = parameters.whole('replication') ?? 1;
  await files.setAttributes(call, path, { replicationMin });
  return { boolean: true };
}

/** Entries of the mode alone are a chmod; named ones are not kept. */
export async function setAcl(files: FileService, request: HdfsRequest): Promise<undefined> {
  const { call, path, parameters, op } = request;
  const { mode: before } = await files.stat(call, path);
  let mode = before;
  for (const entry of parameters.required('aclspec').split(',')) {
    const match = /^(user|group|other)::([r-][w-][x-])$/.exec(entry.trim());
    if (match === null)
      throw unsupported(op, 'only the entries of the mode are kept: user::, group::, other::.');
    const bits = [...match[2]!].reduce((all, letter, i) => all | (letter === '-' ? 0 : 4 >> i), 0);
    const shift = { user: 6, group: 3, other: 0 }[match[1] as 'user' | 'group' | 'other'];
    mode = (mode & ~(7 << shift)) | (bits << shift);
  }
  await files.setAttributes(call, path, { mode });
  return undefined;
}

/** There are none to remove. */
export async function removeAcl(files: FileService, request: HdfsRequest): Promise<undefined> {
  await files.stat(request.call, request.path);
  return undefined;
}

export async function noLink(_: FileService, { op }: HdfsRequest): Promise<undefined> {
  throw unsupported(op, 'the namespace has no symbolic links.');
}

export async function noSnapshot(_: FileService, { op }: HdfsRequest): Promise<undefined> {
  throw unsupported(op, 'the namespace has no snapshots.');
}
