#!/usr/bin/env node
/**
 * The process around the command line: its streams, its signals, its end. The only place that reads
 * process.env.
 */
import { readFileSync } from 'node:fs';
import type { CliIo } from './io.js';
import { dropImport, importTree, offlineMaster, startMaster } from './master-door.js';
import { processGroups, processUser } from './process-identity.js';
import { runCli } from './program.js';

const LINGER_MS_MAX = 500;
const UV_THREADS = 16;

const interrupt = new AbortController();
let isMaster = false;
// The reader has seen enough: `orchard ls -R / | head`.
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
  get workingDirectory() {
    return process.cwd();
  },
  signal: interrupt.signal,
  version: packageVersion(),
  connect: async (options) => {
    abortOnSignals();
    const { OrchardClient } = await import('../client/index.js');
    return OrchardClient.connect(options);
  },
  offline: () => {
    abortOnSignals();
    return offlineMaster(process.env);
  },
  startMaster: () => {
    isMaster = true;
    prepareMaster();
    return startMaster(process.env);
  },
  importTree: (order) => {
    abortOnSignals();
    return importTree(process.env, order);
  },
  dropImport: () => dropImport(process.env),
};

process.exitCode = await runCli(process.argv.slice(2), io);
// A master that did not start leaves no thread behind.
if (isMaster && process.exitCode !== 0) process.exit();
// A peer that never confirms the end of a connection must not delay the exit.
if (!isMaster) setTimeout(() => process.exit(), LINGER_MS_MAX).unref();

/** What only the environment of the process can tell libraries, before they are loaded. */
function prepareMaster(): void {
  // A local store that hangs holds up to two of libuv's threads: leave some for the others.
  process.env['UV_THREADPOOL_SIZE'] ??= String(UV_THREADS);
  // The SDK warns about Node 20 in the middle of the log.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
}

/** A client's command stops on these; the master, which connects to nobody, drains by itself. */
function abortOnSignals(): void {
  process.once('SIGINT', () => interrupt.abort(new Error('interrupted')));
  process.once('SIGTERM', () => interrupt.abort(new Error('terminated')));
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
