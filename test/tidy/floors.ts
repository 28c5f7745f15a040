/**
 * Who may import whom, as data. A folder sees what its line lists, and itself; imports go down, so
 * no line can lead back to its own folder. An entry that no file uses any more fails the test: the
 * list says what is, not what could be.
 *
 * A path belongs to the longest folder that it begins with. New folders of the plan (cluster,
 * worker, web) get their line with their first file; docs/ARCHITECTURE.md has their places.
 */

/** In the order of the house, from the ground up. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  wire: ['base'],
  net: ['base', 'wire'],
  api: ['base'],
  stores: ['base'],
  process: ['base'],
  'master/memory': ['base', 'wire'],
  'master/settings': ['base', 'master/memory'],
  'master/storage': ['base', 'master/memory'],
  'master/lock': ['base', 'master/memory'],
  'master/journal': ['base', 'master/memory'],
  'master/journal/local': ['base', 'master/memory', 'master/journal'],
  'master/tier': ['base', 'master/memory', 'master/storage'],
  'master/mount': ['base', 'stores', 'master/memory'],
  'master/path': ['base', 'master/memory', 'master/lock'],
  'master/executor': [
    'base',
    'master/memory',
    'master/storage',
    'master/lock',
    'master/journal',
    'master/tier',
    'master/mount',
    'master/path',
  ],
  'master/ops/mechanism': [
    'base',
    'master/memory',
    'master/storage',
    'master/lock',
    'master/mount',
    'master/path',
    'master/executor',
  ],
  'master/ops/verbs': [
    'base',
    'stores',
    'master/memory',
    'master/storage',
    'master/lock',
    'master/mount',
    'master/path',
    'master/executor',
    'master/ops/mechanism',
  ],
  'master/commit': ['base', 'master/memory', 'master/journal', 'master/tier', 'master/executor'],
  'master/handler': [
    'base',
    'wire',
    'net',
    'master/memory',
    'master/mount',
    'master/executor',
    'master/ops/mechanism',
    'master/ops/verbs',
  ],
  'master/background': [
    'base',
    'stores',
    'master/memory',
    'master/settings',
    'master/storage',
    'master/mount',
    'master/path',
    'master/executor',
    'master/ops/mechanism',
    'master/ops/verbs',
  ],
  'master/inspect': [
    'base',
    'master/memory',
    'master/storage',
    'master/journal',
    'master/tier',
    'master/mount',
    'master/ops/mechanism',
  ],
  'master/bulk-import': [
    'base',
    'stores',
    'master/memory',
    'master/storage',
    'master/tier',
    'master/mount',
  ],
  'master/service': [
    'base',
    'wire',
    'stores',
    'api',
    'master/memory',
    'master/mount',
    'master/path',
    'master/executor',
    'master/ops/mechanism',
    'master/ops/verbs',
  ],
  'surfaces/admin': ['net', 'process'],
  'surfaces/data': ['base', 'net', 'api'],
  'surfaces/webhdfs': ['base', 'net', 'api'],
  'master/main': [
    'base',
    'wire',
    'net',
    'stores',
    'process',
    'master/memory',
    'master/settings',
    'master/storage',
    'master/journal',
    'master/tier',
    'master/mount',
    'master/executor',
    'master/ops/mechanism',
    'master/ops/verbs',
    'master/commit',
    'master/handler',
    'master/background',
    'master/inspect',
    'master/bulk-import',
    'master/service',
    'surfaces/admin',
    'surfaces/data',
    'surfaces/webhdfs',
  ],
  client: ['base', 'wire', 'api'],
  cli: ['base', 'client'],
  demo: ['client', 'cli'],
};

/**
 * Single files that see more than their folder; `to` is a file, or a folder with its slash. The few
 * commands that work on a master's data see the composition root, each by one file. Which journal
 * there is, the place that opens it knows, what sets up the directory that a local one lies in, and
 * the tool that takes one apart; all others have the contract.
 */
export const DOORS: readonly (readonly [from: RegExp, to: string])[] = [
  [/^src\/master\/main\/open-journal\.ts$/, 'src/master/journal/local/local-journal.ts'],
  [/^src\/master\/main\/(data-directory|journal-tool)\.ts$/, 'src/master/journal/local/'],
  [/^src\/cli\/master-door\.ts$/, 'src/master/main/main.ts'],
  [/^src\/cli\/master-door\.ts$/, 'src/master/main/import-main.ts'],
  [/^src\/cli\/master-door\.ts$/, 'src/master/main/offline.ts'],
  [/^src\/cli\/journal-door\.ts$/, 'src/master/main/journal-tool.ts'],
  [/^src\/cli\/store-door\.ts$/, 'src/stores/options.ts'],
  [/^src\/cli\/local-config\.ts$/, 'src/master/settings/config.ts'],
];

/** Pure folders: nothing of node, so that time, disk and network come in as arguments. */
export const PURE = [
  'base',
  'master/lock',
  'master/path',
  'master/ops/mechanism',
  'master/ops/verbs',
] as const;

/** Where raw Atomics are at home; everybody else goes through these. */
export const ATOMICS_ALLOWED: readonly RegExp[] = [
  /^src\/master\/(lock|tier|memory|journal|executor|commit)\//,
  /^src\/master\/main\/[\w-]*(thread|prefault)[\w-]*\.ts$/,
  /^(test|bench)\//,
];

/** Programs and threads: what is started by name, not imported. */
export const ENTRIES: readonly RegExp[] = [
  /^src\/(cli|demo)\/main\.ts$/,
  /^src\/client\/index\.ts$/,
  /^src\/master\/[\w-]+\/[\w-]+-thread\.ts$/,
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
  [/^src\/master\/main\/main\.ts$/, [...HEAVY, 'flatbuffers']],
  [
    /^src\/master\/main\/(door|writer|flusher)-thread\.ts$/,
    [...HEAVY, 'flatbuffers', 'zod', 'pino', 'piscina'],
  ],
  [
    /^src\/master\/(main\/(shard|inspection)|background\/\w+)-thread\.ts$/,
    [...HEAVY, 'zod', 'pino', 'piscina'],
  ],
];

/** Files of src that only tests import, each with its reason. */
export const TEST_ONLY: readonly (readonly [path: RegExp, why: string])[] = [
  [/^src\/master\/settings\/config\.ts$/, 'a test writes the document from the table'],
  [/^src\/master\/memory\/twin\/.*\.ts$/, 'twins of the kernels: the tests compare the two'],
];

/** Files with a function longer than the limit, and its lines: may shrink, may not grow. */
export const LONG_FUNCTIONS: Readonly<Record<string, number>> = {};
