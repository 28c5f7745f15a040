#!/usr/bin/env node
/**
 * The process around the command line: the only place that reads process.env, and the only one that
 * knows where the master's code is.
 */
import { readFileSync } from 'node:fs';
import { OrchardClient } from '../client/index.js';
import type { CliIo } from './io.js';
import { processGroups, processUser } from './process-identity.js';
import { runCli } from './program.js';

const LINGER_MS_MAX = 500;

const interrupt = new AbortController();
const isMaster = process.argv.includes('master');
// The master drains on these signals by itself.
if (!isMaster) {
  process.once('SIGINT', () => interrupt.abort(new Error('interrupted')));
  process.once('SIGTERM', () => interrupt.abort(new Error('terminated')));
}
// Whoever reads has seen enough: `orchard ls -R / | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

const io: CliIo = {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  user: processUser(),
  groups: processGroups(),
  workingDirectory: process.cwd(),
  signal: interrupt.signal,
  version: packageVersion(),
  connect: (options) => OrchardClient.connect(options),
  startMaster,
};

process.exitCode = await runCli(process.argv.slice(2), io);
// A master that did not start leaves no thread behind.
if (isMaster && process.exitCode !== 0) process.exit();
// A peer that never answers the end of a connection keeps nobody waiting.
if (!isMaster) setTimeout(() => process.exit(), LINGER_MS_MAX).unref();

async function startMaster(): Promise<void> {
  const entry = '../master/main.js';
  const master = (await import(entry)) as {
    startMaster(environment: NodeJS.ProcessEnv): Promise<void>;
  };
  await master.startMaster(process.env);
}

/** Of the package that this file is part of: dist/src/cli/main.js or src/cli/main.ts. */
function packageVersion(): string {
  for (const up of ['../../../package.json', '../../package.json']) {
    try {
      const text = readFileSync(new URL(up, import.meta.url), 'utf8');
      return (JSON.parse(text) as { version: string }).version;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return '0.0.0';
}
