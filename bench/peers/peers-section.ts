/**
 * The part of docs/PERFORMANCE.md about peers that is made from recorded runs. What is written by
 * hand stands around it; what stands between the two marks is replaced.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { compare } from './comparison.js';
import { cells, columns, rate, times } from './peers-table.js';
import type { RecordedRows } from './recorded-rows.js';
import type { Peer } from './system.js';

const BEGIN = '<!-- peers: made by `npm run bench -- peers --report` -->';
const END = '<!-- peers: end -->';

export function writePeersSection(
  file: string,
  peers: readonly Peer[],
  recorded: RecordedRows,
): void {
  const text = readFileSync(file, 'utf8');
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${file} has no place for the peers: ${BEGIN}`);
  const made = peersSection(peers, recorded);
  writeFileSync(file, `${text.slice(0, begin + BEGIN.length)}\n\n${made}\n\n${text.slice(end)}`);
}

export function peersSection(peers: readonly Peer[], { rows, runs }: RecordedRows): string {
  const [last] = runs.slice(-1);
  const cores = last?.cores ?? 1;
  const versions = Object.assign({}, ...runs.map((run) => run.versions)) as Record<string, string>;
  const commits = [...new Set(runs.map(({ commit }) => commit))].join(', ');
  const compared = compare(rows);
  const parts = peers.flatMap((peer) => {
    const own = compared.filter(({ row }) => row.peer === peer.name);
    if (own.length === 0) return [];
    const table = markdownTable([columns, ...own.map((each) => cells(each, cores))]);
    const notes = peer.notes.map((note) => `- ${note}`);
    return [`### ${peer.title} ${versions[peer.name] ?? ''}`, table, notes.join('\n')];
  });
  const slower = compared
    .filter(({ ratio }) => ratio.median < 1)
    .toSorted((a, b) => a.ratio.median - b.ratio.median)
    .map(({ row, ratio, ours, theirs }) => {
      const peer = peers.find(({ name }) => name === row.peer);
      const isRead = row.case === 'stat' || row.case === 'list';
      return [
        `${peer?.title ?? row.peer} ${row.case}${row.tool === undefined ? '' : ` (${row.tool})`}`,
        `${row.connections}×${row.depth}`,
        isRead ? '–' : row.durability,
        `${rate(ours.opsPerSecond)} / ${rate(theirs.opsPerSecond)}`,
        times(ratio.median),
      ];
    });
  const head = ['peer and case', 'conns×depth', 'durable', 'Orchard / peer', 'ratio'];
  return [
    `${cores} × ${last?.cpu ?? '?'}, Linux ${last?.kernel ?? '?'}, Node ${last?.node ?? '?'}; ` +
      `measured ${last?.at.slice(0, 10) ?? '?'} at ${commits}.`,
    ...parts,
    '### Where Orchard is the slower one',
    slower.length === 0 ? 'Nowhere in these runs.' : markdownTable([head, ...slower]),
  ].join('\n\n');
}

function markdownTable(rows: readonly (readonly string[])[]): string {
  const lines = rows.map((row) => `| ${row.join(' | ')} |`);
  const rule = `|${(rows[0] ?? []).map((_, i) => (i === 0 ? '---' : '---:')).join('|')}|`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}
