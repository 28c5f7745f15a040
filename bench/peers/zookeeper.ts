/**
 * ZooKeeper: a replicated tree in memory, here one server. Every write goes to its log.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pRetry from 'p-retry';
import { DEBIAN_ROOT, fetchDebian, programPath } from './packages.js';
import { freePorts, LOOPBACK, ServerDirectory, ServerProcess } from './server-process.js';
import { type Peer, type StartSetting, type System, step } from './system.js';
import { exchange } from './wire/exchange.js';
import { connectRequest, createZnode, frameBytes, isCreated } from './wire/zookeeper-dialect.js';
import { WireSystem } from './wire-system.js';

const PACKAGE = 'libzookeeper-java';
const JARS = join(DEBIAN_ROOT, 'usr/share/java');
const JARS_OF_SYSTEM = '/usr/share/java';
const MAIN = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
const ENTRIES_MAX = 100_000;
const UPPER_DIRECTORIES = 100;
const READY_RETRIES = 100;
const READY_RETRY_MS = 100;

const writes = [step.createShallow, step.createWide, step.deleteWide];

export const zookeeper: Peer = {
  name: 'zookeeper',
  title: 'ZooKeeper',
  missing: () => {
    if (programPath('java') === undefined) {
      return 'java is not here: install a JDK (Debian package default-jre-headless)';
    }
    if (jars(JARS).includes('zookeeper.jar')) return undefined;
    if (jars(JARS_OF_SYSTEM).includes('zookeeper.jar')) return undefined;
    return (
      'ZooKeeper is not here: npm run bench -- peers --install fetches it into a cache folder ' +
      `(Debian package ${PACKAGE})`
    );
  },
  install: () => fetchDebian([PACKAGE]),
  version: () =>
    [...jars(JARS), ...jars(JARS_OF_SYSTEM)]
      .map((name) => /^zookeeper-(\d[\d.]*\d)\.jar$/.exec(name)?.[1])
      .find((version) => version !== undefined) ?? 'unknown',
  plans: [
    {
      durability: 'group',
      ours: 'group',
      writes: [step.createAlone, ...writes],
      reads: [step.statShallow, step.statWide, step.list],
    },
    { durability: 'none', ours: 'none', writes, reads: [] },
  ],
  entriesMax: ENTRIES_MAX,
  start,
  notes: [
    'A file is a znode of 100 bytes, open to everybody, at the same full path of depth 4; ' +
      'stat is exists. No rename. A listing is names only, of 100,000 children.',
    'group: the default, one sync for the requests that have gathered; none: forceSync=no. Reads ' +
      'may be old, as is its default.',
  ],
};

function jars(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.jar'));
  } catch {
    // No such folder: nothing of Java was unpacked or installed there.
    return [];
  }
}

async function start(setting: StartSetting): Promise<System> {
  const directory = new ServerDirectory('zookeeper');
  const [port = 0] = await freePorts(1);
  const configuration = join(directory.path, 'zoo.cfg');
  const lines = {
    dataDir: join(directory.path, 'data'),
    clientPort: port,
    clientPortAddress: LOOPBACK,
    tickTime: 2000,
    maxClientCnxns: 0,
    'admin.enableServer': false,
  };
  const text = Object.entries(lines).map(([key, value]) => `${key}=${value}\n`);
  writeFileSync(configuration, text.join(''));
  const server = await ServerProcess.start(directory, {
    program: programPath('java') ?? 'java',
    args: [
      ...['-Xmx4g', '-Dzookeeper.jmx.log4j.disable=true'],
      `-Dzookeeper.forceSync=${setting.durability === 'none' ? 'no' : 'yes'}`,
      ...['-cp', `${JARS}/*:${JARS_OF_SYSTEM}/zookeeper.jar:${JARS_OF_SYSTEM}/slf4j-api.jar`],
      ...[MAIN, configuration],
    ],
    port,
  });
  // Its port is open before it serves, and a session that is asked for too early gets no answer.
  const greet = () => exchange(server.target, [connectRequest()], frameBytes);
  await pRetry(greet, { retries: READY_RETRIES, minTimeout: READY_RETRY_MS, factor: 1 });
  await makeDirectories(server.target, setting.sizes.directories);
  const entries = Math.min(setting.sizes.entries, ENTRIES_MAX);
  return new WireSystem({ protocol: 'zookeeper', server, setting, entries });
}

/** The leaf directories of the bench, and all above them. */
async function makeDirectories(
  address: { host: string; port: number },
  leaves: number,
): Promise<void> {
  const two = (value: number): string => String(value).padStart(2, '0');
  const paths = ['/flat', '/bench'];
  for (let leaf = 0; leaf < leaves; leaf++) {
    const upper = `/bench/a${two(Math.floor(leaf / UPPER_DIRECTORIES))}`;
    if (leaf % UPPER_DIRECTORIES === 0) paths.push(upper);
    paths.push(`${upper}/b${two(leaf % UPPER_DIRECTORIES)}`);
  }
  const requests = paths.map((path, index) => createZnode(index + 1, path));
  const replies = await exchange(address, [connectRequest(), ...requests], frameBytes);
  if (!replies.slice(1).every(isCreated)) throw new Error('a directory was not created');
}
