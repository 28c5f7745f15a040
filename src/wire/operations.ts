/**
 * One row for each request: what the edge, the driver of operations and the client must know about
 * it without reading its body. The numbers are those of the union in schemas/request.fbs.
 *
 * lane: `calls` go to the executor as they come; `admin` reports on the master itself, one call at
 * a time; `session` is handled by the edge.
 * idempotent: sending it twice has the same effect as sending it once, even if nobody remembers the
 * first call. So a client may repeat it at a master that has lost its memory of calls.
 */
import { REPLY_NUMBERS, REQUEST_NUMBERS } from './generated/union-numbers.js';

export type Lane = 'calls' | 'admin' | 'session';

export type Operation = {
  readonly name: keyof typeof REQUEST_NUMBERS;
  readonly number: (typeof REQUEST_NUMBERS)[keyof typeof REQUEST_NUMBERS];
  readonly kind: 'read' | 'write';
  readonly idempotent: boolean;
  readonly lane: Lane;
  /** The member of the last reply when the call went well. */
  readonly reply: (typeof REPLY_NUMBERS)[keyof typeof REPLY_NUMBERS];
};

type Row = readonly [Operation['kind'], 'idempotent' | 'once', Lane, keyof typeof REPLY_NUMBERS];

const rows: Record<Operation['name'], Row> = {
  Hello: ['read', 'idempotent', 'session', 'Welcome'],
  Cancel: ['read', 'idempotent', 'session', 'Empty'],
  Ping: ['read', 'idempotent', 'session', 'Empty'],
  OpenSession: ['read', 'once', 'session', 'Empty'],
  CloseSession: ['read', 'once', 'session', 'Empty'],

  GetStatus: ['read', 'idempotent', 'calls', 'FileInfo'],
  GetStatusById: ['read', 'idempotent', 'calls', 'FileInfo'],
  Exists: ['read', 'idempotent', 'calls', 'ExistsReply'],
  ListStatus: ['read', 'idempotent', 'calls', 'ListPage'],
  BatchGetStatus: ['read', 'idempotent', 'calls', 'BatchReply'],
  GetFilePath: ['read', 'idempotent', 'calls', 'PathReply'],
  CheckAccess: ['read', 'idempotent', 'calls', 'Empty'],
  ContentSummary: ['read', 'idempotent', 'calls', 'Summary'],
  GetXAttrs: ['read', 'idempotent', 'calls', 'XAttrsReply'],

  CreateFile: ['write', 'once', 'calls', 'FileInfo'],
  CompleteFile: ['write', 'once', 'calls', 'FileInfo'],
  CreateDirectory: ['write', 'once', 'calls', 'FileInfo'],
  BatchCreate: ['write', 'once', 'calls', 'BatchReply'],
  Rename: ['write', 'once', 'calls', 'Empty'],
  Delete: ['write', 'once', 'calls', 'Empty'],
  Undelete: ['write', 'once', 'calls', 'Empty'],
  SetAttribute: ['write', 'idempotent', 'calls', 'Empty'],
  Trash: ['write', 'idempotent', 'calls', 'JsonReply'],

  Load: ['write', 'idempotent', 'calls', 'JobReply'],
  GetJob: ['read', 'idempotent', 'admin', 'JobReply'],
  CancelJob: ['write', 'idempotent', 'admin', 'JobReply'],
  ListJobs: ['read', 'idempotent', 'admin', 'JobList'],

  Mount: ['write', 'once', 'calls', 'Empty'],
  Unmount: ['write', 'once', 'calls', 'Empty'],
  UpdateMount: ['write', 'idempotent', 'calls', 'Empty'],
  GetMountTable: ['read', 'idempotent', 'admin', 'MountTable'],
  ReverseResolve: ['read', 'idempotent', 'calls', 'PathReply'],

  GetReport: ['read', 'idempotent', 'admin', 'JsonReply'],
  GetLocks: ['read', 'idempotent', 'admin', 'JsonReply'],
  GetJournalInfo: ['read', 'idempotent', 'admin', 'JsonReply'],
  GetConfig: ['read', 'idempotent', 'admin', 'JsonReply'],
  Inspect: ['read', 'idempotent', 'calls', 'JsonReply'],
};

export const operations: readonly Operation[] = Object.entries(rows).map(([name, row]) => ({
  name: name as Operation['name'],
  number: REQUEST_NUMBERS[name as Operation['name']],
  kind: row[0],
  idempotent: row[1] === 'idempotent',
  lane: row[2],
  reply: REPLY_NUMBERS[row[3]],
}));

const byNumber: (Operation | undefined)[] = [];
for (const operation of operations) byNumber[operation.number] = operation;

/** undefined: no such request. */
export const operationOf = (number: number): Operation | undefined => byNumber[number];
