/**
 * The one table of allowed values in requests. For every field of every kind of request it has the
 * range of a number, or the length and the characters of a text. The master checks each request
 * with it before anything else sees it (request-check.ts); the client does so before it sends one
 * (body-check.ts). The kernels of the fast path leave every value that it refuses to the slow path,
 * and so to this table.
 *
 * Flags and enums need no rule: a flag is any byte, and an enum's numbers come from the schema. All
 * other fields must have a rule: the type of the table requires it, so a new field without one does
 * not compile. Rules that need the namespace (replicationMin <= replicationMax of an inode, whether
 * a path exists) belong to the operations.
 */
import {
  BATCH_PATHS_MAX,
  CALLER_GROUPS_MAX,
  CLIENT_NAME_BYTES_MAX,
  INTERNED_BYTES_MAX,
  LIST_PAGE_ENTRIES_MAX,
  MOUNT_OPTIONS_MAX,
  OPTION_KEY_BYTES_MAX,
  OPTION_VALUE_BYTES_MAX,
  PATH_BYTES_MAX,
  PATH_INPUT_BYTES_MAX,
  REPLICATION_MAX,
  SESSION_NUMBER_MAX,
  TIME_MS_MAX,
  TRASH_ENTRIES_MAX,
  TTL_MS_MAX,
  URI_BYTES_MAX,
  WHOLE_MAX,
  XATTR_BYTES_MAX,
  XATTR_COUNT_MAX,
  XATTR_NAME_BYTES_MAX,
} from '../base/limits.js';
import type { requestFields } from './generated/request-fields.js';

export type NumberRule = { readonly min: number; readonly max: number };

/**
 * Which characters beside NUL, and bytes that are no UTF-8, a text may not have.
 *   any: all others may stand in it           line: no control characters
 *   principal: as line, and nothing that separates names where they are listed: , : /
 *   unread: nothing is looked at here: each text is judged, and refused, by itself
 */
export type Characters = 'any' | 'line' | 'principal' | 'unread';

export type TextRule = {
  readonly bytesMin: number;
  readonly bytesMax: number;
  readonly characters: Characters;
};
export type BytesRule = { readonly bytesMax: number };
export type ListRule = { readonly countMax: number };
export type TextsRule = ListRule & { readonly each: TextRule };

type Types = {
  string: TextRule;
  strings: TextsRule;
  bytes: BytesRule;
  tables: ListRule;
};
type RuleOf<Type extends string> = Type extends keyof Types ? Types[Type] : NumberRule;

type Fields = typeof requestFields;
type Ruled<Table> = {
  readonly [Field in keyof Table as Table[Field] extends { type: 'bool' | 'enum' | 'union' }
    ? never
    : Field]: Table[Field] extends { type: infer Type extends string } ? RuleOf<Type> : never;
};

const whole = (min: number, max: number): NumberRule => ({ min, max });
const text = (bytesMin: number, bytesMax: number, characters: Characters): TextRule => ({
  bytesMin,
  bytesMax,
  characters,
});

const UINT_MAX = 0xffff_ffff;
const MODE_MAX = 0o7777;
/** As in chmod; more clauses than this were not written by a person. */
const MODE_CHANGE_BYTES_MAX = 255;

const ANY_WHOLE = whole(0, WHOLE_MAX);
const ANY_UINT = whole(0, UINT_MAX);
const SESSION = whole(0, SESSION_NUMBER_MAX);
const NEW_SESSION = whole(1, SESSION_NUMBER_MAX);
/** Text that the kernels' cleanPath cleans, splits and checks. */
const PATH = text(0, PATH_INPUT_BYTES_MAX, 'any');
/** An empty one is UNAUTHENTICATED, which the handshake reports. */
const USER = text(0, INTERNED_BYTES_MAX, 'principal');
const PRINCIPAL = text(1, INTERNED_BYTES_MAX, 'principal');
const GROUPS = { countMax: CALLER_GROUPS_MAX, each: PRINCIPAL };
const CLIENT_NAME = text(0, CLIENT_NAME_BYTES_MAX, 'line');
/** A name, or a path below a directory, which begins without a slash. */
const BELOW = text(0, PATH_BYTES_MAX - 1, 'any');
const CURSOR = { bytesMax: PATH_BYTES_MAX + 1 };
const URI = text(1, URI_BYTES_MAX, 'line');
/** -1: the default. */
const NEW_MODE = whole(-1, MODE_MAX);
/** -1: none. */
const TTL = whole(-1, TTL_MS_MAX);
/** -1: the default, which is 0. */
const NEW_REPLICATION_MIN = whole(-1, REPLICATION_MAX);
/** -1: no bound. */
const REPLICATION_UPPER = whole(-1, REPLICATION_MAX);
const XATTRS = { countMax: XATTR_COUNT_MAX };
const OPTIONS = { countMax: MOUNT_OPTIONS_MAX };

