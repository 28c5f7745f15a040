/** count: directories, files and bytes of a tree. */
import { shown, sizeText } from '../format.js';
import { type Align, Columns } from '../output.js';
import { human, verb } from '../verb.js';
import { summaryOf } from './summary.js';

type Options = { human?: boolean; header?: boolean; quota?: boolean; quotaOnly?: boolean };

/** The four columns of quotas, of which there are none. */
const NO_QUOTAS = ['none', 'inf', 'none', 'inf'];
const quotaHead = ['QUOTA', 'REM_QUOTA', 'SPACE_QUOTA', 'REM_SPACE_QUOTA'];
const sumHead = ['DIR_COUNT', 'FILE_COUNT', 'CONTENT_SIZE'];

export const count = verb<Options>({
  name: 'count',
  args: '<path...>',
  summary: 'count directories, files and bytes of trees',
  options: [
    human,
    { flags: '--header', means: 'a line that names the columns (`dfs -count -v`)' },
    { flags: '--quota', means: 'show quotas first; there are none (`dfs -count -q`)' },
    { flags: '--quota-only', means: 'show only quotas (`dfs -count -u`)' },
  ],
  examples: [
    ['orchard count -h /data', 'directories, files, bytes, path'],
    ['orchard dfs -count -q -h -v /data', 'as HDFS prints it'],
  ],
  familiar: 'the columns are those of `hdfs dfs -count`; the directory itself counts.',
  run: async (shell, args, options) => {
    const columns = new Columns(alignsOf(options));
    const print = async (sums: readonly string[], path: string) => {
      const quotas = sums === sumHead ? quotaHead : NO_QUOTAS;
      const cells = [...(hasQuotas(options) ? quotas : []), ...(options.quotaOnly ? [] : sums)];
      for (const line of columns.lines([[...cells, path]])) await shell.out.line(line);
    };
    if (options.header === true && !shell.isJson) await print(sumHead, 'PATHNAME');
    await shell.eachPath(args, async (path) => {
      const { directories, files, bytes } = await summaryOf(shell, path, 'count');
      if (shell.isJson) await shell.out.json({ path, directories, files, bytes });
      else {
        const counts = [String(directories), String(files), sizeText(bytes, options.human)];
        await print(counts, shown(path));
      }
    });
  },
});

const hasQuotas = ({ quota, quotaOnly }: Options): boolean => quota === true || quotaOnly === true;

function alignsOf(options: Options): Align[] {
  const numbers = (hasQuotas(options) ? 4 : 0) + (options.quotaOnly === true ? 0 : 3);
  return [...new Array<Align>(numbers).fill('right'), 'left'];
}
