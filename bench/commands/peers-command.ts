/**
 * The command `peers` of the bench.
 */
import { cpus } from 'node:os';
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';
import { Command } from 'commander';
import { jsonLine } from '../json-line.js';
import { alluxio } from '../peers/alluxio.js';
import { type Comparison, compare } from '../peers/comparison.js';
import { etcd } from '../peers/etcd.js';
import { hdfs } from '../peers/hdfs.js';
import { moosefs } from '../peers/moosefs.js';
import { writePeersSection } from '../peers/peers-section.js';
import { cells, columns } from '../peers/peers-table.js';
import { readRecordedRows } from '../peers/recorded-rows.js';
import { redis } from '../peers/redis.js';
import { type PeerRow, runPeers } from '../peers/run-peers.js';
import {
  type Durability,
  type Peer,
  type PeerName,
  type PeerSizes,
  peerNames,
} from '../peers/system.js';
import { type Verb, verbs } from '../peers/wire/dialect.js';
import { zookeeper } from '../peers/zookeeper.js';
import { aligned } from '../report.js';
import { RESULTS_DIR, ROOT, RunRecorder, recordOption } from '../results.js';
import { namesOf, positive, RPC_THREADS_DEFAULT, seedOption, tell } from './values.js';

const known: readonly Peer[] = [redis, moosefs, zookeeper, etcd, hdfs, alluxio];
const durabilities: readonly Durability[] = ['none', 'group', 'each'];

const ROUNDS_DEFAULT = 5;

const HELP = `
Both servers are loaded in turns, A-B-A-B, so a figure of one is compared with the figure of the
other a moment before or after; who has no turn is held, background work and all. A peer
that is not here is skipped, and it is said how to get it; --install fetches all, or those of
--only, without touching the system.

examples:
  npm run bench -- peers --install
  npm run bench -- peers --only redis,etcd --cases create,stat
  npm run bench -- peers --only moosefs --rounds 7 --seconds 2 --record`;

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
  readonly only?: readonly PeerName[];
  readonly cases?: readonly Verb[];
  readonly durable?: readonly Durability[];
  readonly rounds?: number;
  readonly seconds?: number;
  readonly threads: number;
  readonly seed: number;
  readonly json?: true;
  readonly smoke?: true;
  readonly install?: true;
  readonly report?: true;
  readonly record?: string;
};

export const peersCommand = (): Command =>
  new Command('peers')
    .description('Orchard and other metadata servers, taking turns on this machine')
    .option('--only <peers>', `some of ${peerNames.join(',')}`, namesOf(peerNames))
    .option('--cases <cases>', `some of ${verbs.join(',')}`, namesOf(verbs))
    .option('--durable <modes>', `some of ${durabilities.join(',')}`, namesOf(durabilities))
    .option('--rounds <count>', `turns of each; ${ROUNDS_DEFAULT} if not given`, positive)
    .option('--seconds <count>', 'counted time of each case in each turn', positive)
    .option('--threads <count>', 'RPC threads of our master', positive, RPC_THREADS_DEFAULT)
    .option('--json', 'one JSON object a line')
    .option('--smoke', 'every case at a tiny size: does the bench work?')
    .option('--install', 'fetch the peers into a cache folder; nothing is installed')
    .option('--report', 'write docs/PERFORMANCE.md anew from what was recorded; measures nothing')
    .addOption(seedOption())
    .addOption(recordOption())
    .addHelpText('after', HELP)
    .action(peers);

async function peers(flags: PeersFlags): Promise<void> {
  if (flags.report === true) {
    const file = join(ROOT, 'docs', 'PERFORMANCE.md');
    writePeersSection(file, known, readRecordedRows(flags.record ?? RESULTS_DIR));
    return;
  }
  const { only = peerNames } = flags;
  const chosen = known.filter(({ name }) => only.includes(name));
  if (flags.install === true) await install(chosen);
  const present = chosen.filter((peer) => {
    const why = peer.missing();
    if (why !== undefined) tell(`${peer.title} is skipped: ${why}`);
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
    verbs: new Set(flags.cases ?? verbs),
    durabilities: new Set(flags.durable ?? durabilities),
    rounds,
    sizes,
    seed: flags.seed,
    rpcThreads: flags.threads,
    tell,
    row: (row) => {
      rows.push(row);
      recorder.row(row);
    },
  });
  if (flags.json !== true) console.log(`\n${humanTables(present, rows)}`);
  else for (const compared of compare(rows)) console.log(comparisonLine(compared));
  if (rows.some(({ errors }) => errors > 0)) process.exitCode = 1;
}

/** Medians of ours and theirs, and the ratio within each round. */
function comparisonLine({ row, ours, theirs, ratio, rounds }: Comparison): string {
  const { case: name, peer, durability, connections, depth, tool } = row;
  return jsonLine('peers', {
    case: name,
    value: ours.opsPerSecond,
    unit: 'ops/s',
    peer,
    peerValue: theirs.opsPerSecond,
    ratio: ratio.median,
    ratioMin: ratio.min,
    ratioMax: ratio.max,
    rounds,
    durability,
    connections,
    depth,
    ...(tool !== undefined && { tool }),
    errors: ours.errors + theirs.errors,
  });
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
