/**
 * Many clients on several shards of one master, every call recorded and checked for
 * linearizability while it is killed now and then, at random moments and at named points.
 */
import type { OrchardClient } from '../../src/client/index.js';
import { KILL_POINTS } from '../proof/kill-points.js';
import { ProofMaster } from '../proof/proof-master.js';
import { RecordedLoad } from '../proof/recorded-load.js';
import { count, plotPoint, type SoakLedger } from './ledger.js';
import { isOver, type Phase, type PhaseRun, pause } from './phase.js';

const LIVE_POINTS = KILL_POINTS.filter(({ name }) => /^(append|applied|flush|switch)/.test(name));
/** Behind the named passing, for a life that does not come to it. */
const POINT_MS_MAX = 8000;
const LOOK_MS = 20;
const LIVES_MIN = 1;
/** Concurrent calls at one place are searched in every order, so they must be few. */
const NARROW = { clients: 8, depth: 3, files: 64, trees: 40 };
/** Larger batches: more calls, fewer of which meet. */
const WIDE = { clients: 16, depth: 4, files: 512, trees: 160 };
const SMOKE_OPERATIONS = 2000;

export const historyPhase: Phase = {
  name: 'histories',
  share: 0.26,
  run: async (run) => {
    const master = await ProofMaster.create({
      ORCHARD_RPC_THREADS: '2',
      ORCHARD_TIER1_BYTES: run.seed % 2 === 0 ? '64KiB' : '16MiB',
      ORCHARD_JOURNAL_SEGMENT_BYTES: '4MiB',
      ORCHARD_JOURNAL_BYTES_MAX: '32MiB',
    });
    try {
      await master.start();
      await loadAndKill(run, master);
    } finally {
      await master.remove();
    }
  },
};

async function loadAndKill(run: PhaseRun, master: ProofMaster): Promise<void> {
  const { ledger, seed } = run;
  const crowd = seed % 3 === 0 ? NARROW : WIDE;
  const load = await RecordedLoad.start({ port: master.rpcPort, seed, processes: 2, ...crowd });
  let seen = 0;
  const look = setInterval(() => {
    const { operations } = load.checker.counts;
    count(ledger, 'operations: calls in histories', operations - seen);
    seen = operations;
    plotPoint(ledger, 'checked', 'calls in histories', operations);
  }, 1000);
  try {
    const lifeMs = run.isSmoke ? 800 : 60_000 / run.killsPerMinute;
    const least = run.isSmoke ? SMOKE_OPERATIONS : 0;
    const { counts } = load.checker;
    for (let life = 0; !isOver(run) || counts.operations < least; life++) {
      if (load.checker.violation !== undefined || load.failure !== undefined) break;
      await pause(run.isSmoke ? lifeMs : Math.min(lifeMs, run.deadline - Date.now()));
      if (life < LIVES_MIN || !isOver(run)) await kill(run, master, load, life);
    }
    await load.stop();
  } finally {
    load.abandon();
    clearInterval(look);
  }
  count(ledger, 'operations: calls in histories', load.checker.counts.operations - seen);
  count(ledger, 'calls open at a kill', load.checker.counts.open);
  tell(run, load.checker.violation);
  await verify(ledger, master);
}

/** Every second kill is followed by one at a named point, in a life of its own. */
async function kill(
  { ledger, seed }: PhaseRun,
  master: ProofMaster,
  load: RecordedLoad,
  life: number,
): Promise<void> {
  load.dying();
  await master.stop('SIGKILL');
  load.dead();
  add(ledger, 'random');
  const point = life % 2 === 0 ? undefined : LIVE_POINTS[(seed + life) % LIVE_POINTS.length]!;
  if (point !== undefined) {
    // Nothing is checked from here on until it is dead.
    load.dying();
    const served = await master.start(`${point.name}:${1 + ((seed * 31 + life) % 20)}`);
    if (served !== undefined) {
      const late = pause(POINT_MS_MAX).then(() => 'late' as const);
      if ((await Promise.race([master.ended, late])) === 'late') await master.stop('SIGKILL');
    }
    load.dead();
    add(ledger, point.name);
  }
  const serving = await master.start();
  if (serving !== undefined) ledger.restartMs.push(Math.round(serving.ms));
  await pause(LOOK_MS);
}

const add = (ledger: SoakLedger, name: string): void => {
  ledger.kills[name] = (ledger.kills[name] ?? 0) + 1;
};

function tell({ ledger, seed }: PhaseRun, violation: string | undefined): void {
  count(ledger, 'histories checked', 1);
  if (violation === undefined) return;
  const again = `ORCHARD_TEST_SEED=${seed} npx vitest run test/proof/linearizability.test.ts`;
  ledger.violations.push({ phase: 'histories', text: violation, again });
}

async function verify(ledger: SoakLedger, master: ProofMaster): Promise<void> {
  const client: OrchardClient = await master.connect();
  const { isClean, findings } = await client.verify();
  await client.close();
  count(ledger, 'states verified', 1);
  if (isClean) return;
  const text = JSON.stringify(findings.slice(0, 5));
  ledger.violations.push({ phase: 'histories', text, again: 'orchard admin verify' });
}
