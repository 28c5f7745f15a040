/** count: directories, files and bytes of a tree. */
import { shown, sizeText } from '../format.js';
import { Columns } from '../output.js';
import { human, verb } from '../verb.js';
import { summaryOf } from './summary.js';

export const count = verb<{ human?: boolean }>({
  name: 'count',
  args: '<path...>',
  summary: 'count directories, files and bytes of trees',
  options: [human],
  examples: [['orchard count -h /data', 'directories, files, bytes, path']],
  familiar: 'the columns are those of `hdfs dfs -count`; the directory itself counts.',
  run: async (shell, args, options) => {
    const columns = new Columns(['right', 'right', 'right', 'left']);
    await shell.eachPath(args, async (path) => {
      const { directories, files, bytes } = await summaryOf(shell, path, 'count');
      if (shell.isJson) await shell.out.json({ path, directories, files, bytes });
      else {
        const cells = [String(directories), String(files), sizeText(bytes, options.human)];
        for (const line of columns.lines([[...cells, shown(path)]])) await shell.out.line(line);
      }
    });
  },
});
