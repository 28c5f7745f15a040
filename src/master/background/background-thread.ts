/** Thread entry of the background pool: piscina calls run() once a task. */
import { workerData } from 'node:worker_threads';
import { BackgroundWorker } from './background-worker.js';
import type { BackgroundData, Task, TaskOutcome } from './tasks.js';

const worker = new BackgroundWorker(workerData as BackgroundData, (error) => {
  // Thrown outside of every promise: a bug ends the thread, and with it the process.
  setImmediate(() => {
    throw error;
  });
});

export function run(task: Task): Promise<TaskOutcome> {
  return worker.run(task);
}
