/**
 * CPU time and resident memory of another process on Linux, from /proc.
 */
import { readFileSync } from 'node:fs';

/**
 * USER_HZ, the unit of utime and stime in /proc/<pid>/stat: 100 on every Linux that Node runs on.
 */
const TICKS_A_SECOND = 100;
const UTIME_FIELD = 11;
const STIME_FIELD = 12;

/** User and system time of all threads so far. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name in parentheses may hold anything; what counts stands after its last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[UTIME_FIELD]) + Number(fields[STIME_FIELD])) / TICKS_A_SECOND;
}

export function rssBytesOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}
