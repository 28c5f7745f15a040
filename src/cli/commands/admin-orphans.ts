/** admin orphans: what stores keep and the namespace does not show. It only looks. */
import type { Orphan } from '../../client/index.js';
import { humanBytes, shown, timeText } from '../format.js';
import { parsePath } from '../namespace-path.js';
import { Columns } from '../output.js';
import type { Shell } from '../shell.js';
import { UsageError } from '../usage-error.js';
import { verb } from '../verb.js';

type Options = { limit?: string; after?: string };

const PAGE = 1000;

export const orphans = verb<Options>({
  name: 'orphans',
  args: '[mount...]',
  summary: 'data that stores keep of files that were deleted for good or replaced',
  options: [
    { flags: '--limit <count>', means: 'at most so many of each mount' },
    { flags: '--after <path>', means: 'go on after this path of the store' },
  ],
  examples: [
    ['orchard admin orphans', 'of every mount'],
    ['orchard admin orphans --limit 100 /data', 'the first hundred of one'],
    ['orchard admin orphans --json /data', 'one object each, for a tool of the store to delete'],
  ],
  familiar:
    'a delete never touches a store, so the data stays there. Nothing is removed here.\n' +
    'A row is hidden (below .orchard: written by a master, of a file that is gone), replaced\n' +
    '(the name has its data elsewhere now) or unlisted (deleted for good, or come to the\n' +
    'store since: the next load shows it). Of two masters on one store, each takes the\n' +
    'hidden data of the other for its own: look before you delete.',
  run: async (shell, args, { limit, after }) => {
    const countMax = limitOf(limit);
    const client = await shell.client();
    const table = await client.getMountTable({ signal: shell.signal });
    const mounts = args.length > 0 ? args.map(parsePath) : table.map(({ path }) => path);
    if (after !== undefined && mounts.length !== 1) {
      throw new UsageError(
        '--after is a path of one store',
        'orchard admin orphans --after x /data',
      );
    }
    for (const mount of mounts) {
      await shell.attempt(() => list(shell, mount, { countMax, after: after ?? '' }));
    }
  },
});

async function list(
  shell: Shell,
  mount: string,
  { countMax, after }: { readonly countMax: number; readonly after: string },
): Promise<void> {
  const client = await shell.client();
  const columns = new Columns(['left', 'right', 'left', 'left']);
  const progress = shell.progress(`orphans of ${shown(mount)}`, 'entries');
  let [count, bytes] = [0, 0];
  let next: string | undefined = after;
  try {
    while (next !== undefined && count < countMax) {
      const limit = Math.min(PAGE, countMax - count);
      const how = { startAfter: next, limit, signal: shell.signal, onProgress: progress.update };
      const page = await client.orphans(mount, how);
      for (const one of page.orphans) bytes += one.bytes;
      count += page.orphans.length;
      next = page.next;
      await print(shell, columns, { mount, orphans: page.orphans });
    }
  } finally {
    progress.stop();
  }
  const more = next === undefined ? '' : `; there may be more: --after '${shown(next)}'`;
  const said = `${count} orphans of ${shown(mount)}, ${humanBytes(bytes)}${more}`;
  if (!shell.isJson) await shell.out.line(said);
}

async function print(
  shell: Shell,
  columns: Columns,
  { mount, orphans: found }: { readonly mount: string; readonly orphans: readonly Orphan[] },
): Promise<void> {
  if (shell.isJson) {
    for (const one of found) await shell.out.json({ mount, ...one });
    return;
  }
  const rows = found.map(({ kind, bytes, mtimeMs, path }) => [
    kind,
    humanBytes(bytes),
    mtimeMs === undefined ? '-' : timeText(mtimeMs),
    shown(path),
  ]);
  for (const line of columns.lines(rows)) await shell.out.line(line);
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new UsageError(`--limit ${text}: not a count`, '--limit 100');
}
