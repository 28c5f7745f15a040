/**
 * A real master process as a subject of the model check: sockets, threads, fdatasync. A crash is
 * SIGKILL and a new start on the same data. Sequences may run side by side, each in a directory of
 * its own. A crash waits until no step is under way, and steps wait until it is over; or, `within`,
 * it takes calls that are under way with it, and their clients send them again.
 */
import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { OrchardClient } from '../../src/client/index.js';
import { MasterProcess } from '../cli/master-process.js';
import { GROUPS, type User } from './step.js';
import { PATIENCE, type Subject } from './subject.js';

export class ProcessSubject implements Subject {
  readonly name: string;
  readonly #master: MasterProcess;
  readonly #clients = new Map<User, OrchardClient>();
  readonly #options: { readonly within: boolean };
  #under = 0;
  #crashing: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;
  /** SIGKILLs so far. */
  kills = 0;

  static async open(
    name: string,
    env: Readonly<Record<string, string>>,
    options = { within: false },
  ): Promise<ProcessSubject> {
    const master = await MasterProcess.create({ ORCHARD_RPC_THREADS: '2', ...env });
    await master.start();
    const subject = new ProcessSubject(name, master, options);
    for (const user of Object.keys(GROUPS) as User[]) {
      const { rpcPort: port, httpPort } = master;
      const who = { user, groups: GROUPS[user], ...PATIENCE };
      const client = await OrchardClient.connect({ port, httpPort, ...who });
      subject.#clients.set(user, client);
    }
    return subject;
  }

  private constructor(name: string, master: MasterProcess, options: { within: boolean }) {
    this.name = name;
    this.#options = options;
    this.#master = master;
  }

  client(user: User): OrchardClient {
    return this.#clients.get(user)!;
  }

  async store(sequence: number, index: number): Promise<string> {
    const at = path.join(this.#master.directory, 'stores', `${sequence}-${index}`);
    await mkdir(at, { recursive: true });
    await chmod(at, 0o777);
    return `file://${at}`;
  }

  async settle<T>(work: () => Promise<T>, how = { once: false }): Promise<T> {
    if (this.#options.within && how.once) return work();
    while (this.#crashing !== undefined) await this.#crashing;
    this.#under++;
    try {
      return await work();
    } finally {
      if (--this.#under === 0) this.#onIdle?.();
    }
  }

  /** Reads that need tier 2 request the flush by themselves. */
  flush(): void {}

  async crash(): Promise<void> {
    this.#crashing ??= this.#crash().finally(() => {
      this.#crashing = undefined;
    });
    await this.#crashing;
  }

  check(): void {}

  async close(): Promise<void> {
    for (const client of this.#clients.values()) await client.close({ withinMs: 0 });
    await this.#master.remove();
  }

  async #crash(): Promise<void> {
    if (this.#under > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    this.#onIdle = undefined;
    await this.#master.stop('SIGKILL');
    this.kills++;
    await this.#master.start();
  }
}
