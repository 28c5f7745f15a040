/** ls: what is in a directory, sorted by name unless told otherwise, printed as it comes. */
import { type SkipReason, skipTexts } from '../../base/skip-reasons.js';
import { OrchardError } from '../../client/errors.js';
import type { FileStatus } from '../../client/index.js';
import { modeText, shown, sizeText, stateText, statusJson, timeText } from '../format.js';
import { Columns } from '../output.js';
import type { Shell } from '../shell.js';
import { walkTree } from '../tree.js';
import { UsageError } from '../usage-error.js';
import { human, recursive, unneeded, verb } from '../verb.js';
import { failParts } from './parts.js';

type Options = {
  recursive?: boolean;
  human?: boolean;
  directory?: boolean;
  paths?: boolean;
  load?: boolean;
  skipped?: boolean;
  pinned?: boolean;
  sort?: string;
  time?: boolean;
  size?: boolean;
  reverse?: boolean;
  access?: boolean;
  timestamp?: string;
};

type Order = (a: FileStatus, b: FileStatus) => number;

/** Rows printed together, so that their columns line up. */
const ROWS_AT_A_TIME = 200;
/** Sorted entries are held in memory. */
const SORTED_MAX = 1_000_000;

export const ls = verb<Options>({
  name: 'ls',
  args: '[path...]',
  summary: 'list directories',
  options: [
    recursive,
    human,
    { flags: '-d, --directory', means: 'the directory itself, not its entries' },
    { flags: '-C, --paths', means: 'only paths (also -1)' },
    { flags: '-f, --load', means: 'read the store again: what it changed or lost follows' },
    { flags: '--skipped', means: 'instead: what the store has and a namespace cannot hold' },
    { flags: '-p, --pinned', means: 'only pinned entries' },
    { flags: '--sort <what>', means: 'by name (default), size or time, largest or newest first' },
    { flags: '-t, --time', means: 'the newest first' },
    { flags: '-S, --size', means: 'the largest first' },
    { flags: '-r, --reverse', means: 'reverse the order' },
    { flags: '--timestamp <which>', means: 'lastModificationTime (default) or creationTime' },
    { flags: '-u, --access', means: 'use modification times: access times are not kept' },
    unneeded('-l, --long'),
    unneeded('-a, --all'),
  ],
  examples: [
    ['orchard ls', 'the entries of /'],
    ['orchard ls -h /data', 'with sizes like 1.5K'],
    ['orchard ls -lhS /data', 'the largest first'],
    ["orchard ls -R '/data/2026-*'", 'everything below these directories'],
  ],
  familiar: 'columns are mode, owner, group, size, state, time, path, as in `alluxio fs ls`.',
  run: (shell, args, options) => {
    const order = orderOf(options);
    checkTimes(options);
    if (options.access === true) shell.note('use modification times: access times are not kept');
    const paths = args.length === 0 ? ['/'] : args;
    return shell.eachPath(paths, (path) =>
      options.skipped === true
        ? listSkipped(shell, path, options)
        : list(shell, path, { options, order }),
    );
  },
});

/** The entries that a load of the path leaves out, with the reasons. */
async function listSkipped(shell: Shell, path: string, options: Options): Promise<void> {
  const client = await shell.client();
  const { out, signal } = shell;
  const descendants = options.recursive === true ? 'all' : 'one';
  const { report, failed, failures, done } = await client.load(path, { descendants, signal });
  const { samples, count } = report?.skipped ?? { samples: [], count: 0 };
  for (const { name, reason } of samples) {
    if (shell.isJson) await out.json({ path: name, reason });
    else await out.line(`${shown(name)}: ${skipText(reason)}`);
  }
  if (count > samples.length) shell.note(`${count - samples.length} more`);
  if (failed > 0) await failParts(shell, { done, failed, failures }, 'could not be looked at');
}

const skipText = (reason: string): string =>
  Object.hasOwn(skipTexts, reason) ? skipTexts[reason as SkipReason] : reason;

