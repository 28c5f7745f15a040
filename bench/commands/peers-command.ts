/**
 * The command `peers` of the bench.
 */
import { cpus } from 'node:os';
import { SingleBar } from 'cli-progress';
import { Command, InvalidArgumentError } from 'commander';
import { aligned } from '../report.js';
import { RunRecorder, recordOption } from '../results.js';
import { alluxio } from '../peers/alluxio.js';
import { compare } from '../peers/comparison.js';
import { etcd } from '../peers/etcd.js';
import { hdfs } from '../peers/hdfs.js';
import { moosefs } from '../peers/moosefs.js';
import { cells, columns } from '../peers/peers-table.js';
import { redis } from '../peers/redis.js';
import { type PeerRow, runPeers } from '../peers/run-peers.js';
import { type Durability, type Peer, type PeerSizes, peerNames } from '../peers/system.js';
import { type Verb, verbs } from '../peers/wire/dialect.js';
import { zookeeper } from '../peers/zookeeper.js';

const known: readonly Peer[] = [redis, moosefs, zookeeper, etcd, hdfs, alluxio];
const durabilities: readonly Durability[] = ['none', 'group', 'each'];

const ROUNDS_DEFAULT = 5;
const SEED_DEFAULT = 1;
const RPC_THREADS_DEFAULT = 2;

const fullSizes: PeerSizes = {
  directories: 1000,
  files: 100_000,
  entries: 1_000_000,
  listedMin: 2_000_000,
  changesMin: 20_000,
  toolOperations: 100_000,
  seconds: 1,
  warmSeconds: 0.2,
};

const smokeSizes: PeerSizes = {
  directories: 100,
  files: 1000,
  entries: 1000,
  listedMin: 2000,
  changesMin: 500,
  toolOperations: 1000,
  seconds: 0.1,
  warmSeconds: 0.02,
};

type PeersFlags = {
  readonly only: readonly Peer[];
  readonly cases: readonly Verb[];
  readonly durable: readonly Durability[];
  readonly rounds?: number;
  readonly seconds?: number;
  readonly threads: number;
  readonly seed: number;
  readonly json?: true;
  readonly smoke?: true;
  readonly install?: true;
  readonly record?: string;
};

export function peersCommand(): Command {
  return new Command('peers')
    .description('Orchard and other metadata servers, taking turns on this machine')
    .option('--only <peers>', `some of ${peerNames.join(',')}`, listOf(known, nameOf), known)
    .option('--cases <cases>', `some of ${verbs.join(',')}`, listOf<Verb>(verbs, String), verbs)
    .option(
      '--durable <modes>',
      `some of ${durabilities.join(',')}`,
      listOf<Durability>(durabilities, String),
      durabilities,
    )
    .option('--rounds <count>', `turns of each; ${ROUNDS_DEFAULT} if not given`, positive)
    .option('--seconds <count>', 'counted time of each case in each turn', positive)
    .option('--threads <count>', 'RPC threads of our master', positive, RPC_THREADS_DEFAULT)
    .option('--seed <number>', 'of everything that is drawn at random', positive, SEED_DEFAULT)
    .option('--json', 'one JSON object a line')
    .option('--smoke', 'every case at a tiny size: does the bench work?')
    .option('--install', 'fetch the peers into a cache folder; nothing is installed')
    .addOption(recordOption())
    .action(peers);
}

async function peers(flags: PeersFlags): Promise<void> {
  if (flags.install === true) await install(flags.only);
  const present = flags.only.filter((peer) => {
    const why = peer.missing();
    if (why !== undefined) console.error(`· ${peer.title} is skipped: ${why}`);
    return why === undefined;
  });
  if (flags.install === true) return;
  const isSmoke = flags.smoke === true;
  const base = isSmoke ? smokeSizes : fullSizes;
  const sizes = { ...base, seconds: flags.seconds ?? base.seconds };
  const rounds = flags.rounds ?? (isSmoke ? 1 : ROUNDS_DEFAULT);
  const recorder = RunRecorder.of('peers', {
    record: flags.record,
    seed: flags.seed,
    arguments: { rounds, rpcThreads: flags.threads, ...sizes },
    versions: Object.fromEntries(present.map((peer) => [peer.name, peer.version()])),
  });
  const rows: PeerRow[] = [];
  await runPeers({
    peers: present,
    verbs: new Set(flags.cases),
    durabilities: new Set(flags.durable),
    rounds,
    sizes,
    seed: flags.seed,
    rpcThreads: flags.threads,
    tell: (text) => console.error(`· ${text}`),
    row: (row) => {
      rows.push(row);
      recorder.row(row);
      if (flags.json === true) console.log(JSON.stringify(row));
    },
  });
  if (flags.json !== true) console.log(`\n${humanTables(present, rows)}`);
  if (rows.some(({ errors }) => errors > 0)) process.exitCode = 1;
}

function humanTables(present: readonly Peer[], rows: readonly PeerRow[]): string {
  const cores = cpus().length;
  const tables = present.flatMap((peer) => {
    const compared = compare(rows.filter((row) => row.peer === peer.name));
    if (compared.length === 0) return [];
    const lines = aligned([columns, ...compared.map((each) => cells(each, cores))]);
    return [[`${peer.title} ${peer.version()}`, ...lines, ...peer.notes].join('\n')];
  });
  const where = `CPU in cores, server + load generator, both on these ${cores} cores`;
  return [...tables, where].join('\n\n');
}

async function install(chosen: readonly Peer[]): Promise<void> {
  const bar = new SingleBar({
    format: '{bar} {value}/{total} {title}',
    noTTYOutput: true,
    stream: process.stderr,
  });
  bar.start(chosen.length, 0, { title: '' });
  for (const peer of chosen) {
    bar.update({ title: peer.title });
    await peer.install();
    bar.increment({ title: `${peer.title} ${peer.version()}` });
  }
  bar.stop();
}

const nameOf = (peer: Peer): string => peer.name;

function listOf<T>(all: readonly T[], name: (each: T) => string): (text: string) => readonly T[] {
  return (text) =>
    text.split(',').map((part) => {
      const found = all.find((each) => name(each) === part.trim());
      if (found === undefined) {
        throw new InvalidArgumentError(`${part} is none of ${all.map(name).join(', ')}`);
      }
      return found;
    });
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('must be a number above 0');
  return value;
}
