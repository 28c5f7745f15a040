/**
 * How many connections one RPC thread may have. A process without free descriptors can accept
 * nothing, open no file of its own, and its listening sockets never fall quiet: so connections are
 * refused before it comes to that. The kernel spreads connections over the threads by a hash, about
 * evenly, so each thread has its share of the whole.
 */
import { readFileSync } from 'node:fs';

/** For the metadata, the journal, stores and HTTP; half of all where there are few. */
const DESCRIPTORS_KEPT = 512;
const LIMITS_FILE = '/proc/self/limits';

/** `connectionsMax` 0: as many as there are descriptors for. */
export function connectionShare(connectionsMax: number, rpcThreads: number): number {
  const all = connectionsMax === 0 ? connectionsFor(descriptorLimit()) : connectionsMax;
  return Math.ceil(all / rpcThreads);
}

export const connectionsFor = (descriptors: number): number =>
  descriptors - Math.min(DESCRIPTORS_KEPT, Math.ceil(descriptors / 2));

/** Node has raised the soft limit to the hard one when it started. */
function descriptorLimit(): number {
  if (process.platform !== 'linux') return Number.POSITIVE_INFINITY;
  const soft = /^Max open files\s+(\d+)/m.exec(readFileSync(LIMITS_FILE, 'latin1'))?.[1];
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
}
