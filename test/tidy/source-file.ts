/**
 * The files of the project as the tidy checks see them: text, and for TypeScript the syntax tree
 * and the imports. Checks get lists of these, so that each can be shown a bad sample.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseAst } from 'vitest/node';

export type SyntaxNode = {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
};

export type Import = {
  /** As written: "./status.js", "node:fs", "zod". */
  readonly from: string;
  /** Path in the project, without the suffix rule: "src/base/status.ts"; only for relative ones. */
  readonly target?: string;
  readonly isType: boolean;
  /** Not loaded with the file: `import()`, or the entry of a thread. */
  readonly isLazy: boolean;
};

export type SourceFile = {
  readonly path: string;
  readonly bytes: number;
  readonly text: string;
  /** Empty for files other than TypeScript and JavaScript, and for AssemblyScript. */
  readonly nodes: readonly SyntaxNode[];
  readonly imports: readonly Import[];
};

const IGNORED = new Set(['node_modules', 'dist', '.git', '.orchard-demo', 'coverage']);
/** Data of a master that was started here; src/surfaces has a folder of that name. */
const DATA = 'data';
/** A larger file is only weighed, not read. */
const READ_BYTES_MAX = 1 << 20;

/** Every file under the root that is part of the project, by path. */
export function readProject(root: string, under = ''): SourceFile[] {
  const entries = readdirSync(join(root, under), { withFileTypes: true });
  return entries.flatMap((entry) => {
    const path = under === '' ? entry.name : `${under}/${entry.name}`;
    if (IGNORED.has(entry.name) || path === DATA || entry.name.endsWith('.log')) return [];
    if (entry.isDirectory()) return readProject(root, path);
    if (!entry.isFile()) return [];
    const { size } = statSync(join(root, path));
    const text = size > READ_BYTES_MAX ? '' : readFileSync(join(root, path), 'utf8');
    return [{ ...sourceFile(relative(root, join(root, path)), text), bytes: size }];
  });
}

/** One file from its text; also how samples are made. */
export function sourceFile(path: string, text: string): SourceFile {
  const isCode = /\.(ts|mjs)$/.test(path);
  const isAssembly = /^assembly\/.*\.ts$/.test(path);
  const hasTree = isCode && !isAssembly && !isGenerated(path);
  const nodes = hasTree ? nodesOf(text, path) : [];
  const imports = isGenerated(path) ? scanImports(path, text) : importsOf(path, nodes);
  return { path, text, bytes: Buffer.byteLength(text), nodes, imports };
}

export const isGenerated = (path: string): boolean => path.includes('/generated/');

/** Code that people write: not generated, not Markdown, not data. */
export const isWritten = ({ path }: SourceFile): boolean =>
  /\.(ts|mjs)$/.test(path) && !isGenerated(path);

export const lineOf = (file: SourceFile, offset: number): number =>
  file.text.slice(0, offset).split('\n').length;

function nodesOf(text: string, path: string): SyntaxNode[] {
  const nodes: SyntaxNode[] = [];
  const lang = path.endsWith('.ts') ? 'ts' : 'js';
  collect(parseAst(text, { lang }, path), nodes);
  return nodes;
}

/** Every node of the tree, parents before children. */
function collect(value: unknown, nodes: SyntaxNode[]): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, nodes);
  } else if (typeof value === 'object' && value !== null && !(value instanceof RegExp)) {
    if ('type' in value && 'start' in value) nodes.push(value as SyntaxNode);
    for (const field of Object.values(value)) collect(field, nodes);
  }
}

function importsOf(path: string, nodes: readonly SyntaxNode[]): Import[] {
  return nodes.flatMap((node) => {
    const isType = node['importKind'] === 'type' || node['exportKind'] === 'type';
    if (/^(Import|ExportNamed|ExportAll)(Declaration|Expression)$/.test(node.type)) {
      const from = (node['source'] as { value?: unknown } | null)?.value;
      const isLazy = node.type === 'ImportExpression';
      return typeof from === 'string' ? [importFrom(path, from, { isType, isLazy })] : [];
    }
    return isUrlOfModule(node) ? [importFrom(path, urlText(node), { isLazy: true })] : [];
  });
}

/** Generated code is large and plain: a line is enough. */
function scanImports(path: string, text: string): Import[] {
  const lines = text.matchAll(/^(?:import|export) (type )?.*from ['"](.+)['"];?$/gm);
  return [...lines].map(([, type, from]) =>
    importFrom(path, from ?? '', { isType: type !== undefined }),
  );
}

/** `new URL('./writer-thread.js', import.meta.url)`: how threads and processes are started. */
const isUrlOfModule = (node: SyntaxNode): boolean =>
  node.type === 'NewExpression' && /^\.{1,2}\/.*\.js$/.test(urlText(node));

const urlText = (node: SyntaxNode): string => {
  const [first] = (node['arguments'] ?? []) as { value?: unknown }[];
  return typeof first?.value === 'string' ? first.value : '';
};

function importFrom(
  path: string,
  from: string,
  { isType = false, isLazy = false }: { isType?: boolean; isLazy?: boolean },
): Import {
  if (!from.startsWith('.')) return { from, isType, isLazy };
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  const { pathname } = new URL(from, `file:///${folder}`);
  return { from, isType, isLazy, target: pathname.slice(1).replace(/\.js$/, '.ts') };
}
