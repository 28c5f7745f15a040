/** How much is in the trash, for `admin report`: counted now, within bounds of inodes and time. */
import { StatusError } from '../../base/status.js';
import type { BackgroundPool } from '../background/pool.js';
import type { TrashReport } from '../background/trash-report.js';
import type { Caller } from '../executor/caller.js';

/** Half a second of work; beyond it the sums are of a part, and say so. */
const INODES_MAX = 200_000;
const MS_MAX = 3000;

type TrashFigures = Omit<TrashReport, 'list'> | { readonly uncounted: string };

export async function trashFigures(pool: BackgroundPool, caller: Caller): Promise<TrashFigures> {
  const request = { kind: 'trash', path: '/', caller, limit: 0, inodesMax: INODES_MAX } as const;
  try {
    const { report } = await pool.job(request, AbortSignal.timeout(MS_MAX), () => undefined);
    const { list: _none, ...sums } = report as TrashReport;
    return sums;
  } catch (error) {
    // A report is of most use when something else does not work.
    if (error instanceof StatusError) return { uncounted: error.message };
    throw error;
  }
}