export const fieldRules: { readonly [Table in keyof Fields]: Ruled<Fields[Table]> } = {
  Request: { call: ANY_WHOLE, deadlineMs: ANY_UINT, session: SESSION },
  Hello: {
    // Any value: the handshake refuses unknown versions.
    version: whole(0, 0xffff),
    clientId: ANY_WHOLE,
    user: USER,
    groups: GROUPS,
    clientName: CLIENT_NAME,
  },
  Cancel: { target: ANY_WHOLE },
  Ping: {},
  OpenSession: {
    session: NEW_SESSION,
    clientId: ANY_WHOLE,
    user: USER,
    groups: GROUPS,
    clientName: CLIENT_NAME,
  },
  CloseSession: { session: NEW_SESSION },

  GetStatus: { path: PATH },
  GetStatusById: { id: ANY_WHOLE },
  Exists: { path: PATH },
  ListStatus: {
    path: PATH,
    pageSize: ANY_UINT,
    cursor: CURSOR,
    startAfter: BELOW,
    offsetId: ANY_WHOLE,
    prefix: BELOW,
  },
  // Each path has its own answer, even if it is a refusal.
  BatchGetStatus: {
    paths: { countMax: BATCH_PATHS_MAX, each: text(0, Number.POSITIVE_INFINITY, 'unread') },
  },
  GetFilePath: { id: ANY_WHOLE },
  CheckAccess: { path: PATH, bits: whole(0, 7) },
  ContentSummary: { path: PATH },
  GetXAttrs: { path: PATH },

  CreateFile: {
    path: PATH,
    mode: NEW_MODE,
    blockSize: whole(1, WHOLE_MAX),
    ttlMs: TTL,
    replicationMin: NEW_REPLICATION_MIN,
    replicationMax: REPLICATION_UPPER,
    xattrs: XATTRS,
  },
  CompleteFile: {
    path: PATH,
    length: ANY_WHOLE,
    fingerprint: ANY_WHOLE,
    mtimeMs: whole(-TIME_MS_MAX, TIME_MS_MAX),
  },
  CreateDirectory: { path: PATH, mode: NEW_MODE, ttlMs: TTL, xattrs: XATTRS },
  BatchCreate: { files: { countMax: BATCH_PATHS_MAX } },
  Rename: { source: PATH, target: PATH },
  Delete: { path: PATH },
  Undelete: { path: PATH },
  SetAttribute: {
    path: PATH,
    mode: whole(0, MODE_MAX),
    owner: PRINCIPAL,
    group: PRINCIPAL,
    ttlMs: TTL,
    replicationMin: whole(0, REPLICATION_MAX),
    replicationMax: REPLICATION_UPPER,
    xattrs: XATTRS,
    modeChange: text(1, MODE_CHANGE_BYTES_MAX, 'line'),
    mtimeMs: whole(-TIME_MS_MAX, TIME_MS_MAX),
  },
  XAttr: {
    name: text(1, XATTR_NAME_BYTES_MAX, 'line'),
    value: { bytesMax: XATTR_BYTES_MAX },
  },

  Trash: { path: PATH, limit: whole(0, TRASH_ENTRIES_MAX) },

  Load: { path: PATH },
  GetJob: { job: ANY_WHOLE },
  CancelJob: { job: ANY_WHOLE },
  ListJobs: {},

  Mount: { path: PATH, uri: URI, options: OPTIONS },
  Unmount: { path: PATH },
  UpdateMount: { path: PATH, options: OPTIONS },
  GetMountTable: {},
  ReverseResolve: { uri: URI },
  KeyValue: {
    key: text(1, OPTION_KEY_BYTES_MAX, 'line'),
    value: text(0, OPTION_VALUE_BYTES_MAX, 'any'),
  },

  GetReport: {},
  GetLocks: {},
  GetJournalInfo: {},
  GetConfig: {},
  Inspect: {
    file: text(0, PATH_BYTES_MAX, 'line'),
    startAfter: text(0, PATH_BYTES_MAX, 'any'),
    limit: { min: 0, max: LIST_PAGE_ENTRIES_MAX },
  },
};
