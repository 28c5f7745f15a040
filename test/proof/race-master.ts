/**
 * A real master with several clients for races. Calls are sent at the same moment over connections
 * to different RPC threads, round after round, and the whole tree is checked after each.
 */
import { expect } from 'vitest';
import { Random } from '../../bench/load/random.js';
import { type OrchardClient, OrchardError } from '../../src/client/index.js';
import { MasterProcess } from '../cli/master-process.js';

const CLIENTS = 8;

export const seed = Number(process.env['ORCHARD_TEST_SEED'] ?? Date.now() % 1_000_000);

/** 'OK', or the code of the refusal. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'OK';
  } catch (error) {
    if (error instanceof OrchardError) return error.code;
    throw error;
  }
}

export class RaceMaster {
  readonly master: MasterProcess;
  readonly clients: readonly OrchardClient[];
  readonly random = new Random(seed);
  #round = 0;

  private constructor(master: MasterProcess, clients: readonly OrchardClient[]) {
    this.master = master;
    this.clients = clients;
  }

  static async start(env: Readonly<Record<string, string>> = {}): Promise<RaceMaster> {
    const master = await MasterProcess.create({ ORCHARD_RPC_THREADS: '2', ...env });
    await master.start();
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => master.connect()));
    return new RaceMaster(master, clients);
  }

  async close(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.close({ withinMs: 0 })));
    await this.master.remove();
  }

  /** For calls that are not part of the race. */
  get one(): OrchardClient {
    return this.clients[0]!;
  }

  /** A directory of its own for each round. */
  async rounds(count: number, run: (directory: string, round: number) => Promise<void>) {
    for (let i = 0; i < count; i++) {
      const directory = `/round-${++this.#round}`;
      await this.one.createDirectory(directory);
      await run(directory, i);
    }
  }

  /** Each by a client of its own, in an order of the seed; the outcomes in the order given. */
  async race(...calls: readonly ((client: OrchardClient) => Promise<unknown>)[]) {
    const order = calls.map((_, i) => i);
    for (let i = order.length - 1; i > 0; i--) {
      const j = this.random.below(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    const first = this.random.below(CLIENTS);
    const outcomes: Promise<string>[] = [];
    for (const i of order) outcomes[i] = codeOf(calls[i]!(this.clients[(first + i) % CLIENTS]!));
    return Promise.all(outcomes);
  }

  /**
   * Ids by path of all below a directory. What is listed is found by its path and by its id, once:
   * a tree, without cycles, without orphans.
   */
  async tree(directory: string): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    for await (const { path, id } of this.one.list(directory, { recursive: true })) {
      expect(found.has(path), path).toBe(false);
      found.set(path, id);
    }
    expect(new Set(found.values()).size).toBe(found.size);
    for (const [path, id] of found) {
      const status = await this.one.getStatus(path);
      expect(status.id, path).toBe(id);
      expect(await this.one.getFilePath(id)).toBe(path);
      if (status.type !== 'directory') continue;
      const children = [...found.keys()].filter((one) => parentOf(one) === path);
      expect(status.length, `child count of ${path}`).toBe(children.length);
    }
    return found;
  }
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));
