/**
 * Comparisons as cells, the same for the terminal and for docs/PERFORMANCE.md.
 */
import { boundBy, type Comparison, type Side } from './comparison.js';

export const columns = [
  'case',
  'conns×depth',
  'durable',
  'Orchard',
  'peer',
  'ratio (min–max)',
  'rounds',
  'p50 ms',
  'p99 ms',
  'CPU of Orchard',
  'CPU of peer',
  'bound by',
] as const;

export function cells({ row, ours, theirs, ratio, ...rest }: Comparison, cores: number): string[] {
  const both = (figure: (side: Side) => string): string => `${figure(ours)} / ${figure(theirs)}`;
  const durable = row.ours === row.durability ? row.durability : `${row.ours} / ${row.durability}`;
  return [
    row.tool === undefined ? row.case : `${row.case}, ${row.tool}`,
    `${row.connections}×${row.depth}`,
    isWrite(row.case) ? durable : '–',
    rate(ours.opsPerSecond),
    rate(theirs.opsPerSecond),
    `${times(ratio.median)} (${times(ratio.min)}–${times(ratio.max)})`,
    rest.disturbed === 0 ? String(rest.rounds) : `${rest.rounds}, ${rest.disturbed} disturbed`,
    both((side) => milliseconds(side.p50Ms)),
    both((side) => milliseconds(side.p99Ms)),
    cpu(ours),
    cpu(theirs),
    both((side) => boundBy(side, cores)),
  ];
}

const isWrite = (verb: string): boolean => verb !== 'stat' && verb !== 'list';

/** "1.52 M", "412 k", "41.2 k", "912". */
export function rate(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
  if (value >= 1e5) return `${(value / 1e3).toFixed(0)} k`;
  if (value >= 1e3) return `${(value / 1e3).toFixed(1)} k`;
  return value.toFixed(0);
}

export const times = (ratio: number): string => `${ratio.toFixed(ratio < 10 ? 2 : 0)}×`;

const milliseconds = (value: number | null): string =>
  value === null ? '?' : value.toFixed(value < 10 ? 2 : 1);

/** Cores: of the server and of the generator. */
const cpu = ({ serverCpu, clientCpu }: Side): string =>
  `${serverCpu.toFixed(2)} + ${clientCpu.toFixed(2)}`;
