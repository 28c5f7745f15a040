/** Checks of form: sizes, names, banned words and calls. Each returns where and the rule. */
import { LONG_FUNCTIONS } from './floors.js';
import type { SourceFile, SyntaxNode } from './source-file.js';
import { isWritten, lineOf } from './source-file.js';

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 70;
const COLUMNS_MAX = 100;
const FILE_BYTES_MAX = 512 * 1024;

const functionTypes = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
]);

export const checkFileLines = (files: readonly SourceFile[]): string[] =>
  files
    .filter(isWritten)
    .map((file) => ({ file, lines: file.text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > FILE_LINES_MAX)
    .map(({ file, lines }) => `${file.path}: ${lines} lines; a file has at most ${FILE_LINES_MAX}`);

export const checkColumns = (files: readonly SourceFile[]): string[] =>
  files.filter(isWritten).flatMap((file) =>
    file.text.split('\n').flatMap((line, index) => {
      if ([...line].length <= COLUMNS_MAX || /https?:\/\//.test(line)) return [];
      return [`${file.path}:${index + 1}: a line has at most ${COLUMNS_MAX} columns`];
    }),
  );

/** Tests are free: a describe block is a function too. */
export function checkFunctionLines(files: readonly SourceFile[]): string[] {
  const subject = files.filter((file) => isWritten(file) && !file.path.startsWith('test/'));
  return subject.flatMap((file) => {
    const spans = file.nodes.length > 0 ? functionSpans(file) : assemblySpans(file);
    return spans.flatMap(({ line, lines }) => {
      const limit = LONG_FUNCTIONS[file.path] ?? FUNCTION_LINES_MAX;
      if (lines <= limit) return [];
      return [`${file.path}:${line}: ${lines} lines; a function has at most ${limit}`];
    });
  });
}

type Span = { readonly line: number; readonly lines: number };

const functionSpans = (file: SourceFile): Span[] =>
  file.nodes
    .filter(({ type }) => functionTypes.has(type))
    .map(({ start, end }) => ({
      line: lineOf(file, start),
      lines: file.text.slice(start, end).split('\n').length,
    }));

/** AssemblyScript is no TypeScript; its functions start and end in the first column. */
function assemblySpans({ text }: SourceFile): Span[] {
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    if (!/^(export )?function /.test(line)) return [];
    const length = lines.slice(index).findIndex((end) => /^}/.test(end));
    return [{ line: index + 1, lines: length + 1 }];
  });
}

type Ban = {
  readonly rule: string;
  readonly applies: (path: string) => boolean;
  readonly matches: (node: SyntaxNode) => boolean;
};

const nameOf = (value: unknown): unknown => (value as { name?: unknown } | null)?.name;

/** `object.property`, the property a word of the list or any. */
const isMember = (node: SyntaxNode, object: readonly string[], property?: readonly string[]) =>
  node.type === 'MemberExpression' &&
  object.includes(String(nameOf(node['object']))) &&
  (property === undefined || property.includes(String(nameOf(node['property']))));

const isProgram = (path: string): boolean => /^(src\/(cli|demo)|bench)\//.test(path);
const isScript = (path: string): boolean => /^(assembly|schemas|\.ci)\/.*\.mjs$/.test(path);
const isTest = (path: string): boolean => path.startsWith('test/');

