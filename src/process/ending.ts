/**
 * How a master's process ends. Node's exit waits without limit for every thread, its own and
 * libuv's. A thread in a system call (a hanging disk or NFS server, a name look-up) may never
 * return. Such a process is killed: its acknowledged changes are durable.
 *
 * A thread that gets no core does not hang. So this clock stands still while the thread that waits
 * most for a core is waiting.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './log.js';

/** How long main's own last calls may take. */
const CALLS_MS_MAX = 1000;
const POLL_MS = 10;

/**
 * On a machine that never gives the process a core, the time is at most this many times as long.
 */
const STRETCH_MAX = 6;
const TASKS = '/proc/self/task';

/** Milliseconds that each thread of the process has waited for a core so far. */
export type CoreWaits = () => ReadonlyMap<string, number>;

/** False: the work was not done in time; it goes on by itself. */
export async function inTime(
  doing: Promise<unknown>,
  withinMs: number,
  waits: CoreWaits = coreWaits,
): Promise<boolean> {
  const ended = new AbortController();
  const late = outOfTime(withinMs, waits, ended.signal);
  try {
    return await Promise.race([doing.then(() => true), late]);
  } finally {
    ended.abort();
  }
}

async function outOfTime(withinMs: number, waits: CoreWaits, signal: AbortSignal): Promise<false> {
  const began = performance.now();
  const before = waits();
  for (let leftMs = withinMs; leftMs > 0 && !signal.aborted; ) {
    await sleep(leftMs, undefined, { signal }).catch(() => undefined);
    const passed = performance.now() - began;
    if (passed >= withinMs * STRETCH_MAX) return false;
    const waited = [...waits()].map(([thread, ms]) => ms - (before.get(thread) ?? 0));
    leftMs = withinMs - (passed - Math.max(0, ...waited));
  }
  return false;
}

/** By the kernel's account; none where it keeps none. */
function coreWaits(): ReadonlyMap<string, number> {
  const waits = new Map<string, number>();
  try {
    for (const thread of readdirSync(TASKS)) {
      const account = readFileSync(`${TASKS}/${thread}/schedstat`, 'latin1');
      waits.set(thread, Number(account.split(' ')[1]) / 1e6);
    }
  } catch {
    // The thread has ended meanwhile, or there is no account: return what is known so far.
    return waits;
  }
  return waits;
}

/** `running`: threads that did not end when they should. */
export async function endProcess(
  status: number,
  running: readonly string[],
  log: Log,
): Promise<never> {
  await inTime(callsDone(), CALLS_MS_MAX);
  const stuck = [...running, ...callsOfMain()];
  if (stuck.length > 0) {
    log.fatal({ stuck }, 'something hangs in a system call: the process is killed');
    process.kill(process.pid, 'SIGKILL');
  }
  process.exit(status);
}

async function callsDone(): Promise<void> {
  while (callsOfMain().length > 0) await sleep(POLL_MS);
}

/** What threads of libuv do for main just now. */
const callsOfMain = (): string[] =>
  process
    .getActiveResourcesInfo()
    .filter((kind) => kind.startsWith('FSReq') || kind === 'GetAddrInfoReqWrap');
