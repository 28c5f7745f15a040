/** What a load has found besides what it loaded. Plain data, which users see unchanged. Pure. */
import type { Skips } from '../../stores/skips.js';
import type { Followed, StoreRefresh } from './store-refresh.js';
import type { WorkFailures } from './work-failures.js';

export type LoadReport = Followed & {
  /** Entries of stores that the namespace cannot hold. */
  readonly skipped: Skips;
  /** Directories and inodes that could not be loaded, by the name of the code. */
  readonly failedByCode: WorkFailures['byCode'];
};

export const reportOf = (
  skipped: Skips,
  { followed }: StoreRefresh,
  failures?: WorkFailures,
): LoadReport => ({ skipped, ...followed, failedByCode: failures?.byCode ?? {} });
