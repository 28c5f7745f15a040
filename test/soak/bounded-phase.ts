/**
 * One master that lives through the phase: churn, connections that come and go, a client that never
 * reads, abandoned listings. What it holds is sampled for the plots of the report.
 */
import { churn } from '../proof/bounded-churn.js';
import {
  abandonedListings,
  callsAtOnce,
  connectionStorm,
  type Finding,
  fill,
  silentReader,
} from '../proof/bounded-clients.js';
import type { Sample } from '../proof/probe.js';
import { ProofMaster } from '../proof/proof-master.js';
import { count, plotPoint, type SoakLedger } from './ledger.js';
import type { Phase, PhaseRun } from './phase.js';

const DIRECTORY = '/large';
const CHURN_SHARE = 0.85;
/**
 * Until then V8 gives each thread a larger young generation (45 MB together, seen after 20 to 35 s
 * of this churn), and has not collected the old one yet (another 0.4 MB/s, back after 100 s).
 */
const WARM_MS = 90_000;

export const boundedPhase: Phase = {
  name: 'bounded',
  share: 0.2,
  isInOne: true,
  run: async (run) => {
    const master = await ProofMaster.create({
      ORCHARD_RPC_THREADS: '2',
      ORCHARD_TIER1_BYTES: '16MiB',
      ORCHARD_RETRY_CACHE_ENTRIES: '16384',
      ORCHARD_JOURNAL_SEGMENT_BYTES: '4MiB',
      ORCHARD_JOURNAL_BYTES_MAX: '64MiB',
    });
    try {
      await master.start();
      await churnAWhile(run, master);
      await bother(run, master);
    } finally {
      await master.remove();
    }
  },
};

async function churnAWhile(run: PhaseRun, master: ProofMaster): Promise<void> {
  const { ledger } = run;
  const left = run.deadline - Date.now();
  const report = await churn(master, {
    operations: run.isSmoke ? 3000 : 10_000_000,
    files: run.isSmoke ? 100 : 200,
    clients: run.isSmoke ? 3 : 6,
    samples: run.isSmoke ? 6 : 2000,
    ...(run.isSmoke ? {} : { deadline: Date.now() + left * CHURN_SHARE }),
    onSample: (sample) => plot(ledger, sample),
  });
  count(ledger, 'operations: churn', report.operations);
  // A new process is still warming up: no line must be fitted through it.
  if (left * CHURN_SHARE > WARM_MS) problems(ledger, 'churn', report.problems);
}

async function bother(run: PhaseRun, master: ProofMaster): Promise<void> {
  const { ledger, isSmoke } = run;
  const client = await master.connect();
  await fill(client, DIRECTORY, isSmoke ? 400 : 4000);
  await client.close();
  const look = async (name: string, doing: Promise<Finding>): Promise<Finding> => {
    const finding = await doing;
    for (const sample of finding.samples) plot(ledger, sample);
    problems(ledger, name, finding.problems);
    return finding;
  };
  const connections = isSmoke ? 200 : 3000;
  const storm = await look('storm', connectionStorm(master, { count: connections }));
  count(ledger, 'connections opened and dropped', connections);
  plotPoint(ledger, 'connections', 'a minute', storm.figures['perMinute'] ?? 0);
  const forMs = isSmoke ? 500 : 3000;
  await look('silent reader', silentReader(master, { directory: DIRECTORY, forMs }));
  const times = isSmoke ? 4 : 20;
  await look('abandoned listings', abandonedListings(master, { directory: DIRECTORY, times }));
  count(ledger, 'listings given up', times);
  const calls = isSmoke ? 1500 : 5000;
  await look('calls at once', callsAtOnce(master, { directory: '/at-once', calls }));
  count(ledger, 'operations: calls at once', calls);
}

function plot(ledger: SoakLedger, sample: Sample): void {
  const mib = (bytes: number): number => bytes / 2 ** 20;
  plotPoint(ledger, 'memory', 'resident', mib(sample.residentBytes));
  plotPoint(ledger, 'memory', 'heap', mib(sample.heapBytes));
  plotPoint(ledger, 'memory', 'external', mib(sample.externalBytes));
  plotPoint(ledger, 'disk', 'journal', mib(sample.journalBytes));
  plotPoint(ledger, 'disk', 'tier 2', mib(sample.tier2Bytes));
  plotPoint(ledger, 'descriptors', 'open', sample.descriptors);
}

function problems(ledger: SoakLedger, name: string, found: readonly string[]): void {
  const again = `npx vitest run test/proof/bounded.test.ts`;
  for (const text of found) {
    ledger.violations.push({ phase: `bounded, ${name}`, text, again });
  }
}
