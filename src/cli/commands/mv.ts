/**
 * mv: rename. A directory of any size moves at once. Of many, none moves before all are checked.
 */
import { OrchardError } from '../../client/errors.js';
import { expandAll } from '../expand.js';
import { shown } from '../format.js';
import type { Client } from '../io.js';
import { force, verb } from '../verb.js';
import { checkNotBelow, type Placed, placeAll, splitTarget } from './target.js';

export const mv = verb<{ force?: boolean }>({
  name: 'mv',
  args: '<paths...>',
  usage: '<source...> <target>',
  summary: 'rename or move files and directories',
  options: [force],
  examples: [
    ['orchard mv /data/tmp /data/final', 'rename a tree of any size at once'],
    ['orchard mv /a/x /a/y /archive', 'into an existing directory'],
  ],
  familiar: 'as `hdfs dfs -mv`: into the target if that is a directory.',
  run: async (shell, args, { force: overwrite = false }) => {
    const { sources, target } = splitTarget(args);
    const client = await shell.client();
    const placed = await placeAll(client, await expandAll(client, sources), target);
    if (placed.length > 1) {
      for (const one of placed) await checkFree(client, one, overwrite);
    }
    for (const { source, place } of placed) {
      await shell.attempt(async () => {
        await client.rename(source, place, { overwrite, signal: shell.signal });
        const said = `Renamed ${shown(source)} to ${shown(place)}`;
        await shell.confirm(said, { renamed: source, to: place });
      });
    }
  },
});

/** Finds failures before the first of many is moved. */
async function checkFree(client: Client, placed: Placed, overwrite: boolean): Promise<void> {
  checkNotBelow(placed);
  const { place: path } = placed;
  if (overwrite || !(await client.exists(path))) return;
  const hint = 'replace it with -f; nothing has been moved';
  throw new OrchardError('ALREADY_EXISTS', `Path "${path}" already exists.`, { path, hint });
}
