/**
 * Runs one thread's share of a job. Closed loop: connections × depth calls in flight, each
 * answered call followed by the next at once. Open loop: calls at a rate, each by the first
 * connection with a free place, its latency counted from the time when it should have been sent.
 *
 * Only answers between the end of the warm-up and the end of the time count. Then nothing more is
 * sent, and calls in flight are waited for, so that their errors are seen.
 *
 * Invariant (open loop): `#places` names each connection as often as it has free places.
 */
import { Latencies } from './latencies.js';
import type { LoadResult, LoadShare } from './load-job.js';
import type { Workload } from './operations.js';
import { Pacer } from './pacer.js';
import { cpuSecondsOf, rssBytesOf } from './process-usage.js';
import { Random } from './random.js';
import { RawConnection, type Recorder } from './raw-connection.js';
import { SharedCursor } from './shared-cursor.js';
import { makeWorkload } from './workload.js';

const SECOND_MS = 1000;
const DRAIN_MS = 30_000;
const PACE_MS = 1;
const MICROSECONDS = 1e6;

type Mark = { readonly atMs: number; readonly clientCpu: number; readonly serverCpu: number };

export class LoadRun implements Recorder {
  stopped = false;
  readonly isOpenLoop: boolean;
  readonly #share: LoadShare;
  readonly #cursor: SharedCursor;
  readonly #workload: Workload;
  readonly #connections: RawConnection[] = [];
  readonly #latencies = new Latencies();
  readonly #byOperation: Latencies[];
  readonly #late = new Latencies();
  /** Open loop: connections with a free place, first in, first out. */
  readonly #places: RawConnection[] = [];
  #placesTaken = 0;
  #pacer: Pacer | undefined;
  #counting = false;
  #operations = 0;
  readonly #everySecond: number[] = [];
  #errors = 0;
  #firstError: string | undefined;
  #idleCount = 0;
  #allIdle: (() => void) | undefined;

  constructor(share: LoadShare) {
    const { job, index, count } = share;
    this.#share = share;
    this.isOpenLoop = job.rate !== undefined;
    this.#cursor = new SharedCursor(share.cursor);
    // Another thread, other draws; and the same for the same seed.
    const seed = job.seed + index * job.connections;
    this.#workload = makeWorkload(job.work, seed, { cursor: this.#cursor, index, count });
    this.#byOperation = this.#workload.operations.map(() => new Latencies());
  }

