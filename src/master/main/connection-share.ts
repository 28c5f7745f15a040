/**
 * How many connections the process may have. Without free descriptors it can accept nothing, open
 * no segment of its journal and no file of a store, and its listening sockets never become quiet.
 * So some descriptors are kept for its own files, and further connections are closed as soon as
 * they are accepted. One count in shared memory covers all ports and threads; idle connections
 * count too, because they hold a descriptor.
 *
 * A WebSocket that has been closed is not counted any more, but a peer that does not close its side
 * holds the descriptor for some 16 s longer. So each thread looks now and then at the lowest free
 * descriptor, which the next connection gets: all below it are in use.
 *
 * Invariant: no connection stays that has got one of the descriptors that are kept.
 */
import { closeSync, openSync, readFileSync } from 'node:fs';
import { Code, StatusError } from '../../base/status.js';
import type { ConnectionBudget } from '../../net/connection-gate.js';
import { CONTROL } from '../memory/layout.js';
import type { SharedMemory } from '../memory/shared-memory.js';
import type { Config } from '../settings/config.js';

/**
 * Descriptors for the metadata, the journal, stores and their files; half of all if there are few.
 */
const DESCRIPTORS_KEPT = 512;
/** An idle master, and each thread: measured 40 and 6, with room for a flush. */
const DESCRIPTORS_BASE = 80;
const DESCRIPTORS_PER_THREAD = 8;
/** The smallest useful number of connections. */
const CONNECTIONS_MIN = 32;
/** Connections beyond the limit that are accepted only to be told so. */
const TOLD_MAX = 16;
/** Connections of one thread from one look to the next; far fewer than are kept. */
const LOOK_EVERY = 8;
const LIMITS_FILE = '/proc/self/limits';

/** Counts for all threads that have this memory. */
export function connectionBudget(shared: SharedMemory, config: Config): ConnectionBudget {
  const { connectionsMax } = config;
  const limit = descriptorLimit();
  const max = connectionsMax === 0 ? connectionsFor(limit) : connectionsMax;
  const isShort = lookForDescriptors(Math.max(connectionsFor(limit), max + ownDescriptors(config)));
  return {
    enter: () => {
      if (isShort()) return false;
      if (shared.add(CONTROL.CONNECTIONS, 1) < max + TOLD_MAX) return true;
      shared.add(CONTROL.CONNECTIONS, -1);
      return false;
    },
    leave: () => void shared.add(CONTROL.CONNECTIONS, -1),
    isFull: () => shared.load(CONTROL.CONNECTIONS) > max,
  };
}

/** True: a connection from now on could take a descriptor that is kept. */
export function lookForDescriptors(
  from: number,
  lowestFree: () => number = lowestFreeDescriptor,
): () => boolean {
  let accepted = 0;
  let wasShort = false;
  return () => {
    if (!wasShort && ++accepted % LOOK_EVERY !== 0) return false;
    wasShort = lowestFree() >= from;
    return wasShort;
  };
}

function lowestFreeDescriptor(): number {
  try {
    const descriptor = openSync('/dev/null', 'r');
    closeSync(descriptor);
    return descriptor;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EMFILE') return Number.POSITIVE_INFINITY;
    throw error;
  }
}

/** What a master has open by itself, at most. */
function ownDescriptors({ rpcThreads, backgroundThreads, doorThreads }: Config): number {
  return DESCRIPTORS_BASE + DESCRIPTORS_PER_THREAD * (rpcThreads + backgroundThreads + doorThreads);
}

export const connectionsFor = (descriptors: number): number =>
  descriptors - Math.min(DESCRIPTORS_KEPT, Math.ceil(descriptors / 2));

/** Checked at the start: with too few descriptors the master would fail later, and less clearly. */
export function refuseFewDescriptors(config: Config, limit: number = descriptorLimit()): void {
  const threads = config.rpcThreads + config.backgroundThreads + config.doorThreads;
  const own = ownDescriptors(config);
  const needed = Math.max(own + CONNECTIONS_MIN, config.connectionsMax + own);
  if (limit >= needed) return;
  const why =
    config.connectionsMax > CONNECTIONS_MIN
      ? ` with ORCHARD_CONNECTIONS_MAX=${config.connectionsMax}`
      : '';
  throw new StatusError(
    Code.FAILED_PRECONDITION,
    `This process may open ${limit} files and connections; a master of ${threads} threads needs ` +
      `at least ${needed}${why}.`,
    {
      hint:
        'Raise the limit: `ulimit -n 65536` in the shell that starts it, LimitNOFILE=65536 in a ' +
        'unit of systemd, --ulimit nofile=65536 of a container.',
    },
  );
}

/** Node raised the soft limit to the hard one when it started. */
function descriptorLimit(): number {
  if (process.platform !== 'linux') return Number.POSITIVE_INFINITY;
  const soft = /^Max open files\s+(\d+)/m.exec(readFileSync(LIMITS_FILE, 'latin1'))?.[1];
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
}
