/** ls: what is in a directory, sorted by name, printed page by page as the master gives it. */
import type { FileStatus } from '../../client/index.js';
import { modeText, shown, sizeText, stateText, statusJson, timeText } from '../format.js';
import { Columns } from '../output.js';
import type { Shell } from '../shell.js';
import { human, recursive, verb } from '../verb.js';

type Options = {
  recursive?: boolean;
  human?: boolean;
  directory?: boolean;
  paths?: boolean;
  load?: boolean;
};

export const ls = verb<Options>({
  name: 'ls',
  args: '[path...]',
  summary: 'list directories',
  options: [
    recursive,
    human,
    { flags: '-d, --directory', means: 'the directory itself, not what is in it' },
    { flags: '-C, --paths', means: 'paths only' },
    { flags: '-f, --load', means: 'look into the store again' },
  ],
  examples: [
    ['orchard ls', 'what is in /'],
    ['orchard ls -h /data', 'with sizes like 1.5K'],
    ["orchard ls -R '/data/2026-*'", 'everything below some directories'],
  ],
  familiar: 'columns are mode, owner, group, size, state, time, path, as in `alluxio fs ls`.',
  run: (shell, args, options) =>
    shell.eachPath(args.length === 0 ? ['/'] : args, (path) => list(shell, path, options)),
});

async function list(shell: Shell, path: string, options: Options): Promise<void> {
  const client = await shell.client();
  const columns = new Columns(['left', 'left', 'left', 'right', 'left', 'left', 'left']);
  const print = async (entries: readonly FileStatus[]) => {
    if (shell.isJson) for (const entry of entries) await shell.out.json(statusJson(entry));
    else if (options.paths) for (const entry of entries) await shell.out.line(shown(entry.path));
    else {
      const rows = entries.map((entry) => row(entry, options));
      for (const line of columns.lines(rows)) await shell.out.line(line);
    }
  };
  if (options.directory === true) {
    await print([await client.getStatus(path, { signal: shell.signal })]);
    return;
  }
  const pages = client.listPages(path, {
    recursive: options.recursive === true,
    load: options.load === true ? 'always' : 'once',
    signal: shell.signal,
  });
  for await (const page of pages) await print(page.entries);
}

const row = (entry: FileStatus, options: Options): string[] => [
  modeText(entry),
  entry.owner,
  entry.group,
  sizeText(entry.length, entry.type === 'file' && options.human),
  stateText(entry),
  timeText(entry.mtimeMs),
  shown(entry.path),
];
