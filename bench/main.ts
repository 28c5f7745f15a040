/**
 * `npm run bench -- quick | echo | http`. Ends with status 1 when any reply was wrong; missing a
 * goal is a
 * figure, not a failure.
 */
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { runEcho } from './echo.js';
import { runHttp } from './http.js';
import { FILES_MAX } from './load/path-pattern.js';
import { type Measure, type OpName, opNames } from './measure.js';
import { fullSizes, runQuick, smokeSizes } from './quick.js';
import { aligned, figuresOf, humanTable, jsonLine, type RunFacts } from './report.js';
import { commitOf, machineFacts, ROOT, RunRecorder, recordOption } from './results.js';
import { BATCH_FILES } from './setup.js';

type QuickFlags = {
  readonly json?: true;
  readonly smoke?: true;
  readonly files?: number;
  readonly seconds?: number;
  readonly only?: ReadonlySet<OpName>;
  readonly threads: number;
  readonly tier1?: string;
  readonly sync?: string;
  readonly profile?: string;
  readonly seed: number;
  readonly record?: string;
};

const SEED_DEFAULT = 1;
const RPC_THREADS_DEFAULT = 2;
const ECHO_SECONDS_DEFAULT = 3;
const HTTP_SECONDS_DEFAULT = 5;
const HTTP_CONNECTIONS_DEFAULT = 50;
const STATUS_INTERRUPTED = 130;

async function quick(flags: QuickFlags): Promise<void> {
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
  const { seed, record, only, ...used } = flags;
  const recorder = RunRecorder.of('quick', { record, seed, arguments: { ...used, ...sizes } });
  const measures = await runQuick({
    sizes,
    only: only ?? new Set(opNames),
    seed,
    rpcThreads: flags.threads,
    ...(flags.tier1 !== undefined && { tier1Bytes: flags.tier1 }),
    ...(flags.sync !== undefined && { journalSync: flags.sync }),
    ...(flags.profile !== undefined && { profileDir: resolve(flags.profile) }),
    tell: (text) => console.error(`· ${text}`),
    done: (measure) => {
      recorder.row({ case: measure.op, ...figuresOf(measure) });
      if (isJson) console.log(jsonLine(measure, facts));
      else console.error(`· ${progressLine(measure)}`);
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

async function echo(flags: { readonly seconds: number; readonly seed: number }): Promise<void> {
  const cases = await runEcho(flags.seconds, flags.seed);
  const rows = cases.map(({ connections, depth, result }) => [
    `${connections}×${depth}`,
    String(Math.round(result.operations / (result.elapsedMs / 1000))),
    String(Math.round(result.operations / (result.elapsedMs / 1000) / result.clientCpu)),
    result.p50Ms.toFixed(3),
    result.p99Ms.toFixed(3),
    result.serverCpu.toFixed(2),
    result.clientCpu.toFixed(2),
  ]);
  const head = [
    'conns×depth',
    'replies/s',
    'a client core',
    'p50 ms',
    'p99 ms',
    'server',
    'client',
  ];
  console.log(aligned([head, ...rows]).join('\n'));
  if (cases.some(({ result }) => result.errors > 0)) process.exitCode = 1;
}

async function http(flags: {
  readonly seconds: number;
  readonly connections: number;
}): Promise<void> {
  const measure = await runHttp(flags.seconds, flags.connections);
  console.log(JSON.stringify(measure));
  if (measure.errors > 0) process.exitCode = 1;
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('must be a number above 0');
  return value;
}

function fileCount(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < BATCH_FILES || value > FILES_MAX) {
    throw new InvalidArgumentError(`must be a whole number from ${BATCH_FILES} to ${FILES_MAX}`);
  }
  return Math.ceil(value / BATCH_FILES) * BATCH_FILES;
}

function opsOf(text: string): ReadonlySet<OpName> {
  const names = text.split(',').map((name) => name.trim());
  for (const name of names) {
    if (!opNames.includes(name as OpName)) {
      throw new InvalidArgumentError(`${name} is none of ${opNames.join(', ')}`);
    }
  }
  return new Set(names as OpName[]);
}

const program = new Command('bench').description('measures a real master over the real wire');

program
  .command('quick', { isDefault: true })
  .description('the canonical workload over 500,000 files in 10,000 directories')
  .option('--json', 'one JSON object a line')
  .option('--smoke', 'every case at a tiny size: does the bench work?')
  .option('--files <count>', 'files of the tree', fileCount)
  .option('--seconds <count>', 'counted time of each case', positive)
  .option('--only <ops>', `some of ${opNames.join(',')}`, opsOf)
  .option('--threads <count>', 'RPC threads of the master', positive, RPC_THREADS_DEFAULT)
  .option('--tier1 <bytes>', 'size of tier 1, such as 64KiB or 1GiB')
  .addOption(new Option('--sync <mode>', 'journal mode').choices(['commit', 'none']))
  .option('--profile <directory>', 'CPU profiles of the master, one a thread; costs some speed')
  .option('--seed <number>', 'of everything that is drawn at random', positive, SEED_DEFAULT)
  .addOption(recordOption())
  .action(quick);

program
  .command('echo')
  .description("the load generator's own ceiling, against a server that sends back what it gets")
  .option('--seconds <count>', 'counted time of each case', positive, ECHO_SECONDS_DEFAULT)
  .option('--seed <number>', 'of everything that is drawn at random', positive, SEED_DEFAULT)
  .action(echo);

program
  .command('http')
  .description('getStatus by POST /rpc, driven by autocannon')
  .option('--seconds <count>', 'counted time', positive, HTTP_SECONDS_DEFAULT)
  .option('--connections <count>', 'open at a time', positive, HTTP_CONNECTIONS_DEFAULT)
  .action(http);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => process.exit(STATUS_INTERRUPTED));
}
await program.parseAsync();
