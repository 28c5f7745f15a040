/** `bench http`: getStatus by POST /rpc, driven by autocannon. */
import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { getStatusFrame, runHttp } from '../http.js';
import { jsonLine } from '../json-line.js';
import { RunRecorder, recordOption } from '../results.js';
import { positive, SEED_DEFAULT } from './values.js';

type HttpFlags = {
  readonly seconds: number;
  readonly connections: number;
  readonly pipelining: number;
  readonly writeBody?: string;
  readonly path: string;
  readonly record?: string;
};

export async function http({ record, writeBody, path, ...flags }: HttpFlags): Promise<void> {
  if (writeBody !== undefined) {
    writeFileSync(writeBody, getStatusFrame(path));
    console.log(`${writeBody}: getStatus of ${path}`);
    return;
  }
  const recorder = RunRecorder.of('http', { record, seed: SEED_DEFAULT, arguments: flags });
  const measure = await runHttp(flags);
  const row = { case: measure.op, ...measure };
  recorder.row(row);
  console.log(jsonLine('http', row));
  if (measure.errors > 0) process.exitCode = 1;
}

export const httpCommand = (): Command =>
  new Command('http')
    .description('getStatus by POST /rpc, driven by autocannon')
    .option('--seconds <count>', 'counted time', positive, 5)
    .option('--connections <count>', 'open at a time', positive, 50)
    .option('--pipelining <count>', 'requests in flight on each', positive, 1)
    .option('--write-body <file>', 'only write a request as a file, for a load tester of your own')
    .option('--path <path>', 'that the written request asks for', '/')
    .addOption(recordOption())
    .addHelpText(
      'after',
      `
Any load tester that can send a file as a body will do, against a master that runs:
  npm run bench:http -- --write-body /tmp/get-status.bin --path /data
  npx autocannon -m POST -i /tmp/get-status.bin -H x-orchard-user=alice -c 50 -d 10 \\
    http://127.0.0.1:19998/rpc`,
    )
    .action(http);
