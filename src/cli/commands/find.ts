/** find: entries of a tree by name, type, size, age and owner, found while the listing streams. */
import { parseBytes } from '../../base/quantity.js';
import type { FileStatus } from '../../client/index.js';
import { shown, statusJson } from '../format.js';
import { globToRegExp } from '../glob.js';
import { parsePath } from '../namespace-path.js';
import type { Shell } from '../shell.js';
import { walkTree } from '../tree.js';
import { UsageError } from '../usage-error.js';
import { verb } from '../verb.js';

type Options = {
  name?: string[];
  iname?: string[];
  type?: string;
  size?: string;
  mtime?: string;
  owner?: string;
  group?: string;
  newer?: string;
  empty?: boolean;
  mindepth?: string;
  maxdepth?: string;
  print?: boolean;
  print0?: boolean;
};

type Test = (entry: FileStatus) => boolean;

const DAY_MS = 86_400_000;

export const find = verb<Options>({
  name: 'find',
  args: '[path...]',
  summary: 'find entries of trees by name, type, size and age',
  options: [
    {
      flags: '--name <pattern>',
      means: 'names that match this pattern; give it again for more patterns',
      repeats: true,
    },
    { flags: '--iname <pattern>', means: 'the same, ignoring case', repeats: true },
    { flags: '--type <f|d>', means: 'files or directories' },
    { flags: '--size <size>', means: '+1G larger, -1K smaller, 0 exactly' },
    { flags: '--mtime <days>', means: '-7 changed in the last seven days, +30 before thirty' },
    { flags: '--owner <name>', means: 'of this owner (-user as well)' },
    { flags: '--group <name>', means: 'of this group' },
    { flags: '--newer <path>', means: 'changed after this path' },
    { flags: '--empty', means: 'files without content, directories without entries' },
    { flags: '--mindepth <levels>', means: 'only from this depth on' },
    { flags: '--maxdepth <levels>', means: 'only down to this depth' },
    { flags: '--print', means: 'accepted and ignored' },
    { flags: '--print0', means: 'a zero byte after each path, for xargs -0' },
  ],
  examples: [
    ["orchard find /data -name '*.parquet' -size +1G", 'large files'],
    ['orchard find / -type d -mtime +30', 'directories untouched for a month'],
    ['orchard find /data -maxdepth 1 -user bob -newer /data/_SUCCESS', 'by owner and time'],
  ],
  familiar: '-name, -type and the like work with one dash, and -a between them.',
  run: async (shell, args, options) => {
    const level = {
      min: levelsOf('--mindepth', options.mindepth, 0),
      max: levelsOf('--maxdepth', options.maxdepth, Number.POSITIVE_INFINITY),
    };
    const tests = testsOf(options, Date.now());
    if (options.newer !== undefined) tests.push(await newerThan(shell, options.newer));
    const how = { tests, level, end: options.print0 === true ? '\0' : '\n' };
    await shell.eachPath(args.length === 0 ? ['/'] : args, (path) => search(shell, path, how));
  },
});

type Level = { readonly min: number; readonly max: number };

const levelOf = (path: string): number => (path === '/' ? 1 : path.split('/').length);

async function search(
  shell: Shell,
  path: string,
  { tests, level, end }: { tests: readonly Test[]; level: Level; end: string },
): Promise<void> {
  const client = await shell.client();
  const { signal } = shell;
  const print = async (entry: FileStatus) => {
    if (!tests.every((test) => test(entry))) return;
    if (shell.isJson) await shell.out.json(statusJson(entry));
    else if (end === '\n') await shell.out.line(shown(entry.path));
    else await shell.out.bytes(Buffer.from(`${entry.path}${end}`));
  };
  const top = await client.getStatus(path, { signal });
  if (level.min === 0) await print(top);
  if (top.type === 'file') return;
  if (level.max === 0) return;
  for await (const entry of walkTree(shell, path, { depthMax: level.max })) {
    const depth = entry.path.split('/').length - levelOf(path);
    if (depth >= level.min) await print(entry);
  }
}

function testsOf(options: Options, nowMs: number): Test[] {
  const tests: Test[] = [];
  const names = [
    ...(options.name ?? []).map((pattern) => globToRegExp(pattern, '')),
    ...(options.iname ?? []).map((pattern) => globToRegExp(pattern, 'i')),
  ];
  for (const expression of names) tests.push((entry) => expression.test(entry.name));
  if (options.type !== undefined) tests.push(typeTest(options.type));
  const { owner, group } = options;
  if (owner !== undefined) tests.push((entry) => entry.owner === owner);
  if (group !== undefined) tests.push((entry) => entry.group === group);
  if (options.empty === true) tests.push((entry) => entry.length === 0);
  if (options.size !== undefined) {
    const test = compared('--size', options.size, parseBytes);
    tests.push((entry) => entry.type === 'file' && test(entry.length));
  }
  if (options.mtime !== undefined) {
    const test = compared('--mtime', options.mtime, (text) =>
      /^\d+$/.test(text) ? Number(text) : undefined,
    );
    tests.push((entry) => test(Math.floor((nowMs - entry.mtimeMs) / DAY_MS)));
  }
  return tests;
}

async function newerThan(shell: Shell, text: string): Promise<Test> {
  const client = await shell.client();
  const { mtimeMs } = await client.getStatus(parsePath(text), { signal: shell.signal });
  return (entry) => entry.mtimeMs > mtimeMs;
}

function levelsOf(option: string, text: string | undefined, usual: number): number {
  if (text === undefined) return usual;
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new UsageError(`${option} ${text}: not a number of levels`, `${option} 2`);
}

function typeTest(letter: string): Test {
  const types: Readonly<Record<string, string>> = { f: 'file', d: 'directory' };
  const type = types[letter];
  if (type === undefined) throw new UsageError(`--type ${letter}: no such type`, 'f or d');
  return (entry) => entry.type === type;
}

/** `+n` more than, `-n` less than, `n` exactly. */
function compared(
  option: string,
  text: string,
  parse: (text: string) => number | undefined,
): (value: number) => boolean {
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  const bound = parse(text.slice(sign.length));
  if (bound === undefined)
    throw new UsageError(`${option} ${text}: not a number`, '+10, -10 or 10');
  if (sign === '+') return (value) => value > bound;
  return sign === '-' ? (value) => value < bound : (value) => value === bound;
}
