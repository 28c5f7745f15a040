/**
 * Many clients of one master, each calling seldom: opens the sockets, opens further sessions on
 * them, lets all call at a low rate, drops all connections at once and lets them come back within
 * a few seconds, then lets all call again.
 *
 * Calls have times of their own (an open loop): session after session in a shuffled order, so that
 * each has one in every 1 / rate seconds; latencies count from those times.
 *
 * Invariant: session s travels on socket s mod sockets, as its number ⌊s / sockets⌋.
 */
import { GetStatusT, RequestBody } from '../../src/wire/generated/index.js';
import { FleetConnection, type FleetEvents, type Pending } from './fleet-connection.js';
import type { FleetJob, FleetPhase } from './fleet-job.js';
import { FrameTemplate } from './frame-template.js';
import { Latencies } from './latencies.js';
import { Pacer } from './pacer.js';
import { PathPattern } from './path-pattern.js';
import { Permutation } from './permutation.js';
import { cpuSecondsOf, kernelTcpBytes, rssBytesOf } from './process-usage.js';
import { Random } from './random.js';

const OPENING_MAX = 256;
const PACE_MS = 1;
const DRAIN_MS = 30_000;
const SETTLE_MS = 1000;
const AGAIN_MS = 100;
const SECOND_MS = 1000;
const MICROSECONDS = 1e6;
const CLIENT_ID_FIRST = 2 ** 40;

const SOURCE_FIRST = 2;

type Mark = { readonly atMs: number; readonly clientCpu: number; readonly serverCpu: number };

export class Fleet implements FleetEvents {
  readonly #job: FleetJob;
  readonly #tell: (phase: FleetPhase) => void;
  readonly #random: Random;
  readonly #order: Permutation;
  readonly #pattern: PathPattern;
  readonly #template: FrameTemplate;
  readonly #connections: FleetConnection[] = [];
  /** When each socket should have been opened. */
  readonly #sinceMs: Float64Array;
  readonly #answers: Uint32Array;
  #latencies = new Latencies();
  #begun: Mark = { atMs: 0, clientCpu: 0, serverCpu: 0 };
  #count = 0;
  #wanted = 0;
  #arrived: (() => void) | undefined;
  #opened: (connection: FleetConnection) => void = () => undefined;
  #isStorm = false;
  #attemptsAgain = 0;
  /** Of the first of them. */
  #lossReason: string | undefined;
  #errors = 0;
  #firstError: string | undefined;

