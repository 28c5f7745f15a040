/**
 * The load generator, a process of its own, so that its work is never mistaken for the server's.
 * Takes jobs over the IPC channel one after the other and answers each; ends with its parent.
 */

import type { LoadAnswer, LoadJob } from './load/load-job.js';
import { runJob } from './load/run-job.js';

const answer = (message: LoadAnswer): void => {
  process.send?.(message);
};

process.on('message', (job: LoadJob) => {
  runJob(job).then(
    (result) => answer({ result }),
    (error: unknown) => answer({ failure: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
