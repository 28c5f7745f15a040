/**
 * Results that stay: one NDJSON file a run. The first line says what ran where, each other line is
 * one row of figures, written as soon as it is known, so that an interrupted run keeps its rows.
 *
 *   const run = RunRecorder.of('peers', { record, seed, arguments: { runs: 5 }, versions: {…} });
 *   run.row({ case: 'create', system: 'orchard', opsPerSecond: 81_000 });   // nothing if not asked
 *
 * Nothing is written unless the caller names a directory (`--record`, by default bench/results):
 * running a bench never changes somebody's clone. File names sort by bench, then by time.
 *
 *   bench/results/quick-20261122T184012Z-7a137c7b2c41.ndjson
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Option } from 'commander';

/** Where the compiled bench finds the project. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const RESULTS_DIR = join(ROOT, 'bench', 'results');
/** Relative to the project; so the help is the same everywhere. */
const RESULTS_SHOWN = 'bench/results';

export type Machine = {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly node: string;
};

export type RunHeader = Machine & {
  readonly kind: 'run';
  readonly bench: string;
  /** ISO, when it began. */
  readonly at: string;
  readonly commit: string;
  readonly seed: number;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Of peers and tools, by name. */
  readonly versions: Readonly<Record<string, string>>;
};

/** Flat, so that a row of a table or a point of a plot is one line. */
export type Row = { readonly case: string } & Readonly<Record<string, unknown>>;

export type RecordRequest = {
  /** A directory; undefined: nothing is written. */
  readonly record: string | undefined;
  readonly seed: number;
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly versions?: Readonly<Record<string, string>>;
};

export class RunRecorder {
  /** undefined: nothing is recorded. */
  readonly file: string | undefined;

  private constructor(file: string | undefined) {
    this.file = file;
  }

  static of(bench: string, request: RecordRequest): RunRecorder {
    if (request.record === undefined) return new RunRecorder(undefined);
    const commit = commitOf(ROOT);
    const at = new Date().toISOString();
    const stamp = at.replaceAll(/[-:]|\.\d+/g, '');
    const header: RunHeader = {
      kind: 'run',
      bench,
      at,
      commit,
      ...machineFacts(),
      seed: request.seed,
      arguments: request.arguments ?? {},
      versions: request.versions ?? {},
    };
    const directory = resolve(ROOT, request.record);
    mkdirSync(directory, { recursive: true });
    const recorder = new RunRecorder(join(directory, `${bench}-${stamp}-${commit}.ndjson`));
    recorder.#append(header);
    return recorder;
  }

  row(row: Row): void {
    this.#append({ kind: 'row', ...row });
  }

  #append(line: object): void {
    if (this.file !== undefined) appendFileSync(this.file, `${JSON.stringify(line)}\n`);
  }
}

/** For every bench's command: `--record`, or `--record <directory>`. */
export function recordOption(): Option {
  return new Option(
    '--record [directory]',
    `keep the figures as NDJSON (without a directory: ${RESULTS_SHOWN})`,
  ).preset(RESULTS_SHOWN);
}

export const machineFacts = (): Machine => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  memoryBytes: totalmem(),
  kernel: release(),
  node: process.version,
});

export function commitOf(directory: string): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, {
      cwd: directory,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    // Results themselves do not make a tree dirty: a run records several files.
    const others = git(
      'status',
      '--porcelain',
      '--untracked-files=no',
      '--',
      '.',
      ':!bench/results',
    );
    return git('rev-parse', '--short=12', 'HEAD') + (others === '' ? '' : '-dirty');
  } catch {
    // A package without its repository measures as well.
    return 'unknown';
  }
}
