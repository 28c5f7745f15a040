/** load: the metadata of a store into the namespace, before somebody asks for it. */
import { OrchardError } from '../../client/errors.js';
import type { Job, LoadReport } from '../../client/index.js';
import { shown, spanText } from '../format.js';
import { recursive, unneeded, verb } from '../verb.js';

type Options = { recursive?: boolean; detach?: boolean };

export const load = verb<Options>({
  name: 'load',
  args: '<path...>',
  summary: 'load the metadata of a store',
  options: [
    recursive,
    { flags: '--detach', means: 'do not wait: print the job' },
    unneeded('-F, --force'),
  ],
  examples: [
    ['orchard load /data', 'the entries of /data'],
    ['orchard load -R /data', 'and everything below, with progress'],
    ['orchard load -R --detach /data', 'in the background: `orchard admin jobs` tells'],
  ],
  familiar: 'as `alluxio fs loadMetadata`: metadata only, no data is read.',
  run: (shell, args, options) =>
    shell.eachPath(args, async (path) => {
      const client = await shell.client();
      const detach = options.detach === true;
      const progress = shell.progress(`load ${shown(path)}`, 'entries');
      let job: Job;
      try {
        job = await client.load(path, {
          descendants: options.recursive === true ? 'all' : 'one',
          detach,
          signal: shell.signal,
          onProgress: progress.update,
        });
      } finally {
        progress.stop();
      }
      const { job: id, state, done, failed, report } = job;
      const skipped = report?.skipped;
      const span = spanText(Math.max(0, job.endedMs - job.startedMs));
      const loss = failed > 0 ? `, ${failed} failed` : '';
      const left = skipped !== undefined && skipped.count > 0 ? `, ${leftOut(skipped)}` : '';
      const text = detach
        ? `Job ${id} loads ${shown(path)}`
        : `Loaded ${done} entries below ${shown(path)} in ${span}${loss}${left}`;
      const outcome = { path, job: id, state, done, failed, ...report };
      // The number of a job that goes on is what was asked for.
      if (detach) await shell.out.tell(text, outcome);
      else await shell.confirm(text, outcome);
      if (job.error !== undefined) throw job.error;
      if (failed > 0) throw new OrchardError('ABORTED', `${failed} entries failed`, { path });
    }),
});

/** "3 left out: 2 by encoding, 1 by name" */
function leftOut({ count, reasons }: LoadReport['skipped']): string {
  const parts = Object.entries(reasons).map(([reason, some]) => `${some} by ${reason}`);
  return `${count} left out: ${parts.join(', ')}`;
}
