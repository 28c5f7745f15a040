/**
 * Runs random sequences of operations on a master and on the model, and compares every answer. It
 * uses no test framework: the tests, the soak and a shell can all call it.
 *
 *   const report = await runModelSequences({ count: 100, seed: 7, variant: 'kills' });
 *   report.violations[0]?.text      // the shortest sequence that shows it, and how to run it again
 *
 * Steps that are sent at once have the outcome of some order of them. So the model may be in
 * several states, and an answer that fits none of them is a violation.
 */
import fc from 'fast-check';
import { disagreement } from './agreement.js';
import { FixtureSubject } from './fixture-subject.js';
import { type Event, type Sequence, sequence, stepOf } from './generator.js';
import {
  digestOf,
  find,
  type Inode,
  knownIds,
  mountsBelow,
  trashedBelow,
  widen,
} from './model-tree.js';
import { NamespaceModel } from './namespace-model.js';
import { ProcessSubject } from './process-subject.js';
import type { Action, Answer, Step } from './step.js';
import { ask, type Subject } from './subject.js';

/** How the master runs: see VARIANTS. */
export type Variant = keyof typeof VARIANTS;

export type ModelRun = {
  readonly count: number;
  readonly seed: number;
  readonly variant: Variant;
  /** By Date.now(): no sequence begins after it. */
  readonly deadline?: number;
  /** Sequences at a time; only the variants of a process have more than one. */
  readonly lanes?: number;
  /** Proves that the check can fail: changes the model, or its input. */
  readonly saboteur?: Saboteur;
};

export type Saboteur = (step: Step, answer: Answer) => Answer;

export type Violation = { readonly seed: number; readonly text: string };

export type ModelReport = {
  readonly variant: Variant;
  readonly seed: number;
  readonly sequences: number;
  readonly steps: number;
  /** Groups of steps that were sent at once. */
  readonly groups: number;
  readonly kills: number;
  /** How often each operation was asked for, by the code of its answer. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly violations: readonly Violation[];
};

const TINY = {
  ORCHARD_TIER1_BYTES: '64KiB',
  ORCHARD_KEY_FILTER_BYTES: '1KiB',
  ORCHARD_FLUSH_SLOTS_MAX: '256',
};

export const VARIANTS = {
  /** A process with everything in tier 1. */
  normal: () => ProcessSubject.open('normal', {}),
  /** A process with 64 KiB of tier 1, and few stripes of locks: false conflicts everywhere. */
  tiny: () => ProcessSubject.open('tiny', { ...TINY, ORCHARD_LOCK_STRIPES: '64' }),
  /** A process that is killed now and then, and replays. */
  kills: () => ProcessSubject.open('kills', { ORCHARD_FLUSH_INTERVAL: '100ms' }),
  /** The same, and calls that are under way are sent again: each is done once. */
  torn: () => ProcessSubject.open('torn', { ORCHARD_FLUSH_INTERVAL: '100ms' }, { within: true }),
  /** One thread: everything misses tier 1, walks race, flushes after every few steps. */
  slow: () => FixtureSubject.open('slow', { tier1Bytes: 1, flushEvery: 3, raceOneIn: 5 }),
  /** One thread, restarted now and then. */
  restarts: () =>
    FixtureSubject.open('restarts', { tier1Bytes: 2 ** 22, flushEvery: 0, raceOneIn: 0 }),
} as const;

const CRASHING: ReadonlySet<Variant> = new Set<Variant>(['kills', 'torn', 'restarts']);
/** The end of the first sequence: in runs with crashes at least one sequence has one. */
const CRASH: Event = { happens: 'crash' };
/** States that the model may be in at a time. */
const STATES_MAX = 24;

class Disagreement extends Error {
  override readonly name = 'Disagreement';
}

type Counts = { sequences: number; steps: number; groups: number; outcomes: Map<string, number> };

export async function runModelSequences(run: ModelRun): Promise<ModelReport> {
  const subject: Subject = await VARIANTS[run.variant]();
  const lanes = subject instanceof ProcessSubject ? (run.lanes ?? 4) : 1;
  const counts: Counts = { sequences: 0, steps: 0, groups: 0, outcomes: new Map() };
  try {
    const share = Math.ceil(run.count / lanes);
    const all = Array.from({ length: lanes }, (_, lane) =>
      runLane(run, subject, { lane, share, counts }),
    );
    const violations = (await Promise.all(all)).flat();
    const kills = subject instanceof ProcessSubject ? subject.kills : 0;
    const { variant, seed } = run;
    const outcomes = Object.fromEntries([...counts.outcomes].sort());
    return { ...counts, variant, seed, kills, outcomes, violations };
  } finally {
    await subject.close();
  }
}

