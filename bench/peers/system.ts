/**
 * The one contract of what is measured: Orchard and each peer are a System that takes the same
 * steps, one after the other, on loopback, with their data in a directory that goes with them.
 */
import type { PeerLoad } from './peer-load.js';
import type { Verb } from './wire/dialect.js';
import type { Figures } from './wire/peer-job.js';

/**
 * What has happened when a write is answered:
 *   none   it is in memory, and perhaps with the operating system
 *   group  it is on disk, synced together with what others wrote meanwhile
 *   each   it is on disk, by a sync of its own
 */
export type Durability = 'none' | 'group' | 'each';

export type Step = {
  readonly verb: Verb;
  readonly connections: number;
  readonly depth: number;
  /** The peer's own load generator in place of ours. */
  readonly tool?: string;
};

/** Of a run: smoke sizes measure nothing, they prove that the bench works. */
export type PeerSizes = {
  readonly directories: number;
  /** Files that stat draws from. */
  readonly files: number;
  /** A listing has so many entries, or fewer where a peer says so. */
  readonly entries: number;
  /** Entries that the listings of one step bring at least. */
  readonly listedMin: number;
  /** Files that rename and delete want to have. */
  readonly changesMin: number;
  /** Operations of a peer's own tool, where it counts and not the clock ends it. */
  readonly toolOperations: number;
  readonly seconds: number;
  readonly warmSeconds: number;
};

export type StartSetting = {
  readonly durability: Durability;
  readonly sizes: PeerSizes;
  readonly seed: number;
  readonly load: PeerLoad;
  readonly tell: (text: string) => void;
};

export type System = {
  /** Of its server, which is paused while another is loaded. */
  pid(): number;
  /** What stat and list will read. */
  prepare(steps: readonly Step[]): Promise<void>;
  measure(step: Step): Promise<Figures>;
  /** Between the writes and the reads. */
  settle?(): Promise<void>;
  /** Ends its process and removes what it stored. */
  discard(): Promise<void>;
};

/** One durability of a peer beside the one of ours that promises the same. */
export type Plan = {
  readonly durability: Durability;
  readonly ours: Durability;
  readonly writes: readonly Step[];
  readonly reads: readonly Step[];
};

export const peerNames = ['redis', 'moosefs', 'zookeeper', 'etcd', 'hdfs', 'alluxio'] as const;
export type PeerName = (typeof peerNames)[number];

export type Peer = {
  readonly name: PeerName;
  readonly title: string;
  /** Why it cannot be measured here, and what to do; undefined: it can. */
  missing(): string | undefined;
  install(): Promise<void>;
  version(): string;
  readonly plans: readonly Plan[];
  /** Entries of its listing, where not the size decides. */
  readonly entriesMax?: number;
  start(setting: StartSetting): Promise<System>;
  /** What a reader must know to compare fairly. */
  readonly notes: readonly string[];
};

const shallow = { connections: 50, depth: 1 } as const;
const wide = { connections: 50, depth: 32 } as const;
/** One caller at a time: each write has a sync of its own. */
const alone = { connections: 1, depth: 1 } as const;

export const step = {
  createAlone: { verb: 'create', ...alone },
  createShallow: { verb: 'create', ...shallow },
  createWide: { verb: 'create', ...wide },
  renameShallow: { verb: 'rename', ...shallow },
  renameWide: { verb: 'rename', ...wide },
  deleteShallow: { verb: 'delete', ...shallow },
  deleteWide: { verb: 'delete', ...wide },
  statShallow: { verb: 'stat', ...shallow },
  statWide: { verb: 'stat', ...wide },
  list: { verb: 'list', ...alone },
} as const satisfies Record<string, Step>;
