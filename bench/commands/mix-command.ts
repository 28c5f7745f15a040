/** `bench mix`: operations in proportions that were seen in production. */
import { Command, Option } from 'commander';
import { figuresTable } from '../figures.js';
import { jsonLine } from '../json-line.js';
import type { Arrivals } from '../load/pacer.js';
import { FILES_PER_DIRECTORY, type MixName, mixNames, operationsOf, runMix } from '../mix.js';
import { RunRecorder, recordOption } from '../results.js';
import { fileCount, namesOf, positive, RPC_THREADS_DEFAULT, seedOption, tell } from './values.js';

export type MixFlags = {
  readonly mix: MixName[];
  readonly files: number;
  readonly connections: number;
  readonly depth: number;
  readonly seconds: number;
  readonly warmSeconds: number;
  readonly rate?: number;
  readonly arrivals: Arrivals;
  readonly zipf?: number;
  readonly sync: 'commit' | 'none';
  readonly tier1?: string;
  readonly threads: number;
  readonly clientThreads: number;
  readonly json?: true;
  readonly seed: number;
  readonly record?: string;
};

export async function mix(flags: MixFlags): Promise<void> {
  const { seed, record, threads, clientThreads, sync, tier1, json, ...shape } = flags;
  const recorder = RunRecorder.of('mix', { record, seed, arguments: { ...flags } });
  const all = [];
  for (const name of flags.mix) {
    const { whole, operations } = await runMix({
      ...shape,
      mix: name,
      isUnsynced: sync === 'none',
      tier1Bytes: tier1,
      rpcThreads: threads,
      threads: clientThreads,
      seed,
      tell,
    });
    for (const row of [whole, ...operations]) {
      recorder.row(row);
      if (json === true) console.log(jsonLine('mix', row));
    }
    if (json !== true) {
      const parts = operations.map((row) => ({ ...whole, serverCpu: '', clientCpu: '', ...row }));
      console.log(`${figuresTable([whole, ...parts], ['mix', 'files'])}\n`);
    }
    all.push(whole);
  }
  if (all.some(({ errors }) => errors > 0)) process.exitCode = 1;
}

const percent = (name: MixName): string =>
  operationsOf(name)
    .map(({ name: operation, weight }) => `${operation} ${weight.toFixed(2)}`)
    .join(', ');

export const mixCommand = (): Command =>
  new Command('mix')
    .description('operations in proportions that were seen in production')
    .option('--mix <names>', `some of ${mixNames.join(',')}`, namesOf(mixNames), ['A'] as MixName[])
    .option(
      '--files <count>',
      `of the tree, ${FILES_PER_DIRECTORY} a directory`,
      fileCount,
      1_000_000,
    )
    .option('--connections <count>', 'WebSockets', positive, 50)
    .option('--depth <count>', 'calls in flight on each', positive, 32)
    .option('--seconds <count>', 'counted time', positive, 20)
    .option('--warm-seconds <count>', 'under load before that', positive, 1)
    .option('--rate <perSecond>', 'open loop: calls a second, whatever the answers do', positive)
    .addOption(
      new Option('--arrivals <kind>', 'of an open loop')
        .choices(['even', 'poisson'])
        .default('even'),
    )
    .option('--zipf <exponent>', 'some files are asked for more often than others', positive)
    .addOption(
      new Option('--sync <mode>', 'journal mode').choices(['commit', 'none']).default('commit'),
    )
    .option('--tier1 <bytes>', 'size of tier 1, such as 64MiB or 1GiB')
    .option('--threads <count>', 'RPC threads of the master', positive, RPC_THREADS_DEFAULT)
    .option('--client-threads <count>', 'threads of the generator', positive, 1)
    .option('--json', 'one JSON object a line')
    .addOption(seedOption())
    .addOption(recordOption())
    .addHelpText(
      'after',
      `
A  HopsFS's hammer-bench (Spotify): ${percent('A')}
B  λFS (Spotify): ${percent('B')}
C  Facebook 2010: ${percent('C')}
D  Yahoo: ${percent('D')}, opens drawn by recency (Zipf 1)
F5, F10, F20  A with creates raised to so many percent

examples:
  npm run bench -- mix --mix A --files 1M
  npm run bench -- mix --mix A,F5,F10,F20 --seconds 10 --record
  npm run bench -- mix --mix A --rate 50k --arrivals poisson --json`,
    )
    .action(mix);
