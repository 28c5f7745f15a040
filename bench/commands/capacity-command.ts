/** `bench capacity`: how much a namespace of a hundred million files costs. */
import { Command, InvalidArgumentError } from 'commander';
import { parseBytes } from '../../src/base/quantity.js';
import { runCapacity, type StepName, stepNames } from '../capacity/capacity.js';
import { jsonLine } from '../json-line.js';
import { type Row, RunRecorder, recordOption } from '../results.js';
import { fileCount, namesOf, positive, RPC_THREADS_DEFAULT, seedOption, tell } from './values.js';

type Flags = {
  readonly files: number;
  readonly baseFiles: number;
  readonly steps: readonly StepName[];
  readonly data?: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly warmSeconds: number;
  readonly backlog: number;
  readonly tier1: number;
  readonly threads: number;
  readonly json?: true;
  readonly seed: number;
  readonly record?: string;
};

async function capacity(flags: Flags): Promise<void> {
  const { seed, record, json, data, ...given } = flags;
  const recorder = RunRecorder.of('capacity', { record, seed, arguments: given });
  let errors = 0;
  const done = (row: Row): void => {
    recorder.row(row);
    errors += Number(row['errors'] ?? 0);
    console.log(json === true ? jsonLine('capacity', row) : shown(row));
  };
  await runCapacity({
    files: flags.files,
    baseFiles: flags.baseFiles,
    steps: flags.steps,
    directory: data,
    rounds: flags.rounds,
    seconds: flags.seconds,
    warmSeconds: flags.warmSeconds,
    backlogFiles: flags.backlog,
    tier1Bytes: flags.tier1,
    rpcThreads: flags.threads,
    seed,
    tell,
    done,
  });
  if (errors > 0) process.exitCode = 1;
}

/** One line of what matters to people. */
function shown(row: Row): string {
  const { case: name, files, latencies: _, ...rest } = row;
  const facts = Object.entries(rest).map(([key, value]) =>
    typeof value === 'number' && key.endsWith('Bytes') && value > MIB
      ? `${key} ${(value / MIB).toFixed(0)} MiB`
      : `${key} ${typeof value === 'number' ? value.toLocaleString('en') : value}`,
  );
  return `${name} (${Number(files).toLocaleString('en')} files): ${facts.join(', ')}`;
}

const MIB = 2 ** 20;

function sizeOf(text: string): number {
  const bytes = parseBytes(text);
  if (bytes === undefined) throw new InvalidArgumentError('must be a size such as 512MiB');
  return bytes;
}

export const capacityCommand = (): Command =>
  new Command('capacity')
    .description('a namespace of any size by the bulk import, and what it costs')
    .option('--files <count>', 'of the large namespace', fileCount, 100_000_000)
    .option('--base-files <count>', 'of the small one beside it', fileCount, 1_000_000)
    .option('--steps <names>', `some of ${stepNames.join(',')}`, namesOf(stepNames), [
      ...stepNames,
    ] as StepName[])
    .option('--data <directory>', 'keep the large one there, and go on with it another time')
    .option('--rounds <count>', 'turns of each for the hot reads', positive, 3)
    .option('--seconds <count>', 'counted time of each case', positive, 10)
    .option('--warm-seconds <count>', 'under load before that', positive, 2)
    .option('--backlog <files>', 'created and not flushed before the kill', fileCount, 300_000)
    .option('--tier1 <bytes>', 'size of tier 1', sizeOf, 1024 * MIB)
    .option('--threads <count>', 'RPC threads of the master', positive, RPC_THREADS_DEFAULT)
    .option('--json', 'one JSON object a line')
    .addOption(seedOption())
    .addOption(recordOption())
    .addHelpText(
      'after',
      `
base and names are of the small namespace: its import, reads and so on, and the import again with
long names. hot reads the same million files of both, turn by turn.

examples:
  npm run bench -- capacity --files 100M --record
  npm run bench -- capacity --files 100M --steps import --data /big/tree
  npm run bench -- capacity --files 100M --steps reads,hot --data /big/tree --record`,
    )
    .action(capacity);