  constructor(job: FleetJob, tell: (phase: FleetPhase) => void) {
    this.#job = job;
    this.#tell = tell;
    this.#random = new Random(job.seed);
    this.#order = new Permutation(job.sessions, job.seed);
    this.#pattern = new PathPattern(job.paths, 'f');
    const path = this.#pattern.placeholder;
    const withSession = { withSession: true } as const;
    this.#template = new FrameTemplate(
      RequestBody.GetStatus,
      new GetStatusT(path),
      [path],
      withSession,
    );
    this.#sinceMs = new Float64Array(job.sockets);
    this.#answers = new Uint32Array(job.sessions);
  }

  async run(): Promise<void> {
    await this.#open();
    await this.#openSessions();
    await this.#steady('steady');
    await this.#storm();
    await this.#steady('after the storm');
    await Promise.all(this.#connections.map((connection) => connection.destroy()));
  }

  opened(connection: FleetConnection): void {
    this.#opened(connection);
  }

  answered({ session, sinceMs, isOpening }: Pending, what: string | undefined): void {
    if (what !== undefined) this.#failed(what);
    if (isOpening && this.#isStorm) return;
    const isFirst = this.#answers[session]!++ === 0;
    if (this.#isStorm && !isFirst) return;
    this.#latencies.record(performance.now() - sinceMs);
    this.#arrive();
  }

  lost(connection: FleetConnection, why: string): void {
    if (!this.#isStorm) {
      this.#failed(why);
      return;
    }
    this.#attemptsAgain++;
    this.#lossReason ??= why;
    setTimeout(() => this.#connect(connection.index), AGAIN_MS);
  }

  async #open(): Promise<void> {
    const { sockets } = this.#job;
    let next = 0;
    const connectNext = (): void => {
      if (next === sockets) return;
      this.#sinceMs[next] = performance.now();
      this.#connect(next++);
    };
    const arrival = this.#begin('open', sockets);
    this.#opened = ({ index }) => {
      this.#latencies.record(performance.now() - this.#sinceMs[index]!);
      this.#arrive();
      connectNext();
    };
    for (let i = 0; i < OPENING_MAX; i++) connectNext();
    await arrival;
    this.#opened = () => undefined;
    await this.#end('open');
  }

  async #openSessions(): Promise<void> {
    const { sockets, sessions } = this.#job;
    const arrival = this.#begin('sessions', sessions - sockets);
    for (let session = sockets; session < sessions; session++) {
      this.#openSession(session);
      if (session % OPENING_MAX === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await arrival;
    await this.#end('sessions');
  }

  /** Every session calls at its rate. */
  async #steady(phase: FleetPhase['phase']): Promise<void> {
    const { sessions, ratePerSession, seconds } = this.#job;
    const perSecond = sessions * ratePerSession;
    const calls = Math.ceil(perSecond * seconds);
    const arrival = this.#begin(phase, calls);
    const pacer = new Pacer(performance.now(), perSecond, undefined);
    let sent = 0;
    const timer = setInterval(() => {
      for (; sent < calls && pacer.nextMs <= performance.now(); sent++) {
        this.#call(this.#order.at(sent % sessions), pacer.nextMs);
        pacer.advance();
      }
      if (sent === calls) clearInterval(timer);
    }, PACE_MS);
    await arrival;
    clearInterval(timer);
    await this.#end(phase, spreadOf(this.#answers));
  }

  /** Every connection is lost at once; each comes back, and each of its sessions makes a call. */
  async #storm(): Promise<void> {
    const { sockets, sessions, spreadSeconds } = this.#job;
    await Promise.all(this.#connections.map((connection) => connection.destroy()));
    this.#isStorm = true;
    const arrival = this.#begin('storm', sessions);
    this.#opened = ({ index }) => {
      const sinceMs = this.#sinceMs[index]!;
      for (let session = index; session < sessions; session += sockets) {
        if (session !== index) this.#openSession(session);
        this.#call(session, sinceMs);
      }
    };
    for (let index = 0; index < sockets; index++) {
      const afterMs = this.#random.below(Math.max(1, spreadSeconds * SECOND_MS));
      this.#sinceMs[index] = this.#begun.atMs + afterMs;
      this.#connectWhenDue(index);
    }
    await arrival;
    this.#isStorm = false;
    this.#opened = () => undefined;
    const attemptsAgain = this.#attemptsAgain;
    const lossReason = this.#lossReason;
    const loss = lossReason === undefined ? {} : { lossReason };
    await this.#end('storm', { ...spreadOf(this.#answers), attemptsAgain, ...loss });
  }

  /** A timer counts from the start of the turn that sets it, so it may be over before its time. */
  #connectWhenDue(index: number): void {
    const waitMs = this.#sinceMs[index]! - performance.now();
    if (waitMs <= 0) this.#connect(index);
    else setTimeout(() => this.#connectWhenDue(index), Math.ceil(waitMs));
  }

  #connect(index: number): void {
    const { target, sources } = this.#job;
    const localAddress = `127.0.0.${SOURCE_FIRST + (index % sources)}`;
    const from = { target, localAddress, clientId: CLIENT_ID_FIRST + index };
    this.#connections[index] = new FleetConnection(index, from, this);
  }

  #openSession(session: number): void {
    const { sockets } = this.#job;
    const connection = this.#connections[session % sockets]!;
    const pending = { session, sinceMs: performance.now(), isOpening: true };
    connection.openSession(Math.floor(session / sockets), CLIENT_ID_FIRST + session, pending);
  }

  #call(session: number, sinceMs: number): void {
    const { sockets, files } = this.#job;
    const { bytes, callAt, pathsAt, sessionAt } = this.#template;
    this.#pattern.write(bytes, pathsAt[0]!, this.#random.below(files));
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    view.setUint32(sessionAt, Math.floor(session / sockets), true);
    const pending = { session, sinceMs, isOpening: false };
    this.#connections[session % sockets]!.call(bytes, callAt, pending);
  }

  /** Resolves when `wanted` of them have come, or when waiting is useless. */
  #begin(phase: FleetPhase['phase'], wanted: number): Promise<void> {
    this.#latencies = new Latencies();
    this.#answers.fill(0);
    this.#attemptsAgain = 0;
    this.#errors = 0;
    this.#firstError = undefined;
    this.#count = 0;
    this.#wanted = wanted;
    this.#begun = this.#mark();
    if (wanted === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const withinMs = (this.#job.seconds + this.#job.spreadSeconds) * SECOND_MS + DRAIN_MS;
      const timer = setTimeout(() => {
        this.#failed(`${phase}: ${this.#wanted - this.#count} of ${wanted} are missing`);
        resolve();
      }, withinMs);
      this.#arrived = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #arrive(): void {
    this.#count++;
    if (this.#count === this.#wanted) this.#arrived?.();
  }

  #failed(what: string): void {
    this.#errors++;
    this.#firstError ??= what;
  }

  #mark(): Mark {
    const { user, system } = process.cpuUsage();
    const serverCpu = cpuSecondsOf(this.#job.target.pid);
    return { atMs: performance.now(), clientCpu: (user + system) / MICROSECONDS, serverCpu };
  }

  async #end(phase: FleetPhase['phase'], more: object = {}): Promise<void> {
    const end = this.#mark();
    const begun = this.#begun;
    const seconds = Math.max(0.001, (end.atMs - begun.atMs) / SECOND_MS);
    // Memory is measured when all is quiet.
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    this.#tell({
      phase,
      elapsedMs: end.atMs - begun.atMs,
      count: this.#count,
      errors: this.#errors,
      ...(this.#firstError !== undefined && { firstError: this.#firstError }),
      rssBytes: rssBytesOf(this.#job.target.pid),
      kernelTcpBytes: kernelTcpBytes(),
      serverCpu: (end.serverCpu - begun.serverCpu) / seconds,
      clientCpu: (end.clientCpu - begun.clientCpu) / seconds,
      ...this.#latencies.summary(),
      latencies: this.#latencies.encode(),
      ...more,
    });
  }
}

/** Calls that the session with the fewest and the most answers got. */
function spreadOf(answers: Uint32Array): { answersMin: number; answersMax: number } {
  let answersMin = Number.POSITIVE_INFINITY;
  let answersMax = 0;
  for (const count of answers) {
    answersMin = Math.min(answersMin, count);
    answersMax = Math.max(answersMax, count);
  }
  return { answersMin, answersMax };
}
