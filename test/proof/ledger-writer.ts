/**
 * One writer of a private directory, step after step, over the lives of a master. Its ledger says
 * exactly what must exist. Only an unanswered step may be there or not, completely.
 *
 *   automatic   one client for all lives: it sends an unanswered call again by itself
 *   explicit    a new connection each life, the unanswered call sent again under its call id
 *   once        never sends again: the state tells what became of the call
 */
import type { Random } from '../../bench/load/random.js';
import { type FileStatus, OrchardClient, OrchardError } from '../../src/client/index.js';
import { type Step, StepDraw } from './ledger-steps.js';
import { compareTree, copyTree, type LedgerNode, newNode } from './ledger-tree.js';

export const WRITER_KINDS = ['automatic', 'explicit', 'once'] as const;
export type WriterKind = (typeof WRITER_KINDS)[number];

export type WriterOptions = {
  readonly index: number;
  readonly kind: WriterKind;
  readonly port: number;
  readonly random: Random;
};

const CLIENT_ID_FIRST = 7_000_000;
const RECONNECT_MS = 120_000;
const PAGE_ENTRIES = 1000;

export class LedgerWriter {
  readonly root: string;
  readonly violations: string[] = [];
  stepCount = 0;
  /** Calls that were sent more than once. */
  repeatCount = 0;
  readonly #options: WriterOptions;
  readonly #draw: StepDraw;
  #tree: LedgerNode = newNode(0, true);
  #client: OrchardClient | undefined;
  #callId = 1;
  /** Sent, and not known to be answered. */
  #open: Step | undefined;
  #halted = true;
  #running: Promise<void> = Promise.resolve();

  constructor(options: WriterOptions) {
    this.#options = options;
    this.root = `/ledger/w${options.index}`;
    this.#draw = new StepDraw(options.random, this.root);
  }

  get isUncertain(): boolean {
    return this.#open !== undefined;
  }

  /** Makes the private directory. */
  async prepare(client: OrchardClient): Promise<void> {
    this.#tree.id = (await client.createDirectory(this.root, { recursive: true })).id;
  }

  begin(): void {
    this.#halted = false;
    this.#running = this.#loop();
  }

  /** No further step; the one that is sent may still be answered. */
  halt(): void {
    this.#halted = true;
  }

  /** Resolves when no step is on its way; rejects with what ends the life before. */
  async settle(gone: Promise<never>): Promise<void> {
    await Promise.race([this.#running, gone]);
    const { kind } = this.#options;
    if (kind !== 'automatic') await this.#close();
    await this.#connect();
    if (kind !== 'explicit' || this.#open === undefined) return;
    this.repeatCount++;
    await this.#send(this.#open);
  }

  /** The master is dead: calls that wait for a connection must not reach the next one. */
  async sever(): Promise<void> {
    if (this.#options.kind !== 'automatic') await this.#close();
  }

  /** Compares the ledger with what is there. */
  check(found: readonly FileStatus[]): void {
    let differences: readonly string[] = [];
    for (const tree of this.#possible()) {
      differences = compareTree(tree, this.root, found);
      if (differences.length > 0) continue;
      this.#tree = tree;
      this.#open = undefined;
      return;
    }
    const open = this.#open === undefined ? '' : ` (unanswered: ${this.#open.text})`;
    this.#violate(`${differences.slice(0, 5).join('; ')}${open}`);
    this.#halted = true;
  }

  async close(): Promise<void> {
    this.halt();
    await this.#close();
  }

  /** The ledger; with an unanswered step, every way in which it may have ended. */
  *#possible(): Iterable<LedgerNode> {
    if (this.#open === undefined) {
      yield this.#tree;
      return;
    }
    for (let done = 0; done < 2 ** this.#open.parts; done++) {
      const tree = copyTree(this.#tree);
      const ids = Array.from({ length: this.#open.parts }, (_, i) =>
        (done & (1 << i)) === 0 ? undefined : 0,
      );
      this.#open.apply(tree, ids);
      yield tree;
    }
  }

  async #loop(): Promise<void> {
    while (!this.#halted) {
      this.#open = this.#draw.next(this.#tree);
      this.#callId++;
      if (!(await this.#send(this.#open))) return;
    }
  }

  /** True: answered, and written down. */
  async #send(step: Step): Promise<boolean> {
    const automatic = this.#options.kind === 'automatic';
    try {
      const options = automatic ? {} : { retry: false, callId: this.#callId };
      const ids = await step.send(this.#client!, options);
      step.apply(this.#tree, ids);
      this.#open = undefined;
      this.stepCount++;
      return true;
    } catch (error) {
      if (!isLoss(error) || automatic) this.#violate(`${step.text}: ${error}`);
      return false;
    }
  }

  async #connect(): Promise<void> {
    const { port, index } = this.#options;
    this.#client ??= await OrchardClient.connect({
      port,
      user: 'root',
      clientId: CLIENT_ID_FIRST + index,
      reconnectMs: RECONNECT_MS,
      deadlineMs: RECONNECT_MS,
      connectMs: 2000,
    });
  }

  async #close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.close({ withinMs: 0 });
  }

  #violate(what: string): void {
    const text = what.replace(/x{4,}/g, 'x…');
    this.violations.push(`${this.root} (${this.#options.kind}): ${text}`);
  }
}

/** Of the connection, or of the client that was severed. */
export const isLoss = (error: unknown): boolean =>
  error instanceof OrchardError && (error.code === 'UNAVAILABLE' || error.code === 'CANCELLED');

/** All below a directory, as listed, with the attributes that a listing leaves out. */
export async function listAll(client: OrchardClient, path: string): Promise<FileStatus[]> {
  const listed: FileStatus[] = [];
  const options = { load: 'never', retry: false } as const;
  const how = { ...options, recursive: true, pageSize: PAGE_ENTRIES };
  for await (const status of client.list(path, how)) listed.push(status);
  const paths = listed.map((status) => status.path);
  const asked = await client.batchGetStatus(paths, { ...options, withAttributes: true });
  return listed.map((status, i) => {
    const { xattrs, id } = asked[i]!.status ?? { id: 0 };
    if (id !== status.id) return { ...status, id: Number.NaN };
    return xattrs === undefined ? status : { ...status, xattrs };
  });
}
