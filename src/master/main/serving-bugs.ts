/**
 * What a bug costs a thread that serves (a shard or a door): the call that met it, or the thread,
 * and with it the process, where what all threads share may stand half changed. Then the call is
 * noted, so that the lives to come refuse it (fatal-calls.ts).
 */
import { mayHaveBrokenState } from '../../base/assert.js';
import { createLog, type Log } from '../../process/log.js';
import type { CallIdentity } from '../executor/call-identity.js';
import type { Config } from '../settings/config.js';
import { noteFatalCall } from './fatal-calls.js';

export type ServingThread = {
  readonly config: Config;
  /** Its name in the log. */
  readonly thread: string;
  readonly counters: { bugs: number };
  /** Whose call it is at just now; undefined or a client id of 0: nobody's that is known. */
  readonly serving: () => CallIdentity | undefined;
  /** Ends the thread without an answer to anybody. */
  readonly abandon: () => void;
};

export class ServingBugs {
  readonly #of: ServingThread;
  #log: Log | undefined;

  constructor(of: ServingThread) {
    this.#of = of;
  }

  /** A bug costs the call that met it, unless what all threads share may be half changed. */
  readonly judge = (error: unknown): void => {
    this.#of.counters.bugs++;
    if (mayHaveBrokenState(error)) this.die(error);
    else this.#written().error({ err: error }, 'bug: it cost one call');
  };

  /** A thread that cannot know what it has left must not go on: the process ends, and recovers. */
  readonly die = (error: unknown): void => {
    const { config, serving, abandon } = this.#of;
    const call = serving();
    this.#written().fatal({ err: error, ...call }, 'bug');
    try {
      if (call !== undefined) noteFatalCall(config.dataDir, call);
    } catch (failure) {
      this.#written().error({ err: failure }, 'the call that ends this thread cannot be noted');
    }
    abandon();
  };

  /** Made when it is needed: most threads never meet a bug. */
  #written(): Log {
    this.#log ??= createLog(this.#of.config, { thread: this.#of.thread });
    return this.#log;
  }
}
