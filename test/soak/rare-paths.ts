/**
 * Which of the rare paths (src/master/memory/rare-paths.ts) the soak's load has taken: of real
 * masters asked now and then, since a kill takes the counts with it, and of fixtures at their end.
 * A proof whose load never comes by where faults hide proves little.
 */
import { RARE_PATHS, type RarePath } from '../../src/master/memory/rare-paths.js';
import { ProofMaster } from '../proof/proof-master.js';
import { rarePathsOfFixtures } from '../support/fixture.js';
import type { SoakLedger } from './ledger.js';

const LOOK_MS = 700;
const ASK_MS_MAX = 500;

/** What every soak of more than a minute comes by. */
const ALWAYS: readonly RarePath[] = [
  'parkedForLock',
  'parkedForFlush',
  'parkedForName',
  'answeredAgain',
  'fastWriteFilled',
  'applyMissed',
  'segmentSwitched',
];

type Counts = Readonly<Record<string, number>>;

export class RarePathWatch {
  /** Of each life, the last that was heard of it. */
  readonly #lives = new Map<number, Counts>();
  readonly #asking = new Set<ProofMaster>();
  readonly #timer = setInterval(() => this.#look(), LOOK_MS);

  stop(): void {
    clearInterval(this.#timer);
  }

  /** How often each path was taken so far. */
  counts(): Record<string, number> {
    const all = [...this.#lives.values(), rarePathsOfFixtures];
    return Object.fromEntries(
      RARE_PATHS.map((path) => [path, all.reduce((sum, one) => sum + (one[path] ?? 0), 0)]),
    );
  }

  /** Notes what was never taken; of what must be, as a violation. */
  tell(ledger: SoakLedger, isWhole: boolean): void {
    const counts = this.counts();
    Object.assign(ledger.rarePaths, counts);
    const missed = RARE_PATHS.filter((path) => counts[path] === 0);
    if (missed.length > 0) ledger.notes.push(`rare paths never taken: ${missed.join(', ')}`);
    const due = isWhole ? missed.filter((path) => ALWAYS.includes(path)) : [];
    if (due.length === 0) return;
    const text = `the load has not come by ${due.join(', ')}`;
    const again = `npm run soak -- --minutes ${ledger.minutes} --seed ${ledger.seed}`;
    ledger.violations.push({ phase: 'rare paths', text, again });
  }

  #look(): void {
    for (const master of ProofMaster.all) {
      if (!master.isRunning || this.#asking.has(master)) continue;
      this.#asking.add(master);
      const { pid } = master;
      void this.#ask(master, pid).finally(() => this.#asking.delete(master));
    }
  }

  async #ask(master: ProofMaster, pid: number): Promise<void> {
    const client = await master.connect().catch(() => undefined);
    // Killed or stopping: it is asked in its next life.
    const report = await client?.report({ deadlineMs: ASK_MS_MAX }).catch(() => undefined);
    await client?.close({ withinMs: 0 });
    const told = report as { rarePaths?: Counts } | undefined;
    if (told?.rarePaths !== undefined) this.#lives.set(pid, told.rarePaths);
  }
}
