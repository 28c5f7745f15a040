/** du: bytes of each entry of a directory, with everything below. */
import { shown, sizeText } from '../format.js';
import { Columns } from '../output.js';
import { human, verb } from '../verb.js';
import { summaryOf } from './summary.js';

type Options = { human?: boolean; summary?: boolean; header?: boolean };

export const du = verb<Options>({
  name: 'du',
  args: '<path...>',
  summary: 'sizes of the entries of directories',
  options: [
    human,
    { flags: '-s, --summary', means: 'one sum for each path' },
    { flags: '--header', means: 'a line that names the columns (`dfs -du -v`)' },
  ],
  examples: [
    ['orchard du -h /data', 'each entry of /data, with everything below'],
    ['orchard du -s -h /data /logs', 'one line each'],
  ],
  familiar: 'sizes count each file once, without replicas.',
  run: async (shell, args, options) => {
    const columns = new Columns(['right', 'left']);
    const print = async (path: string, bytes: number) => {
      if (shell.isJson) await shell.out.json({ path, bytes });
      else {
        const row = [sizeText(bytes, options.human), shown(path)];
        for (const line of columns.lines([row])) await shell.out.line(line);
      }
    };
    if (options.header === true && !shell.isJson) {
      for (const line of columns.lines([['SIZE', 'FULL PATH NAME']])) await shell.out.line(line);
    }
    await shell.eachPath(args, async (path) => {
      const client = await shell.client();
      const { signal } = shell;
      const { type } = await client.getStatus(path, { signal });
      if (options.summary === true || type === 'file') {
        await print(path, (await summaryOf(shell, path, 'du')).bytes);
        return;
      }
      for await (const entry of client.list(path, { signal })) {
        const isFile = entry.type === 'file';
        await print(
          entry.path,
          isFile ? entry.length : (await summaryOf(shell, entry.path, 'du')).bytes,
        );
      }
    });
  },
});
