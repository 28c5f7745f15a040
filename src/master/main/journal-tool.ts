/**
 * The work of `orchard admin journal` on a data directory of this machine: check and dump, which
 * only read, even while a master runs; repair, which locks the directory.
 *
 * Invariant: repair removes nothing. The old journal stays beside the new one, under the name that
 * the report gives.
 */
import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Code, StatusError } from '../../base/status.js';
import { lockDirectory } from '../../process/directory-lock.js';
import { type Change, decodeEntry, type Entry } from '../journal/entry-decode.js';
import { inspectJournal, type SegmentReport, unreadable } from '../journal/local/inspect.js';
import { nodeJournalFs } from '../journal/local/journal-fs.js';
import { readJournal } from '../journal/local/reader.js';
import {
  planRepair,
  type RepairMode,
  type RepairRange,
  writeRepaired,
} from '../journal/local/repair.js';
import { listSegments } from '../journal/local/segment-pool.js';
import {
  NO_REACH,
  type Reach,
  WATERMARK_FILE,
  writeWatermark,
} from '../journal/local/watermark.js';
import { OP_STRUCTURAL } from '../memory/entry-format.js';
import { Op } from '../memory/op-codes.js';
import { splitKey } from '../storage/inode-key.js';
import { dataFile, Tier2 } from '../storage/tier2.js';
import { inspectTier2, refuseDamagedTier2 } from '../storage/tier2-check.js';
import { readReach, readVersion, type Version } from './data-directory.js';

/** Lost entries that a report lists; the others are counted. */
const LOST_LISTED_MAX = 10_000;
const DEPTH_MAX = 256;

const opNames = new Map<number, string>(
  Object.entries(Op).map(([name, code]) => [code & ~OP_STRUCTURAL, name]),
);
const decoder = new TextDecoder();

/** One entry as it is printed: `changes` in words, names and paths as text. */
export type EntryText = {
  readonly seq: number;
  readonly op: string;
  readonly timeMs: number;
  readonly clientId: number;
  readonly callId: number;
  readonly bytes: number;
  readonly changes: readonly string[];
};
export type LostEntry = { readonly seq: number; readonly entry: EntryText | null };
export type RepairReport = {
  /** What recovery refuses; null: nothing needs a repair. */
  readonly problem: string | null;
  /** Tier 2 has every entry up to this one. */
  readonly appliedSeq: number;
  readonly lastSeq: number;
  readonly keptCount: number;
  readonly lostCount: number;
  readonly lost: readonly LostEntry[];
  /** The place of the old journal; null if nothing was changed. */
  readonly oldJournal: string | null;
};
export type RepairOptions = {
  readonly mode: RepairMode;
  readonly apply: boolean;
  readonly segmentBytes: number;
  readonly mapBytes: number;
};
export type MetadataReport = {
  readonly file: string;
  readonly pages: number;
  readonly rows: number;
  readonly problems: readonly string[];
};

/** One report a segment. */
export async function* checkSegments(dataDir: string): AsyncGenerator<SegmentReport> {
  const { reach, problem } = reachOf(dataDir, await versionOf(dataDir));
  if (problem !== null) yield unreadable(join(dataDir, WATERMARK_FILE), 0, null, problem);
  yield* inspectJournal(join(dataDir, 'journal'), { reach });
}

/** The pages of the metadata, all of them; undefined while a master has them open. */
export async function checkMetadata(dataDir: string): Promise<MetadataReport | undefined> {
  const lock = await lockDirectory(dataDir).catch(() => undefined);
  if (lock === undefined) return undefined;
  try {
    const meta = join(dataDir, 'meta');
    const { pages, rows, damage } = inspectTier2(meta, Number.POSITIVE_INFINITY);
    const problems = damage.map(({ page, what }) => `page ${page}, offset ${page * 4096}: ${what}`);
    return { file: dataFile(meta), pages, rows, problems };
  } finally {
    await lock.release();
  }
}

