/**
 * What `orchard admin` does with a data directory without a master: check it, digest it, fill it
 * from a backup. Each holds the directory lock, so that no master starts meanwhile.
 */

import type { Environment } from '../../base/settings.js';
import { Code, StatusError } from '../../base/status.js';
import { hostFacts } from '../../process/host-facts.js';
import { BackupReader } from '../inspect/backup-reader.js';
import type { EntrySource } from '../inspect/capture.js';
import type { DigestReport } from '../inspect/digest.js';
import { Findings } from '../inspect/findings.js';
import { digestSource, type InspectControl, verifySource } from '../inspect/inspect.js';
import { checkBackup, restoreBackup } from '../inspect/restore.js';
import type { VerifyReport } from '../inspect/verify.js';
import type { Journal } from '../journal/journal.js';
import { parseConfig } from '../settings/config.js';
import { dataFile, Tier2 } from '../storage/tier2.js';
import { inspectTier2 } from '../storage/tier2-check.js';
import { FORMAT, fillDataDirectory, openAtRest } from './data-directory.js';
import { journalPlace, openJournal } from './open-journal.js';

export type RestoreReport = {
  readonly directory: string;
  readonly clusterId: string;
  readonly clusterName: string;
  /** The restored namespace is the one after this entry. */
  readonly seq: number;
  readonly inodes: number;
  readonly entries: number;
};

export class Offline {
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** Damaged pages are the finding: nothing that depends on them is checked. */
  verify(dataDir: string, control: InspectControl): Promise<VerifyReport> {
    return this.#atRest(dataDir, async (source, meta) => {
      const pages = new Findings();
      for (const { page, what } of inspectTier2(meta, Number.POSITIVE_INFINITY).damage) {
        pages.add('page-damaged', 0, `${dataFile(meta)} page ${page}`, what);
      }
      if (pages.count === 0) return verifySource(source(), control);
      const { count: findingCount, list: findings } = pages;
      const nothing = { inodes: 0, files: 0, directories: 0, slots: 0, seq: 0 };
      return { ...nothing, isClean: false, findingCount, findings };
    });
  }

  digest(dataDir: string, control: InspectControl): Promise<DigestReport> {
    return this.#atRest(dataDir, (source) => digestSource(source(), control));
  }

  /** Nothing is written before the whole file is known to be good. */
  async restore(file: string, dataDir: string, control: InspectControl): Promise<RestoreReport> {
    const checked = new BackupReader(file, FORMAT);
    try {
      await checkBackup(checked, control);
    } finally {
      checked.close();
    }
    const { head, end } = checked;
    const { clusterId, clusterName } = head;
    const reader = new BackupReader(file, FORMAT);
    try {
      const config = { ...this.#config(), journalSync: 'none' as const };
      await fillDataDirectory(dataDir, { clusterId, clusterName }, (place) => {
        const journal = openJournal(journalPlace({ ...place, clusterId }, config));
        const { meta } = place;
        return restoreBackup(reader, { meta, journal, mapBytes: config.tier2MapBytes }, control);
      });
    } finally {
      reader.close();
    }
    const { seq, inodes, entries } = end;
    return { directory: dataDir, clusterId, clusterName, seq, inodes, entries };
  }

  async #atRest<T>(
    dataDir: string,
    look: (source: () => Parameters<typeof verifySource>[0], meta: string) => Promise<T>,
  ): Promise<T> {
    const directory = await openAtRest(dataDir);
    const { meta, lock } = directory;
    let tier2: Tier2 | undefined;
    const source = (): Parameters<typeof verifySource>[0] => {
      const config = this.#config();
      const { tier2MapBytes: mapBytes } = config;
      tier2 = new Tier2(meta, { mapBytes });
      if (tier2.pendingImport !== undefined) throw halfImported(dataDir);
      return {
        dataDir,
        mapBytes,
        reserveBytes: 0,
        tier2,
        entries: entriesAtRest(openJournal(journalPlace(directory, config))),
      };
    };
    try {
      return await look(source, meta);
    } finally {
      await tier2?.close();
      await lock.release();
    }
  }

  #config() {
    return parseConfig(this.#environment, hostFacts());
  }
}

const halfImported = (path: string): StatusError =>
  new StatusError(Code.FAILED_PRECONDITION, 'A bulk import into this directory is not done.', {
    path,
    hint: 'Run `orchard admin import` again as it was to go on, or with --drop to give it up.',
  });

/** Nobody writes: all entries come at the end, read as recovery reads them. */
function entriesAtRest(journal: Journal): EntrySource {
  return {
    hold: () => undefined,
    follow: () => undefined,
    finish: (appliedSeq, onEntry) => journal.readFrom(appliedSeq + 1, onEntry) - 1,
    release: () => undefined,
  };
}
