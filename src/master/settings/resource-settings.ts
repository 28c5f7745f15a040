/**
 * Settings for the resources of the machine: threads, memory, and the disks of journal and
 * metadata. Pure.
 */

import { POOL_THREADS_MAX } from '../../base/limits.js';
import { formatBytes } from '../../base/quantity.js';
import { bytes, choice, count, duration, row } from '../../base/setting.js';

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const GIB = 2 ** 30;
const TIB = 2 ** 40;
const SECOND_MS = 1000;

export const threads = {
  backgroundThreads: row(
    'ORCHARD_BACKGROUND_THREADS',
    count('threads', { min: 1, max: POOL_THREADS_MAX - 2 }),
    '2',
    'Threads for loads, recursive jobs and reclaim.',
  ),
  doorThreads: row(
    'ORCHARD_DOOR_THREADS',
    count('threads', { min: 1, max: POOL_THREADS_MAX - 2 }),
    '1',
    'Threads of the HTTP port: file data, health and metrics.',
  ),
  rpcThreads: row(
    'ORCHARD_RPC_THREADS',
    count('threads', { min: 1, max: POOL_THREADS_MAX - 2 }),
    {
      rule: 'cores - 1, at least 1',
      derive: ({ cores, text: textOf }) => {
        const background = Number(textOf('ORCHARD_BACKGROUND_THREADS')) || 1;
        const doors = Number(textOf('ORCHARD_DOOR_THREADS')) || 1;
        return String(Math.max(1, Math.min(cores - 1, POOL_THREADS_MAX - background - doors)));
      },
    },
    'RPC threads; all listen on the one RPC port.',
  ),
};

export const memory = {
  tier1Bytes: row(
    'ORCHARD_TIER1_BYTES',
    bytes({ min: 64 * KIB, max: 3 * GIB }),
    {
      rule: '1/16 of memory, at most 1GiB',
      derive: ({ memoryBytes }) => {
        const part = Math.floor(memoryBytes / 16 / MIB) * MIB;
        return formatBytes(Math.max(64 * KIB, Math.min(part, GIB)));
      },
    },
    'Shared memory for the inode cache, 160 bytes an inode. Other inodes are read from disk.',
  ),
  heldBytesMax: row(
    'ORCHARD_HELD_BYTES_MAX',
    bytes({ min: 16 * MIB, max: TIB }),
    {
      rule: '1/16 of memory, 64MiB to 1GiB',
      derive: ({ memoryBytes }) => {
        const part = Math.floor(memoryBytes / 16 / MIB) * MIB;
        return formatBytes(Math.max(64 * MIB, Math.min(part, GIB)));
      },
    },
    'What calls in flight, sessions, bodies and unread replies may take; then RESOURCE_EXHAUSTED.',
  ),
  heldBytesPerConnectionMax: row(
    'ORCHARD_HELD_BYTES_PER_CONNECTION_MAX',
    bytes({ min: MIB, max: TIB }),
    '32MiB',
    'The same for the calls and sessions of one connection; a single call is always taken.',
  ),
  keyFilterBytes: row(
    'ORCHARD_KEY_FILTER_BYTES',
    bytes({ min: 0, max: GIB }),
    '64MiB',
    'Filter that recognises new names without a disk read; a byte an inode is enough. 0: none.',
  ),
  lockStripes: row(
    'ORCHARD_LOCK_STRIPES',
    count('stripes', { min: 64, max: 2 ** 22, powerOfTwo: true }),
    '524288',
    'Locks in the lock table, about 32 bytes each; more locks mean fewer false conflicts.',
  ),
  ringBytes: row(
    'ORCHARD_RING_BYTES',
    bytes({ min: MIB, max: 256 * MIB, powerOfTwo: true }),
    '4MiB',
    'Ring from each executor to the writer.',
  ),
  sideRingBytes: row(
    'ORCHARD_SIDE_RING_BYTES',
    bytes({ min: MIB, max: 256 * MIB, powerOfTwo: true }),
    '8MiB',
    'Ring of side records (mounts, xattrs, names) from the writer to the flusher.',
  ),
};

export const durability = {
  journalSync: row(
    'ORCHARD_JOURNAL_SYNC',
    choice(['commit', 'none']),
    'commit',
    'commit: a reply waits for the disk. none: a crash of the machine may lose recent changes.',
  ),
  journalSegmentBytes: row(
    'ORCHARD_JOURNAL_SEGMENT_BYTES',
    bytes({ min: MIB, max: GIB }),
    '64MiB',
    'Size of one journal segment; segments are recycled.',
  ),
  journalBytesMax: row(
    'ORCHARD_JOURNAL_BYTES_MAX',
    bytes({ min: 2 * MIB, max: TIB }),
    '1GiB',
    'Journal kept for replay; beyond it a flush is forced.',
  ),
  flushIntervalMs: row(
    'ORCHARD_FLUSH_INTERVAL',
    duration({ min: 1, max: 600 * SECOND_MS }),
    '2s',
    'Longest pause between two flushes to disk; a start after a crash replays the rest.',
  ),
  flushSlotsMax: row(
    'ORCHARD_FLUSH_SLOTS_MAX',
    count('slots', { min: 256, max: 2 ** 24 }),
    '1048576',
    'Changed inodes that one flush sorts together; larger flushes go in parts.',
  ),
  tier2MapBytes: row(
    'ORCHARD_TIER2_MAP_BYTES',
    bytes({ min: 16 * MIB, max: 64 * TIB }),
    '256GiB',
    'Address space for the on-disk metadata: an upper limit that takes no disk space by itself.',
  ),
  tier2CheckBytes: row(
    'ORCHARD_TIER2_CHECK_BYTES',
    bytes({ min: 0, max: 64 * TIB }),
    '256MiB',
    'On-disk metadata up to this size is checked fully at start; above it, only inner pages.',
  ),
  diskReserveBytes: row(
    'ORCHARD_DISK_RESERVE_BYTES',
    bytes({ min: 0, max: TIB }),
    '1GiB',
    'With less free disk space than this the master is read-only.',
  ),
};
