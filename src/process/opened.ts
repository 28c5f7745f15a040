/**
 * In a thread of the master, when it has loaded its modules: tells so, and waits until it may touch
 * what is on the disk. Threads load side by side, and begin one after the other.
 */
import { once } from 'node:events';
import { parentPort } from 'node:worker_threads';

export async function opened(): Promise<void> {
  parentPort!.postMessage({ kind: 'loaded' });
  await once(parentPort!, 'message');
}
