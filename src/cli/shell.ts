/**
 * One run of one verb: its connection (opened when first needed), its output, its failures.
 *
 * Invariant: a failure on one path does not stop the others; the exit status tells of it.
 */
import { formatDurationMs, parseDurationMs } from '../base/quantity.js';
import type { ConnectOptions } from '../client/index.js';
import { failureLine, failureOf } from './failure.js';
import { expandGlob } from './glob.js';
import type { Client, CliIo } from './io.js';
import { parsePath } from './namespace-path.js';
import { Output } from './output.js';
import { type ProgressReport, reportProgress } from './progress.js';
import { UsageError } from './usage-error.js';

export type GlobalOptions = {
  readonly host?: string;
  readonly port?: string;
  readonly httpPort?: string;
  readonly user?: string;
  readonly groups?: string;
  readonly timeout?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
};

export const ExitStatus = { OK: 0, FAILED: 1, USAGE: 2, INTERRUPTED: 130 } as const;

/** Whatever the interrupt made fail, it is the interrupt. */
const INTERRUPTED = { code: 'CANCELLED', reason: 'interrupted' } as const;
const CONNECT_MS_MAX = 1_000;

export class Shell {
  readonly io: CliIo;
  readonly out: Output;
  readonly isJson: boolean;
  /** What the process will end with. */
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
  async eachPath(texts: readonly string[], work: (path: string) => Promise<void>): Promise<void> {
    const paths = texts.map(parsePath);
    const client = await this.client();
    for (const path of paths) {
      const expanded = await this.attempt(() => expandGlob(client, path));
      for (const one of expanded ?? []) await this.attempt(() => work(one));
    }
  }

  /** Reports what the work throws and goes on; a wrong command line or interrupt ends the run. */
  async attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    this.signal.throwIfAborted();
    try {
      return await work();
    } catch (thrown) {
      if (thrown instanceof UsageError || this.signal.aborted) throw thrown;
      await this.fail(thrown);
      return undefined;
    }
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

function connectOptions(globals: GlobalOptions, io: CliIo): ConnectOptions {
  const { env } = io;
  const host = globals.host ?? env['ORCHARD_HOST'];
  const groups = globals.groups ?? env['ORCHARD_GROUPS'];
  const deadlineMs = durationOf(globals.timeout);
  const port = portOf('--port', globals.port ?? env['ORCHARD_RPC_PORT']);
  const httpPort = portOf('--http-port', globals.httpPort ?? env['ORCHARD_HTTP_PORT']);
  const [name, inHost] = hostOf(host);
  return {
    ...(name !== undefined && { host: name }),
    ...((port ?? inHost) !== undefined && { port: (port ?? inHost)! }),
    ...(httpPort !== undefined && { httpPort }),
    user: globals.user || env['ORCHARD_USER'] || io.user,
    groups: groups === undefined ? io.groups : groups.split(',').filter((group) => group !== ''),
    ...(deadlineMs !== undefined && { deadlineMs, longDeadlineMs: deadlineMs }),
    connectMs: Math.min(deadlineMs || CONNECT_MS_MAX, CONNECT_MS_MAX),
    clientName: `orchard-cli/${io.version}`,
  };
}

/** Where a master listens on all addresses, this machine reaches it by the loopback. */
function hostOf(text: string | undefined): [string | undefined, number | undefined] {
  if (text === undefined || text === '') return [undefined, undefined];
  if (text === '0.0.0.0' || text === '::') return ['127.0.0.1', undefined];
  const match = /^([^:]+):(\d+)$/.exec(text);
  return match === null ? [text, undefined] : [match[1]!, portOf('--host', match[2])];
}

function portOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '' || text === '0') return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new UsageError(`${option} ${text}: not a port`, 'a number from 1 to 65535');
}

function durationOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDurationMs(text);
  if (ms !== undefined) return ms;
  throw new UsageError(
    `--timeout ${text}: not a duration`,
    `one like ${formatDurationMs(30_000)} or ${formatDurationMs(600_000)}`,
  );
}
