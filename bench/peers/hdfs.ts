/**
 * HDFS: its NameNode, over RPC, loaded by its own NNThroughputBenchmark.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetchMaven, mavenClassPath, missingMaven, programPath } from './packages.js';
import { freePorts, LOOPBACK, ServerDirectory, ServerProcess } from './server-process.js';
import { type Peer, type StartSetting, type Step, type System, step } from './system.js';
import { runTool } from './tool-run.js';
import type { Verb } from './wire/dialect.js';
import type { Figures } from './wire/peer-job.js';

const VERSION = '3.4.2';
const ARTIFACT = `org.apache.hadoop:hadoop-minicluster:${VERSION}`;
const NAMENODE = 'org.apache.hadoop.hdfs.server.namenode.NameNode';
const TOOL = 'org.apache.hadoop.hdfs.server.namenode.NNThroughputBenchmark';
const FILES_PER_DIRECTORY = 100;
/** Its operations are slower than those of others by so much that fewer will do. */
const OPERATIONS_SHARE = 5;
const MS = 1000;

const operations: Partial<Record<Verb, string>> = {
  create: 'create',
  stat: 'fileStatus',
  rename: 'rename',
  delete: 'delete',
};

export const hdfs: Peer = {
  name: 'hdfs',
  title: 'HDFS NameNode',
  missing: () => missingMaven('hdfs', ARTIFACT),
  install: () => fetchMaven('hdfs', [ARTIFACT]),
  version: () => VERSION,
  plans: [
    {
      durability: 'group',
      ours: 'group',
      writes: [step.createShallow, step.renameShallow, step.deleteShallow],
      reads: [step.statShallow],
    },
    { durability: 'none', ours: 'none', writes: [step.createShallow], reads: [] },
  ],
  start,
  notes: [
    'NNThroughputBenchmark, 50 threads over Hadoop RPC from a JVM started for each figure: it ' +
      'has no warm-up, gives no percentiles (? in the table), and its create is two calls, ' +
      'create and complete.',
    'group: the default, the edit log is synced for the calls that have gathered; none: ' +
      'dfs.namenode.edits.noeditlogchannelflush. Permissions are on.',
  ],
};

async function start(setting: StartSetting): Promise<System> {
  const directory = new ServerDirectory('hdfs');
  const [port = 0, httpPort] = await freePorts(2);
  const conf = join(directory.path, 'conf');
  mkdirSync(conf);
  writeFileSync(join(conf, 'log4j.properties'), LOGGING);
  const properties = {
    'fs.defaultFS': `hdfs://${LOOPBACK}:${port}`,
    'dfs.namenode.rpc-address': `${LOOPBACK}:${port}`,
    'dfs.namenode.http-address': `${LOOPBACK}:${httpPort}`,
    'dfs.namenode.name.dir': `file://${join(directory.path, 'name')}`,
    'dfs.namenode.fs-limits.min-block-size': 16,
    'dfs.namenode.handler.count': 20,
    'dfs.namenode.edits.noeditlogchannelflush': setting.durability === 'none',
  };
  const xml = Object.entries(properties).map(
    ([name, value]) => `<property><name>${name}</name><value>${value}</value></property>`,
  );
  for (const file of ['core-site.xml', 'hdfs-site.xml']) {
    writeFileSync(join(conf, file), `<configuration>${xml.join('\n')}</configuration>`);
  }
  const java = programPath('java') ?? 'java';
  const args = ['-Xmx4g', '-cp', `${conf}:${mavenClassPath('hdfs')}`];
  const cwd = directory.path;
  execFileSync(java, [...args, NAMENODE, '-format', '-nonInteractive'], { cwd, stdio: 'ignore' });
  const server = await ServerProcess.start(directory, {
    program: java,
    args: [...args, NAMENODE],
    port,
  });
  return new HdfsSystem(server, setting, { java, args, cwd });
}

type Client = { readonly java: string; readonly args: readonly string[]; readonly cwd: string };

class HdfsSystem implements System {
  readonly #server: ServerProcess;
  readonly #setting: StartSetting;
  readonly #client: Client;

  constructor(server: ServerProcess, setting: StartSetting, client: Client) {
    this.#server = server;
    this.#setting = setting;
    this.#client = client;
  }

  pid(): number {
    return this.#server.target.pid;
  }

  /** The tool makes what it needs. */
  async prepare(): Promise<void> {}

  async measure({ verb, connections }: Step): Promise<Figures> {
    const operation = operations[verb];
    if (operation === undefined) throw new Error(`NNThroughputBenchmark has no ${verb}`);
    const { port, pid } = this.#server.target;
    const files = Math.ceil(this.#setting.sizes.toolOperations / OPERATIONS_SHARE);
    let doneAtMs = 0;
    const { java, args, cwd } = this.#client;
    const run = await runTool({
      program: java,
      args: [
        ...[...args, TOOL, '-fs', `hdfs://${LOOPBACK}:${port}`, '-op', operation],
        ...['-threads', String(connections), '-files', String(files)],
        ...['-filesPerDir', String(FILES_PER_DIRECTORY)],
      ],
      cwd,
      serverPid: pid,
      onOutput: (text) => {
        if (doneAtMs === 0 && text.includes(`--- ${operation} stats`)) doneAtMs = Date.now();
      },
    });
    const stats = run.output.slice(run.output.indexOf(`--- ${operation} stats`));
    const count = Number(/# operations: (\d+)/.exec(stats)?.[1]);
    const rate = Number(/Ops per sec: ([\d.E]+)/.exec(stats)?.[1]);
    if (!(count > 0 && rate > 0)) throw new Error(`no figure of ${operation}: ${run.output}`);
    const elapsedMs = (count / rate) * MS;
    return {
      operations: count,
      elapsedMs,
      p50Ms: null,
      p99Ms: null,
      ...run.cpuBetween(doneAtMs - elapsedMs, doneAtMs),
      errors: 0,
    };
  }

  discard(): Promise<void> {
    return this.#server.discard();
  }
}

const LOGGING = `log4j.rootLogger=WARN,console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.target=System.err
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%m%n
log4j.logger.${TOOL}=INFO
`;
