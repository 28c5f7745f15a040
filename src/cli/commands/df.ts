/** df: the stores in the namespace, and how much of each the namespace knows. */
import type { MountPoint } from '../../client/index.js';
import { shown, sizeText } from '../format.js';
import { joinPath, parsePath } from '../namespace-path.js';
import { Columns } from '../output.js';
import type { Shell } from '../shell.js';
import { human, verb } from '../verb.js';
import { summaryOf } from './summary.js';

type Sums = { readonly files: number; readonly bytes: number };

export const df = verb<{ human?: boolean }>({
  name: 'df',
  args: '[path...]',
  summary: 'show how much of each store is loaded',
  options: [human],
  examples: [
    ['orchard df -h', 'every mount'],
    ['orchard df /data/2026', 'the mount of this path'],
  ],
  familiar:
    'stores tell no capacity: it shows what was loaded or written, and loads nothing itself.',
  run: async (shell, args, options) => {
    const client = await shell.client();
    const table = await client.getMountTable({ signal: shell.signal });
    const wanted =
      args.length === 0 ? table : [...new Set(args.map((text) => mountOf(table, parsePath(text))))];
    const columns = new Columns(['left', 'right', 'right', 'left']);
    const rows = [['STORE', 'FILES', 'KNOWN', 'MOUNTED ON']];
    for (const mount of wanted) {
      await shell.attempt(async () => {
        const { files, bytes } = await sumsOf(shell, table, mount);
        if (shell.isJson) await shell.out.json({ path: mount.path, uri: mount.uri, files, bytes });
        const known = sizeText(bytes, options.human);
        rows.push([shown(mount.uri), String(files), known, shown(mount.path)]);
      });
    }
    if (shell.isJson) return;
    for (const line of columns.lines(rows)) await shell.out.line(line);
  },
});

/** What is mounted below has a line of its own. */
async function sumsOf(
  shell: Shell,
  table: readonly MountPoint[],
  mount: MountPoint,
): Promise<Sums> {
  let { files, bytes } = await summaryOf(shell, mount.path, 'df', 'never');
  for (const inner of table) {
    const above = table.filter((one) => one !== inner && isIn(one, inner.path));
    const direct = above.reduce((a, b) => (a.path.length > b.path.length ? a : b), above[0]!);
    if (inner === mount || direct !== mount) continue;
    const inside = await summaryOf(shell, inner.path, 'df', 'never');
    files -= inside.files;
    bytes -= inside.bytes;
  }
  return { files, bytes };
}

/** The innermost mount that a path is in; the root is always one. */
function mountOf(table: readonly MountPoint[], path: string): MountPoint {
  const around = table.filter((mount) => isIn(mount, path));
  return around.reduce((a, b) => (a.path.length > b.path.length ? a : b));
}

const isIn = (mount: MountPoint, path: string): boolean =>
  path === mount.path || path.startsWith(joinPath(mount.path, ''));
