/**
 * Kills a real master under load and checks what is left, life after life: at random moments and at
 * the named points of kill-points.ts, which must all be met.
 *
 *   start ─▶ unanswered calls end ─▶ every ledger is compared, the state is verified
 *         ─▶ load ─▶ SIGKILL ─▶ start …
 *
 * Invariant: what was acknowledged is there exactly once; what was not is there whole or not at
 *   all. Anything else is a violation, told with the seed.
 */
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { Random } from '../../bench/load/random.js';
import { OrchardClient } from '../../src/client/index.js';
import { KILL_POINTS, type KillPoint } from './kill-points.js';
import { isLoss, LedgerWriter, listAll, WRITER_KINDS, type WriterKind } from './ledger-writer.js';
import { LossyProxy } from './lossy-proxy.js';
import { FAULT_ENDS, ProofMaster } from './proof-master.js';

export type CrashRunOptions = {
  readonly seed: number;
  readonly writers: number;
  /** Longest load before a kill at a random moment. */
  readonly lifeMsMax: number;
  /** Of a point's `passes`: smaller numbers kill sooner. */
  readonly passShare: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** Default: all of them, in turn. */
  readonly kinds?: readonly WriterKind[];
  /** One answer in this many is lost on its way to the writers. */
  readonly loseOneIn?: number;
};

export type CrashReport = {
  readonly seed: number;
  /** By point; 'random' among them. */
  readonly kills: Record<string, number>;
  /** Lives that did not reach their point in time. */
  readonly missed: Record<string, number>;
  readonly restartMs: number[];
  replayedEntries: number;
  steps: number;
  repeats: number;
  /** Ledgers compared, and calls that nobody had answered when they were. */
  checks: number;
  uncertain: number;
  lostAnswers: number;
  /** Times that the whole state was verified, and clean. */
  verified: number;
  readonly violations: string[];
};

const POINT_MS_MAX = 6000;
/** A failed master gives its threads 5 s to end, and these are cores that others use as well. */
const END_MS_MAX = 15_000;
const LIFE_MS_MIN = 20;
const RANDOM = 'random';
export class CrashRun {
  readonly master: ProofMaster;
  readonly report: CrashReport;
  readonly #options: CrashRunOptions;
  readonly #random: Random;
  readonly #writers: LedgerWriter[];
  readonly #proxy: LossyProxy | undefined;

