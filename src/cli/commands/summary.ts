/** What count and du share: the sums of a tree, told while they are being made. */
import type { TreeSummary } from '../../client/index.js';
import { shown } from '../format.js';
import type { Shell } from '../shell.js';

export async function summaryOf(shell: Shell, path: string, verb: string): Promise<TreeSummary> {
  const client = await shell.client();
  const progress = shell.progress(`${verb} ${shown(path)}`, 'entries');
  try {
    const onProgress = progress.update;
    return await client.contentSummary(path, { onProgress, signal: shell.signal });
  } finally {
    progress.stop();
  }
}
