/** mv: rename. A directory of any size moves at once. */
import { shown } from '../format.js';
import { baseName } from '../namespace-path.js';
import { force, verb } from '../verb.js';
import { findTarget, placeOf, splitTarget } from './target.js';

export const mv = verb<{ force?: boolean }>({
  name: 'mv',
  args: '<paths...>',
  usage: '<source...> <target>',
  summary: 'rename or move files and directories',
  options: [force],
  examples: [
    ['orchard mv /data/tmp /data/final', 'rename, at once whatever its size'],
    ['orchard mv /a/x /a/y /archive', 'into a directory that exists'],
  ],
  familiar: 'as `hdfs dfs -mv`: into the target when that is a directory.',
  run: async (shell, args, { force: overwrite = false }) => {
    const { sources, target: text } = splitTarget(args);
    const client = await shell.client();
    const target = await findTarget(client, text, sources.length);
    await shell.eachPath(sources, async (source) => {
      const place = placeOf(target, baseName(source));
      await client.rename(source, place, { overwrite, signal: shell.signal });
      const said = `Renamed ${shown(source)} to ${shown(place)}`;
      await shell.out.tell(said, { renamed: source, to: place });
    });
  },
});
