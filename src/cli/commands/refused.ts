/**
 * What HDFS and Alluxio have and Orchard has not: each is known by name, so that whoever types it
 * reads why it is not there and what to do instead. Not in the help.
 */
import { OrchardError } from '../../client/errors.js';
import { type Verb, verb } from '../verb.js';

type Row = readonly [names: string, reason: string, hint: string];

const appends = 'The content of a file is written once and never changed.';
const snapshots = 'There are no snapshots.';
const acls = 'There are no ACLs yet, only owner, group and mode.';
const workers = 'There are no workers and no cached copies yet.';
const atStart = 'Settings are read at the start of a master.';
const syncs = 'Stores are looked into when somebody asks, not by a plan.';

const rows: readonly Row[] = [
  ['moveToLocal', 'HDFS does not have it either.', 'orchard get, then orchard rm'],
  [
    'truncate concat',
    appends,
    'write a new file: orchard put -f, or orchard cat … | orchard put -',
  ],
  [
    'createSnapshot deleteSnapshot renameSnapshot',
    snapshots,
    'keep what the namespace is in a backup: orchard admin backup',
  ],
  ['setfacl', acls, 'orchard chmod, orchard chown, orchard chgrp'],
  ['createSymlink', 'There are no links in the namespace.', 'orchard mount, or orchard mv'],
  ['free distributedLoad', workers, 'orchard load, for the metadata'],
  ['getCapacityBytes getUsedBytes location', workers, 'orchard df, for what the stores have'],
  ['distributedCp', 'There are no workers yet: this machine copies.', 'orchard cp -R'],
  [
    'distributedMv',
    'There are no workers yet: this machine copies.',
    'orchard cp -R, orchard rm -R',
  ],
  [
    'persist',
    'A file is in its store as soon as it is complete.',
    'orchard stat tells its store path',
  ],
  [
    'startSync stopSync getSyncPathList needsSync policy',
    syncs,
    'orchard load -R, or orchard ls -f, by a timer',
  ],
  [
    'checkConsistency',
    syncs,
    'orchard load -R for the stores, orchard admin verify for the master',
  ],
  ['fsck', 'One check is of the whole namespace.', 'orchard admin verify'],
  ['format', 'An empty data directory becomes a new cluster by itself.', 'orchard master start'],
  ['logLevel', atStart, 'ORCHARD_LOG_LEVEL=debug orchard master start'],
  ['runTests', 'Alluxio alone has these tests.', 'orchard admin verify'],
];

const adminRows: readonly Row[] = [
  ['doctor', 'One report is for all.', 'orchard admin report, orchard admin verify'],
  ['getBlockInfo', workers, 'orchard stat'],
  ['pathConf updateConf', atStart, 'orchard admin config shows them; ORCHARD_* sets them'],
  ['ufs', 'A mount has its own options.', 'orchard updateMount --read-only, or --read-write'],
  ['nodes decommissionWorker enableWorker', workers, 'orchard admin report'],
];

const refusals = (table: readonly Row[]): Verb[] =>
  table.flatMap(([names, reason, hint]) =>
    names.split(' ').map((name) =>
      verb({
        name,
        args: '[words...]',
        summary: `not there: ${reason}`,
        options: [],
        examples: [],
        isRefused: true,
        run: () => Promise.reject(new OrchardError('UNIMPLEMENTED', reason, { hint })),
      }),
    ),
  );

export const refusedVerbs: readonly Verb[] = refusals(rows);
export const refusedAdminVerbs: readonly Verb[] = refusals(adminRows);
