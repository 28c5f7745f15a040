/** `bench connections`: many clients that call seldom, and all of them coming back at once. */
import { Command } from 'commander';
import { type ConnectionsRow, runConnections } from '../connections.js';
import { jsonLine } from '../json-line.js';
import { aligned } from '../report.js';
import { RunRecorder, recordOption } from '../results.js';
import { fileCount, positive, RPC_THREADS_DEFAULT, seedOption, tell } from './values.js';

export type ConnectionsFlags = {
  readonly sockets: number;
  readonly sessions: number;
  readonly ratePerSession: number;
  readonly seconds: number;
  readonly spreadSeconds: number;
  readonly sources: number;
  readonly files: number;
  readonly directories: number;
  readonly threads: number;
  readonly json?: true;
  readonly seed: number;
  readonly record?: string;
};

const KIB = 1024;
const MIB = 2 ** 20;

export async function connections(flags: ConnectionsFlags): Promise<void> {
  const { record, threads, json, ...options } = flags;
  const { seed } = options;
  const recorder = RunRecorder.of('connections', { record, seed, arguments: { ...flags } });
  const rows = await runConnections({
    ...options,
    sessions: Math.max(options.sessions, options.sockets),
    rpcThreads: threads,
    tell,
    done: (row) => {
      recorder.row({ ...row, sockets: flags.sockets, sessions: flags.sessions });
      if (json === true) console.log(jsonLine('connections', row));
      else tell(`${row.case}: ${row.count} in ${(row.elapsedMs / 1000).toFixed(1)} s`);
    },
  });
  if (json !== true) console.log(table(rows));
  for (const { firstError, lossReason, case: name } of rows) {
    if (lossReason !== undefined) console.error(`${name}, tried again because: ${lossReason}`);
    if (firstError !== undefined) console.error(`${name}: ${firstError}`);
  }
  if (rows.some(({ errors }) => errors > 0)) process.exitCode = 1;
}

function table(rows: readonly ConnectionsRow[]): string {
  const head = [
    'phase',
    'count',
    'seconds',
    'p50 ms',
    'p99 ms',
    'p99.9 ms',
    'max ms',
    'server CPU',
  ];
  const cells = rows.map((row) => [
    row.case,
    row.count.toLocaleString('en'),
    (row.elapsedMs / 1000).toFixed(1),
    ...[row.p50Ms, row.p99Ms, row.p999Ms, row.maxMs].map((ms) => ms.toFixed(1)),
    row.serverCpu.toFixed(2),
    row.clientCpu.toFixed(2),
    `${Math.round(row.rssBytes / MIB)} MiB`,
    row.bytesEach === undefined ? '–' : `${(row.bytesEach / KIB).toFixed(1)} KiB`,
    `${Math.round(row.kernelTcpBytes / MIB)} MiB`,
    row.answersMin === undefined ? '–' : `${row.answersMin}–${row.answersMax}`,
    String(row.attemptsAgain ?? '–'),
    String(row.errors),
  ]);
  const more = ['client CPU', 'resident', 'each', 'kernel TCP', 'answers', 'again', 'errors'];
  return aligned([[...head, ...more], ...cells]).join('\n');
}

export const connectionsCommand = (): Command =>
  new Command('connections')
    .description('many clients that call seldom; then all are lost and come back')
    .option('--sockets <count>', 'WebSockets, all of one process', positive, 18_000)
    .option('--sessions <count>', 'client sessions over all sockets', positive, 30_000)
    .option('--rate-per-session <perSecond>', 'calls a second of each session', positive, 0.1)
    .option('--seconds <count>', 'of each steady phase', positive, 20)
    .option('--spread-seconds <count>', 'within which the lost ones come back', positive, 5)
    .option('--sources <count>', 'loopback addresses the sockets come from', positive, 16)
    .option('--files <count>', 'files of the tree', fileCount, 20_000)
    .option('--directories <count>', 'leaf directories', positive, 200)
    .option('--threads <count>', 'RPC threads of the master', positive, RPC_THREADS_DEFAULT)
    .option('--json', 'one JSON object a line')
    .addOption(seedOption())
    .addOption(recordOption())
    .addHelpText(
      'after',
      `
phases: open (every socket says Hello), sessions (the further ones are opened on them), steady (all
call), storm (all connections are lost at once, each comes back at a random moment of the spread and
each of its sessions calls; latencies count from that moment), after the storm (all call again).
"answers" are those of the session with the fewest and with the most. A process holds as many
sockets as \`ulimit -n\` allows less some hundred; master and clients are processes of their own.

examples:
  npm run bench -- connections
  npm run bench -- connections --sockets 30k --sessions 30k      where ulimit -n is 40000 or more
  npm run bench -- connections --sockets 300 --sessions 30k      agents with 100 clients each`,
    )
    .action(connections);
