/**
 * The composition of a bulk import: `orchard admin import` runs it over the data directory of a
 * stopped master. It holds the directory lock, so that no master starts meanwhile.
 */
import { Worker } from 'node:worker_threads';
import type { Environment } from '../../base/settings.js';
import { Code, StatusError } from '../../base/status.js';
import { hostFacts } from '../../process/host-facts.js';
import { openUfs } from '../../stores/registry.js';
import { storeRules } from '../background/store-rules.js';
import type { EntrySource } from '../bulk-import/entry-batch.js';
import type { PathRoom } from '../bulk-import/entry-path.js';
import { createImportKernel, type ImportKernel } from '../bulk-import/import-kernel.js';
import { dropImport, importDirectory } from '../bulk-import/import-state.js';
import { findTarget, type ImportTarget } from '../bulk-import/import-target.js';
import {
  Importer,
  ImportNames,
  type ImportProgress,
  type ImportResult,
  type RowPort,
} from '../bulk-import/importer.js';
import type { ManifestFormat } from '../bulk-import/manifest-columns.js';
import { ManifestSource } from '../bulk-import/manifest-source.js';
import { Rejects } from '../bulk-import/rejects.js';
import { StoreSource } from '../bulk-import/store-source.js';
import type { Journal } from '../journal/journal.js';
import { type Config, parseConfig } from '../settings/config.js';
import { Tier2 } from '../storage/tier2.js';
import { openDataDirectory } from './data-directory.js';
import type { ImportMessage, ImportThreadData } from './import-thread.js';
import { journalPlace, openJournal } from './open-journal.js';

const FILE_MODE = 0o666;
const DIRECTORY_MODE = 0o777;

export type ImportRequest = {
  /** Cleaned path of the target. */
  readonly path: string;
  /** Undefined: the store of the target is walked. */
  readonly manifests: readonly string[];
  readonly format: ManifestFormat;
  readonly columns?: string | undefined;
  readonly isUrlEncoded: boolean;
  readonly isStrict: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ImportProgress) => void;
  /** Rows between two checkpoints; by default the usual number. */
  readonly commitRows?: number | undefined;
};

/** The needs of a source. */
export type SourceContext = {
  readonly target: ImportTarget;
  readonly room: PathRoom;
  readonly rejects: Rejects;
  readonly names: ImportNames;
};

export type MakeSource = (context: SourceContext) => Promise<EntrySource>;

type Place = {
  readonly config: Config;
  readonly tier2: Tier2;
  readonly kernel: ImportKernel;
  readonly meta: string;
  readonly journal: Journal;
};

/** Imports and returns the outcome; throws a StatusError with the reason otherwise. */
export function importTree(
  environment: Environment,
  request: ImportRequest,
  makeSource: MakeSource = (context) => sourceOf(environment, parse(environment), request, context),
): Promise<ImportResult> {
  return atRest(environment, async (place) => {
    await refuseBacklog(place);
    const { tier2, kernel, config } = place;
    const target = findTargetAgain(tier2, kernel, request.path);
    const of = request.manifests.length === 0 ? 'store' : 'manifest';
    const rejects = new Rejects({ isStrict: request.isStrict, of });
    const names = new ImportNames(tier2);
    const isMountRoot = target.storePath === '';
    const room = { depth: target.depth, bytes: request.path.length + 1, isMountRoot };
    const source = await makeSource({ target, room, rejects, names });
    const port = await openPort(place);
    try {
      return await new Importer({
        tier2,
        kernel,
        target,
        source,
        rejects,
        names,
        port,
        directory: importDirectory(config.dataDir),
        defaults: {
          owner: names.intern(config.superuser),
          group: names.intern(config.supergroup),
          fileMode: FILE_MODE & ~config.umask,
          directoryMode: DIRECTORY_MODE & ~config.umask,
        },
        signal: request.signal,
        onProgress: request.onProgress,
        commitRows: request.commitRows,
      }).run();
    } finally {
      await source.close();
      await port.close();
    }
  });
}

/** Drops the unfinished import; returns the path that it was for, if there was one. */
export const dropUnfinished = (environment: Environment): Promise<string | undefined> =>
  atRest(environment, async ({ tier2, kernel, config }) =>
    dropImport(tier2, kernel, importDirectory(config.dataDir)),
  );

