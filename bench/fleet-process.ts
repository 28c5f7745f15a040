/**
 * The clients of the connections bench, in a process of its own: takes one job, reports each phase
 * at its end, and ends with its parent.
 */
import { Fleet } from './load/fleet.js';
import type { FleetJob, FleetMessage } from './load/fleet-job.js';

const answer = (message: FleetMessage): void => {
  process.send?.(message);
};

process.on('message', (job: FleetJob) => {
  new Fleet(job, (phase) => answer({ phase })).run().then(
    () => answer({ done: true }),
    (error: unknown) => answer({ failure: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
