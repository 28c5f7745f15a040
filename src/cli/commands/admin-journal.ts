/** admin journal: of a running master; or on disk, to check, dump and repair it. */
import { OrchardError } from '../../client/errors.js';
import { exactTimeText, humanBytes, shown } from '../format.js';
import { openJournalTool } from '../journal-door.js';
import { localConfig } from '../local-config.js';
import { Columns } from '../output.js';
import { reportLines } from '../report-text.js';
import type { Shell } from '../shell.js';
import { UsageError } from '../usage-error.js';
import { verb } from '../verb.js';

type Options = {
  readonly dataDir?: string;
  readonly from?: string;
  readonly to?: string;
  readonly yes?: boolean;
  readonly skipDamaged?: boolean;
};

export const journal = verb<Options>({
  name: 'journal',
  args: '[action]',
  summary: 'show the journal; checkpoint; check, dump or repair it on disk',
  options: [
    { flags: '--data-dir <path>', means: 'data directory; ORCHARD_DATA_DIR without it' },
    { flags: '--from <seq>', means: 'dump: the first entry' },
    { flags: '--to <seq>', means: 'dump: the last entry' },
    { flags: '--skip-damaged', means: 'repair: keep the readable entries after the damage' },
    { flags: '--yes', means: 'repair: do it; otherwise only show the loss' },
  ],
  examples: [
    ['orchard admin journal', 'the journal of the running master'],
    ['orchard admin journal checkpoint', 'write all to the metadata on disk now, trim the journal'],
    ['orchard admin journal check', 'every segment, and the pages of the metadata, on disk'],
    ['orchard admin journal dump --from 100 --to 120', 'these entries'],
    ['orchard admin journal repair', 'show what a repair would lose; stop the master first'],
    ['orchard admin journal repair --yes', 'end the journal at the damage; the old one is kept'],
  ],
  familiar:
    'as `hdfs oev` and `alluxio readJournal`, `hdfs namenode -recover`, and\n' +
    '`alluxio fsadmin journal checkpoint` (the master does it by itself as well).',
  run: async (shell, [action], options) => {
    if (action === undefined) await online(shell);
    else if (action === 'checkpoint') await checkpoint(shell);
    else if (action === 'check') await check(shell, options);
    else if (action === 'dump') await dump(shell, options);
    else if (action === 'repair') await repair(shell, options);
    else {
      const reason = `"${action}" is not checkpoint, check, dump or repair`;
      throw new UsageError(reason, 'orchard admin journal');
    }
  },
});

async function online(shell: Shell): Promise<void> {
  const report = await (await shell.client()).journalInfo({ signal: shell.signal });
  if (shell.isJson) await shell.out.json(report);
  else for (const line of reportLines(report)) await shell.out.line(line);
}

async function checkpoint(shell: Shell): Promise<void> {
  const report = await (await shell.client()).checkpoint({ signal: shell.signal });
  const { seq, segments, diskBytes } = report;
  const rest = `${segments} ${segments === 1 ? 'segment' : 'segments'}, ${humanBytes(diskBytes)}`;
  await shell.confirm(`Everything up to entry ${seq} is on disk; the journal has ${rest}`, report);
}

async function check(shell: Shell, options: Options): Promise<void> {
  const { checkSegments, checkMetadata } = await openJournalTool();
  const { dataDir } = await placeOf(shell, options);
  const problems: string[] = [];
  const rows: string[][] = [['FIRST', 'LAST', 'ENTRIES', 'USED', 'STATE', 'FILE']];
  for await (const segment of checkSegments(dataDir)) {
    if (segment.problem !== null) problems.push(segment.problem);
    if (shell.isJson) await shell.out.json(segment);
    const { firstSeq, lastSeq, entryCount, usedBytes, state, file } = segment;
    const counts = [firstSeq, lastSeq, entryCount].map(String);
    rows.push([...counts, humanBytes(usedBytes), state, shown(file)]);
  }
  const metadata = await checkMetadata(dataDir);
  problems.push(...(metadata?.problems.map((what) => `${metadata.file}: ${what}`) ?? []));
  if (shell.isJson) await shell.out.json({ metadata: metadata ?? null });
  else {
    const aligns = ['right', 'right', 'right', 'right', 'left', 'left'] as const;
    for (const line of new Columns(aligns).lines(rows)) await shell.out.line(line);
    const told =
      metadata === undefined
        ? 'metadata: in use by a master, so not checked (see orchard admin verify)'
        : `metadata: ${metadata.pages} pages, ${metadata.rows} rows`;
    await shell.out.line(told);
    for (const problem of problems) await shell.out.line(`damaged: ${shown(problem)}`);
  }
  if (problems.length === 0) return;
  throw new OrchardError('DATA_LOSS', `${problems.length} damaged: ${problems[0]}.`, {
    hint: 'restore a backup, or see what a repair would lose: orchard admin journal repair',
  });
}

async function dump(shell: Shell, options: Options): Promise<void> {
  const { dumpEntries } = await openJournalTool();
  const { dataDir } = await placeOf(shell, options);
  const from = seqOf(options.from, 1);
  const to = seqOf(options.to, Number.MAX_SAFE_INTEGER);
  let problem: string | undefined;
  for await (const row of dumpEntries(dataDir, { from, to })) {
    if (shell.isJson) await shell.out.json(row);
    if ('problem' in row) {
      problem ??= row.problem;
      continue;
    }
    if (shell.isJson) continue;
    await shell.out.line(`${row.seq}  ${exactTimeText(row.timeMs)}  ${row.op}  ${row.bytes} B`);
    for (const change of row.changes) await shell.out.line(`    ${shown(change)}`);
  }
  if (problem === undefined) return;
  throw new OrchardError('DATA_LOSS', problem, { hint: 'orchard admin journal check' });
}

async function repair(shell: Shell, options: Options): Promise<void> {
  const { repairJournal } = await openJournalTool();
  const { dataDir, ...sizes } = await placeOf(shell, options);
  const mode = options.skipDamaged === true ? 'skip' : 'cut';
  const apply = options.yes === true;
  const report = await repairJournal(dataDir, { mode, apply, ...sizes });
  if (shell.isJson) {
    await shell.out.json(report);
    return;
  }
  const { problem, lost, lostCount, keptCount, lastSeq, oldJournal } = report;
  if (problem === null) {
    await shell.out.line('Nothing to repair: a master starts with this journal.');
    return;
  }
  await shell.out.line(`damaged: ${shown(problem)}`);
  for (const { seq, entry } of lost) {
    const text = entry === null ? 'cannot be read' : `${entry.op}  ${entry.changes.join('; ')}`;
    await shell.out.line(`lost: ${seq}  ${shown(text)}`);
  }
  if (lostCount > lost.length) await shell.out.line(`… and ${lostCount - lost.length} more`);
  await shell.out.line(`${lostCount} entries lost, ${keptCount} kept, the last is ${lastSeq}`);
  await shell.out.line(
    oldJournal === null
      ? 'Nothing was changed. With --yes a new journal is written, and the old one is kept.'
      : `Repaired. The old journal is ${shown(oldJournal)}. Start the master, then run ` +
          '`orchard admin verify`.',
  );
}

async function placeOf({ io }: Shell, { dataDir }: Options) {
  const { config } = await localConfig(io, dataDir);
  const { journalSegmentBytes: segmentBytes, tier2MapBytes: mapBytes } = config;
  return { dataDir: config.dataDir, segmentBytes, mapBytes };
}

function seqOf(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError(`"${text}" is not the number of an entry`, 'orchard admin journal dump');
}