/** Entries with seqs from … to, up to the first damage, and then the damage. */
export async function* dumpEntries(
  dataDir: string,
  range: { readonly from: number; readonly to: number },
): AsyncGenerator<EntryText | { readonly problem: string }> {
  await versionOf(dataDir);
  let found: Entry[] = [];
  const onEntry = (bytes: Uint8Array, offset: number, _length: number, seq: number): void => {
    if (seq >= range.from && seq <= range.to) found.push(decodeEntry(bytes, offset));
  };
  for await (const { problem, firstSeq } of inspectJournal(join(dataDir, 'journal'), { onEntry })) {
    for (const entry of found) yield textOf(entry);
    found = [];
    if (problem !== null) yield { problem };
    if (firstSeq > range.to) return;
  }
}

/** Without `apply` nothing is changed: the report says what would be lost. */
export async function repairJournal(
  dataDir: string,
  options: RepairOptions,
): Promise<RepairReport> {
  const version = await versionOf(dataDir);
  const lock = await lockDirectory(dataDir);
  const meta = join(dataDir, 'meta');
  try {
    refuseDamagedTier2(meta, Number.POSITIVE_INFINITY);
    const tier2 = new Tier2(meta, { mapBytes: options.mapBytes });
    try {
      return await repairBeside(dataDir, version, tier2, options);
    } finally {
      await tier2.close();
    }
  } finally {
    await lock.release();
  }
}

async function repairBeside(
  dataDir: string,
  version: Version,
  tier2: Tier2,
  options: RepairOptions,
): Promise<RepairReport> {
  const journal = join(dataDir, 'journal');
  const { clusterId } = version;
  const appliedSeq = tier2.state?.appliedSeq ?? 0;
  const fromSeq = appliedSeq + 1;
  const { reach, problem: lostReach } = reachOf(dataDir, version);
  const problem = lostReach ?? refusalOf(journal, clusterId, fromSeq, reach);
  const paths = new EntryPaths(tier2);
  const lost: LostEntry[] = [];
  let keptCount = 0;
  let lostCount = 0;
  const lastSeq = planRepair(
    journal,
    { fromSeq, mode: options.mode, reach },
    {
      keep: (bytes, offset) => {
        keptCount++;
        paths.note(decodeEntry(bytes, offset));
      },
      lose: (seq, bytes, offset) => {
        if (++lostCount > LOST_LISTED_MAX) return;
        const entry = bytes === null ? null : decodeEntry(bytes, offset);
        if (entry !== null) paths.note(entry);
        lost.push({ seq, entry: entry && textOf(entry, paths) });
      },
    },
  );
  const report = { problem, appliedSeq, lastSeq, keptCount, lostCount, lost, oldJournal: null };
  if (problem === null || !options.apply) return report;
  return {
    ...report,
    oldJournal: await replaceJournal(dataDir, { ...options, clusterId, fromSeq, reach }, lastSeq),
  };
}

/** The verdict of recovery about this journal. */
function refusalOf(
  journal: string,
  clusterId: string,
  fromSeq: number,
  reach: Reach,
): string | null {
  try {
    const { nextSeq, last } = readJournal(journal, { clusterId, fromSeq, reach }, () => undefined);
    if (last === null && fromSeq !== 1) return `${journal}: there is no segment`;
    if (nextSeq >= fromSeq) return null;
    return `${journal}: it ends with ${nextSeq - 1}, the metadata has entries up to ${fromSeq - 1}`;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    if (error.code === Code.DATA_LOSS) return error.message;
    // A journal of another cluster or version is not damaged: a repair would destroy it.
    throw error;
  }
}

/** The watermark, or what is wrong with it. */
function reachOf(
  dataDir: string,
  version: Version,
): { readonly reach: Reach; readonly problem: string | null } {
  try {
    return { reach: readReach(dataDir, version), problem: null };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return { reach: NO_REACH, problem: error.message };
  }
}

