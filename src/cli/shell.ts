/**
 * One run of one verb: its connection (opened when first needed), its output, its failures.
 *
 * Invariant: a failure on one path does not stop the others; the exit status tells of it.
 */
import { connectOptions, type GlobalOptions } from './connect-arguments.js';
import { expanded, parsePaths } from './expand.js';
import { failureLine, failureOf } from './failure.js';
import type { Client, CliIo } from './io.js';
import { Output } from './output.js';
import { type ProgressReport, reportProgress } from './progress.js';
import { UsageError } from './usage-error.js';

export const ExitStatus = { OK: 0, FAILED: 1, USAGE: 2, INTERRUPTED: 130 } as const;

/** Any failure after an interrupt counts as the interrupt. */
const INTERRUPTED = { code: 'CANCELLED', reason: 'interrupted' } as const;

export class Shell {
  readonly io: CliIo;
  readonly out: Output;
  readonly isJson: boolean;
  /** The exit status of the process. */
  status: number = ExitStatus.OK;
  readonly #verb: string;
  readonly #globals: GlobalOptions;
  #client: Promise<Client> | undefined;

  constructor(io: CliIo, verb: string, globals: GlobalOptions) {
    this.io = io;
    this.#verb = verb;
    this.#globals = globals;
    this.isJson = globals.json === true;
    this.out = new Output(io.stdout, { isJson: this.isJson });
  }

  get signal(): AbortSignal {
    return this.io.signal;
  }

  client(): Promise<Client> {
    this.#client ??= this.io.connect(connectOptions(this.#globals, this.io));
    return this.#client;
  }

  /** Cleans the paths, expands their wildcards and works on one after the other. */
  async eachPath(
    texts: readonly string[],
    work: (path: string) => Promise<void>,
    options: { readonly mayBeNone?: boolean } = {},
  ): Promise<void> {
    const paths = parsePaths(texts);
    const client = await this.client();
    for (const path of paths) {
      await this.attempt(async () => {
        for await (const one of expanded(client, path, options)) {
          await this.attempt(() => work(one));
        }
      });
    }
  }

  /** Reports exceptions of the work and goes on; a usage error or an interrupt ends the run. */
  async attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    this.signal.throwIfAborted();
    try {
      return await work();
    } catch (thrown) {
      if (this.isFatal(thrown)) throw thrown;
      await this.fail(thrown);
      return undefined;
    }
  }

  /** After a usage error or an interrupt nothing else begins. */
  isFatal(thrown: unknown): boolean {
    return thrown instanceof UsageError || this.signal.aborted;
  }

  /** A note that is not a failure. */
  note(text: string): void {
    if (!this.isJson) this.io.stderr.write(`orchard: ${this.#verb}: ${text}\n`);
  }

  async fail(thrown: unknown): Promise<void> {
    const failure = this.signal.aborted ? INTERRUPTED : failureOf(thrown);
    if (this.signal.aborted) this.status = ExitStatus.INTERRUPTED;
    else this.status = failure.code === 'USAGE' ? ExitStatus.USAGE : ExitStatus.FAILED;
    await this.out.flush();
    const text = this.isJson
      ? JSON.stringify({ verb: this.#verb, error: { ...failure, isLocal: undefined } })
      : failureLine(this.#verb, failure);
    this.io.stderr.write(`${text}\n`);
  }

  /** Says what was done; without a word when -q was given. */
  async confirm(text: string, value: Readonly<Record<string, unknown>>): Promise<void> {
    if (this.isJson || this.#globals.quiet !== true) await this.out.tell(text, value);
  }

  progress(label: string, unit: string): ProgressReport {
    const isQuiet = this.isJson || this.#globals.quiet === true;
    return reportProgress(this.io.stderr, label, { unit, isQuiet });
  }

  async close(): Promise<void> {
    await this.out.flush();
    const client = await this.#client?.catch(() => undefined);
    await client?.close({ withinMs: this.signal.aborted ? 0 : 1_000 });
  }
}
