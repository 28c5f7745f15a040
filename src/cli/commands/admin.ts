/** admin: what the master says of itself. */

import type { Job } from '../../client/index.js';
import { shown, spanText } from '../format.js';
import type { Client } from '../io.js';
import { localConfig } from '../local-config.js';
import { Columns } from '../output.js';
import { reportLines } from '../report-text.js';
import type { Shell } from '../shell.js';
import { UsageError } from '../usage-error.js';
import { type Verb, type VerbGroup, verb } from '../verb.js';
import { backup, restore } from './admin-backup.js';
import { importing } from './admin-import.js';
import { digest, verify } from './admin-inspect.js';
import { journal } from './admin-journal.js';
import { orphans } from './admin-orphans.js';
import { refusedAdminVerbs } from './refused.js';

const reporting = (
  name: string,
  summary: string,
  ask: (client: Client, signal: AbortSignal) => Promise<unknown>,
): Verb =>
  verb({
    name,
    args: '',
    summary,
    options: [],
    examples: [
      [`orchard admin ${name}`, 'for people'],
      [`orchard admin ${name} --json`, 'for scripts'],
    ],
    run: async (shell) => {
      const report = await ask(await shell.client(), shell.signal);
      if (shell.isJson) await shell.out.json(report);
      else for (const line of reportLines(report)) await shell.out.line(line);
    },
  });

const metrics = verb({
  name: 'metrics',
  args: '',
  summary: 'show the metrics of the master, as Prometheus reads them',
  options: [],
  examples: [
    ['orchard admin metrics', 'one figure a line'],
    ['orchard admin metrics --json', 'the same as objects'],
  ],
  familiar: 'as `alluxio fsadmin report metrics`; scrapers take /metrics of the port for data.',
  run: async (shell) => {
    const text = await (await shell.client()).metrics({ signal: shell.signal });
    for (const line of text.trimEnd().split('\n')) {
      const [, name, labels, value] = /^([a-z_:]\w*)(\{.*\})? (\S+)/i.exec(line) ?? [];
      if (!shell.isJson) await shell.out.line(line);
      else if (name !== undefined) await shell.out.json({ name, ...labelsOf(labels), value });
    }
  },
});

/** `{operation="Rename",code="OK"}` as fields. */
const labelsOf = (text = ''): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name, value]),
  );

const config = verb<{ local?: boolean }>({
  name: 'config',
  args: '',
  summary: 'show every setting, its value and where the value comes from',
  options: [{ flags: '--local', means: 'for a master started in this environment' }],
  examples: [
    ['orchard admin config', 'of the running master'],
    ['orchard admin config --local', 'what `orchard master start` would use here'],
  ],
  familiar: 'as `alluxio getConf --source`.',
  run: async (shell, _args, { local = false }) => {
    const rows = local ? await localRows(shell) : await (await shell.client()).config();
    const settings = settingsOf(rows);
    if (shell.isJson) {
      for (const setting of settings) await shell.out.json(setting);
      return;
    }
    const cells = settings.map(({ name, value, source }) => [name, shown(value), source]);
    const columns = new Columns(['left', 'left', 'left']);
    for (const line of columns.lines([['NAME', 'VALUE', 'SOURCE'], ...cells])) {
      await shell.out.line(line);
    }
  },
});

type SettingRow = { readonly name: string; readonly value: string; readonly source: string };

async function localRows({ io }: Shell): Promise<unknown> {
  const { config, describe } = await localConfig(io);
  return describe(config);
}

/** The rows, or an object that has them. */
function settingsOf(report: unknown): readonly SettingRow[] {
  if (Array.isArray(report)) return report as SettingRow[];
  const lists = Object.values((report ?? {}) as Record<string, unknown>).filter(Array.isArray);
  return (lists[0] ?? []) as SettingRow[];
}

const jobs = verb<{ cancel?: string }>({
  name: 'jobs',
  args: '[job]',
  summary: 'show long work: loads and recursive changes',
  options: [{ flags: '--cancel <job>', means: 'stop this job' }],
  examples: [
    ['orchard admin jobs', 'running and finished jobs'],
    ['orchard admin jobs --cancel 7', 'stop a job'],
  ],
  run: async (shell, [one], { cancel }) => {
    const client = await shell.client();
    const { signal } = shell;
    let found: readonly Job[];
    if (cancel !== undefined) found = [await client.cancelJob(jobId(cancel), { signal })];
    else if (one !== undefined) found = [await client.getJob(jobId(one), { signal })];
    else found = await client.listJobs({ signal });
    if (shell.isJson) {
      for (const job of found) await shell.out.json(jobJson(job));
      return;
    }
    const head = ['JOB', 'KIND', 'STATE', 'DONE', 'TOTAL', 'FAILED', 'TIME', 'PATH'];
    const aligns = ['right', 'left', 'left', 'right', 'right', 'right', 'right', 'left'] as const;
    for (const line of new Columns(aligns).lines([head, ...found.map(jobRow)])) {
      await shell.out.line(line);
    }
  },
});

function jobId(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError(`"${text}" is not the number of a job`, 'orchard admin jobs');
}

function jobRow(job: Job): string[] {
  const spanMs = (job.endedMs || Date.now()) - job.startedMs;
  const total = job.total === 0 ? '-' : String(job.total);
  const counts = [String(job.done), total, String(job.failed)];
  const span = spanText(Math.max(0, spanMs));
  return [String(job.job), job.kind, job.state, ...counts, span, shown(job.path)];
}

const jobJson = ({ error, ...job }: Job) => ({
  ...job,
  ...(error !== undefined && { error: { code: error.code, reason: error.message } }),
});

export const admin: VerbGroup = {
  name: 'admin',
  summary: 'look after the master: report, jobs, verify, backup, restore, import …',
  verbs: [
    reporting('report', 'show the state of the master', (client, signal) =>
      client.report({ signal }),
    ),
    reporting('locks', 'show who holds locks, who waits, and how long', (client, signal) =>
      client.locks({ signal }),
    ),
    journal,
    config,
    metrics,
    jobs,
    verify,
    digest,
    importing,
    backup,
    restore,
    orphans,
    ...refusedAdminVerbs,
  ],
};
