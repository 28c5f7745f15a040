/**
 * etcd: a replicated key-value store, here a cluster of one. Every write goes through its Raft log.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fetchDebian, missingProgram, programPath } from './packages.js';
import { freePorts, LOOPBACK, ServerDirectory, ServerProcess } from './server-process.js';
import { type Peer, type StartSetting, type System, step } from './system.js';
import { WireSystem } from './wire-system.js';

const PROGRAM = 'etcd';
const ENTRIES_MAX = 100_000;
const QUOTA_BYTES = 8 * 2 ** 30;

export const etcd: Peer = {
  name: 'etcd',
  title: 'etcd',
  missing: () => missingProgram(PROGRAM, 'etcd-server'),
  install: () => fetchDebian(['etcd-server']),
  version: () =>
    execFileSync(programPath(PROGRAM) ?? PROGRAM, ['--version'], { encoding: 'utf8' }).match(
      /etcd Version: (\S+)/,
    )?.[1] ?? 'unknown',
  plans: [
    {
      durability: 'group',
      ours: 'group',
      writes: [step.createAlone, step.createShallow, step.createWide, step.deleteWide],
      reads: [step.statShallow, step.statWide, step.list],
    },
  ],
  entriesMax: ENTRIES_MAX,
  start,
  notes: [
    'A file is a key, its full path, with a value of 100 bytes: no directories, no permissions, ' +
      'no rename; a listing is a range of 100,000 keys with their values.',
    'Reads are linearizable, as is its default; they are measured after a restart. This version ' +
      'has no mode without sync.',
    'gRPC frames encoded by hand over raw HTTP/2: a gRPC client in Node would be the limit.',
  ],
};

async function start(setting: StartSetting): Promise<System> {
  const directory = new ServerDirectory('etcd');
  const [port = 0, peerPort] = await freePorts(2);
  const clientUrl = `http://${LOOPBACK}:${port}`;
  const peerUrl = `http://${LOOPBACK}:${peerPort}`;
  const server = await ServerProcess.start(directory, {
    program: programPath(PROGRAM) ?? PROGRAM,
    args: [
      ...['--name', 'bench', '--data-dir', join(directory.path, 'data')],
      ...['--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl],
      ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
      ...['--initial-cluster', `bench=${peerUrl}`, '--quota-backend-bytes', String(QUOTA_BYTES)],
      ...['--logger', 'zap', '--log-level', 'error'],
    ],
    port,
  });
  const entries = Math.min(setting.sizes.entries, ENTRIES_MAX);
  return new WireSystem({
    protocol: 'etcd',
    server,
    setting,
    entries,
    settle: async () => {
      await server.stop();
      await server.start();
    },
  });
}
