/**
 * From a violation to its smallest reason: removes all operations without which there is still no
 * explanation. A look is left out. For a change, the answer is forgotten, so it may have happened
 * or not: a history without an explanation even then never had one.
 */
import type { Inode } from './namespace-model.js';
import { describe, describeSight, isLook, type Operation } from './operation.js';
import { Partition, rootsOf } from './partition.js';
import { type Flights, Track } from './track.js';

const COLUMNS = 56;
/** Beyond this number only the last operations are searched for the reason. */
const SHRINK_MAX = 600;

/** Whether some order of the operations, after `base`, explains all answers. */
export function accepts(base: Inode, operations: readonly Operation[]): boolean {
  const flights: Flights = new Map();
  const roots = new Set([...base.children.keys(), ...operations.flatMap((one) => rootsOf(one))]);
  const track = new Track(new Partition(roots, base), flights, base);
  const events = operations.flatMap((operation) => [
    { atNs: operation.calledNs, order: 0, operation },
    { atNs: operation.returnedNs, order: 1, operation },
  ]);
  events.sort((a, b) => a.atNs - b.atNs || a.order - b.order);
  for (const { atNs, order, operation } of events) {
    if (order === 0) track.call(operation);
    else if (operation.answer !== undefined) {
      if (!track.return(operation)) return false;
    } else if (atNs !== Number.POSITIVE_INFINITY) track.expire([operation], atNs);
  }
  return true;
}

export type Reason = { readonly base: Inode; readonly operations: readonly Operation[] };

/** The operations that matter, given that there is no explanation of all. */
export function shrink({ base, operations }: Reason): Reason {
  let weakened: Operation[] = [...operations];
  const needed = new Set(operations);
  // From the last to the first: what is far from the contradiction goes soonest when tried last.
  for (const operation of [...operations].reverse()) {
    const without = isLook(operation)
      ? weakened.filter((one) => one !== operation)
      : weakened.map((one) => (one === operation ? unanswered(one) : one));
    if (accepts(base, without)) continue;
    weakened = without;
    needed.delete(operation);
  }
  return { base, operations: operations.filter((one) => needed.has(one)) };
}

/** It may have happened or not, as late as possible. */
const unanswered = (operation: Operation): Operation => ({
  ...operation,
  answer: undefined,
  returnedNs: Number.POSITIVE_INFINITY,
});

/** A text for people: what was known, what was asked and answered when, and what contradicts. */
export function explain(track: Track, failed: Operation): string {
  const inTime = track.log.filter(({ calledNs }) => calledNs <= failed.returnedNs);
  const isWhole = !track.isCut && inTime.length <= SHRINK_MAX && !accepts(track.base, inTime);
  const { base, operations } = isWhole
    ? shrink({ base: track.base, operations: inTime })
    : { base: track.base, operations: inTime.slice(-SHRINK_MAX) };
  const touched = new Set([...operations, failed].flatMap((one) => rootsOf(one)));
  return [
    `not linearizable: nothing explains ${describe(failed)}`,
    ...(isWhole
      ? ['before:', ...describeState(base, touched)]
      : ['(too long to shrink; the end:)']),
    `${operations.length} operations, of ${track.log.length} that were looked at:`,
    ...timeline(operations),
    ...(track.recent.length === 0 ? [] : ['shortly before that:', ...timeline(track.recent)]),
  ].join('\n');
}

function describeState(state: Inode, roots: ReadonlySet<string>): string[] {
  const lines: string[] = [];
  const add = (path: string, node: Inode): void => {
    lines.push(`  ${path}: ${describeSight(node.sight)}`);
    for (const [name, child] of node.children) add(`${path}/${name}`, child);
  };
  for (const root of roots) {
    const node = state.children.get(root);
    if (node === undefined) lines.push(`  ${root}: absent`);
    else add(root, node);
  }
  return lines;
}

/** One line an operation: when it was called, a bar from call to return, the client. */
function timeline(operations: readonly Operation[]): string[] {
  const from = Math.min(...operations.map(({ calledNs }) => calledNs));
  const ends = operations.map(({ returnedNs, calledNs }) =>
    Number.isFinite(returnedNs) ? returnedNs : calledNs,
  );
  const span = Math.max(1, Math.max(...ends) - from);
  const column = (atNs: number): number =>
    Math.max(0, Math.min(COLUMNS - 1, Math.floor(((atNs - from) / span) * COLUMNS)));
  const byCall = [...operations].sort((a, b) => a.calledNs - b.calledNs);
  return byCall.map((operation) => {
    const start = column(operation.calledNs);
    const isOpen = !Number.isFinite(operation.returnedNs);
    const end = isOpen ? COLUMNS - 1 : column(operation.returnedNs);
    const bar = `${' '.repeat(start)}├${'─'.repeat(Math.max(0, end - start))}${isOpen ? '…' : '┤'}`;
    const calledMs = ((operation.calledNs - from) / 1e6).toFixed(3).padStart(9);
    const [when, where] = [`${calledMs} ms`, bar.padEnd(COLUMNS + 2)];
    return `  ${when} ${where} ${operation.client}: ${describe(operation)}`;
  });
}
