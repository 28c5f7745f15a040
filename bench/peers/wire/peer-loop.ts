/**
 * Runs one job against a peer as the closed loop of our own protocol does: connections × depth
 * calls in flight, each answered call followed by the next at once. Only what is answered
 * between the end of the warm-up and the end of the time counts; what is in flight then is
 * waited for, so that its errors are seen.
 */
import { build, type Histogram } from 'hdr-histogram-js';
import { cpuSecondsOfTree } from '../process-tree.js';
import { type CallRecorder, PeerConnection } from './peer-connection.js';
import { dialectOf, type PeerJob, type PeerResult } from './peer-job.js';

const SECOND_MS = 1000;
const DRAIN_MS = 30_000;
const LATENCY_US_MAX = 600_000_000;
const MICROSECONDS = 1000;

type Mark = { readonly atMs: number; readonly clientCpu: number; readonly serverCpu: number };

export class PeerLoop implements CallRecorder {
  stopped = false;
  readonly #job: PeerJob;
  readonly #connections: PeerConnection[] = [];
  readonly #latencies: Histogram = build({
    bitBucketSize: 32,
    highestTrackableValue: LATENCY_US_MAX,
    autoResize: false,
    numberOfSignificantValueDigits: 3,
  });
  #counting = false;
  #operations = 0;
  #errors = 0;
  #firstError: string | undefined;
  #idleCount = 0;
  #allIdle: (() => void) | undefined;

  constructor(job: PeerJob) {
    this.#job = job;
  }

  async run(): Promise<PeerResult> {
    const { connections, depth, target, warmSeconds, seconds } = this.#job;
    const dialect = dialectOf(this.#job);
    for (let i = 0; i < connections; i++) {
      this.#connections.push(new PeerConnection(target, depth, dialect, this));
    }
    await Promise.all(this.#connections.map((connection) => connection.open()));
    const idle = new Promise<void>((resolve) => {
      this.#allIdle = resolve;
    });
    for (const connection of this.#connections) connection.start();

    if (warmSeconds > 0) await Promise.race([sleep(warmSeconds * SECOND_MS), idle]);
    const begin = this.#mark();
    this.#counting = true;
    await (seconds === undefined ? idle : Promise.race([idle, this.#window(seconds)]));
    const end = this.#mark();
    this.#counting = false;

    this.stopped = true;
    const drained = await Promise.race([idle.then(() => true), sleep(DRAIN_MS)]);
    if (drained !== true) this.failed(`calls still in flight ${DRAIN_MS} ms after the end`);
    for (const connection of this.#connections) connection.close();
    return this.#result(begin, end, dialect.next());
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
      serverCpu: cpuSecondsOfTree(this.#job.target.pid),
    };
  }

  #result(begin: Mark, end: Mark, next: number): PeerResult {
    const elapsedMs = end.atMs - begin.atMs;
    const seconds = elapsedMs / SECOND_MS;
    const latency = (percentile: number): number =>
      this.#latencies.getValueAtPercentile(percentile) / MICROSECONDS;
    return {
      operations: this.#operations,
      elapsedMs,
      p50Ms: latency(50),
      p99Ms: latency(99),
      clientCpu: (end.clientCpu - begin.clientCpu) / seconds,
      serverCpu: (end.serverCpu - begin.serverCpu) / seconds,
      errors: this.#errors,
      firstError: this.#firstError,
      next,
    };
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
