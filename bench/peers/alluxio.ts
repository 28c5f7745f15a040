/**
 * Alluxio 2: its master, over gRPC, loaded by its own StressMasterBench.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fetchMaven, mavenClassPath, missingMaven, programPath } from './packages.js';
import { freePorts, LOOPBACK, ServerDirectory, ServerProcess } from './server-process.js';
import { type Peer, type StartSetting, type Step, type System, step } from './system.js';
import { runTool } from './tool-run.js';
import type { Verb } from './wire/dialect.js';
import type { Figures } from './wire/peer-job.js';

const VERSION = '2.9.6';
const ARTIFACTS = ['core-server-master', 'stress-shell', 'underfs-local'].map(
  (name) => `org.alluxio:alluxio-${name}:${VERSION}`,
);
const MASTER = 'alluxio.master.AlluxioMaster';
const FORMAT = 'alluxio.cli.Format';
const TOOL = 'alluxio.stress.cli.StressMasterBench';
const CLIENTS_MAX = 10;
/** Entries of the directories that the tool lists. */
const LISTED_ENTRIES = 500;
/** What stat and list read, and nothing changes. */
const READ_BASE = 'bench-read';
/** Operations a second that it never reaches: without this it holds itself back to 1,000. */
const UNLIMITED = '100000000';
const WARM_SHARE = 3;
const SECONDS_SHARE = 3;
const CHANGES_SHARE = 5;
const MS = 1000;

/** It was written for Java 8 and 11. */
const opened = ['lang', 'nio', 'util', 'util.concurrent'].map((name) => `java.base/java.${name}`);

const verbOperations: Record<Verb, string> = {
  create: 'CreateFile',
  stat: 'GetFileStatus',
  rename: 'RenameFile',
  delete: 'DeleteFile',
  list: 'ListDir',
};

const listShallow: Step = { ...step.statShallow, verb: 'list' };
const writes = [step.createShallow, step.renameShallow, step.deleteShallow];

export const alluxio: Peer = {
  name: 'alluxio',
  title: 'Alluxio master',
  missing: () => missingMaven('alluxio', ARTIFACTS[0] ?? ''),
  install: () => fetchMaven('alluxio', ARTIFACTS),
  version: () => VERSION,
  plans: [
    {
      durability: 'group',
      ours: 'group',
      writes,
      reads: [step.statShallow, listShallow],
    },
    { durability: 'none', ours: 'none', writes: [step.createShallow], reads: [] },
  ],
  entriesMax: LISTED_ENTRIES,
  start,
  notes: [
    'StressMasterBench, 50 threads with 10 native clients over gRPC, from a JVM started for ' +
      'each figure, with its own warm-up; MUST_CACHE, so no store is written. A listing is of ' +
      '500 entries; the figure is entries a second. Permissions are on; metadata is on the heap.',
    'group: the embedded (Raft) journal of one master; none: the journal in a local folder, ' +
      'which flushes but does not sync.',
  ],
};

async function start(setting: StartSetting): Promise<System> {
  const directory = new ServerDirectory('alluxio');
  const [port = 0, webPort, journalPort] = await freePorts(3);
  const folder = (name: string): string => {
    const path = join(directory.path, name);
    mkdirSync(path);
    return path;
  };
  const isDurable = setting.durability !== 'none';
  const properties = {
    home: directory.path,
    'logs.dir': folder('logs'),
    'master.hostname': LOOPBACK,
    'master.rpc.port': port,
    'master.web.port': webPort,
    'master.journal.type': isDurable ? 'EMBEDDED' : 'UFS',
    'master.journal.folder': folder('journal'),
    'master.embedded.journal.port': journalPort,
    'master.embedded.journal.addresses': `${LOOPBACK}:${journalPort}`,
    'master.mount.table.root.ufs': folder('ufs'),
    'master.metastore': 'HEAP',
    'user.metrics.collection.enabled': false,
  };
  const java = programPath('java') ?? 'java';
  const args = [
    '-Xmx4g',
    ...opened.flatMap((name) => ['--add-opens', `${name}=ALL-UNNAMED`]),
    ...['--add-opens', 'java.base/sun.nio.ch=ALL-UNNAMED'],
    ...Object.entries(properties).map(([name, value]) => `-Dalluxio.${name}=${value}`),
    ...['-cp', mavenClassPath('alluxio')],
  ];
  const cwd = directory.path;
  execFileSync(java, [...args, FORMAT, 'master'], { cwd, stdio: 'ignore' });
  const command = { program: java, args: [...args, MASTER], port };
  const server = await ServerProcess.start(directory, command);
  return new AlluxioSystem(server, setting, { java, args, cwd });
}

