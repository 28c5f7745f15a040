/**
 * CPU time and resident memory of another process on Linux, from /proc.
 */
import { readFileSync } from 'node:fs';

/**
 * USER_HZ, the unit of utime and stime in /proc/<pid>/stat: 100 on every Linux that Node runs on.
 */
const TICKS_A_SECOND = 100;
const PAGE_BYTES = 4096;
const UTIME_FIELD = 11;
const STIME_FIELD = 12;

/** User and system time of all threads so far. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name in parentheses may hold anything; what counts stands after its last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[UTIME_FIELD]) + Number(fields[STIME_FIELD])) / TICKS_A_SECOND;
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

export function rssBytesOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}
