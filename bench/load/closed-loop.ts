/**
 * Runs one job: connections × depth calls in flight, each answered call followed by the next at
 * once.
 * Only what is answered between the end of the warm-up and the end of the time counts; then nothing
 * more is sent, and what is still in flight is waited for, so that its errors are seen.
 */
import { build, type Histogram } from 'hdr-histogram-js';
import type { LoadJob, LoadResult } from './load-job.js';
import { cpuSecondsOf, rssBytesOf } from './process-usage.js';
import { RawConnection, type Recorder } from './raw-connection.js';
import { makeWorkload, type Workload } from './workload.js';

const SECOND_MS = 1000;
const DRAIN_MS = 30_000;
const LATENCY_US_MAX = 600_000_000;
const MICROSECONDS = 1000;

type Mark = { readonly atMs: number; readonly clientCpu: number; readonly serverCpu: number };

export async function runClosedLoop(job: LoadJob): Promise<LoadResult> {
  return new ClosedLoop(job).run();
}

class ClosedLoop implements Recorder {
  stopped = false;
  readonly #job: LoadJob;
  readonly #workload: Workload;
  readonly #connections: RawConnection[] = [];
  readonly #latencies: Histogram = build({
    bitBucketSize: 32,
    highestTrackableValue: LATENCY_US_MAX,
    autoResize: false,
    numberOfSignificantValueDigits: 3,
  });
  #counting = false;
  #operations = 0;
  #slowestSecond = Number.POSITIVE_INFINITY;
  #errors = 0;
  #firstError: string | undefined;
  #idleCount = 0;
  #allIdle: (() => void) | undefined;

  constructor(job: LoadJob) {
    this.#job = job;
    this.#workload = makeWorkload(job.work, job.seed);
  }

  async run(): Promise<LoadResult> {
    const { connections, depth, target, warmSeconds, seconds } = this.#job;
    for (let i = 0; i < connections; i++) {
      this.#connections.push(new RawConnection(target, depth, this.#workload, this));
    }
    await Promise.all(this.#connections.map((connection) => connection.open()));
    const idle = new Promise<void>((resolve) => {
      this.#allIdle = resolve;
    });
    for (const connection of this.#connections) connection.start();

    if (warmSeconds > 0) await Promise.race([sleep(warmSeconds * SECOND_MS), idle]);
    const begin = this.#mark();
    this.#counting = true;
    const ticker = this.#watchSeconds();
    await Promise.race(seconds === undefined ? [idle] : [idle, this.#window(seconds)]);
    const end = this.#mark();
    this.#counting = false;
    clearInterval(ticker);

    this.stopped = true;
    const drained = await Promise.race([idle.then(() => true), sleep(DRAIN_MS)]);
    if (drained !== true) this.failed(`calls still in flight ${DRAIN_MS} ms after the end`);
    for (const connection of this.#connections) connection.close();
    return this.#result(begin, end);
  }

  replied(latencyMs: number, succeeded: boolean): void {
    if (!this.#counting || !succeeded) return;
    this.#latencies.recordValue(Math.min(LATENCY_US_MAX, Math.round(latencyMs * MICROSECONDS)));
  }

  counted(operations: number): void {
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

  /** The counted time: longer than wanted only if a whole one has gone without any answer. */
  async #window(seconds: number): Promise<void> {
    do await sleep(seconds * SECOND_MS);
    while (this.#operations === 0 && this.#idleCount < this.#connections.length);
  }

  #mark(): Mark {
    const cpu = process.cpuUsage();
    return {
      atMs: performance.now(),
      clientCpu: (cpu.user + cpu.system) / 1e6,
      serverCpu: cpuSecondsOf(this.#job.target.pid),
    };
  }

  #watchSeconds(): NodeJS.Timeout {
    let before = 0;
    let atMs = performance.now();
    return setInterval(() => {
      const nowMs = performance.now();
      const rate = ((this.#operations - before) / (nowMs - atMs)) * SECOND_MS;
      this.#slowestSecond = Math.min(this.#slowestSecond, rate);
      before = this.#operations;
      atMs = nowMs;
    }, SECOND_MS);
  }

  #result(begin: Mark, end: Mark): LoadResult {
    const elapsedMs = end.atMs - begin.atMs;
    const seconds = elapsedMs / SECOND_MS;
    const rate = this.#operations / seconds;
    const latency = (percentile: number): number =>
      this.#latencies.getValueAtPercentile(percentile) / MICROSECONDS;
    return {
      operations: this.#operations,
      elapsedMs,
      p50Ms: latency(50),
      p99Ms: latency(99),
      p999Ms: latency(99.9),
      maxMs: this.#latencies.maxValue / MICROSECONDS,
      slowestSecond: Math.round(Math.min(this.#slowestSecond, rate)),
      clientCpu: (end.clientCpu - begin.clientCpu) / seconds,
      serverCpu: (end.serverCpu - begin.serverCpu) / seconds,
      rssBytes: rssBytesOf(this.#job.target.pid),
      errors: this.#errors,
      firstError: this.#firstError,
      next: this.#workload.next(),
    };
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
