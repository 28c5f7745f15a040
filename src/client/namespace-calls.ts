/** The calls that read and change the tree, from public options to call specs. */
import {
  BatchCreateT,
  BatchGetStatusT,
  CheckAccessT,
  CompleteFileT,
  CreateDirectoryT,
  CreateFileT,
  DeleteT,
  ExistsT,
  GetFilePathT,
  GetStatusByIdT,
  GetStatusT,
  GetXAttrsT,
  ListStatusT,
  RenameT,
  RequestBody,
  UndeleteT,
} from '../wire/generated/index.js';
import { type CallSpec, fill, xattrsToWire } from './call-spec.js';
import {
  decodeBatch,
  decodeExists,
  decodeNothing,
  decodePage,
  decodePath,
  decodeStatus,
  decodeXattrs,
} from './decode.js';
import type {
  BatchResult,
  CompleteFileOptions,
  CreateDirectoryOptions,
  DeleteOptions,
  FileStatus,
  FileToCreate,
  GetStatusOptions,
  ListedPage,
  ListPageOptions,
  Xattrs,
} from './types.js';
import { loadTypes, ttlActions, xattrPropagations } from './words.js';

export const getStatusCall = (path: string, options: GetStatusOptions): CallSpec<FileStatus> => ({
  type: RequestBody.GetStatus,
  body: new GetStatusT(path, loadTypes[options.load ?? 'once'], options.withAttributes ?? false),
  path,
  decode: decodeStatus(path),
});

export const getStatusByIdCall = (id: number, options: GetStatusOptions): CallSpec<FileStatus> => ({
  type: RequestBody.GetStatusById,
  body: new GetStatusByIdT(id, options.withAttributes ?? false),
  decode: decodeStatus(),
});

export const existsCall = (path: string, options: GetStatusOptions): CallSpec<boolean> => ({
  type: RequestBody.Exists,
  body: new ExistsT(path, loadTypes[options.load ?? 'once']),
  path,
  decode: decodeExists,
});

export const listPageCall = (path: string, options: ListPageOptions): CallSpec<ListedPage> => ({
  type: RequestBody.ListStatus,
  body: fill(new ListStatusT(path), {
    recursive: options.recursive,
    pageSize: options.pageSize,
    cursor: options.cursor,
    startAfter: options.startAfter,
    offsetId: options.offsetId,
    prefix: options.prefix,
    withAttributes: options.withAttributes,
    load: loadTypes[options.load ?? 'once'],
  }),
  path,
  decode: decodePage(path),
  // The first look into a directory of millions waits for all pages of its store.
  long: true,
});

export const batchGetStatusCall = (
  paths: readonly string[],
  options: GetStatusOptions,
): CallSpec<BatchResult[]> => ({
  type: RequestBody.BatchGetStatus,
  body: new BatchGetStatusT(
    [...paths],
    loadTypes[options.load ?? 'once'],
    options.withAttributes ?? false,
  ),
  decode: decodeBatch(paths),
});

export const getFilePathCall = (id: number): CallSpec<string> => ({
  type: RequestBody.GetFilePath,
  body: new GetFilePathT(id),
  decode: decodePath,
});

export const checkAccessCall = (path: string, bits: number): CallSpec<void> => ({
  type: RequestBody.CheckAccess,
  body: new CheckAccessT(path, bits),
  path,
  decode: decodeNothing,
});

export const getXattrsCall = (path: string): CallSpec<Xattrs> => ({
  type: RequestBody.GetXAttrs,
  body: new GetXAttrsT(path),
  path,
  decode: decodeXattrs,
});

function createFileBody(file: FileToCreate): CreateFileT {
  return fill(new CreateFileT(file.path), {
    recursive: file.recursive,
    overwrite: file.overwrite,
    mode: file.mode,
    blockSize: file.blockSize,
    ttlMs: file.ttlMs,
    ttlAction: ttlActions[file.ttlAction ?? 'delete'],
    replicationMin: file.replicationMin,
    replicationMax: file.replicationMax,
    xattrs: xattrsToWire(file.xattrs),
    xattrPropagation: xattrPropagations[file.xattrPropagation ?? 'leafNode'],
  });
}

export const createFileCall = (file: FileToCreate): CallSpec<FileStatus> => ({
  type: RequestBody.CreateFile,
  body: createFileBody(file),
  path: file.path,
  decode: decodeStatus(file.path),
});

export const batchCreateCall = (files: readonly FileToCreate[]): CallSpec<BatchResult[]> => ({
  type: RequestBody.BatchCreate,
  body: new BatchCreateT(files.map(createFileBody)),
  decode: decodeBatch(files.map(({ path }) => path)),
});

export const completeFileCall = (
  path: string,
  options: CompleteFileOptions,
): CallSpec<FileStatus> => ({
  type: RequestBody.CompleteFile,
  body: fill(new CompleteFileT(path), {
    length: options.length,
    fingerprint: options.fingerprint,
    mtimeMs: options.mtimeMs,
  }),
  path,
  decode: decodeStatus(path),
});

export const createDirectoryCall = (
  path: string,
  options: CreateDirectoryOptions,
): CallSpec<FileStatus> => ({
  type: RequestBody.CreateDirectory,
  body: fill(new CreateDirectoryT(path), {
    recursive: options.recursive,
    allowExists: options.allowExists,
    mode: options.mode,
    ttlMs: options.ttlMs,
    ttlAction: ttlActions[options.ttlAction ?? 'delete'],
    xattrs: xattrsToWire(options.xattrs),
    xattrPropagation: xattrPropagations[options.xattrPropagation ?? 'leafNode'],
  }),
  path,
  decode: decodeStatus(path),
});

export const renameCall = (
  source: string,
  target: string,
  { overwrite }: { overwrite: boolean },
): CallSpec<void> => ({
  type: RequestBody.Rename,
  body: new RenameT(source, target, overwrite),
  path: source,
  decode: decodeNothing,
});

export const deleteCall = (path: string, options: DeleteOptions): CallSpec<void> => ({
  type: RequestBody.Delete,
  body: fill(new DeleteT(path), {
    recursive: options.recursive,
    skipTrash: options.skipTrash,
    deleteMountPoints: options.deleteMountPoints,
    alluxioOnly: options.alluxioOnly,
  }),
  path,
  decode: decodeNothing,
});

export const undeleteCall = (path: string): CallSpec<void> => ({
  type: RequestBody.Undelete,
  body: new UndeleteT(path),
  path,
  decode: decodeNothing,
});
