/** What chmod, chown, pin and their kin share: one change of attributes, told when it is deep. */
import type { SetAttributeOptions } from '../../client/index.js';
import { shown } from '../format.js';
import type { Shell } from '../shell.js';

type Change = Omit<SetAttributeOptions, 'signal' | 'onProgress' | 'recursive'>;

export async function change(
  shell: Shell,
  path: string,
  attributes: Change,
  { recursive = false, verb }: { recursive?: boolean; verb: string },
): Promise<void> {
  const client = await shell.client();
  const { signal } = shell;
  if (!recursive) await client.setAttribute(path, { ...attributes, signal });
  else {
    const progress = shell.progress(`${verb} ${shown(path)}`, 'entries');
    const onProgress = progress.update;
    try {
      await client.setAttribute(path, { ...attributes, recursive, signal, onProgress });
    } finally {
      progress.stop();
    }
  }
  if (shell.isJson) await shell.out.json({ changed: path, ...attributes });
}