/** The new journal is complete and durable before it takes the old one's name. */
async function replaceJournal(
  dataDir: string,
  options: RepairRange & { readonly clusterId: string; readonly segmentBytes: number },
  lastSeq: number,
): Promise<string> {
  const journal = join(dataDir, 'journal');
  const repaired = join(dataDir, 'journal.repaired');
  const kept = join(dataDir, `journal-before-repair-${new Date().toISOString().replace(/:/g, '')}`);
  await rm(repaired, { recursive: true, force: true });
  await mkdir(journal, { recursive: true });
  writeRepaired(journal, repaired, options);
  await rename(journal, kept);
  await rename(repaired, journal);
  const directory = await open(dataDir, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
  // Last: until then a start refuses, and another repair keeps everything that this one kept.
  const segment = listSegments(nodeJournalFs, journal).at(-1) ?? 0;
  writeWatermark(join(dataDir, WATERMARK_FILE), { segment, seq: lastSeq });
  return kept;
}

async function versionOf(dataDir: string): Promise<Version> {
  const version = existsSync(dataDir) ? await readVersion(dataDir) : undefined;
  if (version !== undefined) return version;
  throw new StatusError(Code.NOT_FOUND, `${resolve(dataDir)} is no data directory of Orchard.`, {
    hint: 'Set --data-dir or ORCHARD_DATA_DIR to the directory of the master.',
  });
}

/** Paths of the inodes in entries, from earlier entries and from tier 2. */
class EntryPaths {
  readonly #tier2: Tier2;
  /** The parents of directories that entries have put. */
  readonly #places = new Map<number, { parentId: number; name: string }>();

  constructor(tier2: Tier2) {
    this.#tier2 = tier2;
  }

  note(entry: Entry): void {
    for (const change of entry.changes) {
      if (change.kind !== 'put') continue;
      const { id, parentId, name } = change.record;
      this.#places.set(id, { parentId, name: decoder.decode(name) });
    }
  }

  of(parentId: number, name: Uint8Array): string {
    const names = [decoder.decode(name)];
    for (let id = parentId; id !== 1 && names.length < DEPTH_MAX; ) {
      const place = this.#places.get(id) ?? this.#stored(id);
      if (place === undefined) return `<inode ${id}>/${names.join('/')}`;
      names.unshift(place.name);
      id = place.parentId;
    }
    return `/${names.join('/')}`;
  }

  #stored(id: number): { parentId: number; name: string } | undefined {
    const key = Number.isSafeInteger(id) ? this.#tier2.ids.get(id) : undefined;
    if (key === undefined) return undefined;
    const { parentId, name } = splitKey(key);
    return { parentId, name: decoder.decode(name) };
  }
}

function textOf(entry: Entry, paths?: EntryPaths): EntryText {
  const { seq, timeMs, clientId, callId, bytes } = entry;
  const op = opNames.get(entry.op) ?? `op ${entry.op}`;
  const changes = entry.changes.map((change) => changeText(change, paths));
  return { seq, op, timeMs, clientId, callId, bytes, changes };
}

function changeText(change: Change, paths: EntryPaths | undefined): string {
  const place = (parentId: number, name: Uint8Array): string =>
    paths?.of(parentId, name) ?? `<inode ${parentId}>/${decoder.decode(name)}`;
  switch (change.kind) {
    case 'put':
      return `put ${place(change.record.parentId, change.record.name)} (inode ${change.record.id})`;
    case 'remove':
      return `remove ${place(change.parentId, change.name)} (inode ${change.id})`;
    case 'parent':
      return `parent ${place(change.grandparentId, change.name)}: ${signed(change.childDelta)}`;
    default: {
      const key = Buffer.from(change.key).toString('hex');
      return `${change.value === null ? 'drop' : 'set'} side record ${change.sideKind}:${key}`;
    }
  }
}

const signed = (count: number): string => (count < 0 ? String(count) : `+${count}`);
