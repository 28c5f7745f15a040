/**
 * What surrounds a run of the command line: its streams, its environment, its way to a master.
 * An argument everywhere, so that tests run the very commands without a process or a network.
 */
import type { Readable, Writable } from 'node:stream';
import type { ConnectOptions, OrchardClient } from '../client/index.js';

/** The part of the client that commands use; tests give a scripted one. */
export type Client = Pick<OrchardClient, keyof OrchardClient>;

export type Terminal = Writable & { readonly isTTY?: boolean; readonly columns?: number };

export type CliIo = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable;
  readonly stdout: Terminal;
  readonly stderr: Terminal;
  /** The user of the process and the groups it is in. */
  readonly user: string;
  readonly groups: readonly string[];
  readonly workingDirectory: string;
  /** Aborted when the user wants the command to stop. */
  readonly signal: AbortSignal;
  readonly version: string;
  connect(options: ConnectOptions): Promise<Client>;
  startMaster(): Promise<void>;
};
