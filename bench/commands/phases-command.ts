/** `bench phases`: mdtest, deep paths, big directories, training and the like. */
import { Command, Option } from 'commander';
import { figuresTable } from '../figures.js';
import { jsonLine } from '../json-line.js';
import { type SuiteName, suiteNames } from '../phase-suites.js';
import { runPhases } from '../phases.js';
import { RunRecorder, recordOption } from '../results.js';
import { fileCount, namesOf, positive, RPC_THREADS_DEFAULT, seedOption, tell } from './values.js';

export type PhasesFlags = {
  readonly suite: SuiteName[];
  readonly files: number;
  readonly directories: number;
  readonly connections: number;
  readonly depth: number;
  readonly sync: 'commit' | 'none';
  readonly threads: number;
  readonly clientThreads: number;
  readonly json?: true;
  readonly seed: number;
  readonly record?: string;
};

export async function phases(flags: PhasesFlags): Promise<void> {
  const { record, seed, suite, sync, threads, clientThreads, json, ...shape } = flags;
  const recorder = RunRecorder.of('phases', { record, seed, arguments: { ...flags } });
  const rows = await runPhases({
    ...shape,
    suites: suite,
    isUnsynced: sync === 'none',
    rpcThreads: threads,
    threads: clientThreads,
    seed,
    tell,
    done: (row) => {
      recorder.row(row);
      if (json === true) console.log(jsonLine('phases', row));
      else tell(`${String(row['suite'])}, ${row.case}: ${row.opsPerSecond}/s`);
    },
  });
  const apart = ['suite', 'operations', 'elapsedMs', 'connections', 'depth'];
  if (json !== true) console.log(figuresTable(rows, apart));
  for (const row of rows) {
    if (row.errors > 0) console.error(`${row.case}: ${String(row['firstError'])}`);
  }
  if (rows.some(({ errors }) => errors > 0)) process.exitCode = 1;
}

export const phasesCommand = (): Command =>
  new Command('phases')
    .description('suites of phases: mdtest, deep paths, big directories, training, …')
    .option('--suite <names>', `some of ${suiteNames.join(',')}`, namesOf(suiteNames), [
      ...suiteNames,
    ])
    .option('--files <count>', 'of the tree, or that the phases create', fileCount, 200_000)
    .option('--directories <count>', 'leaf directories', positive, 1_000)
    .option('--connections <count>', 'WebSockets', positive, 50)
    .option('--depth <count>', 'calls in flight on each', positive, 32)
    .addOption(
      new Option('--sync <mode>', 'journal mode').choices(['commit', 'none']).default('commit'),
    )
    .option('--threads <count>', 'RPC threads of the master', positive, RPC_THREADS_DEFAULT)
    .option('--client-threads <count>', 'threads of the generator', positive, 1)
    .option('--json', 'one JSON object a line')
    .addOption(seedOption())
    .addOption(recordOption())
    .addHelpText(
      'after',
      `
io500     mdtest easy (files in directories of their own) and hard (one directory, completed with
          3,901 bytes), in IO500's order; data is none of the master's business
deep      look-ups by full path of 4, 8, 16 and 32 components
bigdir    one directory: create, random stat, list all, delete all
contend   many clients in one parent: files, directories, renames to their final names
training  a scan, epochs in which each file is touched once in a random order, checkpoints
negative  look-ups of what is not there, first and again, and asking before creating
subtree   content summary, rename, chmod -R and rm -r of a directory with everything below

examples:
  npm run bench -- phases --suite io500,deep
  npm run bench -- phases --suite bigdir --files 1M
  npm run bench -- phases --sync none --record`,
    )
    .action(phases);
