/** get: files and directories of the namespace onto this machine. */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { FileStatus } from '../../client/index.js';
import { expandAll } from '../expand.js';
import { shown } from '../format.js';
import { checkParent, isLocalDirectory, writeLocal } from '../local-file.js';
import { baseName, relativeTo } from '../namespace-path.js';
import type { Shell } from '../shell.js';
import { Transfer } from '../transfer.js';
import { walkTree } from '../tree.js';
import { UsageError } from '../usage-error.js';
import { force, recursive, unneeded, verb } from '../verb.js';
import { checkApart, type Placed, preserve, refusePreserve } from './target.js';

type Options = { force?: boolean; recursive?: boolean; preserve?: boolean };

export const get = verb<Options>({
  name: 'get',
  args: '<paths...>',
  usage: '<path...> [local]',
  summary: 'copy files and directories to this machine',
  options: [
    force,
    recursive,
    preserve,
    unneeded('-t, --thread <count>'),
    unneeded('--buffersize <size>'),
  ],
  examples: [
    ['orchard get /data/a.csv .', 'into this directory'],
    ['orchard get -R /web ./site', 'a directory with its contents'],
    ['orchard get /data/a.csv -', 'to standard output'],
  ],
  familiar: 'as `hdfs dfs -get` and `alluxio fs copyToLocal`; one argument alone goes to `.`',
  run: async (shell, args, options) => {
    refusePreserve(options);
    const sources = args.length === 1 ? args : args.slice(0, -1);
    const text = args.length === 1 ? '.' : args.at(-1)!;
    const client = await shell.client();
    if (text === '-') {
      await shell.eachPath(sources, (path) => toOutput(shell, path));
      return;
    }
    const local = resolve(shell.io.workingDirectory, text);
    const isDirectory = await isLocalDirectory(local);
    const paths = await expandAll(client, sources);
    if (paths.length > 1 && !isDirectory) {
      throw new UsageError(`${text} is no directory on this machine`, `mkdir ${text}`);
    }
    await checkParent(local);
    const placed = paths.map((source) => {
      const place = isDirectory ? join(local, baseName(source) || 'root') : local;
      return { source, place };
    });
    checkApart(placed);
    for (const one of placed) {
      await shell.attempt(() => getTree(shell, one, options.force === true));
    }
  },
});

async function toOutput(shell: Shell, path: string): Promise<void> {
  const client = await shell.client();
  for await (const chunk of client.open(path, { signal: shell.signal }))
    await shell.out.bytes(chunk);
}

async function getTree(
  shell: Shell,
  { source: root, place }: Placed,
  overwrite: boolean,
): Promise<void> {
  const client = await shell.client();
  const { signal } = shell;
  const top = await client.getStatus(root, { signal });
  const isTree = top.type === 'directory';
  const total = isTree ? (await client.contentSummary(root, { signal })).files : 1;
  const transfer = new Transfer(shell, `get ${shown(root)}`, total);
  await transfer.each(isTree ? filesBelow(shell, top, place) : [top], async ({ path }) => {
    const chunks = transfer.counted(client.open(path, { signal }));
    await writeLocal(localPlace(place, relativeTo(root, path)), chunks, { overwrite });
  });
  await transfer.confirm(root, place, { got: root });
}

/** The files of the tree; local directories are made as the walk meets them. */
async function* filesBelow(
  shell: Shell,
  root: FileStatus,
  place: string,
): AsyncGenerator<FileStatus, void, undefined> {
  await mkdir(place, { recursive: true });
  for await (const entry of walkTree(shell, root.path)) {
    if (entry.type === 'file') yield entry;
    else await mkdir(localPlace(place, relativeTo(root.path, entry.path)), { recursive: true });
  }
}

/** A name of the namespace must never lead out of the target directory. */
function localPlace(place: string, relative: string): string {
  if (!relative.split('/').includes('..')) return join(place, relative);
  throw new UsageError(`"${relative}" leads out of ${place}`);
}
