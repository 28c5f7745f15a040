/** load: the metadata of a store into the namespace, before somebody asks for it. */
import type { Job, LoadReport } from '../../client/index.js';
import { shown, spanText } from '../format.js';
import { recursive, unneeded, verb } from '../verb.js';
import { failParts } from './parts.js';

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
      const { job: id, state, done, failed, failures, report } = job;
      const span = spanText(Math.max(0, job.endedMs - job.startedMs));
      const text = detach
        ? `Job ${id} loads ${shown(path)}`
        : `Loaded ${done} entries below ${shown(path)} in ${span}${foundBeside(report)}`;
      const outcome = { path, job: id, state, done, failed, failures, ...report };
      // The number of a job that goes on is what was asked for.
      if (detach) await shell.out.tell(text, outcome);
      else await shell.confirm(text, outcome);
      if (failed > 0) {
        const what = `could not be loaded (${counted(report?.failedByCode ?? {})})`;
        await failParts(shell, { done, failed, failures }, what);
      } else if (job.error !== undefined) {
        throw job.error;
      }
    }),
});

/** ", 2 changed, 1 gone from the store, 3 left out (2 by encoding, 1 by name)" */
function foundBeside(report: LoadReport | undefined): string {
  if (report === undefined) return '';
  const { changed, removed, skipped } = report;
  const parts = [
    changed > 0 ? `, ${changed} changed` : '',
    removed > 0 ? `, ${removed} gone from the store` : '',
    skipped.count > 0 ? `, ${skipped.count} left out (${counted(skipped.reasons, 'by ')})` : '',
  ];
  return parts.join('');
}

const counted = (counts: Readonly<Record<string, number>>, by = ''): string =>
  Object.entries(counts)
    .map(([reason, some]) => `${some} ${by}${reason}`)
    .join(', ');
