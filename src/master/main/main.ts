/**
 * The composition root of a master: reads the configuration, locks the data directory, makes the
 * shared memory, starts the threads in order, and stops them in order.
 *
 *   start   data directory ─▶ shared memory, tier 2 ─▶ flusher, writer (recovers) ─▶ background
 *           ─▶ doors, shards (listen) ─▶ SERVING
 *   stop    SIGTERM ─▶ DRAINING (no new calls) ─▶ shards, doors ─▶ background ─▶ STOPPED ─▶ writer
 *           (rings empty, everything flushed) ─▶ flusher ─▶ lock
 *
 *   failure FAILED (nothing is committed any more) ─▶ shards give up their connections, writer and
 *           flusher end ─▶ status 70; after FAIL_MS_MAX what does not end is killed
 *
 * Invariant: nothing comes after FAILED, also when a thread dies before the master serves.
 * A thread that dies, or a bug anywhere, is such a failure: the journal has whatever was
 * acknowledged.
 */
import { readFileSync, statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import type { Environment } from '../../base/settings.js';
import { Code, StatusError } from '../../base/status.js';
import { requireSocketLibrary } from '../../net/socket-library.js';
import { endProcess, inTime } from '../../process/ending.js';
import { hostFacts } from '../../process/host-facts.js';
import { createLog, type Log } from '../../process/log.js';
import { claimPort } from '../../process/port-claim.js';
import { Threads } from '../../process/threads.js';
import { leaveUploads } from '../../stores/upload-notes.js';
import { uploadNotes } from '../background/store-rules.js';
import type { CallIdentity } from '../executor/call-identity.js';
import { instantiate } from '../memory/kernel.js';
import { CONTROL, CONTROL_BASE } from '../memory/layout.js';
import { planLayout } from '../memory/layout-plan.js';
import { SharedMemory } from '../memory/shared-memory.js';
import { State } from '../memory/state.js';
import { type Config, parseConfig } from '../settings/config.js';
import { layoutOptions } from '../settings/config-layout.js';
import { dataFile, Tier2 } from '../storage/tier2.js';
import { refuseDamagedTier2 } from '../storage/tier2-check.js';
import { refuseFewDescriptors } from './connection-share.js';
import { type DataDirectory, openDataDirectory } from './data-directory.js';
import { readFatalCalls } from './fatal-calls.js';
import { journalPlace } from './open-journal.js';
import { prefaultTier1 } from './prefault.js';
import { requireRootStore } from './root-store.js';
import { MasterServices } from './services.js';
import { type ExecutorPlan, planExecutors, type ThreadData } from './thread-data.js';
import { warmTier2 } from './warm-tier2.js';
import type { WriterReady } from './writer-thread.js';

const EXIT_BUG = 70;
/** Paths in one line of the log. */
const TOLD_MAX = 5;
/** The time in which the threads must end by themselves after one has failed. */
const FAIL_MS_MAX = 5000;
/** The time in which the background threads must end after their work was given up. */
const GRACE_MS = 1000;
/** The part of ORCHARD_DRAIN_TIMEOUT that is kept for the writer and the flusher. */
const FLUSH_SHARE = 0.5;

export async function startMaster(environment: Environment): Promise<void> {
  await requireSocketLibrary();
  const config = parseConfig(environment, hostFacts());
  refuseFewDescriptors(config);
  const log = createLog(config, { thread: 'main' });
  const directory = await openDataDirectory(config.dataDir, {
    clusterName: config.clusterName,
    checkNew: () => requireRootStore(config, environment),
  });
  if (directory.tightened.length > 0) tellTightened(log, directory);
  leaveUploads(uploadNotes(config));
  const master = new Master(await claimPorts(config), environment, directory, log);
  await master.start();
}

/** Many files of old versions may be open: shows the first ones, and how many. */
function tellTightened(log: Log, { path, tightened }: DataDirectory): void {
  const open = tightened.filter(({ was, mode }) => was === mode);
  const shown = (open.length > 0 ? open : tightened)
    .slice(0, TOLD_MAX)
    .map((one) => `${one.path} ${one.was.toString(8)}`);
  const what =
    open.length > 0
      ? 'the data directory is open to others, and only its owner can close it (chmod go=)'
      : 'the data directory was open to others, and is closed now';
  log.warn({ path, count: tightened.length, shown }, what);
}

/** With the real ports of this process, even if port 0 was asked for. */
async function claimPorts(config: Config): Promise<Config> {
  const { host } = config;
  const setting = { rpcPort: 'ORCHARD_RPC_PORT', httpPort: 'ORCHARD_HTTP_PORT' } as const;
  const rpcPort = await claimPort({ host, port: config.rpcPort, setting: setting.rpcPort });
  const httpPort = await claimPort({ host, port: config.httpPort, setting: setting.httpPort });
  return { ...config, rpcPort, httpPort };
}

class Master {
  readonly #config: Config;
  readonly #log: Log;
  readonly #directory: DataDirectory;
  readonly #environment: Environment;
  readonly #threads: Threads;
  readonly #shared: SharedMemory;
  readonly #tier2: Tier2;
  readonly #services: MasterServices;
  readonly #fatalCalls: readonly CallIdentity[];
  readonly #background = new AbortController();
  #stopping = false;
  #failing = false;

  constructor(config: Config, environment: Environment, directory: DataDirectory, log: Log) {
    this.#config = config;
    this.#environment = environment;
    this.#directory = directory;
    this.#log = log;
    this.#threads = new Threads((name, error) => this.#fail(`thread ${name} has died`, error));
    this.#shared = SharedMemory.create(planLayout(layoutOptions(config)));
    this.#shared.store(CONTROL.EPOCH, 1);
    this.#shared.store(CONTROL.RETRY_WINDOW_MS, config.retryWindowMs);
    this.#warnIfFull();
    const began = performance.now();
    const { pages, pagesRead, rows } = refuseDamagedTier2(directory.meta, config.tier2CheckBytes);
    log.info({ pages, pagesRead, rows, ms: since(began) }, 'metadata pages are sound');
    this.#tier2 = new Tier2(directory.meta, { mapBytes: config.tier2MapBytes, isRandom: true });
    this.#tier2.claim(directory.clusterId);
    if (this.#tier2.pendingImport !== undefined) throw halfImported();
    this.#fatalCalls = readFatalCalls(config.dataDir, config.retryWindowMs);
    this.#services = this.#makeServices();
  }

  async start(): Promise<void> {
    try {
      await this.#start();
    } catch (error) {
      if (this.#failing) return;
      // Node aborts, or never ends, when the process exits while a thread loads a native module.
      await this.#threads.allLoaded(FAIL_MS_MAX);
      await inTime(this.#services.abandon(), FAIL_MS_MAX);
      throw error;
    }
  }

  async #start(): Promise<void> {
    const began = performance.now();
    const plan = planExecutors(this.#config);
    const { signal } = this.#background;
    const prefaulted = prefaultTier1(this.#shared, signal);
    process.on('uncaughtException', (error) => this.#fail('uncaught exception', error));
    process.on('unhandledRejection', (error) => this.#fail('unhandled rejection', error));
    // A limit on file sizes: the write that meets it fails, and says so, instead of the process
    // ending without a word.
    process.on('SIGXFSZ', () => undefined);
    // All load their modules at once, the shards while the writer replays; but one after the other
    // opens tier 2, since LMDB's tables may not be opened by two threads at a time.
    const flusher = this.#threads.load(
      'flusher',
      new URL('./flusher-thread.js', import.meta.url),
      this.#dataFor(plan.flusher),
    );
    const writer = this.#threads.load(
      'writer',
      new URL('./writer-thread.js', import.meta.url),
      this.#dataFor(plan.writer),
    );
    const shards = this.#loadShards(plan.shards);
    const doors = this.#loadDoors(plan);
    await Promise.all([flusher, writer]);
    await this.#threads.open('flusher');
    const { recovery } = (await this.#threads.open('writer')) as WriterReady;
    this.#log.info({ ...recovery, ms: since(began) }, 'the namespace stands');
    await this.#services.start();
    await Promise.all(doors);
    await this.#openThreads(doorNames(plan));
    await Promise.all(shards);
    await this.#openThreads(shardNames(plan));
    if (this.#failing) return;
    this.#shared.store(CONTROL.STATE, State.SERVING);
    process.once('SIGTERM', () => void this.#stop('SIGTERM'));
    process.once('SIGINT', () => void this.#stop('SIGINT'));
    const { host, rpcPort, httpPort } = this.#config;
    this.#log.info({ host, rpcPort, httpPort, ms: since(began) }, 'serving');
    await prefaulted;
    const file = dataFile(this.#directory.meta);
    const bytes = await warmTier2(file, freemem(), signal);
    this.#log.info({ bytes, ms: since(began) }, 'metadata is in the page cache');
  }

  /** A start may need to write and wait for space; this tells why it does not serve yet. */
  #warnIfFull(): void {
    const { journal, meta } = this.#directory;
    for (const path of [journal, meta]) {
      const { bavail, bsize } = statfsSync(path);
      const freeBytes = bavail * bsize;
      if (freeBytes >= this.#config.journalSegmentBytes) continue;
      const hint = 'Free some room on its disk.';
      this.#log.warn({ path, freeBytes, hint }, 'the disk is full: the start may wait for room');
    }
  }

  /** Threads that have loaded everything and read nothing yet. */
  #loadShards(count: number): Promise<unknown>[] {
    const url = new URL('./shard-thread.js', import.meta.url);
    return Array.from({ length: count }, (_, shard) =>
      this.#threads.load(shardName(shard), url, this.#dataFor(shard)),
    );
  }

  #loadDoors(plan: ExecutorPlan): Promise<unknown>[] {
    const url = new URL('./door-thread.js', import.meta.url);
    return doorNames(plan).map((name, door) => {
      const data = this.#dataFor(plan.firstDoor + door);
      return this.#threads.load(name, url, { ...data, environment: { ...this.#environment } });
    });
  }

  /** The namespace is ready: they may serve it. */
  async #openThreads(names: readonly string[]): Promise<void> {
    for (const name of names) {
      // Before it begins, because it may ask at once.
      const thread = this.#threads.get(name);
      const opened = this.#threads.open(name);
      this.#services.connect(thread);
      await opened;
    }
  }

  #dataFor(executor: number): ThreadData {
    return {
      memory: this.#shared.memory,
      config: this.#config,
      meta: this.#directory.meta,
      journal: journalPlace(this.#directory, this.#config),
      clusterId: this.#directory.clusterId,
      version: packageVersion(),
      fatalCalls: this.#fatalCalls,
      executor,
    };
  }

  #makeServices(): MasterServices {
    const { main } = planExecutors(this.#config);
    return new MasterServices({
      config: this.#config,
      environment: this.#environment,
      shared: this.#shared,
      kernel: instantiate(this.#shared.memory, main),
      tier2: this.#tier2,
      log: this.#log,
      version: packageVersion(),
      meta: this.#directory.meta,
      journal: journalPlace(this.#directory, this.#config),
      disks: [this.#directory.meta, this.#directory.journal],
      clusterId: this.#directory.clusterId,
      onBug: (error) => this.#fail('bug', error),
    });
  }

  /** Stops in order, within ORCHARD_DRAIN_TIMEOUT. Acknowledged changes are kept in any case. */
  async #stop(signal: string): Promise<void> {
    if (this.#stopping || this.#failing) return;
    this.#stopping = true;
    const began = performance.now();
    const limit = this.#config.drainTimeoutMs;
    this.#log.info({ signal }, 'stopping');
    this.#threads.expectEnd();
    this.#background.abort();
    this.#shared.store(CONTROL.STATE, State.DRAINING);
    const plan = planExecutors(this.#config);
    const served = [...shardNames(plan), ...doorNames(plan)];
    const drainMs = limit * FLUSH_SHARE;
    await this.#services.drain(drainMs);
    await Promise.all(served.map((name) => this.#threads.ended(name, drainMs)));
    const isQuiet = await inTime(this.#services.stop(drainMs / 2), drainMs / 2 + GRACE_MS);
    if (this.#failing) return;
    this.#shared.store(CONTROL.STATE, State.STOPPED);
    this.#shared.ring(CONTROL_BASE + CONTROL.WRITER_BELL);
    await this.#threads.ended('writer', limit - since(began));
    this.#shared.ring(CONTROL_BASE + CONTROL.FLUSHER_BELL);
    await this.#threads.ended('flusher', Math.max(200, limit - since(began)));
    if (this.#failing) return;
    await this.#tier2.close();
    await this.#directory.lock.release();
    this.#log.info({ ms: since(began) }, 'stopped');
    await this.#end(0, isQuiet);
  }

  #fail(what: string, error: unknown): void {
    // No thread may acknowledge anything any more.
    this.#shared.store(CONTROL.STATE, State.FAILED);
    this.#log.fatal({ err: error }, what);
    // The first failure is the cause; later ones come from the ending.
    if (this.#failing) return;
    this.#failing = true;
    this.#threads.expectEnd();
    this.#shared.ring(CONTROL_BASE + CONTROL.WRITER_BELL);
    this.#shared.ring(CONTROL_BASE + CONTROL.FLUSHER_BELL);
    const abandoned = inTime(this.#services.abandon(), FAIL_MS_MAX);
    // Node aborts when it ends a thread whose sockets uWebSockets still holds, so they end first.
    const ended = Promise.allSettled([abandoned, this.#threads.allEnded(FAIL_MS_MAX)]);
    void ended.then(([quiet]) => this.#end(EXIT_BUG, quiet.status === 'fulfilled' && quiet.value));
  }

  /** `isQuiet`: no background thread is left. */
  #end(status: number, isQuiet: boolean): Promise<never> {
    const running = [...this.#threads.running, ...(isQuiet ? [] : ['background'])];
    return endProcess(status, running, this.#log);
  }
}

const halfImported = (): StatusError =>
  new StatusError(Code.FAILED_PRECONDITION, 'A bulk import into this data directory is not done.', {
    hint: 'Run `orchard admin import` again as it was to go on, or with --drop to give it up.',
  });

/** Of the package that this file is part of: dist/src/master/main/main.js. */
function packageVersion(): string {
  const text = readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

const shardName = (shard: number): string => `shard-${shard}`;

const shardNames = ({ shards }: ExecutorPlan): string[] =>
  Array.from({ length: shards }, (_, shard) => shardName(shard));

const doorNames = ({ doors }: ExecutorPlan): string[] =>
  Array.from({ length: doors }, (_, door) => `door-${door}`);

const since = (began: number): number => Math.round(performance.now() - began);