async function list(
  shell: Shell,
  path: string,
  { options, order }: { options: Options; order: Order | undefined },
): Promise<void> {
  const rows = new Rows(shell, options);
  try {
    const found = entriesOf(shell, path, options);
    for await (const entry of order === undefined ? found : await sorted(found, order, path)) {
      if (options.pinned !== true || entry.pinned) await rows.add(entry);
    }
  } finally {
    await rows.flush();
  }
}

async function* entriesOf(
  shell: Shell,
  path: string,
  options: Options,
): AsyncGenerator<FileStatus, void, undefined> {
  const client = await shell.client();
  const { signal } = shell;
  const load = options.load === true ? 'always' : 'once';
  if (options.directory === true) yield await client.getStatus(path, { signal });
  else if (options.recursive === true) yield* walkTree(shell, path, { load });
  else yield* client.list(path, { load, signal });
}

async function sorted(
  entries: AsyncIterable<FileStatus>,
  order: Order,
  path: string,
): Promise<FileStatus[]> {
  const all: FileStatus[] = [];
  for await (const entry of entries) {
    if (all.push(entry) <= SORTED_MAX) continue;
    const reason = `More than ${SORTED_MAX} entries are not sorted.`;
    const hint = 'list them by name, or narrow them down with find';
    throw new OrchardError('RESOURCE_EXHAUSTED', reason, { path, hint });
  }
  return all.sort(order);
}

const orders: Readonly<Record<string, Order>> = {
  name: (a, b) => (a.path < b.path ? -1 : 1),
  path: (a, b) => (a.path < b.path ? -1 : 1),
  size: (a, b) => b.length - a.length,
  time: (a, b) => b.mtimeMs - a.mtimeMs,
  lastModificationTime: (a, b) => b.mtimeMs - a.mtimeMs,
  creationTime: (a, b) => b.ctimeMs - a.ctimeMs,
};

/** Undefined: as they come, by name. */
function orderOf(options: Options): Order | undefined {
  const { reverse } = options;
  const given = options.sort ?? (options.size ? 'size' : options.time ? 'time' : undefined);
  if (given === undefined && reverse !== true) return undefined;
  const order = Object.hasOwn(orders, given ?? 'name') ? orders[given ?? 'name'] : undefined;
  if (order === undefined) throw new UsageError(`--sort ${given}: no such order`, '--sort size');
  return reverse === true ? (a, b) => order(b, a) : order;
}

const timesKnown: readonly string[] = ['lastModificationTime', 'creationTime', 'createdTime'];

function checkTimes({ timestamp }: Options): void {
  if (timestamp === undefined || timesKnown.includes(timestamp)) return;
  throw new UsageError(`--timestamp ${timestamp}: no such time is kept`, timesKnown[0]);
}

class Rows {
  readonly #shell: Shell;
  readonly #options: Options;
  readonly #columns = new Columns(['left', 'left', 'left', 'right', 'left', 'left', 'left']);
  #entries: FileStatus[] = [];

  constructor(shell: Shell, options: Options) {
    this.#shell = shell;
    this.#options = options;
  }

  async add(entry: FileStatus): Promise<void> {
    const { out, isJson } = this.#shell;
    if (isJson) await out.json(statusJson(entry));
    else if (this.#options.paths === true) await out.line(shown(entry.path));
    else if (this.#entries.push(entry) >= ROWS_AT_A_TIME) await this.flush();
  }

  async flush(): Promise<void> {
    const rows = this.#entries.map((entry) => row(entry, this.#options));
    this.#entries = [];
    for (const line of this.#columns.lines(rows)) await this.#shell.out.line(line);
  }
}

const row = (entry: FileStatus, options: Options): string[] => [
  modeText(entry),
  entry.owner,
  entry.group,
  sizeText(entry.length, entry.type === 'file' && options.human),
  stateText(entry),
  timeText(options.timestamp?.startsWith('creat') ? entry.ctimeMs : entry.mtimeMs),
  shown(entry.path),
];