/** Each lane is a search of its own, with a seed of its own. */
async function runLane(
  run: ModelRun,
  subject: Subject,
  { lane, share, counts }: { lane: number; share: number; counts: Counts },
): Promise<Violation[]> {
  const seed = run.seed + lane;
  let number = lane * 1_000_000;
  const property = fc.asyncProperty(sequence, async (events) => {
    const isFirst = counts.sequences++ === 0;
    await new SequenceRun(run, subject, ++number, counts).run(
      isFirst ? [...events, CRASH] : events,
    );
  });
  const { deadline } = run;
  const limit = deadline === undefined ? {} : { interruptAfterTimeLimit: left(deadline) };
  const found = await fc.check(property, { seed, numRuns: share, ...limit });
  if (!found.failed || found.counterexample === null) return [];
  const error = found.errorInstance;
  const text = error instanceof Disagreement ? error.message : stackOf(error);
  const rerun = `ORCHARD_TEST_SEED=${seed} npx vitest run test/model/sequences.test.ts`;
  const shrunk = `after ${found.numRuns} sequences, shrunk ${found.numShrinks} times`;
  return [{ seed, text: `${run.variant}, seed ${seed}, ${shrunk}:\n${text}\nAgain: ${rerun}` }];
}

const left = (deadline: number): number => Math.max(1, deadline - Date.now());
const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? '') : String(error);

class SequenceRun {
  readonly #run: ModelRun;
  readonly #subject: Subject;
  readonly #number: number;
  readonly #counts: Counts;
  readonly #base: string;
  /** The steps so far, one line each. */
  readonly #trace: string[] = [];
  #models: NamespaceModel[] = [];

  constructor(run: ModelRun, subject: Subject, number: number, counts: Counts) {
    this.#run = run;
    this.#subject = subject;
    this.#number = number;
    this.#counts = counts;
    this.#base = `/m${number}`;
  }

