/**
 * WebHDFS REST v1, as Apache Hadoop specifies it, over a FileService: what hdfs dfs, Spark, fsspec
 * and PyArrow speak. Operations by method and `op`; every failure is a RemoteException.
 */
import type { FileService } from '../../api/file-service.js';
import { Code, StatusError } from '../../base/status.js';
import type { HttpExchange } from '../../net/http-exchange.js';
import type { HttpHandler, HttpRoute } from '../../net/http-server.js';
import * as changes from './changes.js';
import * as data from './data.js';
import { invalidValue } from './parameters.js';
import * as reads from './reads.js';
import { remoteException } from './remote-exception.js';
import { rename } from './rename.js';
import { type HdfsRequest, hdfsRequest, WEBHDFS_PREFIX } from './request.js';
import * as rewrites from './rewrites.js';
import * as xattrs from './xattrs.js';

/** Its JSON; undefined: done, and nothing to say. */
type JsonOp = (files: FileService, request: HdfsRequest) => Promise<object | undefined>;
/** Answers by itself. */
type DataOp = (files: FileService, request: HdfsRequest) => Promise<void>;
type Table<Op> = Readonly<Record<string, Op>>;

const jsonOps: Table<Table<JsonOp>> = {
  GET: {
    GETFILESTATUS: reads.getFileStatus,
    GETFILELINKSTATUS: reads.getFileStatus,
    LISTSTATUS: reads.listStatus,
    LISTSTATUS_BATCH: reads.listStatusBatch,
    GETCONTENTSUMMARY: reads.getContentSummary,
    GETQUOTAUSAGE: reads.getQuotaUsage,
    GETFILEBLOCKLOCATIONS: reads.getFileBlockLocations,
    GETHOMEDIRECTORY: reads.getHomeDirectory,
    GETTRASHROOT: reads.getTrashRoot,
    GETSTATUS: reads.getStatus,
    GETSERVERDEFAULTS: reads.getServerDefaults,
    GETDELEGATIONTOKEN: reads.getDelegationToken,
    GETALLSTORAGEPOLICY: reads.getAllStoragePolicies,
    GETSTORAGEPOLICY: reads.getStoragePolicy,
    GETACLSTATUS: reads.getAclStatus,
    CHECKACCESS: reads.checkAccess,
    GETXATTRS: xattrs.getXattrs,
    LISTXATTRS: xattrs.listXattrs,
    GETLINKTARGET: changes.noLink,
    GETSNAPSHOTDIFF: changes.noSnapshot,
    GETSNAPSHOTTABLEDIRECTORYLIST: changes.noSnapshot,
    GETSNAPSHOTLIST: changes.noSnapshot,
  },
  PUT: {
    MKDIRS: changes.mkdirs,
    RENAME: rename,
    SETPERMISSION: changes.setPermission,
    SETOWNER: changes.setOwner,
    SETTIMES: changes.setTimes,
    SETREPLICATION: changes.setReplication,
    SETXATTR: xattrs.setXattr,
    REMOVEXATTR: xattrs.removeXattr,
    SETACL: changes.setAcl,
    MODIFYACLENTRIES: changes.setAcl,
    REMOVEACL: changes.removeAcl,
    REMOVEDEFAULTACL: changes.removeAcl,
    REMOVEACLENTRIES: changes.removeAcl,
    CREATESYMLINK: changes.noLink,
    ALLOWSNAPSHOT: changes.noSnapshot,
    DISALLOWSNAPSHOT: changes.noSnapshot,
    CREATESNAPSHOT: changes.noSnapshot,
    RENAMESNAPSHOT: changes.noSnapshot,
  },
  POST: { TRUNCATE: rewrites.truncate, CONCAT: rewrites.concat },
  DELETE: { DELETE: changes.remove, DELETESNAPSHOT: changes.noSnapshot },
};

const dataOps: Table<Table<DataOp>> = {
  GET: { OPEN: data.open, GETFILECHECKSUM: data.getFileChecksum },
  PUT: { CREATE: data.create },
  POST: { APPEND: rewrites.append },
};

const JSON_HEADERS = { 'content-type': 'application/json' };

export function webhdfsRoutes(files: FileService): readonly HttpRoute[] {
  const answer: HttpHandler = (exchange) => answerOp(files, exchange);
  const methods = { GET: answer, PUT: answer, POST: answer, DELETE: answer };
  const calls = {
    GET: 'webhdfsGet',
    PUT: 'webhdfsPut',
    POST: 'webhdfsPost',
    DELETE: 'webhdfsDelete',
  } as const;
  const paths = [WEBHDFS_PREFIX, `${WEBHDFS_PREFIX}/`];
  return paths.map((path) => ({ path, methods, calls, tell: remoteException }));
}

async function answerOp(files: FileService, exchange: HttpExchange): Promise<void> {
  const request = hdfsRequest(exchange);
  const { op } = request;
  const byData = dataOps[exchange.method]?.[op];
  if (byData !== undefined) {
    await byData(files, request);
    return;
  }
  const byJson = jsonOps[exchange.method]?.[op];
  if (byJson === undefined) throw noSuchOp(exchange.method, request);
  const result = await byJson(files, request);
  if (result === undefined) exchange.replyHead(200, {});
  else exchange.reply(200, JSON_HEADERS, JSON.stringify(result));
}

function noSuchOp(method: string, { op, parameters }: HdfsRequest): StatusError {
  if (op === '') return invalidValue('op', '', 'Say what is to be done, such as op=LISTSTATUS.');
  const asked = parameters.text('op');
  return new StatusError(
    Code.INVALID_ARGUMENT,
    `Invalid value for webhdfs parameter "op": No enum constant ${method} ${asked}.`,
  );
}
