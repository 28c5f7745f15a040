/**
 * How much of the machine was busy between two moments, whoever it was.
 */
import { cpus } from 'node:os';

export type BusyCores = {
  readonly atMs: number;
  readonly busyMs: number;
  /** Since the moment before; 0 for the first. */
  readonly cores: number;
};

export function busyCores(since?: BusyCores): BusyCores {
  const atMs = performance.now();
  let busyMs = 0;
  for (const { times } of cpus()) busyMs += times.user + times.nice + times.sys + times.irq;
  const cores = since === undefined ? 0 : (busyMs - since.busyMs) / (atMs - since.atMs);
  return { atMs, busyMs, cores };
}
