/**
 * From the rows of all rounds to what is told: medians, and the ratio of ours to the peer's within
 * each round with its spread. Pure.
 */
import { median } from '../median.js';
import { OURS, type PeerRow } from './run-peers.js';

export type Side = {
  readonly opsPerSecond: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly serverCpu: number;
  readonly clientCpu: number;
  readonly errors: number;
};

export type Comparison = {
  /** Of its rows, for what is common to them. */
  readonly row: PeerRow;
  /** That count: those that nobody disturbed, where there are CALM_ROUNDS_MIN of them. */
  readonly rounds: number;
  /** Of those: somebody else on the machine took more than ELSEWHERE_CPU_MAX. */
  readonly disturbed: number;
  readonly ours: Side;
  readonly theirs: Side;
  readonly ratio: { readonly min: number; readonly median: number; readonly max: number };
};

const ELSEWHERE_CPU_MAX = 0.35;
const CALM_ROUNDS_MIN = 3;

export function compare(rows: readonly PeerRow[]): Comparison[] {
  const groups = new Map<string, PeerRow[]>();
  for (const row of rows) {
    const key = keyOf(row);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].flatMap((group) => {
    const comparison = compareGroup(group);
    return comparison === undefined ? [] : [comparison];
  });
}

/** What is measured in every round anew. */
export const keyOf = (row: PeerRow): string =>
  [row.peer, row.durability, row.case, row.connections, row.depth, row.tool ?? ''].join(' ');

function compareGroup(all: readonly PeerRow[]): Comparison | undefined {
  const took = (mine: boolean) =>
    new Set(all.filter(({ system }) => (system === OURS) === mine).map(({ round }) => round));
  const [turns, rounds] = [took(true), took(false)];
  // A run that was interrupted may end with a round of one turn.
  const group = all.filter(({ round }) => turns.has(round) && rounds.has(round));
  const noisy = group.filter(({ elsewhereCpu = 0 }) => elsewhereCpu > ELSEWHERE_CPU_MAX);
  const disturbed = new Set(noisy.map(({ round }) => round));
  const isCalmEnough = rounds.size - disturbed.size >= CALM_ROUNDS_MIN;
  const used = isCalmEnough ? group.filter(({ round }) => !disturbed.has(round)) : group;
  const ours = used.filter(({ system }) => system === OURS);
  const theirs = used.filter(({ system }) => system !== OURS);
  const ratios = ours.flatMap((row) => {
    const other = theirs.find(({ round }) => round === row.round);
    return other === undefined ? [] : [row.opsPerSecond / other.opsPerSecond];
  });
  const [row] = theirs;
  if (row === undefined || ratios.length === 0) return undefined;
  return {
    row,
    rounds: ratios.length,
    disturbed: isCalmEnough ? 0 : disturbed.size,
    ours: sideOf(ours),
    theirs: sideOf(theirs),
    ratio: { min: Math.min(...ratios), median: median(ratios), max: Math.max(...ratios) },
  };
}

function sideOf(rows: readonly PeerRow[]): Side {
  const of = (field: 'opsPerSecond' | 'serverCpu' | 'clientCpu'): number =>
    median(rows.map((row) => row[field]));
  const latency = (field: 'p50Ms' | 'p99Ms'): number | null => {
    const known = rows.flatMap((row) => row[field] ?? []);
    return known.length === 0 ? null : median(known);
  };
  return {
    opsPerSecond: of('opsPerSecond'),
    p50Ms: latency('p50Ms'),
    p99Ms: latency('p99Ms'),
    serverCpu: of('serverCpu'),
    clientCpu: of('clientCpu'),
    errors: rows.reduce((sum, { errors }) => sum + errors, 0),
  };
}

const BUSY_CORE = 0.9;
const BUSY_SHARE = 0.88;

/**
 * Who had no more to give: the machine as a whole, the server's one thread, the generator's one
 * thread; otherwise the time went into waiting for the disk or for each other.
 */
export function boundBy(side: Side, cores: number): string {
  const { serverCpu, clientCpu } = side;
  if (serverCpu + clientCpu >= cores * BUSY_SHARE) return 'both cores';
  if (serverCpu >= BUSY_CORE && serverCpu >= clientCpu) return 'server';
  if (clientCpu >= BUSY_CORE) return 'client';
  return 'waiting';
}
