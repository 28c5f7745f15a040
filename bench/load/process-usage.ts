/**
 * CPU time and resident memory of another process on Linux, from /proc.
 */
import { readFileSync } from 'node:fs';

/**
 * USER_HZ, the unit of utime and stime in /proc/<pid>/stat: 100 on every Linux that Node runs on.
 */
const TICKS_A_SECOND = 100;
const PAGE_BYTES = 4096;
/** utime and stime; cutime and cstime, of the children that have ended, follow. */
const OWN_FIELDS = [11, 13] as const;
const ENDED_FIELDS = [13, 15] as const;

/** User and system time of all threads so far. */
export const cpuSecondsOf = (pid: number): number => secondsIn(pid, OWN_FIELDS);

/** The same of its children that have ended, and of theirs. */
export const cpuSecondsOfEnded = (pid: number): number => secondsIn(pid, ENDED_FIELDS);

function secondsIn(pid: number, [first, last]: readonly [number, number]): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name in parentheses may hold anything; what counts stands after its last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(first, last).reduce((sum, field) => sum + Number(field), 0);
  return ticks / TICKS_A_SECOND;
}

/** What the kernel holds for TCP sockets of the whole machine, which is in no process's memory. */
export function kernelTcpBytes(): number {
  const text = readFileSync('/proc/net/sockstat', 'latin1');
  return Number(/^TCP:.* mem (\d+)$/m.exec(text)?.[1] ?? 0) * PAGE_BYTES;
}

/** The soft limit of descriptors of this process. */
export function descriptorsMax(): number {
  const text = readFileSync('/proc/self/limits', 'latin1');
  const limit = /^Max open files\s+(\S+)/m.exec(text)?.[1];
  return limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit ?? 0);
}

export const rssBytesOf = (pid: number): number => statusBytes(pid)['VmRSS'] ?? 0;

export type Memory = {
  /** Heaps, stacks and the shared memory with tier 1 in it. */
  readonly anonymousBytes: number;
  readonly sharedBytes: number;
  /** Pages of mapped files, LMDB's for the most part: page cache, which anybody may take back. */
  readonly fileBytes: number;
};

export function memoryOf(pid: number): Memory {
  const { RssAnon = 0, RssShmem = 0, RssFile = 0 } = statusBytes(pid);
  return { anonymousBytes: RssAnon, sharedBytes: RssShmem, fileBytes: RssFile };
}

function statusBytes(pid: number): Readonly<Record<string, number>> {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const rows = status.matchAll(/^(\w+):\s+(\d+) kB$/gm);
  return Object.fromEntries(Array.from(rows, ([, name, kib]) => [name, Number(kib) * 1024]));
}
