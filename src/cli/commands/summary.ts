/** Shared by count and du: the sums of a tree, with progress. */
import { OrchardError } from '../../client/errors.js';
import type { LoadTypeName, TreeSummary } from '../../client/index.js';
import { shown } from '../format.js';
import type { Shell } from '../shell.js';

/** Reports each directory that is missing in the sums; the exit status is then 1. */
export async function summaryOf(
  shell: Shell,
  path: string,
  verb: string,
  load: LoadTypeName = 'once',
): Promise<TreeSummary> {
  const client = await shell.client();
  const progress = shell.progress(`${verb} ${shown(path)}`, 'entries');
  let summary: TreeSummary;
  try {
    const onProgress = progress.update;
    summary = await client.contentSummary(path, { load, onProgress, signal: shell.signal });
  } finally {
    progress.stop();
  }
  const { failures, leftOut } = summary;
  for (const { path: missing, code, reason } of failures) {
    await shell.fail(new OrchardError(code, reason, { path: missing }));
  }
  if (leftOut > failures.length) {
    const reason = `In all, ${leftOut} directories are left out of the sum.`;
    await shell.fail(new OrchardError(failures[0]!.code, reason, { path }));
  }
  return summary;
}
