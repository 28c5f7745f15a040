/** admin verify, admin digest: the whole namespace, exact at one entry of the journal. */
import { type InspectOptions, OrchardError, type VerifyReport } from '../../client/index.js';
import { shown } from '../format.js';
import type { Shell } from '../shell.js';
import { verb } from '../verb.js';

export const verify = verb({
  name: 'verify',
  args: '',
  summary: 'check the whole namespace: every inode, count, index and side record',
  options: [],
  examples: [
    ['orchard admin verify', 'of the running master, which goes on serving'],
    ['orchard admin verify --json', 'the report as one object, for scripts'],
  ],
  familiar: 'as `hdfs fsck`, of the metadata; the status is 1 when something is wrong.',
  run: async (shell) => {
    const client = await shell.client();
    const report = await watched(shell, 'verify', (options) => client.verify(options));
    if (shell.isJson) await shell.out.json(report);
    else for (const line of verifyLines(report)) await shell.out.line(line);
    if (report.isClean) return;
    const hint = 'keep the data directory, and restore a backup beside it: orchard admin restore';
    const found = `${report.findingCount} findings at entry ${report.seq}`;
    throw new OrchardError('DATA_LOSS', found, { hint });
  },
});

export const digest = verb({
  name: 'digest',
  args: '',
  summary: 'print a digest of the whole namespace: equal trees, equal digests',
  options: [],
  examples: [['orchard admin digest', 'the entry of the journal it is of, and the digest']],
  run: async (shell) => {
    const client = await shell.client();
    const report = await watched(shell, 'digest', (options) => client.digest(options));
    const { seq, digest: sum, inodes } = report;
    await shell.out.tell(`${sum}  entry ${seq}, ${inodes} inodes`, report);
  },
});

async function watched<T>(
  shell: Shell,
  label: string,
  ask: (options: InspectOptions) => Promise<T>,
): Promise<T> {
  const progress = shell.progress(label, 'inodes');
  try {
    return await ask({ signal: shell.signal, onProgress: progress.update });
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