/** Runs `work` over a data directory that no master uses. */
async function atRest<T>(environment: Environment, work: (place: Place) => Promise<T>): Promise<T> {
  const config = parse(environment);
  const { clusterName, dataDir, tier2MapBytes: mapBytes } = config;
  const checkNew = (): Promise<never> => Promise.reject(neverStarted(dataDir));
  const directory = await openDataDirectory(dataDir, { clusterName, checkNew });
  const tier2 = new Tier2(directory.meta, { mapBytes });
  try {
    tier2.claim(directory.clusterId);
    if (tier2.state === undefined) throw neverStarted(dataDir);
    const { meta } = directory;
    const journal = openJournal(journalPlace(directory, config));
    return await work({ config, tier2, kernel: createImportKernel(), meta, journal });
  } finally {
    await tier2.close();
    await directory.lock.release();
  }
}

const parse = (environment: Environment): Config => parseConfig(environment, hostFacts());

async function refuseBacklog({ config, tier2, journal }: Place): Promise<void> {
  const { appliedSeq } = tier2.state!;
  for await (const { file, lastSeq, problem } of journal.parts()) {
    if (problem !== null) {
      const hint = 'See what is wrong: orchard admin journal check';
      throw new StatusError(Code.DATA_LOSS, problem, { path: file, hint });
    }
    if (lastSeq <= appliedSeq) continue;
    throw new StatusError(
      Code.FAILED_PRECONDITION,
      `The journal of ${config.dataDir} holds changes that are not in the metadata yet.`,
      { hint: 'Start the master once and stop it with SIGTERM; then import.' },
    );
  }
}

/** A target that already has children of an unfinished import: that import goes on. */
function findTargetAgain(tier2: Tier2, kernel: ImportKernel, path: string): ImportTarget {
  return findTarget(tier2, kernel, path, { mayHaveChildren: tier2.pendingImport !== undefined });
}

async function sourceOf(
  environment: Environment,
  config: Config,
  { manifests, format, columns, isUrlEncoded, signal }: ImportRequest,
  { target, room, rejects, names }: SourceContext,
): Promise<EntrySource> {
  const { mount, storePath: path } = target;
  if (manifests.length === 0) {
    const store = await openUfs(mount.uri, mount.options, environment, {
      readOnly: true,
      rules: storeRules(config),
    });
    return new StoreSource({ store, path, room, rejects, signal, intern: names.intern });
  }
  const { bucket, prefix } = keysBelow(mount.uri, path);
  return ManifestSource.open({
    files: manifests,
    format,
    columns,
    isUrlEncoded,
    prefix,
    bucket,
    room,
    rejects,
  });
}

/** For a mount s3://bucket/prefix: the prefix of the keys below a directory of it. */
function keysBelow(uri: string, path: string): { bucket: string | undefined; prefix: string } {
  const parts = /^s3:\/\/(?<bucket>[^/]+)\/?(?<prefix>.*)$/.exec(uri)?.groups;
  const whole = [parts?.['prefix'] ?? '', path].filter((part) => part !== '').join('/');
  return { bucket: parts?.['bucket'], prefix: whole === '' ? '' : `${whole}/` };
}

async function openPort({ meta, config }: Place): Promise<RowPort & { close(): Promise<void> }> {
  const workerData: ImportThreadData = {
    meta,
    mapBytes: config.tier2MapBytes,
  };
  const thread = new Worker(new URL('./import-thread.js', import.meta.url), { workerData });
  const ask = (message: ImportMessage, moved: ArrayBuffer[] = []): Promise<void> =>
    new Promise((resolve, reject) => {
      const settle = (error?: Error): void => {
        thread.off('message', onDone).off('error', settle).off('exit', onExit);
        if (error === undefined) resolve();
        else reject(error);
      };
      const onDone = (): void => settle();
      const onExit = (): void => settle(new Error('the importing thread has ended'));
      thread.once('message', onDone).once('error', settle).once('exit', onExit);
      thread.postMessage(message, moved);
    });
  return {
    commit: (commit) => {
      const moved = commit.blocks.flatMap(({ bytes, heads, ids }) => [
        bytes.buffer,
        heads.buffer,
        ids.buffer,
      ]);
      return ask({ kind: 'commit', commit }, moved);
    },
    finish: (finish) => ask({ kind: 'finish', finish }),
    close: async () => {
      await ask({ kind: 'close' });
      await thread.terminate();
    },
  };
}

const neverStarted = (dataDir: string): StatusError =>
  new StatusError(Code.FAILED_PRECONDITION, `No master has run over ${dataDir} yet.`, {
    hint: 'Start one, mount the store where its files shall be (orchard mount), and stop it.',
  });
