/** `bench quick`: the canonical workload. */
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { jsonLine } from '../json-line.js';
import { type Measure, type OpName, opNames } from '../measure.js';
import { fullSizes, runQuick, smokeSizes } from '../quick.js';
import { figuresOf, humanTable, type RunFacts } from '../report.js';
import { commitOf, machineFacts, ROOT, RunRecorder, recordOption } from '../results.js';
import { fileCount, namesOf, positive, RPC_THREADS_DEFAULT, seedOption, tell } from './values.js';

type QuickFlags = {
  readonly json?: true;
  readonly smoke?: true;
  readonly files?: number;
  readonly seconds?: number;
  readonly only?: OpName[];
  readonly threads: number;
  readonly tier1?: string;
  readonly sync?: string;
  readonly profile?: string;
  readonly seed: number;
  readonly record?: string;
};

export async function quick(flags: QuickFlags): Promise<void> {
  const base = flags.smoke === true ? smokeSizes : fullSizes;
  const sizes = {
    ...base,
    files: flags.files ?? base.files,
    seconds: flags.seconds ?? base.seconds,
    sustainSeconds: flags.seconds ?? base.sustainSeconds,
  };
  const { node, cpu, cores } = machineFacts();
  const facts: RunFacts = {
    commit: commitOf(ROOT),
    node,
    cpu,
    cores,
    seed: flags.seed,
    rpcThreads: flags.threads,
    tier1Bytes: flags.tier1 ?? 'default',
    files: sizes.files,
  };
  const isJson = flags.json === true;
  const { seed, record, ...used } = flags;
  const recorder = RunRecorder.of('quick', { record, seed, arguments: { ...used, ...sizes } });
  const measures = await runQuick({
    sizes,
    only: new Set(flags.only ?? opNames),
    seed,
    rpcThreads: flags.threads,
    ...(flags.tier1 !== undefined && { tier1Bytes: flags.tier1 }),
    ...(flags.sync !== undefined && { journalSync: flags.sync }),
    ...(flags.profile !== undefined && { profileDir: resolve(flags.profile) }),
    tell,
    done: (measure) => {
      const row = figuresOf(measure);
      recorder.row(row);
      if (isJson) console.log(jsonLine('quick', { ...row, ...facts }));
      else tell(progressLine(measure));
    },
  });
  if (!isJson) console.log(`\n${humanTable(measures, facts)}`);
  if (measures.some((measure) => measure.result.errors > 0)) process.exitCode = 1;
}

function progressLine({ op, connections, depth, opsPerSecond, seconds }: Measure): string {
  const figure =
    seconds === undefined ? `${Math.round(opsPerSecond)}/s` : `${seconds.toFixed(2)} s`;
  return `${op} ${connections}×${depth}: ${figure}`;
}

export const quickCommand = (): Command =>
  new Command('quick')
    .description('the canonical workload over 500,000 files in 10,000 directories')
    .option('--json', 'one JSON object a line')
    .option('--smoke', 'every case at a tiny size: does the bench work?')
    .option('--files <count>', 'files of the tree', fileCount)
    .option('--seconds <count>', 'counted time of each case', positive)
    .option('--only <ops>', `some of ${opNames.join(',')}`, namesOf(opNames))
    .option('--threads <count>', 'RPC threads of the master', positive, RPC_THREADS_DEFAULT)
    .option('--tier1 <bytes>', 'size of tier 1, such as 64KiB or 1GiB')
    .addOption(new Option('--sync <mode>', 'journal mode').choices(['commit', 'none']))
    .option('--profile <directory>', 'CPU profiles of the master, one a thread; costs some speed')
    .addOption(seedOption())
    .addOption(recordOption())
    .action(quick);
