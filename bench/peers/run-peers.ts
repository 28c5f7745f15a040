/**
 * `npm run bench -- peers`: Orchard and one peer at a time, taking turns at every step:
 * A-B-A-B… So both see the same machine in the same minute, and what is compared is the ratio
 * within one round, never figures of two days.
 */
import { type BusyCores, busyCores } from './busy-cores.js';
import { OrchardSystem } from './orchard-system.js';
import { PeerLoad } from './peer-load.js';
import { signalTree } from './process-tree.js';
import type { Durability, Peer, PeerSizes, Plan, Step, System } from './system.js';
import type { Verb } from './wire/dialect.js';
import type { Figures } from './wire/peer-job.js';

/** One figure of one system in one round. */
export type PeerRow = {
  readonly case: Verb;
  readonly peer: string;
  /** What the peer promises when it answers a write; reads have that of their server. */
  readonly durability: Durability;
  readonly ours: Durability;
  readonly connections: number;
  readonly depth: number;
  readonly tool?: string;
  readonly round: number;
  readonly system: string;
  readonly operations: number;
  readonly opsPerSecond: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly serverCpu: number;
  readonly clientCpu: number;
  /** Cores that neither of the two used: somebody else was busy on this machine. */
  readonly elsewhereCpu: number;
  readonly errors: number;
  readonly firstError?: string;
};

export const OURS = 'orchard';

export type PeersOptions = {
  readonly peers: readonly Peer[];
  readonly verbs: ReadonlySet<Verb>;
  readonly durabilities: ReadonlySet<Durability>;
  readonly rounds: number;
  readonly sizes: PeerSizes;
  readonly seed: number;
  readonly rpcThreads: number;
  readonly tell: (text: string) => void;
  readonly row: (row: PeerRow) => void;
};

type Pair = { readonly peer: Peer; readonly plan: Plan; readonly a: System; readonly b: System };

const FIGURE_DIGITS = 4;

export async function runPeers(options: PeersOptions): Promise<void> {
  const load = new PeerLoad();
  try {
    for (const peer of options.peers) {
      for (const plan of peer.plans) {
        const chosen = selected(plan, options);
        const steps = [...chosen.writes, ...chosen.reads];
        if (steps.length > 0) await comparePlan(options, load, peer, chosen);
      }
    }
  } finally {
    load.close();
  }
}

function selected(plan: Plan, { verbs, durabilities }: PeersOptions): Plan {
  const wanted = (step: Step): boolean => durabilities.has(plan.durability) && verbs.has(step.verb);
  return { ...plan, writes: plan.writes.filter(wanted), reads: plan.reads.filter(wanted) };
}

async function comparePlan(
  options: PeersOptions,
  load: PeerLoad,
  peer: Peer,
  plan: Plan,
): Promise<void> {
  const { sizes, seed, tell, rpcThreads } = options;
  tell(`${peer.title} ${peer.version()}, ${plan.durability} against our ${plan.ours}`);
  const entries = Math.min(sizes.entries, peer.entriesMax ?? sizes.entries);
  const common = { sizes, seed, tell };
  const b = await peer.start({ ...common, load, durability: plan.durability });
  try {
    const ours = { ...common, entries, rpcThreads, durability: plan.ours };
    const a = await OrchardSystem.start(ours);
    try {
      const pair: Pair = { peer, plan, a, b };
      for (const system of [a, b]) await system.prepare(plan.reads);
      await takeTurns(options, pair, plan.writes);
      if (plan.reads.length === 0) return;
      for (const system of [a, b]) await system.settle?.();
      await takeTurns(options, pair, plan.reads);
    } finally {
      await a.discard();
    }
  } finally {
    await b.discard();
  }
}

async function takeTurns(options: PeersOptions, pair: Pair, steps: readonly Step[]): Promise<void> {
  for (let round = 1; round <= options.rounds; round++) {
    for (const step of steps) {
      for (const [name, system] of [
        [OURS, pair.a],
        [pair.peer.name, pair.b],
      ] as const) {
        signalTree(system.pid(), 'SIGCONT');
        const before = busyCores();
        const figures = await system.measure(step);
        const busy = busyCores(before);
        signalTree(system.pid(), 'SIGSTOP');
        const row = rowOf(pair, step, { round, name, figures, busy });
        options.row(row);
        options.tell(progress(row));
      }
    }
  }
}

function rowOf(
  { peer, plan }: Pair,
  step: Step,
  turn: { round: number; name: string; figures: Figures; busy: BusyCores },
): PeerRow {
  const { round, name, figures, busy } = turn;
  const { operations, elapsedMs, p50Ms, p99Ms, serverCpu, clientCpu, errors } = figures;
  return {
    case: step.verb,
    peer: peer.name,
    durability: plan.durability,
    ours: plan.ours,
    connections: step.connections,
    depth: step.depth,
    ...(step.tool !== undefined && { tool: step.tool }),
    round,
    system: name,
    operations,
    opsPerSecond: Math.round(operations / (elapsedMs / 1000)),
    p50Ms: rounded(p50Ms),
    p99Ms: rounded(p99Ms),
    serverCpu: rounded(serverCpu) ?? 0,
    clientCpu: rounded(clientCpu) ?? 0,
    elsewhereCpu: rounded(Math.max(0, busy.cores - serverCpu - clientCpu)) ?? 0,
    errors,
    ...(figures.firstError !== undefined && { firstError: figures.firstError }),
  };
}

const rounded = (value: number | null): number | null =>
  value === null ? null : Number(value.toPrecision(FIGURE_DIGITS));

function progress(row: PeerRow): string {
  const wrong = row.errors === 0 ? '' : `, ${row.errors} ERRORS: ${row.firstError}`;
  return (
    `${row.round}. ${row.system} ${row.case} ${row.connections}×${row.depth}` +
    `${row.tool === undefined ? '' : ` (${row.tool})`}: ${row.opsPerSecond}/s, ` +
    `CPU ${row.serverCpu.toFixed(2)} + ${row.clientCpu.toFixed(2)}, ` +
    `elsewhere ${row.elsewhereCpu.toFixed(2)}${wrong}`
  );
}
