/**
 * `npm run bench -- connections`: as many WebSockets as one process may hold, and more client
 * sessions than sockets. It measures the memory of each, the latency when each client calls seldom,
 * and the time in which all come back after all connections were lost at once.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FleetJob, FleetMessage, FleetPhase } from './load/fleet-job.js';
import { descriptorsMax, rssBytesOf } from './load/process-usage.js';
import type { Row } from './results.js';
import { TreeBench } from './tree-bench.js';

const ENTRY = fileURLToPath(new URL('./fleet-process.js', import.meta.url));
/** What master and generator need beside the sockets. */
const DESCRIPTORS_BESIDE = 600;
const SETTLE_MS = 1000;
const SETTLED_BYTES = 1 << 20;
const SETTLE_TRIES_MAX = 20;
const TIER1_BYTES = '64MiB';

export type ConnectionsOptions = Pick<
  FleetJob,
  'sockets' | 'sessions' | 'sources' | 'ratePerSession' | 'seconds' | 'spreadSeconds' | 'seed'
> & {
  readonly files: number;
  readonly directories: number;
  readonly rpcThreads: number;
  readonly tell: (text: string) => void;
  readonly done: (row: ConnectionsRow) => void;
};

export type ConnectionsRow = Row &
  Omit<FleetPhase, 'phase'> & {
    /** Resident memory of the master for each connection or session that the phase opened. */
    readonly bytesEach?: number;
  };

export async function runConnections(options: ConnectionsOptions): Promise<ConnectionsRow[]> {
  checkDescriptors(options.sockets);
  const tree = await TreeBench.start({
    ...options,
    isUnsynced: false,
    tier1Bytes: TIER1_BYTES,
    env: { ORCHARD_SESSIONS_PER_CONNECTION_MAX: '65536' },
  });
  try {
    const rows: ConnectionsRow[] = [];
    const { target } = tree.master;
    let rssBytes = await settledRssBytes(target.pid);
    const job: FleetJob = { ...options, target, paths: tree.paths };
    await runFleet(job, (phase) => {
      const row = rowOf(phase, rssBytes);
      rssBytes = phase.rssBytes;
      rows.push(row);
      options.done(row);
    });
    return rows;
  } finally {
    await tree.close();
  }
}

/** Tier 1 is touched in the background after the start; that is not memory of a connection. */
async function settledRssBytes(pid: number): Promise<number> {
  for (let before = 0, tries = 0; ; tries++) {
    const now = rssBytesOf(pid);
    if (Math.abs(now - before) < SETTLED_BYTES || tries === SETTLE_TRIES_MAX) return now;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  }
}

function runFleet(job: FleetJob, done: (phase: FleetPhase) => void): Promise<void> {
  const child = fork(ENTRY, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the fleet's process ended with ${code}`)));
    child.on('message', (message: FleetMessage) => {
      if ('phase' in message) done(message.phase);
      else if ('failure' in message) reject(new Error(message.failure));
      else resolve();
    });
    child.send({ ...job, tell: undefined, done: undefined });
  }).finally(() => {
    if (child.connected) child.disconnect();
  });
}

function rowOf(phase: FleetPhase, rssBytesBefore: number): ConnectionsRow {
  const { phase: name, ...figures } = phase;
  const opens = (name === 'open' || name === 'sessions') && phase.count > 0;
  return {
    case: name,
    ...figures,
    ...(opens && { bytesEach: Math.round((phase.rssBytes - rssBytesBefore) / phase.count) }),
  };
}

function checkDescriptors(sockets: number): void {
  const most = descriptorsMax() - DESCRIPTORS_BESIDE;
  if (sockets <= most) return;
  throw new Error(
    `this process may open ${most + DESCRIPTORS_BESIDE} descriptors, which is ${most} sockets ` +
      `and what else is needed: raise \`ulimit -n\`, or ask for fewer --sockets`,
  );
}
