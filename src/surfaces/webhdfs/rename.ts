/**
 * RENAME, by HDFS's two sets of rules. Without options it answers false where it cannot, and goes
 * below a destination that is a directory; with options it throws, and goes to that very name.
 */
import type { FileService } from '../../api/file-service.js';
import { Code } from '../../base/status.js';
import { fileAbove, hasCode, nameOf, notDirectory, statusIfThere } from './failures.js';
import { HdfsFailure } from './remote-exception.js';
import { destinationPath, type HdfsRequest } from './request.js';

export async function rename(
  files: FileService,
  request: HdfsRequest,
): Promise<object | undefined> {
  const { parameters } = request;
  const target = destinationPath(parameters.required('destination'));
  const options = parameters.text('renameoptions').toUpperCase();
  if (options === '') return { boolean: await renameOrNot(files, request, target) };
  await renameOrThrow(files, request, target, options.split(',').includes('OVERWRITE'));
  return undefined;
}

async function renameOrNot(
  files: FileService,
  { call, path }: HdfsRequest,
  asked: string,
): Promise<boolean> {
  const source = await statusIfThere(files, call, path);
  if (source === undefined || path === '/') return false;
  const there = await statusIfThere(files, call, asked).catch(belowFileIsNothing);
  if (asked === path) return source.type === 'file';
  const target = there?.type === 'directory' ? join(asked, nameOf(path)) : asked;
  if (target === path) return false;
  try {
    await files.rename(call, path, target);
    return true;
  } catch (error) {
    if (REFUSALS.some((code) => hasCode(error, code))) return false;
    throw error;
  }
}

/** No parent, below itself, a name that is taken. */
const REFUSALS = [Code.NOT_FOUND, Code.INVALID_ARGUMENT, Code.ALREADY_EXISTS] as const;

async function renameOrThrow(
  files: FileService,
  { call, path }: HdfsRequest,
  target: string,
  overwrite: boolean,
): Promise<void> {
  const source = await files.stat(call, path);
  if (path === target) {
    throw new HdfsFailure(
      'FileAlreadyExistsException',
      `The source ${path} and destination are the same`,
    );
  }
  const file = await fileAbove(files, call, target);
  if (file !== undefined) throw notDirectory(file, target);
  const there = await statusIfThere(files, call, target);
  if (there !== undefined) {
    if (there.type !== source.type) {
      const what = `Source ${path} is a ${source.type}, destination ${target} a ${there.type}`;
      throw new HdfsFailure('IOException', `${what}: they must be both.`);
    }
    if (!overwrite) {
      throw new HdfsFailure(
        'FileAlreadyExistsException',
        `rename destination ${target} already exists.`,
      );
    }
    if (there.type === 'directory') await removeEmpty(files, call, target);
  }
  await files.rename(call, path, target, { overwrite });
}

/** HDFS replaces an empty directory; here it goes a moment before the other comes. */
async function removeEmpty(
  files: FileService,
  call: HdfsRequest['call'],
  target: string,
): Promise<void> {
  try {
    await files.remove(call, target);
  } catch (error) {
    if (!hasCode(error, Code.FAILED_PRECONDITION)) throw error;
    const reason = `rename cannot overwrite non empty destination directory ${target}`;
    throw new HdfsFailure('IOException', reason);
  }
}

const join = (directory: string, name: string): string =>
  directory === '/' ? `/${name}` : `${directory}/${name}`;

function belowFileIsNothing(error: unknown): undefined {
  if (hasCode(error, Code.INVALID_ARGUMENT)) return undefined;
  throw error;
}
