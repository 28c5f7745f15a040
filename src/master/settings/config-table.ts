/**
 * Every setting of the master: one row a variable, in the order in which they are documented.
 * docs/CONFIGURATION.md, `orchard admin config`, the parser and the type Config all come from here.
 * Pure.
 *
 * Invariant: a derived default looks only at facts and at rows above its own.
 */

import { absolutePath } from '../../base/absolute-path.js';
import type { Setting } from '../../base/setting.js';
import {
  boolean,
  choice,
  count,
  duration,
  list,
  octal,
  pairs,
  row,
  text,
} from '../../base/setting.js';
import { durability, memory, threads } from './resource-settings.js';

const SECOND_MS = 1000;
const DAY_MS = 86_400_000;

/** Variables that this process ignores: clients, tests and benches read them. */
export const FOREIGN_NAMES: readonly RegExp[] = [
  /^ORCHARD_(MASTER|USER|GROUPS)$/,
  /^ORCHARD_(TEST|BENCH|DEMO|CLI)_/,
];

const nameText = (what: string, longest: number) =>
  text(`${what} of 1 to ${longest} letters, digits, dots, dashes, underscores or @`, {
    pattern: new RegExp(`^[\\w.@-]{1,${longest}}$`),
  });

const place = {
  clusterName: row(
    'ORCHARD_CLUSTER_NAME',
    nameText('a name', 63),
    'orchard',
    'Name of the cluster; a data directory belongs to one cluster for good.',
  ),
  dataDir: row(
    'ORCHARD_DATA_DIR',
    text('a path', { pattern: /^[^\0]+$/ }),
    './data',
    'Directory of journal, metadata and, by default, file data; one master at a time.',
  ),
  backupDir: row(
    'ORCHARD_BACKUP_DIR',
    text('a path', { pattern: /^[^\0]+$/ }),
    {
      rule: '<data directory>/backups',
      derive: ({ workingDirectory, text: textOf }) =>
        `${absolutePath(workingDirectory, textOf('ORCHARD_DATA_DIR'))}/backups`,
    },
    'Directory for backups, best on another disk; backups are written nowhere else.',
  ),
  host: row(
    'ORCHARD_HOST',
    text('an address or a host name', { pattern: /^[\w.:-]{1,255}$/ }),
    '127.0.0.1',
    'Address to listen on; 0.0.0.0 opens the master to the network.',
  ),
  allowedOrigins: row(
    'ORCHARD_ALLOWED_ORIGINS',
    list('origins such as https://console.example.com with commas between them', {
      pattern: /^[a-z][a-z0-9+.-]*:\/\/[^\s/,]+$/i,
    }),
    '',
    'Sites whose web pages may call the master, on every port; all others are refused.',
  ),
  rpcPort: row(
    'ORCHARD_RPC_PORT',
    count('port', { min: 0, max: 65_535 }),
    '19998',
    'Port for calls: WebSocket and HTTP POST on /rpc.',
  ),
  httpPort: row(
    'ORCHARD_HTTP_PORT',
    count('port', { min: 0, max: 65_535 }),
    '19999',
    'Port for file data, metrics and health.',
  ),
};

const namespace = {
  rootUfs: row(
    'ORCHARD_ROOT_UFS',
    text('a store such as file:///path or s3://bucket/prefix', {
      pattern: /^[a-z][a-z0-9+.-]*:\/\/\S/i,
    }),
    {
      rule: 'file://<data directory>/ufs',
      derive: ({ workingDirectory, text: textOf }) =>
        `file://${absolutePath(workingDirectory, textOf('ORCHARD_DATA_DIR'))}/ufs`,
    },
    'Store that is mounted at / when the data directory is new.',
  ),
  rootUfsOptions: {
    ...row(
      'ORCHARD_ROOT_UFS_OPTIONS',
      pairs(),
      '',
      'Options of the root store, key=value with commas between; may hold credentials.',
    ),
    secret: true,
  } as Setting<Readonly<Record<string, string>>>,
  superuser: row(
    'ORCHARD_SUPERUSER',
    nameText('a user name', 255),
    { rule: 'user of the process', derive: ({ user }) => user },
    'User who may do everything.',
  ),
  supergroup: row(
    'ORCHARD_SUPERGROUP',
    nameText('a group name', 255),
    'supergroup',
    'Group whose members may do everything.',
  ),
  umask: row(
    'ORCHARD_UMASK',
    octal(0o777),
    '022',
    'Bits removed from the mode of new files and directories.',
  ),
  permissions: row(
    'ORCHARD_PERMISSIONS',
    boolean(),
    'true',
    'Check permissions; with false everybody may do everything.',
  ),
  trashRetentionMs: row(
    'ORCHARD_TRASH_RETENTION',
    duration({ min: 0, max: 3650 * DAY_MS }),
    '24h',
    'How long undelete is possible; with 0, deleted files are reclaimed at once.',
  ),
  ttlCheckIntervalMs: row(
    'ORCHARD_TTL_CHECK_INTERVAL',
    duration({ min: 10, max: DAY_MS }),
    '60s',
    'Pause between two searches for expired files.',
  ),
  clockSettleMs: row(
    'ORCHARD_CLOCK_SETTLE',
    duration({ min: 0, max: DAY_MS }),
    '5m',
    'How long a clock must be steady, after a jump ahead or a start, before anything expires.',
  ),
  writeLeaseMs: row(
    'ORCHARD_WRITE_LEASE',
    duration({ min: SECOND_MS, max: 3650 * DAY_MS }),
    '24h',
    'An incomplete file goes to the trash this long after its last write.',
  ),
  invariants: row(
    'ORCHARD_INVARIANTS',
    boolean(),
    'false',
    'For tests, not for service: run the expensive checks too (all lock words, rings, dirty ' +
      'slots), and overwrite scratch memory between calls; a broken invariant ends the master.',
  ),
};

