/** Shared by chmod, chown, pin and similar commands: one change of attributes, with progress. */
import { OrchardError } from '../../client/errors.js';
import type { SetAttributeOptions } from '../../client/index.js';
import { shown } from '../format.js';
import type { Shell } from '../shell.js';
import { failParts } from './parts.js';

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
    } catch (thrown) {
      if (!(thrown instanceof OrchardError) || thrown.outcome === undefined) throw thrown;
      await failParts(shell, thrown.outcome, 'could not be changed');
      return;
    } finally {
      progress.stop();
    }
  }
  const all = recursive ? ' and all below it' : '';
  await shell.confirm(`Changed ${shown(path)}${all}`, { changed: path, ...attributes });
}