const bans = {
  console: {
    rule: 'no console here: log through src/process/log.ts; only programs talk to people',
    applies: (path) => !isProgram(path) && !isScript(path) && !isTest(path),
    matches: (node) => isMember(node, ['console']),
  },
  environment: {
    rule: 'process.env is read by src/cli/main.ts, src/demo and bench; others are given values',
    applies: (path) => path.startsWith('src/') && !/^src\/(cli\/main\.ts|demo\/)/.test(path),
    matches: (node) => isMember(node, ['process'], ['env']),
  },
  defaultExport: {
    rule: 'no default export: a thing has one name',
    applies: (path) => path !== 'vitest.config.ts',
    matches: ({ type }) => type === 'ExportDefaultDeclaration',
  },
  enum: {
    rule: 'no enum outside assembly: use a const object and its type',
    applies: () => true,
    matches: ({ type }) => type === 'TSEnumDeclaration',
  },
  emptyCatch: {
    rule: 'no empty catch: handle what is expected, let the rest pass',
    applies: () => true,
    matches: ({ type, body }) =>
      type === 'CatchClause' && (body as { body: readonly unknown[] }).body.length === 0,
  },
  leftOutTest: {
    rule: 'no test is left out or run alone',
    applies: isTest,
    matches: (node) =>
      isMember(node, ['test', 'it', 'describe', 'suite'], ['skip', 'only', 'todo', 'fails']),
  },
} as const satisfies Record<string, Ban>;

/** The check of one ban. */
export const checkBan =
  (ban: keyof typeof bans) =>
  (files: readonly SourceFile[]): string[] => {
    const { rule, applies, matches }: Ban = bans[ban];
    return files
      .filter(({ path }) => applies(path))
      .flatMap((file) =>
        file.nodes
          .filter(matches)
          .map(({ start }) => `${file.path}:${lineOf(file, start)}: ${rule}`),
      );
  };

/** Written in halves, so that this file does not find itself. */
const leftover = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X'.repeat(3)].join('|')})\\b`);

export const checkLeftovers = (files: readonly SourceFile[]): string[] =>
  files
    .filter((file) => isWritten(file) || file.path.endsWith('.md'))
    .filter(({ text }) => leftover.test(text))
    .map((file) => `${file.path}: ${leftover.exec(file.text)?.[0]}: finish it or open an issue`);

export const checkNames = (files: readonly SourceFile[]): string[] =>
  files.filter(isWritten).flatMap(({ path }) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)*$/.test(name)) return [`${path}: files are kebab-case`];
    return /^(utils?|helpers?|common|misc|[\w-]*manager)\./.test(name)
      ? [`${path}: a file is named for its one concept, not for a drawer`]
      : [];
  });

export const checkHeaders = (files: readonly SourceFile[]): string[] =>
  files
    .filter((file) => isWritten(file) && /^(src|assembly|bench|test)\//.test(file.path))
    .filter(({ text }) => !/^(#!.*\n)?\/[*/]/.test(text))
    .map(({ path }) => `${path}: a file opens with a comment that says what it is`);

export const checkTitles = (files: readonly SourceFile[]): string[] =>
  files
    .filter(({ path, text }) => path.endsWith('.md') && !text.startsWith('# '))
    .map(({ path }) => `${path}: a Markdown file starts with its title`);

export const checkPresent = (files: readonly SourceFile[]): string[] =>
  ['README.md', 'CHANGELOG.md', 'LICENSE', 'docs/ARCHITECTURE.md', '.ci/run']
    .filter((wanted) => !files.some(({ path, bytes }) => path === wanted && bytes > 0))
    .map((wanted) => `${wanted}: must be there`);

export const checkBlobs = (files: readonly SourceFile[]): string[] =>
  files
    .filter(({ bytes }) => bytes > FILE_BYTES_MAX)
    .map(({ path, bytes }) => `${path}: ${bytes} bytes; the repository holds no large files`);

type Lock = {
  readonly packages: Readonly<
    Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>
  >;
};

/** By name only: where npm puts a package does not matter to whether it is known. */
export const checkLock = (files: readonly SourceFile[]): string[] =>
  files
    .filter(({ path }) => path === 'package-lock.json')
    .flatMap(({ text }) => {
      const { packages } = JSON.parse(text) as Lock;
      const known = new Set(Object.keys(packages).map((key) => key.split('node_modules/').at(-1)));
      return Object.values(packages)
        .flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies))
        .filter((name) => !known.has(name))
        .map((name) => `${name}: npm ci refuses a lock without it; run .ci/complete-lock.mjs`);
    });
