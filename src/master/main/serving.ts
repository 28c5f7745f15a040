/**
 * What a thread has that serves calls, a shard or a door: an executor of its own, the way to main,
 * and its ends. What comes in, and in which protocol, is the thread's own.
 *
 *   new Serving() ─▶ a server is made and listens ─▶ begin(server) ─▶ drain | abandon | die
 */
import { parentPort } from 'node:worker_threads';
import { Code, StatusError } from '../../base/status.js';
import { Channel } from '../../process/channel.js';
import type { CallCounters } from '../../wire/call-counters.js';
import { type CallIdentity, RefusedCalls } from '../executor/call-identity.js';
import { Executor } from '../executor/executor.js';
import { namespaceRules } from '../executor/namespace-rules.js';
import { Scheduler } from '../executor/scheduler.js';
import { edgeCounters } from '../memory/counters.js';
import { instantiate } from '../memory/kernel.js';
import { OpeningGate } from '../memory/opening-gate.js';
import { SharedMemory } from '../memory/shared-memory.js';
import { Tier2 } from '../storage/tier2.js';
import { ServingBugs } from './serving-bugs.js';
import { RemoteServices } from './shard-services.js';
import type { ThreadData } from './thread-data.js';
import type { MainQuestions, ServingQuestions } from './thread-questions.js';

const EXIT_BUG = 70;

/** A server, as its end needs it. */
export interface Drainable {
  /** Takes nothing new, and lets what is in flight end. */
  drain(withinMs: number): Promise<void>;
  close(): void;
  /** As close(), without an answer to anybody. */
  abandon?(): void;
}

export type ServingOptions = {
  /** shard, door. */
  readonly role: string;
  readonly onTurnEnd?: () => void;
  /** The call that is served beside the scheduler just now, for who ends within it. */
  readonly serving?: () => CallIdentity;
  /** Closes what is open besides, when all is drained. */
  readonly close?: () => Promise<void>;
};

export class Serving {
  readonly shared: SharedMemory;
  readonly executor: Executor;
  readonly scheduler: Scheduler;
  readonly services = new RemoteServices();
  readonly channel: Channel<MainQuestions, ServingQuestions>;
  /** Calls that ended a life of the master. */
  readonly refused: RefusedCalls;
  readonly counters: CallCounters;
  readonly judge: ServingBugs['judge'];
  readonly #die: ServingBugs['die'];
  readonly #options: ServingOptions;
  #server: Drainable | undefined;
  #isEnding = false;

  constructor(data: ThreadData, options: ServingOptions) {
    const { config, memory, executor: index } = data;
    const { onTurnEnd } = options;
    this.#options = options;
    this.shared = new SharedMemory(memory);
    const gate = new OpeningGate(this.shared);
    this.executor = new Executor({
      ...namespaceRules(config),
      index,
      shared: this.shared,
      kernel: instantiate(memory, index),
      tier2: new Tier2(data.meta, { mapBytes: config.tier2MapBytes, gate }),
      loader: this.services.loader,
    });
    this.refused = new RefusedCalls(data.fatalCalls);
    this.counters = edgeCounters(this.shared, index);
    const { judge, die } = new ServingBugs({
      config,
      counters: this.counters,
      thread: `${options.role}-${index}`,
      serving: () => this.scheduler.running?.identity ?? options.serving?.(),
      abandon: () => this.#abandon(),
    });
    this.judge = judge;
    this.#die = die;
    this.scheduler = new Scheduler(this.executor, {
      parkedMax: config.callsParkedMax,
      onBug: judge,
      refused: this.refused,
      ...(onTurnEnd !== undefined && { onTurnEnd }),
    });
    this.channel = new Channel<MainQuestions, ServingQuestions>(
      parentPort!,
      {
        ...this.services.answers,
        locks: () => this.scheduler.report(performance.now()),
        abandon: () => this.#abandon(),
        drain: ({ withinMs }) => this.#drain(withinMs),
      },
      die,
    );
    this.services.connect(this.channel);
  }

  /** The server listens. Until now, what kept it from that was told by the error of the thread. */
  begin(server: Drainable): void {
    this.#server = server;
    process.on('uncaughtException', this.#die);
    parentPort!.postMessage({ kind: 'ready' });
  }

  /** Answers what is in flight, then ends the thread. */
  async #drain(withinMs: number): Promise<void> {
    await this.#server?.drain(withinMs);
    this.scheduler.drain(new StatusError(Code.UNAVAILABLE, 'The master is stopping.'));
    this.#server?.close();
    await this.#options.close?.();
    setImmediate(() => process.exit(0));
  }

  /**
   * Ends the thread without an answer to anybody. uWebSockets gives its handles back in the turn
   * after the one that closed them, and node aborts the process over a thread that still has some.
   */
  #abandon(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    const server = this.#server;
    if (server?.abandon === undefined) server?.close();
    else server.abandon();
    setImmediate(() => setImmediate(() => process.exit(EXIT_BUG)));
  }
}
