/** trash, expunge: what was deleted and can be brought back, how much that is, and an end to it. */
import { TRASH_ENTRIES_MAX } from '../../base/limits.js';
import type { TrashListing } from '../../client/index.js';
import { exactTimeText, shown, sizeText } from '../format.js';
import { parsePath } from '../namespace-path.js';
import { Columns } from '../output.js';
import { human, verb } from '../verb.js';

type Options = { human?: boolean; summary?: boolean };

export const trash = verb<Options>({
  name: 'trash',
  args: '[path]',
  summary: 'what was deleted and can be brought back, and how much that is',
  options: [human, { flags: '-s, --summary', means: 'the sums alone' }],
  examples: [
    ['orchard trash -h', 'all that is yours, the next to expire first; a superuser sees all'],
    ['orchard trash -s /data', 'how much was deleted at or below /data'],
    ['orchard undelete /data/tmp', 'brings an entry back'],
  ],
  familiar: 'there is no .Trash directory: this shows what would be in it.',
  run: async (shell, [path = '/'], { human: isHuman, summary }) => {
    const client = await shell.client();
    const progress = shell.progress('trash', 'entries');
    let listing: TrashListing;
    try {
      listing = await client.listTrash(parsePath(path), {
        limit: summary === true ? 0 : TRASH_ENTRIES_MAX,
        signal: shell.signal,
        onProgress: progress.update,
      });
    } finally {
      progress.stop();
    }
    if (shell.isJson) await shell.out.json(listing);
    else for (const line of linesOf(listing, isHuman)) await shell.out.line(line);
  },
});

export const expunge = verb({
  name: 'expunge',
  args: '[path]',
  summary: 'empty the trash: what was deleted is gone for good, at once',
  options: [],
  examples: [
    ['orchard expunge', 'all that is yours; of a superuser, all'],
    ['orchard expunge /data/tmp', 'what was deleted at or below a path'],
  ],
  familiar: 'as `hdfs dfs -expunge -immediate`; the data in the stores stays.',
  run: async (shell, [given = '/']) => {
    const client = await shell.client();
    const path = parsePath(given);
    const progress = shell.progress('expunge', 'entries');
    let expunged: number;
    try {
      expunged = await client.expunge(path, {
        signal: shell.signal,
        onProgress: progress.update,
      });
    } finally {
      progress.stop();
    }
    const text = `Expunged ${expunged} entries of the trash at or below ${shown(path)}`;
    await shell.out.tell(text, { path, expunged });
  },
});

function linesOf(listing: TrashListing, isHuman: boolean | undefined): string[] {
  const { list, entries, files, directories, bytes } = listing;
  const rows = list.map((entry) => [
    exactTimeText(entry.expiresMs),
    `${entry.files + entry.directories}`,
    sizeText(entry.bytes, isHuman),
    shown(entry.path),
  ]);
  const head = ['KEPT UNTIL', 'INODES', 'BYTES', 'PATH'];
  const columns = new Columns(['left', 'right', 'right', 'left']);
  const lines = rows.length === 0 ? [] : columns.lines([head, ...rows]);
  if (list.length > 0 && entries > list.length) {
    lines.push(`… and ${entries - list.length} more`);
  }
  const size = sizeText(bytes, isHuman);
  lines.push(`${entries} entries: ${files} files, ${directories} directories, ${size} bytes`);
  return lines;
}
