/**
 * Redis: a key-value store in memory, one thread. No tree: a file is a key.
 */
import { execFileSync } from 'node:child_process';
import { fetchDebian, libraryEnvironment, missingProgram, programPath } from './packages.js';
import { runRedisBenchmark } from './redis-benchmark.js';
import { freePorts, LOOPBACK, ServerDirectory, ServerProcess } from './server-process.js';
import { type Peer, type StartSetting, type Step, type System, step } from './system.js';
import { WireSystem } from './wire-system.js';

const PROGRAM = 'redis-server';
const TOOL = 'redis-benchmark';

const writes = [step.createShallow, step.createWide, step.renameWide, step.deleteWide];
const byTool = (each: Step): Step => ({ ...each, tool: TOOL });

export const redis: Peer = {
  name: 'redis',
  title: 'Redis',
  missing: () => missingProgram(PROGRAM, PROGRAM) ?? missingProgram(TOOL, 'redis-tools'),
  install: () => fetchDebian(['redis-server', 'redis-tools']),
  version: () =>
    execFileSync(programPath(PROGRAM) ?? PROGRAM, ['--version'], {
      env: libraryEnvironment(),
      encoding: 'utf8',
    }).match(/v=(\S+)/)?.[1] ?? 'unknown',
  plans: [
    {
      durability: 'group',
      ours: 'group',
      writes: [step.createAlone, ...writes, byTool(step.createWide)],
      reads: [],
    },
    {
      durability: 'none',
      ours: 'none',
      writes: [...writes, byTool(step.createWide)],
      reads: [step.statShallow, step.statWide, byTool(step.statShallow), byTool(step.statWide)],
    },
  ],
  start,
  notes: [
    'A file is a key, its full path, with a value of 100 bytes: no directories, no permissions, ' +
      'no listing; rename is RENAME of one key.',
    'group: appendonly with appendfsync always, one sync for all commands of a turn; none: ' +
      'no persistence.',
    'redis-benchmark (C) is given beside our generator; it draws keys from 100,000 at random, ' +
      'so its SET mostly overwrites.',
  ],
};

async function start(setting: StartSetting): Promise<System> {
  const directory = new ServerDirectory('redis');
  const [port = 0] = await freePorts(1);
  const isDurable = setting.durability !== 'none';
  const server = await ServerProcess.start(directory, {
    program: programPath(PROGRAM) ?? PROGRAM,
    args: [
      ...['--port', String(port), '--bind', LOOPBACK, '--dir', directory.path, '--save', ''],
      ...['--appendonly', isDurable ? 'yes' : 'no', '--appendfsync', 'always'],
    ],
    port,
    env: libraryEnvironment(),
  });
  const benchmark = (each: Step) => runRedisBenchmark(server.target, each, setting.sizes);
  return new WireSystem({
    protocol: 'redis',
    server,
    setting,
    entries: 0,
    tools: { [TOOL]: benchmark },
  });
}
