/**
 * A server with the processes that it has started, of which some write their log: what CPU they
 * have used, and how to hold them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { cpuSecondsOf, cpuSecondsOfEnded } from '../load/process-usage.js';

/** With those that have ended: else a figure would fall when one does. */
export function cpuSecondsOfTree(pid: number): number {
  let seconds = cpuSecondsOf(pid) + cpuSecondsOfEnded(pid);
  for (const child of childrenOf(pid)) {
    try {
      seconds += cpuSecondsOfTree(child);
    } catch (error) {
      // It may have ended since it was listed.
      if (!isGone(error)) throw error;
    }
  }
  return seconds;
}

/** Stops them all where they are, lets them go on, or ends them. */
export function signalTree(pid: number, signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
  for (const each of [pid, ...childrenOf(pid)]) {
    try {
      process.kill(each, signal);
    } catch (error) {
      // A child may have ended since it was listed; the server itself may not.
      if (each === pid || !isGone(error)) throw error;
    }
  }
}

function childrenOf(pid: number): number[] {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).flatMap((task) => {
    try {
      const text = readFileSync(`${tasks}/${task}/children`, 'latin1').trim();
      return text === '' ? [] : text.split(' ').map(Number);
    } catch (error) {
      // As a thread may; kernels without CONFIG_PROC_CHILDREN have no such file at all.
      if (isGone(error)) return [];
      throw error;
    }
  });
}

const isGone = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && ['ENOENT', 'ESRCH'].includes(String(error.code));