  async open(): Promise<void> {
    const { job, index, count } = this.#share;
    for (let i = index; i < job.connections; i += count) {
      this.#connections.push(new RawConnection(job.target, job.depth, this.#workload, this));
    }
    await Promise.all(this.#connections.map((connection) => connection.open()));
  }

  async run(): Promise<LoadResult> {
    const { warmSeconds, seconds } = this.#share.job;
    const idle = new Promise<void>((resolve) => {
      this.#allIdle = resolve;
    });
    for (const connection of this.#connections) connection.start();
    const pacing = this.#pace();

    if (warmSeconds > 0) await Promise.race([sleep(warmSeconds * SECOND_MS), idle]);
    const begin = this.#mark();
    this.#counting = true;
    const ticker = this.#watchSeconds();
    await Promise.race(seconds === undefined ? [idle] : [idle, this.#window(seconds)]);
    const end = this.#mark();
    const unsent = this.#chargeUnsent(end.atMs);
    this.#counting = false;
    clearInterval(ticker);
    clearInterval(pacing);

    this.#stop();
    const drained = await Promise.race([idle.then(() => true), sleep(DRAIN_MS)]);
    if (drained !== true) this.failed(`calls still in flight ${DRAIN_MS} ms after the end`);
    for (const connection of this.#connections) connection.close();
    return this.#result(begin, end, unsent);
  }

  replied(operation: number, latencyMs: number, succeeded: boolean): void {
    if (!this.#counting || !succeeded) return;
    this.#latencies.record(latencyMs);
    if (this.#byOperation.length > 1) this.#byOperation[operation]!.record(latencyMs);
  }

  counted(_operation: number, operations: number): void {
    if (this.#counting) this.#operations += operations;
  }

  failed(what: string): void {
    this.#errors++;
    this.#firstError ??= what;
  }

  idle(): void {
    this.#idleCount++;
    if (this.#idleCount === this.#connections.length) this.#allIdle?.();
  }

  freed(connection: RawConnection): void {
    this.#places.push(connection);
  }

  /** Sends what is due, as far as there are places. */
  settled(): void {
    const pacer = this.#pacer;
    if (pacer === undefined || this.stopped) return;
    const nowMs = performance.now();
    const from = this.#placesTaken;
    const places = this.#places;
    while (pacer.nextMs <= nowMs && this.#placesTaken < places.length) {
      if (!places[this.#placesTaken]!.issue(pacer.nextMs)) {
        this.#stop();
        break;
      }
      this.#placesTaken++;
      if (this.#counting) this.#late.record(nowMs - pacer.nextMs);
      pacer.advance();
    }
    for (let i = from; i < this.#placesTaken; i++) places[i]!.flush();
    if (this.#placesTaken * 2 > places.length) {
      places.splice(0, this.#placesTaken);
      this.#placesTaken = 0;
    }
  }

  #pace(): NodeJS.Timeout | undefined {
    const { job, index, count } = this.#share;
    if (job.rate === undefined) return undefined;
    const random = job.arrivals === 'poisson' ? new Random(job.seed * 31 + index) : undefined;
    this.#pacer = new Pacer(performance.now(), job.rate / count, random);
    return setInterval(() => this.settled(), PACE_MS);
  }

  #stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    if (this.isOpenLoop) for (const connection of this.#connections) connection.finish();
  }

  /** Calls that were due and found no place have waited until now at least. */
  #chargeUnsent(nowMs: number): number {
    const pacer = this.#pacer;
    if (pacer === undefined || this.stopped) return 0;
    let unsent = 0;
    for (; pacer.nextMs <= nowMs; pacer.advance()) {
      this.#latencies.record(nowMs - pacer.nextMs);
      unsent++;
    }
    return unsent;
  }

  /** The counted time: longer than wanted only if a whole one has gone without any answer. */
  async #window(seconds: number): Promise<void> {
    do await sleep(seconds * SECOND_MS);
    while (this.#operations === 0 && this.#idleCount < this.#connections.length);
  }

  #mark(): Mark {
    const cpu = process.cpuUsage();
    return {
      atMs: performance.now(),
      clientCpu: (cpu.user + cpu.system) / MICROSECONDS,
      serverCpu: cpuSecondsOf(this.#share.job.target.pid),
    };
  }

  #watchSeconds(): NodeJS.Timeout {
    let before = 0;
    let atMs = performance.now();
    return setInterval(() => {
      const nowMs = performance.now();
      this.#everySecond.push(((this.#operations - before) / (nowMs - atMs)) * SECOND_MS);
      before = this.#operations;
      atMs = nowMs;
    }, SECOND_MS);
  }

  #result(begin: Mark, end: Mark, unsent: number): LoadResult {
    const elapsedMs = end.atMs - begin.atMs;
    const seconds = elapsedMs / SECOND_MS;
    const rate = this.#operations / seconds;
    const { job, count } = this.#share;
    const operations = this.#workload.operations.map(({ name }, i) => {
      const latencies = this.#byOperation[i]!;
      const encoded = { operations: latencies.count, latencies: latencies.encode() };
      return [name, { ...latencies.summary(), ...encoded }] as const;
    });
    return {
      ...this.#latencies.summary(),
      operations: this.#operations,
      calls: this.#latencies.count - unsent,
      elapsedMs,
      everySecond: this.#everySecond.map(Math.round),
      slowestSecond: Math.round(Math.min(...this.#everySecond, rate)),
      clientCpu: (end.clientCpu - begin.clientCpu) / seconds,
      serverCpu: (end.serverCpu - begin.serverCpu) / seconds,
      rssBytes: rssBytesOf(job.target.pid),
      errors: this.#errors,
      firstError: this.#firstError,
      next: this.#cursor.next,
      latencies: this.#latencies.encode(),
      byOperation: operations.length > 1 ? Object.fromEntries(operations) : {},
      ...(job.rate !== undefined && {
        open: { rate: job.rate / count, unsent, lateP99Ms: this.#late.percentileMs(99) },
      }),
    };
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
