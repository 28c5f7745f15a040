/**
 * Who may import whom, as data. A folder of src is a floor, and imports go down: to lower floors
 * and within the folder. What goes sideways is listed, one line each, with its reason.
 */

export const FLOORS: Readonly<Record<string, number>> = {
  base: 0,
  kernel: 1,
  protocol: 1,
  storage: 1,
  journal: 2,
  lock: 2,
  tier: 3,
  ufs: 3,
  inode: 3,
  mount: 3,
  path: 4,
  executor: 4,
  ops: 5,
  commit: 5,
  rpc: 6,
  http: 6,
  background: 6,
  snapshot: 6,
  handler: 6,
  import: 6,
  master: 7,
};

/** Between folders of one floor: from, to, and why. */
export const SIDEWAYS: readonly (readonly [from: string, to: string, why: string])[] = [
  ['mount', 'ufs', 'a mount is a path over a store'],
  ['inode', 'tier', 'an inode is read from tier 1'],
  ['handler', 'rpc', 'the handler answers through the ports of the edge'],
  ['executor', 'path', 'an executor walks and locks paths for the operations'],
];

/** Folders beside the house: they see only what is listed. */
export const GUESTS: Readonly<Record<string, readonly string[]>> = {
  client: ['base', 'protocol'],
  cli: ['base', 'client'],
  demo: ['base', 'client', 'cli'],
};

/** The few commands that work on a master's data see the composition root, by one file. */
export const DOORS: readonly (readonly [from: RegExp, to: string])[] = [
  [/^src\/cli\/(commands\/)?master[\w-]*\.ts$/, 'src/master/main.ts'],
  [/^src\/cli\/master-door\.ts$/, 'src/master/import-main.ts'],
  [/^src\/cli\/master-door\.ts$/, 'src/master/offline.ts'],
  [/^src\/cli\/journal-door\.ts$/, 'src/master/journal-tool.ts'],
];

/** Pure folders: nothing of node, so that time, disk and network come in as arguments. */
export const PURE = ['base', 'lock', 'path', 'ops'] as const;

/** Where raw Atomics are at home; everybody else goes through these. */
export const ATOMICS_ALLOWED: readonly RegExp[] = [
  /^src\/(lock|tier|kernel|journal|executor|commit)\//,
  /^src\/master\/[\w-]*(thread|doorbell|executor|prefault)[\w-]*\.ts$/,
  /^(test|bench)\//,
];

/** Programs and threads: what is started by name, not imported. */
export const ENTRIES: readonly RegExp[] = [
  /^src\/(cli|demo)\/main\.ts$/,
  /^src\/client\/index\.ts$/,
  /^src\/(master|background)\/[\w-]+-thread\.ts$/,
  /\.d\.ts$/,
  /^bench\/(main|[\w-]+-(process|thread))\.ts$/,
];

const HEAVY = ['undici', 'cli-progress', 'prom-client', '@aws-sdk/client-s3'] as const;

/**
 * Packages that a program or thread may not reach by plain imports: each costs its start 50 to
 * 150 ms of CPU. `import()`, or a file of its own for what needs them, leads around.
 */
export const LIGHT: readonly (readonly [entry: RegExp, without: readonly string[]])[] = [
  [
    /^src\/cli\/main\.ts$/,
    [...HEAVY, 'flatbuffers', 'lmdb', 'pino', 'piscina', 'p-retry', 'uWebSockets.js'],
  ],
  [/^src\/master\/main\.ts$/, HEAVY],
  [
    /^src\/(master\/(shard|writer|flusher|inspection)|background\/background)-thread\.ts$/,
    [...HEAVY, 'zod', 'pino', 'piscina'],
  ],
];

/** Files of src that only tests import, each with its reason. */
export const TEST_ONLY: readonly (readonly [path: RegExp, why: string])[] = [
  [/^src\/kernel\/.*twin.*\.ts$/, 'twins of the kernels: the tests compare the two'],
  [/^src\/storage\/memory-.*\.ts$/, 'the in-memory twin of LMDB'],
];

/** Files with a function longer than the limit, and its lines: may shrink, may not grow. */
export const LONG_FUNCTIONS: Readonly<Record<string, number>> = {};
