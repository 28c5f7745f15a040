/**
 * The data directory: what a master owns on the local disk.
 *
 *   <data dir>/VERSION   {"format":5,"clusterId":…,"clusterName":…,"createdMs":…}
 *              LOCK      pid of the holder, see directory-lock.ts
 *              WATERMARK how far the journal reaches, see journal/local/watermark.ts
 *              journal/  WAL segments
 *              meta/     tier 2
 *              ufs/      file data of the root store, unless ORCHARD_ROOT_UFS says otherwise
 *              backups/  unless ORCHARD_BACKUP_DIR says otherwise
 *
 * It belongs to the master's user alone (0700, files 0600), because it holds secrets of stores.
 * Entries that are open to others are closed at start. Files in ufs/ keep their own modes.
 *
 * VERSION is written last, atomically (temporary file, fsync, rename, fsync of the directory), so
 * it stands for "this directory was set up in full".
 *
 *   VERSION  journal/ or meta/ filled  other files  →
 *   absent   no                        no           create
 *   absent   yes                       –            refuse: VERSION was lost
 *   absent   no                        yes          refuse: somebody else's directory
 *   absent   –                         RESTORING    refuse: a restore was interrupted
 *   bad      –                         –            refuse: VERSION cannot be read
 *   newer    –                         –            refuse: written by a newer Orchard
 *   older    –                         –            refuse: written by an older Orchard
 *   ours     yes                       –            open, if the cluster's name is the same
 *   ours     less than WATERMARK says  –            refuse: a disk is not mounted, files are lost
 *   ours     no                        –            open, if WATERMARK says that nothing was there
 *
 * FORMAT is never reused: a change of journal or tier-2 bytes takes the next number.
 * 1: as it began. 2: rows of the id index share the beginnings of their keys; times of whole
 *    seconds take less. 3: rows of tier 2 carry checksums, and meta/ the cluster's id. 4: the id
 *    index shares the ends of keys, too.
 */
import { randomUUID } from 'node:crypto';
import { open, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { Code, StatusError } from '../../base/status.js';
import type { DirectoryLock } from '../../process/directory-lock.js';
import { lockDirectory } from '../../process/directory-lock.js';
import {
  makePrivateDirectory,
  PRIVATE_FILE_MODE,
  type Tightened,
  tighten,
} from '../../process/private-files.js';
import { isKernelPath } from '../../stores/kernel-files.js';
import { nodeJournalFs } from '../journal/local/journal-fs.js';
import { listSegments } from '../journal/local/segment-pool.js';
import {
  NO_REACH,
  type Reach,
  readWatermark,
  WATERMARK_FILE,
  writeWatermark,
} from '../journal/local/watermark.js';
import { dataFile } from '../storage/tier2.js';

export const FORMAT = 5;

const VERSION_FILE = 'VERSION';
const VERSION_DRAFT = 'VERSION.new';
/** There while a restore fills the directory. */
const RESTORING_FILE = 'RESTORING';
const SUBDIRECTORIES = ['journal', 'meta', 'ufs'] as const;
/** Entries that may be in a directory before its setup; ufs/ may hold older data. */
const EMPTY_HOLDS = new Set(['LOCK', 'lost+found']);
const HARMLESS = new Set([
  ...['journal', 'meta', 'ufs', 'LOCK', VERSION_DRAFT, 'lost+found'],
  ...[WATERMARK_FILE, `${WATERMARK_FILE}.tmp`],
]);

const versionSchema = z.object({
  format: z.int().min(1),
  clusterId: z.uuid(),
  clusterName: z.string().min(1),
  createdMs: z.int(),
  /** There is a WATERMARK. Directories from before get one, and this flag. */
  watermark: z.literal(true).optional(),
});
export type Version = z.output<typeof versionSchema>;
type Cluster = Pick<Version, 'clusterId' | 'clusterName'>;

export type DataDirectory = {
  readonly path: string;
  readonly journal: string;
  readonly meta: string;
  readonly ufs: string;
  readonly watermark: string;
  readonly clusterId: string;
  readonly isNew: boolean;
  /** Paths that were open to others when the directory was opened. */
  readonly tightened: readonly Tightened[];
  readonly lock: DirectoryLock;
};

/** A directory of a version without watermarks has none. */
export type DirectoryAtRest = Omit<DataDirectory, 'watermark'> &
  Cluster & { readonly watermark: string | undefined };

export type NewDirectory = {
  readonly clusterName: string;
  /** Called for a new directory before anything of it lasts; if it throws, it stays new. */
  readonly checkNew?: () => Promise<void>;
};

/** Locks the directory, sets it up if it is new, checks it if it is not. */
export async function openDataDirectory(
  path: string,
  options: NewDirectory,
): Promise<DataDirectory> {
  return setUp(path, options).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOSPC' && error.code !== 'EDQUOT') throw error;
    throw new StatusError(Code.RESOURCE_EXHAUSTED, `The disk of ${path} is full.`, {
      path,
      hint: 'Free some room on it, and start again.',
    });
  });
}

