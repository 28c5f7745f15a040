/** `bench echo`: the load generator's own ceiling. */
import { Command } from 'commander';
import { runEcho } from '../echo.js';
import { figures, figuresTable } from '../figures.js';
import { jsonLine } from '../json-line.js';
import { RunRecorder, recordOption } from '../results.js';
import { positive, seedOption } from './values.js';

type EchoFlags = {
  readonly seconds: number;
  readonly clientThreads: number;
  readonly seed: number;
  readonly record?: string;
  readonly json?: true;
};

const SECONDS_DEFAULT = 3;

export async function echo({
  seconds,
  clientThreads,
  seed,
  record,
  json,
}: EchoFlags): Promise<void> {
  const recorder = RunRecorder.of('echo', { record, seed, arguments: { seconds, clientThreads } });
  const cases = await runEcho({ seconds, seed, threads: clientThreads });
  const rows = cases.map(({ server, connections, depth, result }) => {
    const perClientCore = Math.round(
      result.operations / (result.elapsedMs / 1000) / Math.max(result.clientCpu, 0.01),
    );
    return figures('echo', { connections, depth }, result, { server, perClientCore });
  });
  for (const row of rows) recorder.row(row);
  if (json === true) for (const row of rows) console.log(jsonLine('echo', row));
  else console.log(figuresTable(rows, ['server', 'connections', 'depth', 'perClientCore']));
  if (rows.some(({ errors }) => errors > 0)) process.exitCode = 1;
}

export const echoCommand = (): Command =>
  new Command('echo')
    .description('the ceiling of the load generator: servers that send back what they get')
    .option('--seconds <count>', 'counted time of each case', positive, SECONDS_DEFAULT)
    .option('--client-threads <count>', 'threads of the generator', positive, 1)
    .option('--json', 'one JSON object a line')
    .addOption(seedOption())
    .addOption(recordOption())
    .addHelpText(
      'after',
      `
server "bytes" sends back what it reads as it is; "messages" is a uWebSockets.js server with one
callback a message. Client and server share the machine, so the sum of their CPU says whether more
cores would give more; perClientCore is what one core of the generator alone can do.`,
    )
    .action(echo);
