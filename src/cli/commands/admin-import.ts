/** admin import: a tree of any size into the namespace of a master that does not run. */
import { shown, spanText } from '../format.js';
import type { ImportOutcome } from '../io.js';
import { parsePath } from '../namespace-path.js';
import type { Shell } from '../shell.js';
import { UsageError } from '../usage-error.js';
import { verb } from '../verb.js';
import { placeOf } from './admin-inspect.js';

type Options = {
  format?: string;
  columns?: string;
  urlEncoded?: boolean;
  strict?: boolean;
  checkpoint?: string;
  drop?: boolean;
};

const formats = ['csv', 's3-inventory'] as const;

export const importing = verb<Options>({
  name: 'import',
  args: '[path] [manifest...]',
  usage: '<path> [manifest...]',
  summary: 'bring a tree of any size into the namespace, while no master runs',
  options: [
    { flags: '--format <format>', means: 'of the manifests: csv (the default) or s3-inventory' },
    { flags: '--columns <names>', means: 'columns in their order, such as bucket,key,size,etag' },
    { flags: '--no-url-encoded', means: 'keys of an inventory stand as they are' },
    { flags: '--strict', means: 'stop at the first entry that cannot be taken' },
    { flags: '--checkpoint <rows>', means: 'inodes that a crash costs at most: 524288' },
    { flags: '--drop', means: 'give up an import that was not finished' },
  ],
  examples: [
    ['orchard admin import /data', 'walk the store that is mounted at /data'],
    ['orchard admin import /data list.csv', 'lines of path,length,mtime below /data'],
    ['orchard admin import /data report/manifest.json', 'an S3 Inventory report'],
    ['orchard admin import --format s3-inventory /data *.csv.gz', 'the files of such a report'],
    ['orchard admin import --drop', 'drop an interrupted import'],
  ],
  familiar:
    'instead of `alluxio fs loadMetadata -R` for very large stores. Mount the store, stop the\n' +
    'master, import, start it. To resume an interrupted import, give the same command again.',
  run: async (shell, [path, ...manifests], options) => {
    if (options.drop === true) return drop(shell);
    if (path === undefined) throw new UsageError('which directory?', 'orchard admin import /data');
    const format = formats.find((one) => one === (options.format ?? 'csv'));
    if (format === undefined) {
      throw new UsageError(`--format ${options.format}`, `one of ${formats.join(', ')}`);
    }
    const target = parsePath(path);
    const progress = shell.progress(`import ${shown(target)}`, 'entries');
    let outcome: ImportOutcome;
    try {
      outcome = await shell.io.importTree({
        path: target,
        manifests: manifests.map((file) => placeOf(shell, file)),
        format,
        columns: options.columns,
        isUrlEncoded: options.urlEncoded !== false,
        isStrict: options.strict === true,
        commitRows: rowsOf(options.checkpoint),
        signal: shell.signal,
        onProgress: ({ entries: done, share }) =>
          progress.update({ done, total: share > 0 ? Math.round(done / share) : 0 }),
      });
    } finally {
      progress.stop();
    }
    await tell(shell, target, outcome);
  },
});

function rowsOf(text: string | undefined): number | undefined {
  if (text === undefined || /^[1-9]\d{0,8}$/.test(text))
    return text === undefined ? text : Number(text);
  throw new UsageError(`--checkpoint ${text}: not a number of inodes`, '--checkpoint 524288');
}

async function drop(shell: Shell): Promise<void> {
  const path = await shell.io.dropImport();
  const text = path === undefined ? 'No import is unfinished' : `Dropped the import into ${path}`;
  await shell.confirm(text, { path: path ?? null });
}

async function tell(shell: Shell, path: string, outcome: ImportOutcome): Promise<void> {
  const { files, directories, rejects, seconds, entries, resumedEntries } = outcome;
  const rate = Math.round((entries - resumedEntries) / Math.max(seconds, 0.001));
  if (shell.isJson) {
    await shell.out.json({ path, ...outcome, entriesPerSecond: rate });
    return;
  }
  for (const { line, reason, text } of rejects.first) {
    await shell.out.line(`left out: line ${line}: ${reason}: ${shown(text)}`);
  }
  if (rejects.count > rejects.first.length) {
    await shell.out.line(`left out: ${rejects.count - rejects.first.length} more`);
  }
  const span = spanText(Math.round(seconds * 1000));
  await shell.out.line(
    `Imported ${files} files in ${directories} directories into ${shown(path)} in ${span}, ` +
      `${rate} entries/s; ${rejects.count} left out. Start the master: orchard master start`,
  );
}
