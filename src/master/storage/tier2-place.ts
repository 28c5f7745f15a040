/**
 * What LMDB answers with a signal, or not at all, asked before it opens its files: is there a file
 * where it wants one, and is its map as large as the process may map?
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Code, StatusError } from '../../base/status.js';

const FILES = ['data.mdb', 'lock.mdb'] as const;
/** What the threads of a master take beside the map. */
const BESIDE_BYTES = 4 * 2 ** 30;
const PAGE_BYTES = 4096;
const inGiB = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/** Throws FAILED_PRECONDITION where LMDB's files are to be and something else is. */
export function refuseOddFiles(directory: string): void {
  for (const name of FILES) {
    const file = join(directory, name);
    const found = statSync(file, { throwIfNoEntry: false });
    if (found === undefined || found.isFile()) continue;
    throw new StatusError(Code.FAILED_PRECONDITION, `${file} is no regular file.`, {
      path: file,
      hint: name === 'lock.mdb' ? 'Move it away: a new one is made.' : 'Put the file back.',
    });
  }
}

/** Throws FAILED_PRECONDITION if the map, and a master beside it, have no room. */
export function refuseNarrowSpace(directory: string, mapBytes: number): void {
  const roomBytes = addressRoom(join(directory, FILES[0]));
  if (mapBytes + BESIDE_BYTES <= roomBytes) return;
  throw new StatusError(
    Code.FAILED_PRECONDITION,
    `The metadata is to be mapped with ${inGiB(mapBytes)} of address space, and this process ` +
      `may take ${inGiB(Math.max(0, roomBytes))} more.`,
    {
      path: directory,
      hint:
        'Start it without the limit (`ulimit -v unlimited`; of systemd, LimitAS=infinity), or ' +
        'set ORCHARD_TIER2_MAP_BYTES to 4 GiB less than that, and to more than data.mdb has.',
    },
  );
}

/** Without a limit, or where `file` is mapped already, there is no end to it. */
function addressRoom(file: string): number {
  const limit = /^Max address space +(\d+)/m.exec(account('limits'))?.[1];
  if (limit === undefined || account('maps').includes(file)) return Number.POSITIVE_INFINITY;
  const usedPages = Number(account('statm').split(' ')[0]);
  return Number(limit) - usedPages * PAGE_BYTES;
}

/** Nothing where the system keeps no such account. */
function account(name: 'limits' | 'maps' | 'statm'): string {
  try {
    return readFileSync(`/proc/self/${name}`, 'latin1');
  } catch {
    return '';
  }
}
