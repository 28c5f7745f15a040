/**
 * HDFS names failures more finely than a status does: what stands in the way decides. It is looked
 * at after the failure, so that what goes well costs no look.
 */
import type { CallContext, FileService } from '../../api/file-service.js';
import type { FileStatus } from '../../api/file-status.js';
import { Code, StatusError } from '../../base/status.js';
import { HdfsFailure } from './remote-exception.js';

export const hasCode = (error: unknown, code: Code): boolean =>
  error instanceof StatusError && error.code === code;

/** Undefined: nothing is there. */
export async function statusIfThere(
  files: FileService,
  call: CallContext,
  path: string,
): Promise<FileStatus | undefined> {
  try {
    return await files.stat(call, path);
  } catch (error) {
    if (hasCode(error, Code.NOT_FOUND)) return undefined;
    throw error;
  }
}

/** Of making something at a path: below a file it is a matter of the parent. */
export async function makeFailure(
  files: FileService,
  call: CallContext,
  path: string,
  error: unknown,
): Promise<unknown> {
  if (!hasCode(error, Code.INVALID_ARGUMENT) && !hasCode(error, Code.ALREADY_EXISTS)) return error;
  const file = await fileAbove(files, call, path);
  if (file !== undefined) return notDirectory(file, path);
  // Over a directory no file is made, with overwrite either.
  const found = await statusIfThere(files, call, path).catch(() => undefined);
  if (found === undefined) return error;
  return new HdfsFailure('FileAlreadyExistsException', `${path} already exists as a ${found.type}`);
}

/** The nearest path above that is there, if it is a file. */
export async function fileAbove(
  files: FileService,
  call: CallContext,
  path: string,
): Promise<string | undefined> {
  for (let at = parentOf(path); at !== '/'; at = parentOf(at)) {
    const found = await statusIfThere(files, call, at).catch(() => undefined);
    if (found !== undefined) return found.type === 'file' ? at : undefined;
  }
  return undefined;
}

export function parentOf(path: string): string {
  const end = path.lastIndexOf('/');
  return end <= 0 ? '/' : path.slice(0, end);
}

export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

export const notDirectory = (file: string, path: string): HdfsFailure =>
  new HdfsFailure('ParentNotDirectoryException', `${file} (is not a directory): ${path}`);