type Client = { readonly java: string; readonly args: readonly string[]; readonly cwd: string };

/** What of the tool's report is used. */
type Report = {
  readonly durationMs: number;
  readonly endTimeMs: number;
  readonly statistics: {
    readonly mNumSuccesses: number;
    /** By percentile, 0 to 100. */
    readonly mTimePercentileMs: readonly number[];
  };
  readonly nodeResults: Readonly<Record<string, { readonly errors: readonly string[] }>>;
};

class AlluxioSystem implements System {
  readonly #server: ServerProcess;
  readonly #setting: StartSetting;
  readonly #client: Client;
  #bases = 0;

  constructor(server: ServerProcess, setting: StartSetting, client: Client) {
    this.#server = server;
    this.#setting = setting;
    this.#client = client;
  }

  pid(): number {
    return this.#server.target.pid;
  }

  async prepare(steps: readonly Step[]): Promise<void> {
    const [first] = steps;
    if (first === undefined) return;
    await this.#run('CreateFile', first, { base: READ_BASE, end: forCount(LISTED_ENTRIES) });
  }

  async measure(step: Step): Promise<Figures> {
    const { verb } = step;
    const operation = verbOperations[verb];
    if (verb === 'stat' || verb === 'list') {
      const how = { base: READ_BASE, end: this.#forSeconds() };
      const figures = await this.#run(operation, step, how);
      const each = verb === 'list' ? LISTED_ENTRIES : 1;
      return { ...figures, operations: figures.operations * each };
    }
    // A folder of its own each time, for the tool would first empty one that is there.
    const base = `bench-${++this.#bases}`;
    if (verb === 'create') return this.#run(operation, step, { base, end: this.#forSeconds() });
    const end = forCount(Math.ceil(this.#setting.sizes.toolOperations / CHANGES_SHARE));
    await this.#run('CreateFile', step, { base, end });
    return this.#run(operation, step, { base, end });
  }

  discard(): Promise<void> {
    return this.#server.discard();
  }

  #forSeconds(): string[] {
    const { seconds } = this.#setting.sizes;
    const text = (share: number): string => `${Math.ceil(seconds * share * MS)}ms`;
    return ['--warmup', text(WARM_SHARE), '--duration', text(SECONDS_SHARE)];
  }

  async #run(
    operation: string,
    { connections }: Step,
    { base, end }: { base: string; end: readonly string[] },
  ): Promise<Figures> {
    const { java, args, cwd } = this.#client;
    const clients = String(Math.min(connections, CLIENTS_MAX));
    const run = await runTool({
      program: java,
      args: [
        ...[...args, TOOL, '--in-process', '--operation', operation],
        ...['--base', `alluxio:///${base}`, '--client-type', 'AlluxioNative'],
        ...['--write-type', 'MUST_CACHE'],
        ...['--threads', String(connections), '--clients', clients],
        ...['--fixed-count', String(LISTED_ENTRIES), '--target-throughput', UNLIMITED, ...end],
      ],
      cwd,
      serverPid: this.#server.target.pid,
    });
    const { durationMs, endTimeMs, statistics, nodeResults } = reportOf(run.output);
    const errors = Object.values(nodeResults).flatMap((node) => node.errors);
    const percentile = (at: number): number | null => statistics.mTimePercentileMs[at] ?? null;
    return {
      operations: statistics.mNumSuccesses,
      elapsedMs: durationMs,
      p50Ms: percentile(50),
      p99Ms: percentile(99),
      ...run.cpuBetween(endTimeMs - durationMs, endTimeMs),
      errors: errors.length,
      firstError: errors[0],
    };
  }
}

const forCount = (count: number): string[] => ['--stop-count', String(count), '--warmup', '0s'];

/** The tool prints its report as one JSON object among lines of its libraries. */
function reportOf(output: string): Report {
  const begin = output.indexOf('\n{');
  const end = output.lastIndexOf('\n}');
  if (begin < 0 || end < begin) throw new Error(`no report of ${TOOL}: ${output.slice(-2000)}`);
  return JSON.parse(output.slice(begin, end + 2)) as Report;
}
