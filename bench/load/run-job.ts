/**
 * One job over as many threads as it wants. They open their connections, wait for each other, and
 * begin together; with one thread it is this one.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { LoadJob, LoadResult, LoadShare } from './load-job.js';
import { LoadRun } from './load-run.js';
import { mergeResults } from './merge-results.js';
import { SharedCursor } from './shared-cursor.js';

const ENTRY = new URL('../load-thread.js', import.meta.url);

export async function runJob(job: LoadJob): Promise<LoadResult> {
  const cursor = SharedCursor.buffer(firstOf(job));
  const count = Math.min(job.threads ?? 1, job.connections);
  const shares = Array.from({ length: count }, (_, index) => ({ job, index, count, cursor }));
  if (count > 1) return inThreads(shares);
  const run = new LoadRun(shares[0]!);
  await run.open();
  return run.run();
}

async function inThreads(shares: readonly LoadShare[]): Promise<LoadResult> {
  const threads = shares.map((share) => new Worker(ENTRY, { workerData: share }));
  try {
    // An exception in a thread comes as its 'error' event, which `once` rejects with.
    await Promise.all(threads.map((thread) => once(thread, 'message')));
    for (const thread of threads) thread.postMessage('go');
    const results = await Promise.all(threads.map((thread) => once(thread, 'message')));
    return mergeResults(results.map(([result]) => result as LoadResult));
  } finally {
    for (const thread of threads) await thread.terminate();
  }
}

function firstOf({ work }: LoadJob): number {
  if (work.verb === 'mix') return work.pool.end;
  return 'first' in work ? work.first : 0;
}
