/**
 * npm run soak -- --minutes 20 --seed 7: all proofs together, progress on the terminal, a report
 * as HTML and JSON. Exit status 1 on any violation.
 */
import { Command, InvalidArgumentError } from 'commander';
import { killCount, operationsChecked, type SoakLedger } from './ledger.js';
import { summary, writeReport } from './report.js';
import { PHASES, soak } from './soak.js';

const PROGRESS_MS = 2000;
/** Characters of a violation on the terminal; the report has all. */
const TOLD_MAX = 4000;
const names = PHASES.map(({ name }) => name);

type Given = {
  readonly minutes: number;
  readonly seed: number;
  readonly killsPerMinute: number;
  readonly phases?: string[];
  readonly out: string;
};

const positive = (text: string): number => {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Give a number above 0.');
};

const command = new Command('soak')
  .description(
    'Models, histories, kills, faults, lost answers, churn, mutated frames, backups: all checked.',
  )
  .option('--minutes <n>', 'how long; up to 1 is a smoke', positive, 20)
  .option('--seed <n>', 'decides all draws', positive, (Date.now() % 1_000_000) + 1)
  .option('--kills-per-minute <n>', 'of the master whose histories are recorded', positive, 3)
  .option('--phases <names...>', `some of: ${names.join(', ')}`)
  .option('--out <directory>', 'where the report goes', 'soak-report')
  .addHelpText('after', '\nExample: npm run soak -- --minutes 20 --seed 7');

async function main(): Promise<void> {
  const given = command.parse().opts<Given>();
  const unknown = given.phases?.filter((name) => !names.includes(name)) ?? [];
  if (unknown.length > 0) command.error(`There is no phase ${unknown[0]}: ${names.join(', ')}.`);
  let ledger: SoakLedger | undefined;
  let phase = '';
  const began = Date.now();
  // A proof threw between its turns: what was seen until then is reported.
  process.on('uncaughtException', (error) => {
    if (ledger === undefined) throw error;
    const again = `npm run soak -- --minutes ${given.minutes} --seed ${given.seed}`;
    const text = error.stack ?? error.message;
    ledger.violations.push({ phase: `${phase} broke down`, text, again });
    ledger.elapsedMs = Date.now() - began;
    void finish(ledger, given.out);
  });
  // What was seen until an interruption is reported too.
  const interrupted = (): void => {
    if (ledger === undefined) process.exit(1);
    ledger.notes.push('interrupted');
    ledger.elapsedMs = Date.now() - began;
    void finish(ledger, given.out);
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  const timer = setInterval(() => progress(ledger, phase, began), PROGRESS_MS);
  const { phases, ...options } = given;
  const done = await soak({
    ...options,
    ...(phases && { phases }),
    onPhase: (name, so) => {
      phase = name;
      ledger = so;
    },
  });
  clearInterval(timer);
  await finish(done, given.out);
}

async function finish(done: SoakLedger, out: string): Promise<never> {
  const page = await writeReport(done, out);
  process.stdout.write('\n');
  for (const [name, value] of Object.entries(summary(done))) {
    process.stdout.write(`${name.padEnd(28)} ${value.toLocaleString('en')}\n`);
  }
  for (const note of done.notes) process.stdout.write(`${note}\n`);
  tellViolations(done);
  process.stdout.write(`\n${page}\n`);
  process.exit(done.violations.length === 0 ? 0 : 1);
}

let toldCount = 0;

/** Violations not reported yet; the end of a text says what differs. */
function tellViolations({ violations }: SoakLedger): void {
  for (const { phase: where, text, again } of violations.slice(toldCount)) {
    process.stdout.write(`\nVIOLATION (${where})\n${text.slice(-TOLD_MAX)}\nAgain: ${again}\n`);
  }
  toldCount = violations.length;
}

function progress(ledger: SoakLedger | undefined, phase: string, began: number): void {
  if (ledger === undefined) return;
  tellViolations(ledger);
  const seconds = Math.round((Date.now() - began) / 1000);
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  const figures = [
    `${operationsChecked(ledger).toLocaleString('en')} operations`,
    `${killCount(ledger)} kills`,
    `${ledger.counts['model sequences'] ?? 0} sequences`,
    `${ledger.violations.length} violations`,
  ];
  const line = `[${clock}] ${phase}: ${figures.join(', ')}`;
  process.stdout.write(process.stdout.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
}

await main();
