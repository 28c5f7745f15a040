/** Reasons of refusals are sentences: a capital first, a stop last, as far as their text tells. */
import type { SourceFile, SyntaxNode } from './source-file.js';
import { lineOf } from './source-file.js';

const REFUSALS: ReadonlySet<unknown> = new Set(['StatusError', 'OrchardError']);

export const checkReasons = (files: readonly SourceFile[]): string[] =>
  files
    .filter(({ path }) => path.startsWith('src/'))
    .flatMap((file) =>
      file.nodes.filter(isRefusal).flatMap((node) => {
        const reason = (node['arguments'] as SyntaxNode[])[1];
        if (reason === undefined || isSentence(reason)) return [];
        const where = `${file.path}:${lineOf(file, node.start)}`;
        return [`${where}: a reason begins with a capital and ends with a stop`];
      }),
    );

const isRefusal = ({ type, callee }: SyntaxNode): boolean =>
  type === 'NewExpression' && REFUSALS.has((callee as { name?: unknown }).name);

/** What is known only when it runs, such as a path in front, is taken to be right. */
const isSentence = (reason: SyntaxNode): boolean => {
  const first = textAt(reason, 'left', 0);
  const last = textAt(reason, 'right', -1);
  return !/^[a-z]/.test(first ?? '') && (last === undefined || /[.?!]$/.test(last));
};

/** The text at one end of a string, a template or a sum of them. */
function textAt(node: SyntaxNode, side: 'left' | 'right', at: number): string | undefined {
  if (node.type === 'Literal') return String(node['value']);
  if (node.type === 'BinaryExpression') return textAt(node[side] as SyntaxNode, side, at);
  if (node.type !== 'TemplateLiteral') return undefined;
  const quasis = node['quasis'] as readonly { readonly value: { readonly cooked: string } }[];
  return quasis.at(at)?.value.cooked;
}
