/** `bench shared`: creates in one directory against creates in many. */
import { Command } from 'commander';
import { type Figures, figuresTable } from '../figures.js';
import { jsonLine } from '../json-line.js';
import { RunRecorder, recordOption } from '../results.js';
import { runShared } from '../shared.js';
import { positive, RPC_THREADS_DEFAULT, seedOption, tell } from './values.js';

/** docs/GUARANTEES.md: one directory takes so much of what many take. */
const RATIO_BAR = 0.7;

type SharedFlags = {
  readonly connections: number;
  readonly depth: number;
  readonly seconds: number;
  readonly warmSeconds: number;
  readonly pairs: number;
  readonly directories: number;
  readonly threads: number;
  readonly clientThreads: number;
  readonly json?: true;
  readonly seed: number;
  readonly record?: string;
};

async function shared(flags: SharedFlags): Promise<void> {
  const { record, seed, threads, clientThreads, json, ...shape } = flags;
  const recorder = RunRecorder.of('shared', { record, seed, arguments: { ...flags } });
  const rows: Figures[] = [];
  const result = await runShared({
    ...shape,
    seed,
    rpcThreads: threads,
    threads: clientThreads,
    tell,
    done: (row) => {
      rows.push(row);
      recorder.row(row);
    },
  });
  const { onePerSecond, manyPerSecond, ratio, errors } = result;
  recorder.row({ case: 'shared', ...result });
  if (json === true) {
    const line = { case: 'one directory of many', value: ratio, unit: 'ratio', bar: RATIO_BAR };
    console.log(jsonLine('shared', { ...line, met: ratio >= RATIO_BAR, ...result }));
  } else {
    console.log(figuresTable(rows, ['connections', 'depth']));
    const share = `${Math.round(ratio * 100)} %`;
    console.log(`\none directory ${onePerSecond}/s, many ${manyPerSecond}/s: ${share}`);
  }
  if (errors > 0) process.exitCode = 1;
}

export const sharedCommand = (): Command =>
  new Command('shared')
    .description('do creates in one directory run in parallel? one against many, turn by turn')
    .option('--connections <count>', 'WebSockets', positive, 50)
    .option('--depth <count>', 'calls in flight on each', positive, 32)
    .option('--seconds <count>', 'counted time of each turn', positive, 5)
    .option('--warm-seconds <count>', 'under load before that', positive, 1)
    .option('--pairs <count>', 'turns of each kind', positive, 5)
    .option('--directories <count>', 'the many', positive, 10_000)
    .option('--threads <count>', 'RPC threads of the master', positive, RPC_THREADS_DEFAULT)
    .option('--client-threads <count>', 'threads of the generator', positive, 1)
    .option('--json', 'the medians as one JSON object on a line')
    .addOption(seedOption())
    .addOption(recordOption())
    .addHelpText(
      'after',
      `
Names are locked, not directories: creates in one directory should be nearly as fast as in many.

example:
  npm run bench -- shared --pairs 3 --seconds 3`,
    )
    .action(shared);
