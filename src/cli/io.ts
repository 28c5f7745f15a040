/**
 * The surroundings of a run of the command line: its streams, its environment, its way to a master.
 * They are arguments everywhere, so that tests run the real commands without a process or a
 * network.
 */
import type { Readable, Writable } from 'node:stream';
import type { ConnectOptions, DigestReport, OrchardClient, VerifyReport } from '../client/index.js';

/** The part of the client that commands use; tests give a scripted one. */
export type Client = Pick<OrchardClient, keyof OrchardClient>;

export type Terminal = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** A bulk import, as the command asks for it. */
export type ImportOrder = {
  readonly path: string;
  /** Undefined: the store behind the path is walked. */
  readonly manifests: readonly string[];
  readonly format: 'csv' | 's3-inventory';
  readonly columns: string | undefined;
  readonly isUrlEncoded: boolean;
  readonly isStrict: boolean;
  /** Between two checkpoints; the usual many without it. */
  readonly commitRows: number | undefined;
  readonly signal: AbortSignal;
  /** share: of the source, 0 = not known. */
  readonly onProgress: (progress: { readonly entries: number; readonly share: number }) => void;
};

export type ImportOutcome = {
  readonly files: number;
  readonly directories: number;
  readonly bytes: number;
  readonly entries: number;
  readonly resumedEntries: number;
  readonly seconds: number;
  readonly isSorted: boolean;
  readonly rejects: {
    readonly count: number;
    readonly byReason: Readonly<Record<string, number>>;
    readonly first: readonly {
      readonly line: number;
      readonly reason: string;
      readonly text: string;
    }[];
  };
};

export type OfflineControl = {
  readonly signal: AbortSignal;
  readonly onProgress: (step: { done: number; total: number; path: string }) => void;
};

export type RestoreReport = {
  readonly directory: string;
  readonly clusterId: string;
  readonly clusterName: string;
  readonly seq: number;
  readonly inodes: number;
  readonly entries: number;
};

/** What master/offline.ts does. */
export type OfflineMaster = {
  verify(dataDir: string, control: OfflineControl): Promise<VerifyReport>;
  digest(dataDir: string, control: OfflineControl): Promise<DigestReport>;
  restore(file: string, dataDir: string, control: OfflineControl): Promise<RestoreReport>;
};

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
  /** Into the data directory of this environment. */
  importTree(order: ImportOrder): Promise<ImportOutcome>;
  /** Gives up an unfinished import; its path, if there was one. */
  dropImport(): Promise<string | undefined>;
  /** For data directories that no master runs on. */
  offline(): Promise<OfflineMaster>;
};
