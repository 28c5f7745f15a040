/** `bench http`: getStatus by POST /rpc, driven by autocannon. */
import { Command } from 'commander';
import { runHttp } from '../http.js';
import { RunRecorder, recordOption } from '../results.js';
import { positive, SEED_DEFAULT } from './values.js';

type HttpFlags = {
  readonly seconds: number;
  readonly connections: number;
  readonly pipelining: number;
  readonly record?: string;
};

export async function http({ record, ...flags }: HttpFlags): Promise<void> {
  const recorder = RunRecorder.of('http', { record, seed: SEED_DEFAULT, arguments: flags });
  const measure = await runHttp(flags);
  recorder.row({ case: measure.op, ...measure });
  console.log(JSON.stringify(measure));
  if (measure.errors > 0) process.exitCode = 1;
}

export const httpCommand = (): Command =>
  new Command('http')
    .description('getStatus by POST /rpc, driven by autocannon')
    .option('--seconds <count>', 'counted time', positive, 5)
    .option('--connections <count>', 'open at a time', positive, 50)
    .option('--pipelining <count>', 'requests in flight on each', positive, 1)
    .addOption(recordOption())
    .action(http);
