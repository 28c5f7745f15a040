/** What a load has found beside what it loaded. Plain data: users see it as it is. Pure. */
import type { Skips } from '../../stores/skips.js';
import type { Followed, StoreRefresh } from './store-refresh.js';
import type { WorkFailures } from './work-failures.js';

export type LoadReport = Followed & {
  /** What the stores have and the namespace cannot hold. */
  readonly skipped: Skips;
  /** Directories and inodes that could not be loaded, by the name of the code. */
  readonly failedByCode: WorkFailures['byCode'];
};

export const reportOf = (
  skipped: Skips,
  { followed }: StoreRefresh,
  failures?: WorkFailures,
): LoadReport => ({ skipped, ...followed, failedByCode: failures?.byCode ?? {} });
