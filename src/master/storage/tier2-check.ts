/**
 * The look at tier 2 before it is opened: damaged pages are refused by name instead of being
 * followed. Small files are read in full, of larger ones the inner pages, so that the start does
 * not grow with the namespace.
 */
import { statSync } from 'node:fs';
import { Code, StatusError } from '../../base/status.js';
import { checkPages, type PageReport } from './page-check.js';
import { PAGE_BYTES } from './page-format.js';
import { dataFile, TABLES } from './tier2.js';
import { refuseOddFiles } from './tier2-place.js';

/** Some ten million inodes have so many: a second on a cold disk. */
const INNER_PAGES_MAX = 1024;

const HINT =
  'The disk has changed what was written, or the file is another one: look at it with ' +
  '`orchard admin journal check`, and restore the data directory from a backup.';

/** Everything is read if the file is at most `fullBytesMax`, otherwise the inner pages. */
export function inspectTier2(directory: string, fullBytesMax: number): PageReport {
  refuseOddFiles(directory);
  const file = dataFile(directory);
  const bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  const leaves = bytes <= fullBytesMax;
  return checkPages(file, { leaves, innerPagesMax: INNER_PAGES_MAX, tables: TABLES });
}

/** Throws DATA_LOSS if a page is damaged. Nobody may have the file open for writing. */
export function refuseDamagedTier2(directory: string, fullBytesMax: number): PageReport {
  const report = inspectTier2(directory, fullBytesMax);
  const [first, ...others] = report.damage;
  if (first === undefined) return report;
  const path = dataFile(directory);
  const more = others.length === 0 ? '' : ` (and at least ${others.length} more)`;
  throw new StatusError(
    Code.DATA_LOSS,
    `${path}: page ${first.page}, offset ${first.page * PAGE_BYTES}: ${first.what}${more}.`,
    { path, hint: HINT },
  );
}
