/** Jobs on their way to the threads that serve calls. */
import { fromPlain } from '../../base/status-form.js';
import { type Job, JobState } from '../background/jobs.js';
import type { PlainJob } from './thread-questions.js';

export function plain({ error, failures, ...rest }: Job): PlainJob {
  const told = failures.map(({ code, reason, path = rest.path }) => ({ path, code, reason }));
  const view = { ...rest, failures: told };
  return error === undefined ? view : { ...view, failure: error };
}

/** A job that a caller waits for fails as its call. */
export function throwFailure(job: PlainJob): void {
  // A finished job may report single failed inodes: they are in its counts.
  if (job.failure === undefined || job.state === JobState.DONE) return;
  throw fromPlain(job.failure);
}
