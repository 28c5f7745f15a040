/** `bench stress`: one operation, as Alluxio's StressMasterBench. */
import { Command, Option } from 'commander';
import { figuresTable } from '../figures.js';
import { jsonLine } from '../json-line.js';
import { effectOf, lastingOperationNames, type OperationName } from '../load/operations.js';
import type { Arrivals } from '../load/pacer.js';
import { RunRecorder, recordOption } from '../results.js';
import { runStress } from '../stress.js';
import { type Durability, durabilities } from '../tree-bench.js';
import { fileCount, namesOf, positive, RPC_THREADS_DEFAULT, seedOption, tell } from './values.js';

export type StressFlags = {
  readonly operation: OperationName[];
  readonly connections: number;
  readonly depth: number;
  readonly seconds: number;
  readonly warmSeconds: number;
  readonly files: number;
  readonly directories: number;
  readonly rate?: number;
  readonly arrivals: Arrivals;
  readonly p99Ms?: number;
  readonly zipf?: number;
  readonly durability: Durability[];
  readonly threads: number;
  readonly clientThreads: number;
  readonly json?: true;
  readonly seed: number;
  readonly record?: string;
};

export async function stress(flags: StressFlags): Promise<void> {
  const { seed, record, operation, durability, threads, clientThreads, json, ...shape } = flags;
  const recorder = RunRecorder.of('stress', { record, seed, arguments: { ...flags } });
  const isWriting = operation.some((name) => effectOf(name) !== 'reads');
  const all = await runStress({
    ...shape,
    operations: operation,
    durabilities: durability,
    rpcThreads: threads,
    threads: clientThreads,
    seed,
    tell,
    done: (row) => {
      recorder.row(row);
      if (json === true) console.log(jsonLine('stress', row));
      else tell(`${row.case} ${String(row['durability'] ?? '')}: ${row.opsPerSecond}/s`);
    },
  });
  const apart = ['connections', 'depth', ...(isWriting ? ['durability'] : [])];
  if (shape.rate !== undefined || shape.p99Ms !== undefined) apart.push('rate', 'lateP99Ms');
  if (json !== true) console.log(figuresTable(all, apart));
  if (all.some(({ errors }) => errors > 0)) process.exitCode = 1;
}

export const stressCommand = (): Command =>
  new Command('stress')
    .description("one operation after the other, named as in Alluxio's StressMasterBench")
    .requiredOption(
      '--operation <names>',
      `some of ${lastingOperationNames.join(',')}`,
      namesOf(lastingOperationNames),
    )
    .option('--connections <count>', 'WebSockets', positive, 50)
    .option('--depth <count>', 'calls in flight on each', positive, 32)
    .option('--seconds <count>', 'counted time of each run', positive, 10)
    .option('--warm-seconds <count>', 'under load before that', positive, 1)
    .option('--files <count>', 'files of the tree', fileCount, 500_000)
    .option('--directories <count>', 'leaf directories, at depth 3', positive, 10_000)
    .option('--rate <perSecond>', 'open loop: calls a second, whatever the answers do', positive)
    .addOption(
      new Option('--arrivals <kind>', 'of an open loop')
        .choices(['even', 'poisson'])
        .default('even'),
    )
    .option('--p99-ms <ms>', 'search the highest rate with p99 within this', positive)
    .option('--zipf <exponent>', 'some files are asked for more often than others', positive)
    .addOption(
      new Option('--durability <ways>', 'of writes: none = no sync, group = group commit, each')
        .argParser(namesOf(durabilities))
        .default([...durabilities], durabilities.join(',')),
    )
    .option('--threads <count>', 'RPC threads of the master', positive, RPC_THREADS_DEFAULT)
    .option('--client-threads <count>', 'threads of the generator', positive, 1)
    .option('--json', 'one JSON object a line')
    .addOption(seedOption())
    .addOption(recordOption())
    .addHelpText(
      'after',
      `
Without --rate the loop is closed: connections × depth calls are in flight, each answer is followed
by the next call. With it the loop is open, and latencies count from the time at which a call should
have been sent, so that a stall is charged with all who had to wait. "each" is one call at a time on
one connection, so every change has a sync of its own.

OpenFile asks for the status with all attributes. GetBlockLocations and ListDirLocated come with
blocks, which there are none of yet. A file is completed, or replaced, once: see bench phases.

examples:
  npm run bench -- stress --operation GetFileStatus --connections 50 --depth 32
  npm run bench -- stress --operation CreateFile,RenameFile,DeleteFile --json
  npm run bench -- stress --operation GetFileStatus --rate 50k --arrivals poisson
  npm run bench -- stress --operation CreateFile --durability group --p99-ms 10`,
    )
    .action(stress);
