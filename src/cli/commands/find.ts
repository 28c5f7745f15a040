/** find: entries of a tree by name, type, size and age, found while the listing streams. */
import { parseBytes } from '../../base/quantity.js';
import type { FileStatus } from '../../client/index.js';
import { shown, statusJson } from '../format.js';
import { globToRegExp } from '../glob.js';
import type { Shell } from '../shell.js';
import { UsageError } from '../usage-error.js';
import { verb } from '../verb.js';

type Options = {
  name?: string;
  iname?: string;
  type?: string;
  size?: string;
  mtime?: string;
  print?: boolean;
};

type Test = (entry: FileStatus) => boolean;

const DAY_MS = 86_400_000;

export const find = verb<Options>({
  name: 'find',
  args: '[path...]',
  summary: 'find entries of trees by name, type, size and age',
  options: [
    { flags: '--name <pattern>', means: 'names with these wildcards (-name works as well)' },
    { flags: '--iname <pattern>', means: 'the same, upper and lower case alike' },
    { flags: '--type <f|d>', means: 'files or directories' },
    { flags: '--size <size>', means: '+1G larger, -1K smaller, 0 exactly' },
    { flags: '--mtime <days>', means: '-7 changed in the last seven days, +30 before thirty' },
    { flags: '--print', means: 'nothing else: for hands that add it' },
  ],
  examples: [
    ["orchard find /data -name '*.parquet' -size +1G", 'large files'],
    ['orchard find / -type d -mtime +30', 'directories untouched for a month'],
  ],
  run: async (shell, args, options) => {
    const tests = testsOf(options, Date.now());
    await shell.eachPath(args.length === 0 ? ['/'] : args, (path) => search(shell, path, tests));
  },
});

async function search(shell: Shell, path: string, tests: readonly Test[]): Promise<void> {
  const client = await shell.client();
  const { signal } = shell;
  const print = async (entry: FileStatus) => {
    if (!tests.every((test) => test(entry))) return;
    if (shell.isJson) await shell.out.json(statusJson(entry));
    else await shell.out.line(shown(entry.path));
  };
  const top = await client.getStatus(path, { signal });
  await print(top);
  if (top.type === 'file') return;
  for await (const entry of client.list(path, { recursive: true, signal })) await print(entry);
}

function testsOf(options: Options, nowMs: number): Test[] {
  const tests: Test[] = [];
  for (const [pattern, flags] of [
    [options.name, ''],
    [options.iname, 'i'],
  ] as const) {
    if (pattern === undefined) continue;
    const expression = globToRegExp(pattern, flags);
    tests.push((entry) => expression.test(entry.name));
  }
  if (options.type !== undefined) tests.push(typeTest(options.type));
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
