/**
 * Below the operations a wrong word goes on for long before anybody sees it: so each folder there
 * says what it relies on. What clients, stores and disks send is refused, never asserted.
 */
import { MAY_IMPORT, TEST_ONLY } from './floors.js';
import { folderOf } from './import-checks.js';
import type { SourceFile, SyntaxNode } from './source-file.js';
import { isWritten } from './source-file.js';

const ASSERTS_PER_1000_LINES = 10;
const NAMES: readonly unknown[] = ['assert', 'invariant'];
const TOP = 'master/ops/verbs';

/** Folders of the master below its operations, by who may import whom; and the writer. */
export const BELOW_OPS: readonly string[] = [...below(TOP, new Set()), 'master/commit'].filter(
  (folder) => folder.startsWith('master/') && !folder.startsWith('master/ops/'),
);

function below(folder: string, found: Set<string>): ReadonlySet<string> {
  for (const one of MAY_IMPORT[folder] ?? []) {
    if (found.has(one)) continue;
    found.add(one);
    below(one, found);
  }
  return found;
}

export const checkAsserts = (files: readonly SourceFile[]): string[] =>
  BELOW_OPS.flatMap((folder) => {
    const own = files.filter((file) => isSubject(file) && folderOf(file.path) === folder);
    const lines = own.reduce((sum, { text }) => sum + text.trimEnd().split('\n').length, 0);
    const asserts = own.reduce((sum, { nodes }) => sum + nodes.filter(isAssert).length, 0);
    if (asserts * 1000 >= lines * ASSERTS_PER_1000_LINES) return [];
    const rule = `${ASSERTS_PER_1000_LINES} assertions in 1,000 lines below the operations`;
    return [`src/${folder}: ${asserts} in ${lines} lines; ${rule}`];
  });

const isSubject = (file: SourceFile): boolean =>
  isWritten(file) && !TEST_ONLY.some(([path]) => path.test(file.path));

const isAssert = (node: SyntaxNode): boolean =>
  node.type === 'CallExpression' &&
  NAMES.includes((node['callee'] as { name?: unknown } | null)?.name);
