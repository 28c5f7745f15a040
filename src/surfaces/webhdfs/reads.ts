/** The reads of WebHDFS that answer in JSON: status, lists, summaries, places, what a path may. */
import { type FileService, listAll } from '../../api/file-service.js';
import type { FileStatus } from '../../api/file-status.js';
import { BLOCK_BYTES_DEFAULT } from '../../base/limits.js';
import * as json from './json.js';
import { invalidValue } from './parameters.js';
import type { HdfsRequest } from './request.js';

/** dfs.ls.limit. */
const BATCH_ENTRIES = 1000;

export async function getFileStatus(files: FileService, request: HdfsRequest): Promise<object> {
  const status = await files.stat(request.call, request.path);
  return { FileStatus: json.fileStatus(status, '') };
}

export async function listStatus(files: FileService, request: HdfsRequest): Promise<object> {
  const { call, path } = request;
  const { type } = await files.stat(call, path);
  const entries: FileStatus[] = [];
  for await (const entry of listAll(files, call, path)) entries.push(entry);
  return { FileStatuses: json.statusList(entries, type === 'file') };
}

export async function listStatusBatch(files: FileService, request: HdfsRequest): Promise<object> {
  const { call, path, parameters } = request;
  const { type, length } = await files.stat(call, path);
  const startAfter = parameters.text('startafter');
  const page = await files.list(call, path, { startAfter, limit: BATCH_ENTRIES });
  const isFile = type === 'file';
  // Clients ask whether it is 0; how many are left exactly nobody knows before they are listed.
  const left = page.next === undefined ? 0 : Math.max(1, length - page.entries.length);
  return {
    DirectoryListing: {
      partialListing: { FileStatuses: json.statusList(page.entries, isFile) },
      remainingEntries: left,
    },
  };
}

export async function getContentSummary(files: FileService, request: HdfsRequest): Promise<object> {
  return { ContentSummary: json.contentSummary(await files.summary(request.call, request.path)) };
}

export async function getQuotaUsage(files: FileService, request: HdfsRequest): Promise<object> {
  return { QuotaUsage: json.quotaUsage(await files.summary(request.call, request.path)) };
}

export async function getFileBlockLocations(
  files: FileService,
  { call, path, parameters, exchange }: HdfsRequest,
): Promise<object> {
  const offset = parameters.whole('offset') ?? 0;
  const length = parameters.whole('length') ?? Number.MAX_SAFE_INTEGER;
  const found = await files.locate(call, path, { offset, length });
  return { BlockLocations: json.blockLocations(found, exchange.header('host')) };
}

export async function checkAccess(files: FileService, request: HdfsRequest): Promise<undefined> {
  const { call, path, parameters } = request;
  const asked = parameters.text('fsaction');
  if (!/^[r-][w-][x-]$/.test(asked)) throw invalidValue('fsaction', asked, 'It is such as r-x.');
  const bits = [...asked].reduce((all, letter, i) => all | (letter === '-' ? 0 : 4 >> i), 0);
  await files.checkAccess(call, path, bits);
  return undefined;
}

/** The entries that every mode has; others are not kept. */
export async function getAclStatus(files: FileService, request: HdfsRequest): Promise<object> {
  const { owner, group, mode } = await files.stat(request.call, request.path);
  const stickyBit = (mode & 0o1000) !== 0;
  const permission = (mode & 0o777).toString(8);
  return { AclStatus: { entries: [], group, owner, permission, stickyBit } };
}

export async function getHomeDirectory(_: FileService, { user }: HdfsRequest): Promise<object> {
  return { Path: `/user/${user}` };
}

export async function getTrashRoot(_: FileService, { user }: HdfsRequest): Promise<object> {
  return { Path: `/user/${user}/.Trash` };
}

export async function getServerDefaults(): Promise<object> {
  return { FsServerDefaults: json.serverDefaults(BLOCK_BYTES_DEFAULT) };
}

/** More than there is to count: as Hadoop's own clients say of stores that have no size. */
const NO_LIMIT_BYTES = 2 ** 62;

export async function getStatus(): Promise<object> {
  return { FsStatus: { capacity: NO_LIMIT_BYTES, remaining: NO_LIMIT_BYTES, used: 0 } };
}

/** Without security there is none, and clients go on without. */
export async function getDelegationToken(): Promise<object> {
  return { Token: null };
}

export async function getAllStoragePolicies(): Promise<object> {
  return { BlockStoragePolicies: { BlockStoragePolicy: [json.HOT_POLICY] } };
}

export async function getStoragePolicy(files: FileService, request: HdfsRequest): Promise<object> {
  await files.stat(request.call, request.path);
  return { BlockStoragePolicy: json.HOT_POLICY };
}
