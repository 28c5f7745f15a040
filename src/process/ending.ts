/**
 * How a master's process ends. node's exit waits without limit for every thread, its own and
 * libuv's, and one that is in a system call (a disk or an NFS server that hangs, a name that is
 * looked up) may never come back. Such a process is killed: what it acknowledged is durable.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './log.js';

/** How long main's own last calls may take. */
const CALLS_MS_MAX = 1000;
const POLL_MS = 10;

/** False: it was not done within the time, and goes on by itself. */
export async function inTime(doing: Promise<unknown>, withinMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, withinMs, false);
  });
  try {
    return await Promise.race([doing.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** `running`: threads that did not end when they should. */
export async function endProcess(
  status: number,
  running: readonly string[],
  log: Log,
): Promise<never> {
  const until = performance.now() + CALLS_MS_MAX;
  while (callsOfMain().length > 0 && performance.now() < until) await sleep(POLL_MS);
  const stuck = [...running, ...callsOfMain()];
  if (stuck.length > 0) {
    log.fatal({ stuck }, 'something hangs in a system call: the process is killed');
    process.kill(process.pid, 'SIGKILL');
  }
  process.exit(status);
}

/** What threads of libuv do for main just now. */
const callsOfMain = (): string[] =>
  process
    .getActiveResourcesInfo()
    .filter((kind) => kind.startsWith('FSReq') || kind === 'GetAddrInfoReqWrap');