  static async create(options: CrashRunOptions): Promise<CrashRun> {
    const master = await ProofMaster.create(options.environment);
    const { seed, loseOneIn } = options;
    const random = new Random(seed + 1);
    const proxy =
      loseOneIn === undefined
        ? undefined
        : await LossyProxy.start({ targetPort: master.rpcPort, random, loseOneIn });
    const run = new CrashRun(options, master, proxy);
    await master.start();
    const client = await OrchardClient.connect({ port: master.rpcPort, user: 'root' });
    for (const writer of run.#writers) await writer.prepare(client);
    await client.close();
    await master.stop('SIGKILL');
    return run;
  }

  private constructor(options: CrashRunOptions, master: ProofMaster, proxy?: LossyProxy) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.master = master;
    this.#proxy = proxy;
    this.report = {
      seed: options.seed,
      kills: {},
      missed: {},
      restartMs: [],
      replayedEntries: 0,
      steps: 0,
      repeats: 0,
      checks: 0,
      uncertain: 0,
      lostAnswers: 0,
      verified: 0,
      violations: [],
    };
    this.#writers = Array.from({ length: options.writers }, (_, index) => {
      const kinds = options.kinds ?? WRITER_KINDS;
      const kind = kinds[index % kinds.length]!;
      const random = new Random(options.seed * 1000 + index);
      return new LedgerWriter({ index, kind, port: proxy?.port ?? master.rpcPort, random });
    });
  }

  get killCount(): number {
    return Object.values(this.report.kills).reduce((sum, count) => sum + count, 0);
  }

  /** Points that no life has been killed at yet. */
  get neverMet(): string[] {
    return KILL_POINTS.map(({ name }) => name).filter((name) => !(name in this.report.kills));
  }

  /** One life that ends at the point, or at a random moment. */
  async life(point?: KillPoint): Promise<void> {
    const before = KILL_POINTS.find(({ name }) => name === point?.after);
    if (before !== undefined) await this.life(before);
    const nth = point === undefined ? 0 : this.#passOf(point);
    if (point?.needsSpare) await this.#removeSpares();
    const serving = await this.master.start(point && `${point.name}:${nth}`);
    if (serving === undefined) {
      // A point of the start, or one that the flush of what was replayed has come to.
      this.#count(this.report.kills, point?.name ?? RANDOM);
      return;
    }
    this.report.restartMs.push(Math.round(serving.ms));
    this.report.replayedEntries += serving.replayedEntries;
    const looked = await this.#look();
    if (looked) for (const writer of this.#writers) writer.begin();
    await this.#end(point);
    for (const writer of this.#writers) writer.halt();
    await Promise.all(this.#writers.map((writer) => writer.sever()));
    this.#gather();
  }

  /** A last life without load: everything answered, everything compared. */
  async finish(): Promise<CrashReport> {
    const serving = await this.master.start();
    if (serving === undefined) throw new Error('nobody kills the last life');
    await this.#look();
    for (const writer of this.#writers) await writer.close();
    this.#gather();
    const ended = await this.master.stop('SIGTERM');
    if (ended !== 0) this.#violate(`the master ended with ${ended} after SIGTERM`);
    await this.master.remove();
    await this.#proxy?.stop();
    return this.report;
  }

  /** They are made again, or found and used: the master never relies on one. */
  async #removeSpares(): Promise<void> {
    const journal = path.join(this.master.dataDirectory, 'journal');
    for (const file of await readdir(journal)) {
      if (file.startsWith('spare-')) await rm(path.join(journal, file));
    }
  }

  #passOf({ passes }: KillPoint): number {
    return 1 + this.#random.below(Math.max(1, Math.round(passes * this.#options.passShare)));
  }

  /** False: the master was killed meanwhile. */
  async #look(): Promise<boolean> {
    const gone = this.master.ended.then((): never => {
      throw new LifeOver();
    });
    gone.catch(() => undefined);
    const client = new LifeClient();
    const done = this.#settleAndCheck(gone, client);
    done.catch(() => undefined);
    try {
      await Promise.race([done, gone]);
      return true;
    } catch (error) {
      const isOver = error instanceof LifeOver || (isLoss(error) && (await this.#isEnding()));
      if (!isOver) throw this.#brokenDown(error);
      // No part of this look may run in the next life.
      await Promise.all([client.close(), ...this.#writers.map((writer) => writer.sever())]);
      await done.catch(() => undefined);
      return false;
    } finally {
      await client.close();
    }
  }

  #brokenDown(cause: unknown): Error {
    const { isRunning, log } = this.master;
    const how = `the master ${isRunning ? 'runs on' : 'has ended'}`;
    const seen = [...this.master.threadStates(), ...log.slice(-20)].join('\n');
    return new Error(`seed ${this.#options.seed}: ${cause}; ${how}:\n${seen}`, { cause });
  }

  /** A lost connection is often heard of before the end of the process. */
  async #isEnding(): Promise<boolean> {
    const wait = new Promise((r) => setTimeout(() => r('timeout'), END_MS_MAX).unref());
    return (await Promise.race([this.master.ended, wait])) !== 'timeout';
  }

  async #settleAndCheck(gone: Promise<never>, look: LifeClient): Promise<void> {
    await Promise.all(this.#writers.map((writer) => writer.settle(gone)));
    const client = await look.open(this.master.rpcPort);
    const owners = new Map<number, string>();
    for (const writer of this.#writers) {
      const found = await listAll(client, writer.root);
      if (writer.isUncertain) this.report.uncertain++;
      writer.check(found);
      this.report.checks++;
      for (const { id, path } of found) {
        if (owners.has(id)) this.#violate(`inode ${id} is ${path} and ${owners.get(id)}`);
        owners.set(id, path);
      }
    }
    const { isClean, findings } = await client.verify({ retry: false });
    if (!isClean) this.#violate(`verify: ${JSON.stringify(findings.slice(0, 5))}`);
    this.report.verified++;
  }

  /** Waits for the end of this life, and kills the master if it does not end by itself. */
  async #end(point: KillPoint | undefined): Promise<void> {
    const lifeMs = LIFE_MS_MIN + this.#random.below(this.#options.lifeMsMax);
    const ms = point === undefined ? lifeMs : POINT_MS_MAX;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), ms);
    });
    const ended = await Promise.race([this.master.ended, late]);
    clearTimeout(timer);
    if (ended === undefined) {
      const result = await this.master.stop('SIGKILL');
      if (result !== 'SIGKILL') this.#violate(`the master ended by itself with ${result}`);
      this.#count(this.report.kills, RANDOM);
      if (point !== undefined) this.#count(this.report.missed, point.name);
    } else if (point?.fails ? FAULT_ENDS.includes(ended) : point && ended === 'SIGKILL') {
      this.#count(this.report.kills, point!.name);
    } else {
      this.#violate(`the master ended by itself with ${ended}: ${this.master.log.slice(-3)}`);
    }
  }

  #gather(): void {
    this.report.lostAnswers = this.#proxy?.lostCount ?? 0;
    this.report.steps = this.#writers.reduce((sum, { stepCount }) => sum + stepCount, 0);
    this.report.repeats = this.#writers.reduce((sum, { repeatCount }) => sum + repeatCount, 0);
    for (const writer of this.#writers) {
      for (const what of writer.violations.splice(0)) this.#violate(what);
    }
  }

  #violate(what: string): void {
    this.report.violations.push(`seed ${this.#options.seed}: ${what}`);
  }

  #count(counts: Record<string, number>, name: string): void {
    counts[name] = (counts[name] ?? 0) + 1;
  }
}

/** The master has ended while it was looked at. */
class LifeOver extends Error {}

/** The client of one look, which ends with it. */
class LifeClient {
  #client: OrchardClient | undefined;
  #isOver = false;

  async open(port: number): Promise<OrchardClient> {
    const client = await OrchardClient.connect({ port, user: 'root', connectMs: 2000 });
    this.#client = client;
    if (this.#isOver) await this.close();
    return client;
  }

  async close(): Promise<void> {
    this.#isOver = true;
    await this.#client?.close({ withinMs: 0 });
  }
}