async function setUp(
  path: string,
  { clusterName, checkNew }: NewDirectory,
): Promise<DataDirectory> {
  await makeDirectory(path);
  const lock = await lockDirectory(path);
  try {
    const found = await readVersion(path);
    if (found === undefined) await refuseUnlessEmpty(path);
    else await refuseUnlessOurs(path, found, clusterName);
    await makeSubdirectories(path);
    const tightened = await tighten(await realpath(path), { depth: 2, except: ['ufs'] });
    if (found === undefined) await checkNew?.();
    let version = found;
    if (version?.watermark === undefined) {
      writeWatermark(join(path, WATERMARK_FILE), NO_REACH);
      version = await writeVersion(path, found ?? { clusterId: randomUUID(), clusterName });
    }
    const { clusterId } = version;
    const isNew = found === undefined;
    return { path, ...subdirectories(path), clusterId, isNew, tightened, lock };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Locks a directory that a master has set up, for work without a master. Changes nothing. */
export async function openAtRest(path: string): Promise<DirectoryAtRest> {
  const version = await readVersion(path);
  if (version === undefined) {
    await refuseUnlessEmpty(path);
    throw refusal(`${path} is no data directory of Orchard.`, 'Name one with --data.');
  }
  await refuseLost(path, version);
  const lock = await lockDirectory(path);
  const { clusterId, clusterName } = version;
  const opened = { clusterId, clusterName, isNew: false, tightened: [], lock };
  const directories = subdirectories(path);
  const watermark = version.watermark === true ? directories.watermark : undefined;
  return { path, ...directories, watermark, ...opened };
}

/**
 * Has an empty directory filled: it becomes a data directory when `fill` is done, and until then no
 * master starts on it. What an interrupted one has left is dropped first: RESTORING is made in an
 * empty directory only, and no master has written to it since.
 */
export async function fillDataDirectory(
  path: string,
  cluster: Cluster,
  fill: (directory: ReturnType<typeof subdirectories>) => Promise<void>,
): Promise<void> {
  await makeDirectory(path);
  const lock = await lockDirectory(path);
  try {
    const mayHold = (await dropInterrupted(path)) ? new Set([...EMPTY_HOLDS, 'ufs']) : EMPTY_HOLDS;
    const there = (await readdir(path)).filter((name) => !mayHold.has(name));
    if (there.length > 0) {
      throw refusal(`${path} is not empty (it holds ${there[0]}).`, 'Name a new directory.');
    }
    await writeFile(join(path, RESTORING_FILE), '', { flush: true, mode: PRIVATE_FILE_MODE });
    await syncDirectory(path);
    const directory = subdirectories(path);
    await makeSubdirectories(path);
    await tighten(await realpath(path), { depth: 0 });
    writeWatermark(directory.watermark, NO_REACH);
    await fill(directory);
    await writeVersion(path, cluster);
    await rm(join(path, RESTORING_FILE));
    await syncDirectory(path);
  } finally {
    await lock.release();
  }
}

/** Refuses a place that stores nothing, such as /proc. */
async function makeDirectory(path: string): Promise<void> {
  const above = await nearest(path);
  if (await isKernelPath(above)) {
    throw refusal(
      `${path} is in ${above}, which is the kernel's and keeps nothing.`,
      'Set ORCHARD_DATA_DIR to a directory on a disk.',
    );
  }
  await makePrivateDirectory(path);
}

/** The real path of the directory, or of the first existing one above it. */
async function nearest(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    const real = await realpath(at).catch(() => undefined);
    if (real !== undefined) return real;
  }
}

async function makeSubdirectories(path: string): Promise<void> {
  for (const name of SUBDIRECTORIES) await makePrivateDirectory(join(path, name));
}

/**
 * True: there was an interrupted restore, and nothing is left of it but an ufs/ that somebody may
 * have put file data into since. RESTORING goes last: a drop may be interrupted, too.
 */
async function dropInterrupted(path: string): Promise<boolean> {
  const there = await readdir(path);
  if (!there.includes(RESTORING_FILE) || there.includes(VERSION_FILE)) return false;
  for (const name of ['journal', 'meta', VERSION_DRAFT, WATERMARK_FILE]) {
    await rm(join(path, name), { recursive: true, force: true });
  }
  await syncDirectory(path);
  await rm(join(path, RESTORING_FILE));
  return true;
}

function subdirectories(path: string) {
  return {
    journal: join(path, 'journal'),
    meta: join(path, 'meta'),
    ufs: join(path, 'ufs'),
    watermark: join(path, WATERMARK_FILE),
  };
}

/** How far the journal is known to reach; a directory of an older version does not know. */
export function readReach(path: string, { watermark }: Version): Reach {
  return watermark === undefined ? NO_REACH : readWatermark(join(path, WATERMARK_FILE));
}

/** The content of VERSION; undefined if the file does not exist. */
export async function readVersion(path: string): Promise<Version | undefined> {
  const file = join(path, VERSION_FILE);
  const text = await unlessMissing(readFile(file, 'utf8'));
  if (text === undefined) return undefined;
  const format = formatOf(text);
  if (format !== undefined && format > FORMAT) {
    throw refusal(
      `${path} has format ${format}, written by a newer Orchard; this one knows up to ${FORMAT}.`,
      'Start the newer version, or restore a backup into an empty directory.',
    );
  }
  const parsed = versionSchema.safeParse(jsonOf(text));
  if (parsed.success && parsed.data.format < FORMAT) {
    throw refusal(
      `${path} has format ${parsed.data.format}, of an older Orchard; this one reads ${FORMAT}.`,
      'Start the version that wrote it, or import its stores into an empty directory.',
    );
  }
  if (parsed.success) return parsed.data;
  throw refusal(
    `${file} cannot be read: ${whatIsWrong(parsed.error)}.`,
    'The directory was changed by hand or the disk is damaged; restore the file from a backup.',
  );
}

/** In our words: which fields are not as they were written. */
function whatIsWrong({ issues }: z.ZodError): string {
  const fields = [...new Set(issues.map(({ path }) => path.join('.')))].filter((name) => name);
  return fields.length === 0 ? 'it is not JSON' : `${fields.join(', ')} cannot be right`;
}

/** The result, or undefined when there is no such file. */
const unlessMissing = <T>(found: Promise<T>): Promise<T | undefined> =>
  found.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Only the format: a newer version may have other fields, which is not damage. */
const formatOf = (text: string): number | undefined =>
  z.object({ format: z.int() }).safeParse(jsonOf(text)).data?.format;

async function refuseUnlessEmpty(path: string): Promise<void> {
  if ((await unlessMissing(readdir(path)))?.includes(RESTORING_FILE)) {
    throw refusal(
      `${path} holds a part of a namespace: a restore into it did not end.`,
      'Run `orchard admin restore` again with the same backup: it starts over.',
    );
  }
  for (const name of ['journal', 'meta']) {
    const entries = await unlessMissing(readdir(join(path, name)));
    if (entries === undefined || entries.length === 0) continue;
    throw refusal(
      `${path} has a filled ${name}/ but no ${VERSION_FILE}, so its format is not known.`,
      `Restore ${VERSION_FILE} from a backup, or use an empty directory.`,
    );
  }
  const there = await readdir(path);
  if (there.includes(WATERMARK_FILE)) {
    const { segment } = readWatermark(join(path, WATERMARK_FILE));
    if (segment > 0) {
      throw new StatusError(
        Code.DATA_LOSS,
        `${path} held a namespace, and ${VERSION_FILE}, journal/ and meta/ are gone.`,
        { path, hint: LOST },
      );
    }
  }
  const foreign = there.filter((name) => !HARMLESS.has(name));
  if (foreign.length === 0) return;
  throw refusal(
    `${path} is not empty and no data directory of Orchard (it holds ${foreign[0]}).`,
    'Set ORCHARD_DATA_DIR to an empty or a new directory.',
  );
}

async function refuseUnlessOurs(
  path: string,
  version: Version,
  clusterName: string,
): Promise<void> {
  if (version.clusterName === clusterName) return refuseLost(path, version);
  throw refusal(
    `${path} belongs to the cluster "${version.clusterName}", not to "${clusterName}".`,
    'Set ORCHARD_CLUSTER_NAME to its name, or ORCHARD_DATA_DIR to another directory.',
  );
}

/** The rest of a directory must not be taken for a new one: a disk may not be mounted. */
async function refuseLost(path: string, version: Version): Promise<void> {
  const { segment } = readReach(path, version);
  const { journal, meta } = subdirectories(path);
  const metaBytes = (await unlessMissing(stat(dataFile(meta))))?.size ?? 0;
  const missing = [
    ...(listSegments(nodeJournalFs, journal).length === 0 ? [journal] : []),
    ...(metaBytes === 0 ? [dataFile(meta)] : []),
  ];
  const isKnown = version.watermark === true;
  if (missing.length === 0 || (isKnown && segment === 0)) return;
  // In older versions one of the two may be missing; then the journal itself decides.
  if (!isKnown && missing.length === 1) return;
  throw new StatusError(
    Code.DATA_LOSS,
    `${path} is the data directory of a namespace, but of it are missing: ${missing.join(', ')}.`,
    { path, hint: LOST },
  );
}

/** Durable when it resolves. */
async function writeVersion(path: string, cluster: Cluster): Promise<Version> {
  const version: Version = { createdMs: Date.now(), ...cluster, format: FORMAT, watermark: true };
  const draft = join(path, VERSION_DRAFT);
  const file = await open(draft, 'w', PRIVATE_FILE_MODE);
  try {
    await file.writeFile(`${JSON.stringify(version)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, join(path, VERSION_FILE));
  await syncDirectory(path);
  return version;
}

/** A rename is durable once its directory is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

const LOST =
  'Mount the disks that belong here, or restore a backup into an empty directory. ' +
  'To begin anew, name another directory with ORCHARD_DATA_DIR.';

const refusal = (reason: string, hint: string): StatusError =>
  new StatusError(Code.FAILED_PRECONDITION, reason, { hint });