  async run(events: Sequence): Promise<void> {
    const from = Date.now();
    const root = this.#subject.client('root');
    const made = () => root.createDirectory(this.#base, { mode: 0o777 });
    const { id } = await this.#subject.settle(made);
    this.#models = [NamespaceModel.empty(this.#base, id, { from, to: Date.now() })];
    try {
      for (const event of events) await this.#take(event);
      await this.#compareAll();
      this.#subject.check();
    } catch (error) {
      if (error instanceof Disagreement) throw error;
      throw this.#disagreement([stackOf(error)]);
    } finally {
      await this.#clear();
    }
  }

  async #take(event: Event): Promise<void> {
    if ('steps' in event) {
      await this.#steps(event.steps.map((drawn) => stepOf(drawn, this.#models)));
    } else if (event.happens === 'compare') {
      await this.#compare();
    } else if (event.happens === 'flush') {
      this.#trace.push('(flush)');
      this.#subject.flush();
    } else if (CRASHING.has(this.#run.variant)) {
      this.#trace.push('(crash)');
      await this.#subject.crash();
    }
  }

  /** Sends all at once; the states that remain are the results of some order of them. */
  async #steps(steps: readonly Step[]): Promise<void> {
    const asking = { subject: this.#subject, sequence: this.#number };
    const from = Date.now();
    const mark = steps.length > 1 ? '| ' : '  ';
    const lines = this.#trace.push(...steps.map((step) => `${mark}${line(step)}`));
    const all = () => Promise.all(steps.map((step) => ask(asking, step)));
    const answers = await this.#subject.settle(all, { once: steps.every(isOnce) });
    const now = { from, to: Date.now() };
    const heard = steps.map((step, i) => ({ step, answer: this.#heard(step, answers[i]!) }));
    if (steps.length > 1) this.#counts.groups++;
    const first = lines - steps.length;
    for (const [i, { answer }] of heard.entries()) this.#trace[first + i] += ` → ${answer.code}`;

    const next = new Map<string, NamespaceModel>();
    const reasons: string[] = [];
    const said = expanded(heard);
    const lonely = this.#models.length === 1 && said.length === 1;
    for (const before of this.#models) {
      for (const order of orders(said)) {
        const model = lonely ? before : before.copy();
        const reason = unlike(model, order, now, this.#run.variant === 'torn');
        if (reason === undefined) keep(next, model);
        else if (reasons.length < 3) reasons.push(reason);
      }
    }
    if (next.size === 0) throw this.#disagreement(reasons);
    this.#models = [...next.values()].slice(0, STATES_MAX);
  }

  #heard(step: Step, answer: Answer): Answer {
    const { outcomes } = this.#counts;
    this.#counts.steps++;
    const what = `${step.do} ${answer.code}`;
    outcomes.set(what, (outcomes.get(what) ?? 0) + 1);
    return this.#run.saboteur?.(step, answer) ?? answer;
  }

  #disagreement(reasons: readonly string[]): Error {
    return new Disagreement([...this.#trace, ...reasons.map((text) => `  ✗ ${text}`)].join('\n'));
  }

  /** The whole tree, as the superuser sees it. */
  async #compare(): Promise<void> {
    const path = this.#base;
    await this.#steps([{ do: 'list', path, recursive: true, user: 'root' }]);
    await this.#steps([{ do: 'summary', path, user: 'root' }]);
    await this.#steps([{ do: 'list', path, pageSize: 2, user: 'root' }]);
    // As other users see it: without the contents of directories that they may not list.
    await this.#steps([{ do: 'list', path, recursive: true, pageSize: 3, user: 'eve' }]);
    await this.#steps([{ do: 'summary', path, user: 'alice' }]);
  }

  /** At the end also the trash, by restoring it. */
  async #compareAll(): Promise<void> {
    await this.#compare();
    const { top } = this.#models[0]!.state;
    for (const path of trashedBelow(top, this.#base)) {
      await this.#steps([{ do: 'undelete', path, user: 'root' }]);
    }
    await this.#compare();
    for (const inode of knownIds(this.#models.map(({ state }) => state)).slice(-5)) {
      await this.#steps([{ do: 'pathOf', inode, user: 'root' }]);
    }
  }

  async #clear(): Promise<void> {
    const root = this.#subject.client('root');
    const model = this.#models[0]!;
    const mounts = [...mountsBelow(model.state.top)].reverse();
    for (const { key } of mounts as Inode[]) {
      const { path } = find(model.state, (inode) => inode.key === key)!;
      await this.#subject.settle(() => root.unmount(path).catch(() => undefined));
    }
    const options = { recursive: true, skipTrash: true };
    await this.#subject.settle(() => root.delete(this.#base, options).catch(() => undefined));
  }
}

/** A change of a subtree is a job: a repeat starts again, in a partly changed tree. */
const isOnce = (step: Step): boolean => step.do !== 'set' || step.recursive !== true;

type Heard = { readonly step: Step; readonly answer: Answer };

/** Creates of a batch count as sent at once. */
function expanded(heard: readonly Heard[]): Heard[] {
  return heard.flatMap(({ step, answer }) => {
    if (step.do !== 'batchCreate' || answer.code !== 'OK') return [{ step, answer }];
    const rows = answer.told as Answer[];
    return step.files.map((file, i) => ({
      step: { ...file, do: 'create' as const, user: step.user },
      answer: rows[i]!,
    }));
  });
}

/** Why the model disagrees with the answers in this order; undefined: it agrees. */
function unlike(
  model: NamespaceModel,
  order: readonly Heard[],
  now: { from: number; to: number },
  areRepeated: boolean,
): string | undefined {
  for (const { step, answer } of order) {
    const isForgiving = areRepeated && (step.do === 'create' || step.do === 'mkdir');
    const reason = disagreement(model, model.apply(step, now), answer, isForgiving);
    if (reason !== undefined) return `${step.do}: ${reason}`;
  }
  return undefined;
}

/** States that differ in their times alone are one. */
function keep(states: Map<string, NamespaceModel>, model: NamespaceModel): void {
  const digest = digestOf(model.state.top);
  const known = states.get(digest);
  if (known === undefined) states.set(digest, model);
  else widen(known.state.top, model.state.top);
}

function orders<T>(list: readonly T[]): T[][] {
  if (list.length <= 1) return [[...list]];
  return list.flatMap((item, i) => {
    const rest = [...list.slice(0, i), ...list.slice(i + 1)];
    return orders(rest).map((order) => [item, ...order]);
  });
}

/** A step as a line of the trace; a name of 255 bytes is told by its length. */
function line(step: Step): string {
  const { do: what, user, ...fields } = step as Action & { user: string };
  const text = JSON.stringify(fields).replace(/(.)\1{15,}/gu, (run, char: string) => {
    return `${char}×${[...run].length}`;
  });
  return `${user} ${what} ${text.length > 400 ? `${text.slice(0, 400)}…` : text}`;
}
