/** put: files and directories of this machine into the namespace. */
import { createReadStream } from 'node:fs';
import { basename, resolve } from 'node:path';
import { concurrently } from '../concurrently.js';
import { shown } from '../format.js';
import { countLocal, type LocalEntry, walkLocal } from '../local-tree.js';
import { joinPath } from '../namespace-path.js';
import type { Shell } from '../shell.js';
import { FILES_AT_A_TIME, Transfer } from '../transfer.js';
import { UsageError } from '../usage-error.js';
import { force, recursive, verb } from '../verb.js';
import { findTarget, placeOf, splitTarget, type Target } from './target.js';

type Options = { force?: boolean; recursive?: boolean };

export const put = verb<Options>({
  name: 'put',
  args: '<paths...>',
  usage: '<local...> <target>',
  summary: 'copy local files and directories into the namespace',
  options: [force, recursive],
  examples: [
    ['orchard put a.csv /data', 'into a directory that exists'],
    ['orchard put -R ./site /web', 'a directory with all that is in it'],
    ['date | orchard put - /data/now', 'standard input'],
  ],
  familiar: 'as `hdfs dfs -put` and `alluxio fs copyFromLocal`.',
  run: async (shell, args, options) => {
    const { sources, target: text } = splitTarget(args);
    const client = await shell.client();
    const target = await findTarget(client, text, sources.length);
    for (const source of sources) {
      if (source === '-') await shell.attempt(() => putInput(shell, target, options));
      else await shell.attempt(() => putTree(shell, source, { target, options }));
    }
  },
});

async function putInput(shell: Shell, target: Target, options: Options): Promise<void> {
  if (target.isDirectory) throw new UsageError('standard input has no name', 'a file as target');
  const client = await shell.client();
  await client.put(target.path, shell.io.stdin, {
    overwrite: options.force === true,
    signal: shell.signal,
  });
}

async function putTree(
  shell: Shell,
  source: string,
  { target, options }: { target: Target; options: Options },
): Promise<void> {
  const client = await shell.client();
  const root = resolve(shell.io.workingDirectory, source);
  const place = placeOf(target, basename(root));
  const report = shell.progress(`put ${shown(source)}`, 'files');
  const transfer = new Transfer(report, await countLocal(root));
  const putFile = async (entry: LocalEntry) => {
    const path = entry.relative === '' ? place : joinPath(place, entry.relative);
    const good = await shell.attempt(async () => {
      const { signal } = shell;
      await client.put(path, transfer.counted(createReadStream(entry.path)), {
        overwrite: options.force === true,
        length: entry.length,
        signal,
      });
      return true;
    });
    transfer.fileDone(good === true);
  };
  try {
    await concurrently(directoriesMade(shell, root, place), FILES_AT_A_TIME, putFile);
  } finally {
    report.stop();
  }
  const { files, failed, bytes } = transfer;
  const copied = files - failed;
  if (shell.isJson) await shell.out.json({ put: place, files: copied, bytes, failed });
}

/** The files of the tree; its directories are made as they come by, before what is in them. */
async function* directoriesMade(
  shell: Shell,
  root: string,
  place: string,
): AsyncGenerator<LocalEntry, void, undefined> {
  const client = await shell.client();
  for await (const entry of walkLocal(root)) {
    if (!entry.isDirectory) yield entry;
    else {
      const path = entry.relative === '' ? place : joinPath(place, entry.relative);
      await client.createDirectory(path, { allowExists: true, signal: shell.signal });
    }
  }
}
