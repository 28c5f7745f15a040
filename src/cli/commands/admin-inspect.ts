/** admin verify, admin digest: the whole namespace, exact at one entry of the journal. */
import { resolve } from 'node:path';
import { OrchardError } from '../../client/errors.js';
import type { VerifyReport } from '../../client/index.js';
import { shown } from '../format.js';
import type { OfflineControl } from '../io.js';
import type { Shell } from '../shell.js';
import { type OptionSpec, verb } from '../verb.js';

type Options = { data?: string };

const data: OptionSpec = {
  flags: '--data <directory>',
  means: 'the data directory of a stopped master',
};

export const verify = verb<Options>({
  name: 'verify',
  args: '',
  summary: 'check the whole namespace: every inode, count, index and side record',
  options: [data],
  examples: [
    ['orchard admin verify', 'the running master, which keeps serving'],
    ['orchard admin verify --data /var/lib/orchard', 'a data directory without a master'],
    ['orchard admin verify --json', 'the report as one object, for scripts'],
  ],
  familiar: 'as `hdfs fsck`, for metadata; the exit status is 1 if something is wrong.',
  run: async (shell, _args, { data: directory }) => {
    const report = await watched(shell, 'verify', 'inodes', async (control) =>
      directory === undefined
        ? (await shell.client()).verify(control)
        : (await shell.io.offline()).verify(placeOf(shell, directory), control),
    );
    if (shell.isJson) await shell.out.json(report);
    else for (const line of verifyLines(report)) await shell.out.line(line);
    if (report.isClean) return;
    const found = `${report.findingCount} findings at entry ${report.seq}`;
    const hint = 'keep the data directory as it is, and restore a backup: orchard admin restore';
    throw new OrchardError('DATA_LOSS', found, { hint });
  },
});

export const digest = verb<Options>({
  name: 'digest',
  args: '',
  summary: 'print a digest of the whole namespace: equal trees, equal digests',
  options: [data],
  examples: [
    ['orchard admin digest', 'the digest, and its journal entry'],
    ['orchard admin digest --data /restored', 'a restored directory, before its start'],
  ],
  run: async (shell, _args, { data: directory }) => {
    const report = await watched(shell, 'digest', 'inodes', async (control) =>
      directory === undefined
        ? (await shell.client()).digest(control)
        : (await shell.io.offline()).digest(placeOf(shell, directory), control),
    );
    const { seq, digest: sum, inodes } = report;
    await shell.out.tell(`${sum}  entry ${seq}, ${inodes} inodes`, report);
  },
});

/** A path of this machine, as the user typed it. */
export const placeOf = (shell: Shell, text: string): string =>
  resolve(shell.io.workingDirectory, text);

export async function watched<T>(
  shell: Shell,
  label: string,
  unit: string,
  work: (control: OfflineControl) => Promise<T>,
): Promise<T> {
  const progress = shell.progress(label, unit);
  try {
    return await work({ signal: shell.signal, onProgress: progress.update });
  } finally {
    progress.stop();
  }
}

function verifyLines(report: VerifyReport): string[] {
  const { seq, inodes, directories, files, findings, findingCount } = report;
  const checked = `${inodes} inodes (${directories} directories, ${files} files), entry ${seq}`;
  const lines = findings.map(
    ({ code, id, path, what }) => `${code}  inode ${id}  ${shown(path)}: ${shown(what)}`,
  );
  if (findingCount > findings.length) lines.push(`… and ${findingCount - findings.length} more`);
  lines.push(findingCount === 0 ? `Clean: ${checked}` : `${findingCount} findings: ${checked}`);
  return lines;
}
