/**
 * In a thread of the master, when it has loaded its modules: tells so, and waits until it may touch
 * what is on the disk. Threads load side by side, and begin one after the other. Whatever else they
 * are told meanwhile, as that the process ends, does not make them begin.
 */
import { once } from 'node:events';
import { parentPort } from 'node:worker_threads';

/** What main says (threads.ts). */
export const OPEN = 'open';

export async function opened(): Promise<void> {
  parentPort!.postMessage({ kind: 'loaded' });
  for (let told: unknown; told !== OPEN; ) [told] = await once(parentPort!, 'message');
}
