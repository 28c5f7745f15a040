/** get: files and directories of the namespace onto this machine. */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { FileStatus } from '../../client/index.js';
import { concurrently } from '../concurrently.js';
import { shown } from '../format.js';
import { isLocalDirectory, writeLocal } from '../local-tree.js';
import { baseName, relativeTo } from '../namespace-path.js';
import type { Shell } from '../shell.js';
import { FILES_AT_A_TIME, Transfer } from '../transfer.js';
import { UsageError } from '../usage-error.js';
import { force, recursive, verb } from '../verb.js';

type Options = { force?: boolean; recursive?: boolean };

export const get = verb<Options>({
  name: 'get',
  args: '<paths...>',
  usage: '<path...> [local]',
  summary: 'copy files and directories to this machine',
  options: [force, recursive],
  examples: [
    ['orchard get /data/a.csv .', 'into this directory'],
    ['orchard get -R /web ./site', 'a directory with all that is in it'],
    ['orchard get /data/a.csv -', 'to standard output'],
  ],
  familiar: 'as `hdfs dfs -get` and `alluxio fs copyToLocal`; one argument alone goes to `.`',
  run: async (shell, args, options) => {
    const sources = args.length === 1 ? args : args.slice(0, -1);
    const text = args.length === 1 ? '.' : args.at(-1)!;
    const local = resolve(shell.io.workingDirectory, text);
    const isDirectory = await isLocalDirectory(local);
    if (sources.length > 1 && text !== '-' && !isDirectory) {
      throw new UsageError(`${text} is no directory on this machine`, `mkdir ${text}`);
    }
    await shell.eachPath(sources, async (path) => {
      if (text === '-') return toOutput(shell, path);
      const place = isDirectory ? join(local, baseName(path) || 'root') : local;
      await getTree(shell, path, { place, overwrite: options.force === true });
    });
  },
});

async function toOutput(shell: Shell, path: string): Promise<void> {
  const client = await shell.client();
  for await (const chunk of client.open(path, { signal: shell.signal }))
    await shell.out.bytes(chunk);
}

async function getTree(
  shell: Shell,
  root: string,
  { place, overwrite }: { place: string; overwrite: boolean },
): Promise<void> {
  const client = await shell.client();
  const { signal } = shell;
  const top = await client.getStatus(root, { signal });
  const isTree = top.type === 'directory';
  const total = isTree ? (await client.contentSummary(root, { signal })).files : 1;
  const report = shell.progress(`get ${shown(root)}`, 'files');
  const transfer = new Transfer(report, total);
  const getFile = async ({ path }: FileStatus) => {
    const good = await shell.attempt(async () => {
      const chunks = transfer.counted(client.open(path, { signal }));
      await writeLocal(localPlace(place, relativeTo(root, path)), chunks, { overwrite });
      return true;
    });
    transfer.fileDone(good === true);
  };
  try {
    if (isTree) await concurrently(filesBelow(shell, top, place), FILES_AT_A_TIME, getFile);
    else await getFile(top);
  } finally {
    report.stop();
  }
  const { files, failed, bytes } = transfer;
  if (shell.isJson) await shell.out.json({ got: root, files: files - failed, bytes, failed });
}

/** The files of the tree; its directories are made here as they come by. */
async function* filesBelow(
  shell: Shell,
  root: FileStatus,
  place: string,
): AsyncGenerator<FileStatus, void, undefined> {
  const client = await shell.client();
  await mkdir(place, { recursive: true });
  for await (const entry of client.list(root.path, { recursive: true, signal: shell.signal })) {
    if (entry.type === 'file') yield entry;
    else await mkdir(localPlace(place, relativeTo(root.path, entry.path)), { recursive: true });
  }
}

/** Names of the namespace never lead out of the place. */
function localPlace(place: string, relative: string): string {
  if (!relative.split('/').includes('..')) return join(place, relative);
  throw new UsageError(`"${relative}" leads out of ${place}`);
}
