/**
 * A load on a master whose answers are checked as they come. Processes of clients call and record;
 * this one puts their records into one history and searches it for contradictions.
 *
 *   const load = await RecordedLoad.start({ port, seed, … });
 *   load.dying(); await kill(); load.dead(); await startAgain();     any number of times
 *   await load.stop();  load.checker.violation, load.checker.counts
 *
 * Invariant: between dying() and dead() nothing is checked, since nobody knows yet which of the
 *   unanswered calls are over.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { OrchardClient } from '../../src/client/index.js';
import { Checker } from './checker.js';
import { History } from './history.js';
import type { LoadOrder, LoadTold, RecordedLoadOptions } from './load-order.js';
import { nowNs } from './recorder.js';
import { FILES_DIRECTORY, TREES_DIRECTORY } from './request-draw.js';

/** Threads and processes run from what tsc wrote, also when this file is run from its source. */
const ENTRY = fileURLToPath(
  import.meta.url.includes('/dist/')
    ? new URL('./load-process.js', import.meta.url)
    : new URL('../../dist/test/proof/load-process.js', import.meta.url),
);
const MASTER = 'master';

export class RecordedLoad {
  readonly checker = new Checker();
  readonly #history = new History(this.checker);
  readonly #children: { readonly process: ChildProcess; readonly done: Promise<void> }[] = [];
  #failure: Error | undefined;

  /** The two directories that the load works in are made first, and must be new. */
  static async start(options: RecordedLoadOptions): Promise<RecordedLoad> {
    const client = await OrchardClient.connect({ port: options.port, user: 'root' });
    for (const path of [FILES_DIRECTORY, TREES_DIRECTORY]) await client.createDirectory(path);
    await client.close();
    const load = new RecordedLoad();
    for (let i = 0; i < options.processes; i++) load.#begin(`load ${i}`, i, options);
    return load;
  }

  /** A process of the load failed. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** The master is about to be killed. */
  dying(): void {
    this.#history.open(MASTER, nowNs());
  }

  /** The process of the master is gone: unanswered calls will never be answered. */
  dead(): void {
    this.#history.death(nowNs());
    this.#history.close(MASTER);
  }

  /** No new calls; resolves when all are answered and checked. */
  async stop(): Promise<void> {
    for (const { process } of this.#children) if (process.connected) process.send('stop');
    await Promise.all(this.#children.map(({ done }) => done));
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** At once, whatever is in flight. */
  abandon(): void {
    for (const { process } of this.#children) process.kill('SIGKILL');
  }

  #begin(source: string, index: number, options: RecordedLoadOptions): void {
    const child = fork(ENTRY, [], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // Times of what was never answered are infinite, which JSON does not know.
      serialization: 'advanced',
    });
    let isOver = false;
    this.#history.open(source);
    child.on('message', ({ operations, toldNs, isLast }: LoadTold) => {
      this.#history.add(source, operations, toldNs);
      isOver = isLast;
    });
    // Its last reports may be read after it has ended.
    const done = Promise.all([once(child, 'exit'), once(child, 'disconnect')]).then(([[code]]) => {
      this.#history.close(source);
      if (!isOver) this.#failure ??= new Error(`a process of the load ended with ${code}`);
    });
    this.#children.push({ process: child, done });
    const { processes: _, ...order } = options;
    child.send({ ...order, firstClient: index * options.clients } satisfies LoadOrder);
  }
}
