/** put: files and directories of this machine into the namespace. */
import { rmdir, stat, unlink } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { shown } from '../format.js';
import { countLocal, type LinkRule, type LocalEntry, openLocal, walkLocal } from '../local-tree.js';
import { joinPath } from '../namespace-path.js';
import type { Shell } from '../shell.js';
import { Transfer } from '../transfer.js';
import { UsageError } from '../usage-error.js';
import { force, recursive, unneeded, verb } from '../verb.js';
import {
  checkApart,
  findTarget,
  type Placed,
  placeOf,
  preserve,
  refusePreserve,
  splitTarget,
} from './target.js';

type Options = {
  force?: boolean;
  recursive?: boolean;
  links?: string;
  move?: boolean;
  preserve?: boolean;
};
type Rules = { readonly overwrite: boolean; readonly links: LinkRule; readonly isMove: boolean };

const INPUT = '-';
const linkRules: readonly string[] = ['follow', 'skip', 'fail'];

export const put = verb<Options>({
  name: 'put',
  args: '<paths...>',
  usage: '<local...> <target>',
  summary: 'copy local files and directories into the namespace',
  options: [
    force,
    recursive,
    preserve,
    {
      flags: '--links <rule>',
      means: 'symbolic links below: follow, skip, or fail before anything is copied',
    },
    { flags: '--move', means: 'delete each local file after its copy (moveFromLocal)' },
    unneeded('-l, --lazy'),
    unneeded('-d, --direct'),
    unneeded('-t, --thread <count>'),
  ],
  examples: [
    ['orchard put a.csv /data', 'into an existing directory'],
    ['orchard put -R ./site /web', 'a directory with its contents'],
    ['orchard put -R --links follow ./site /web2', 'with the targets of its links'],
    ['date | orchard put - /data/now', 'standard input'],
  ],
  familiar: 'as `hdfs dfs -put` and `alluxio fs copyFromLocal`.',
  run: async (shell, args, options) => {
    refusePreserve(options);
    const { sources, target: text } = splitTarget(args);
    const { links } = options;
    if (links !== undefined && !linkRules.includes(links)) {
      throw new UsageError(`--links ${links}: no such rule`, 'follow, skip or fail');
    }
    const isMove = options.move === true;
    if (isMove && (links === 'follow' || sources.includes(INPUT))) {
      throw new UsageError('--move deletes files and empty directories only', '--links skip');
    }
    const rules = { overwrite: options.force === true, links: links as LinkRule, isMove };
    const target = await findTarget(await shell.client(), text, sources.length);
    const placed: Placed[] = [];
    for (const source of sources) {
      const root = resolve(shell.io.workingDirectory, source);
      if (source === INPUT && target.isDirectory) {
        throw new UsageError('standard input has no name', 'a file as target');
      }
      if (source !== INPUT) await stat(root);
      placed.push({ source, place: placeOf(target, basename(root)) });
    }
    checkApart(placed);
    for (const one of placed) {
      if (one.source === INPUT) await shell.attempt(() => putInput(shell, one, rules));
      else await shell.attempt(() => putTree(shell, one, rules));
    }
  },
});

async function putInput(shell: Shell, { place }: Placed, { overwrite }: Rules): Promise<void> {
  const client = await shell.client();
  const transfer = new Transfer(shell, `put ${shown(place)}`, 1);
  const { signal } = shell;
  await transfer.each([INPUT], async () => {
    await client.put(place, transfer.counted(shell.io.stdin), { overwrite, signal });
  });
  await transfer.confirm('standard input', place, { put: place });
}

async function putTree(shell: Shell, { source, place }: Placed, rules: Rules): Promise<void> {
  const client = await shell.client();
  const { signal } = shell;
  const { overwrite, links, isMove } = rules;
  const root = resolve(shell.io.workingDirectory, source);
  const total = await countLocal(root, links);
  const transfer = new Transfer(shell, `put ${shown(source)}`, total);
  const pathOf = ({ relative }: LocalEntry) =>
    relative === '' ? place : joinPath(place, relative);
  await transfer.each(directoriesMade(shell, root, { pathOf, links }), async (entry) => {
    const { length, chunks, close } = await openLocal(entry.path);
    const known = length === undefined ? {} : { length };
    try {
      await client.put(pathOf(entry), transfer.counted(chunks), { overwrite, ...known, signal });
    } finally {
      close();
    }
    if (isMove) await unlink(entry.path);
  });
  if (isMove) await removeEmpty(root);
  await transfer.confirm(source, place, { put: place });
}

/** The directories of a moved tree; those that hold left-out files stay. */
async function removeEmpty(root: string): Promise<void> {
  const directories: string[] = [];
  const walk = { links: 'skip', leftOut: async () => undefined } as const;
  const isThere = await stat(root).catch(() => undefined);
  if (isThere === undefined) return;
  for await (const entry of walkLocal(root, walk)) {
    if (entry.isDirectory) directories.push(entry.path);
  }
  for (const directory of directories.reverse()) await rmdir(directory).catch(isNotEmpty);
}

function isNotEmpty(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
}

/** The files of the tree; its directories are made as they come by, before what is in them. */
async function* directoriesMade(
  shell: Shell,
  root: string,
  { pathOf, links }: { pathOf: (entry: LocalEntry) => string; links: LinkRule },
): AsyncGenerator<LocalEntry, void, undefined> {
  const client = await shell.client();
  const leftOut = async (why: Error) => {
    const { path } = why as Error & { path?: string };
    if (links === 'skip' && why.message.includes('symbolic link')) {
      shell.note(`skipped the link ${shown(path ?? '')}`);
    } else await shell.fail(why);
  };
  for await (const entry of walkLocal(root, { links, leftOut })) {
    if (!entry.isDirectory) yield entry;
    else {
      await client.createDirectory(pathOf(entry), { allowExists: true, signal: shell.signal });
    }
  }
}