const calls = {
  retryWindowMs: row(
    'ORCHARD_RETRY_WINDOW',
    duration({ min: SECOND_MS, max: DAY_MS }),
    '10min',
    'How long a repeated call gets its first answer, even after a crash.',
  ),
  retryCacheEntries: row(
    'ORCHARD_RETRY_CACHE_ENTRIES',
    count('answers', { min: 1024, max: 2 ** 24, powerOfTwo: true }),
    '1048576',
    'Answers kept for that, 48 bytes each; when full, the oldest go, and a metric counts them.',
  ),
  callsInFlightMax: row(
    'ORCHARD_CALLS_IN_FLIGHT_MAX',
    count('calls', { min: 1, max: 65_536 }),
    '1024',
    'Concurrent calls of one connection; further ones get RESOURCE_EXHAUSTED.',
  ),
  connectionsMax: row(
    'ORCHARD_CONNECTIONS_MAX',
    count('connections', { min: 0, max: 2 ** 24 }),
    '0',
    'Connections of all ports together, including idle ones; further ones are refused. ' +
      '0: what the limit of descriptors (ulimit -n) leaves, less some for files and stores.',
  ),
  sessionsPerConnectionMax: row(
    'ORCHARD_SESSIONS_PER_CONNECTION_MAX',
    count('sessions', { min: 0, max: 65_536 }),
    '1024',
    'Further sessions that one connection may open, as the agent of a host does.',
  ),
  callsPerSessionMax: row(
    'ORCHARD_CALLS_PER_SESSION_MAX',
    count('calls', { min: 1, max: 65_536 }),
    '256',
    'Concurrent calls of one such session; further ones get RESOURCE_EXHAUSTED.',
  ),
  callsParkedMax: row(
    'ORCHARD_CALLS_PARKED_MAX',
    count('calls', { min: 16, max: 2 ** 20 }),
    '65536',
    'Calls of one executor that may wait for locks or for the journal.',
  ),
  transferTimeoutMs: row(
    'ORCHARD_TRANSFER_TIMEOUT',
    duration({ min: 100, max: DAY_MS }),
    '60s',
    'An HTTP transfer ends if its client moves less than 64KiB in this time.',
  ),
  drainTimeoutMs: row(
    'ORCHARD_DRAIN_TIMEOUT',
    duration({ min: 0, max: 600 * SECOND_MS }),
    '5s',
    'Time for running calls to finish after SIGTERM.',
  ),
};

const stores = {
  localRoots: row(
    'ORCHARD_LOCAL_ROOTS',
    list('absolute paths with commas between them', { pattern: /^\/[^\0,]*$/ }),
    '',
    "Local directories that may be mounted, with everything below. None: the user's own " +
      'directories, except homes, hidden ones and system folders.',
  ),
  mountEnvironment: row(
    'ORCHARD_MOUNT_ENV',
    list('names with commas between them, X_* for all X_', { pattern: /^[A-Za-z_]\w*\*?$/ }),
    'AWS_*,S3_*',
    "Variables of the master's environment that options of mounts may name (env:NAME).",
  ),
  loadBatch: row(
    'ORCHARD_LOAD_BATCH',
    count('entries', { min: 1, max: 4096 }),
    '1000',
    "Entries of a store's listing that are loaded at a time.",
  ),
  ufsTimeoutMs: row(
    'ORCHARD_UFS_TIMEOUT',
    duration({ min: 10, max: 3600 * SECOND_MS }),
    '30s',
    'Longest wait for one answer of a store.',
  ),
};

const logs = {
  logLevel: row(
    'ORCHARD_LOG_LEVEL',
    choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    'info',
    'Least severe message that is written.',
  ),
  logPretty: row(
    'ORCHARD_LOG_PRETTY',
    choice(['auto', 'true', 'false']),
    'auto',
    'Logs for people rather than JSON; auto: when standard output is a terminal.',
  ),
};

export const CONFIG_TABLE = {
  ...place,
  ...threads,
  ...memory,
  ...durability,
  ...namespace,
  ...calls,
  ...stores,
  ...logs,
} as const;

type Table = typeof CONFIG_TABLE;

/** One field a row, of the type that the row's kind gives. */
export type ConfigValues = {
  readonly [K in keyof Table]: Table[K] extends Setting<infer T> ? T : never;
};
